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
