"""Refusals of credentials; none of them tells whether an account exists."""

from governance.core.errors import ForbiddenError, GovernanceError


class BusyError(GovernanceError):
    """Too many sign-ins at this moment; nothing was looked at or counted. Try again shortly."""

    code, status, exit_code = "sign_in_busy", 503, 3


class TooSoonError(GovernanceError):
    """After failures the next try is taken only after `seconds`; the account is not locked."""

    code, status = "sign_in_too_soon", 429


class PasswordRefusedError(GovernanceError):
    """The new password is too easy to guess (`reason`); the old one stands."""

    code, status = "password_refused", 422

    @property
    def text_key(self) -> str:
        """The sentence of its reason; of the class alone, that of every such refusal."""
        params = getattr(self, "params", None)
        return super().text_key if params is None else f"identity.weakness.{params['reason']}"


class FactorRefusedError(GovernanceError):
    """The code or passkey did not fit; nothing was changed."""

    code, status = "factor_refused", 422


class LastFactorError(ForbiddenError):
    """Without this the account would have no second factor, which it needs."""

    code = "last_factor"


class BreachedFileError(GovernanceError):
    """The list of breached passwords that the settings name cannot be read; nothing was set."""

    code, status, exit_code = "breached_file", 503, 3
