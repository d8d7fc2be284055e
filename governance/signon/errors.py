"""Refusals of signing on; none of them tells whether an account exists."""

from governance.core.errors import GovernanceError, NotFoundError, UnavailableError


class SignOnFileError(GovernanceError):
    """The file of providers cannot be used; nothing was started."""

    code, status, exit_code = "sign_on_file", 400, 2


class ProviderUnknownError(NotFoundError):
    """No provider of the settings has this name."""

    code = "provider_unknown"


class ProviderSilentError(UnavailableError):
    """The provider did not answer, or not in the form that its standard says; nobody came in."""

    code = "provider_silent"


class SignOnRefusedError(GovernanceError):
    """What came back from the provider opens nothing. `reason` is a word for the log alone."""

    code, status = "sign_on_refused", 401


class LocalSignInOffError(GovernanceError):
    """Here people sign in by the company's sign-on alone."""

    code, status = "local_sign_in_off", 403


class AddressFormError(GovernanceError):
    """What was typed is no e-mail address; nothing was sent to anybody."""

    code, status = "address_form", 422


class MailCodeRefusedError(GovernanceError):
    """The code is wrong, late, used or was tried too often: all alike. The try is on record."""

    code, status = "mail_code_refused", 422


class SharedAddressError(GovernanceError):
    """The code was right, but whose page to open is not certain; none was opened."""

    code, status = "shared_address", 409


class AddressMovedError(GovernanceError):
    """The code was right, but the address left the records after it was sent; nobody came in."""

    code, status = "address_moved", 409


class OwnAddressError(GovernanceError):
    """The person's records hold no one e-mail address to which a code could go."""

    code, status = "own_address", 409


class MailSignInOffError(GovernanceError):
    """Here customers sign in by the company's sign-on alone."""

    code, status = "mail_sign_in_off", 403


class OwnChoiceError(GovernanceError):
    """The child is old enough to consent alone; nothing was consented to in their place."""

    code, status = "own_choice", 409
