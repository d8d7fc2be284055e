"""Refusals of the registers; codes and names of columns, never what they hold."""

from governance.core.errors import GovernanceError, NotFoundError, WrongUseError


class RecipientUnregisteredError(NotFoundError):
    """There is no recipient of this key in the register."""

    code = "recipient_unregistered"


class RecipientKeyTakenError(GovernanceError):
    """A recipient of this key is registered already. Nothing changed."""

    code, status = "recipient_key_taken", 409


class RecipientChangedError(GovernanceError):
    """Somebody changed the recipient since that version. Nothing changed."""

    code, status = "recipient_changed", 409


class RecipientFieldError(WrongUseError):
    """A member of a recipient is unknown, missing or of another form. Nothing changed."""

    code, status = "recipient_field", 422


class RecipientHookError(WrongUseError):
    """The address may not be reached, or the secret is not of its form. Nothing changed."""

    code, status = "recipient_hook", 422


class RecipientHookMissingError(NotFoundError):
    """The recipient is told by mail; it has no webhook. Nothing changed."""

    code = "recipient_hook_missing"


class ProvisionUnknownError(NotFoundError):
    """There is no provision record of this id."""

    code = "provision_unknown"


class ProvisionPartyError(GovernanceError):
    """The register does not name the other side as a provision record must. Nothing left."""

    code, status = "provision_party", 422


class ReceivedFormError(WrongUseError):
    """A confirmation names who gave the data, how they got it, what it was and about whom."""

    code, status = "provision_received", 422
