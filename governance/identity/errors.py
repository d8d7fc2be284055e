"""Refusals at the door; none of them tells whether an account exists."""

from governance.core.errors import GovernanceError


class SignInRefusedError(GovernanceError):
    """The code, key or session does not open anything (any more)."""

    code, status = "sign_in_refused", 401


class SecondFactorMissingError(GovernanceError):
    """Staff need a second factor at this door and the account has none."""

    code, status = "second_factor_missing", 403


class NotSignedInError(GovernanceError):
    """The command acts on data and nobody is signed in."""

    code, status, exit_code = "not_signed_in", 401, 1


class LoginTakenError(GovernanceError):
    """Another account has this login name."""

    code, status = "login_taken", 409


class LoginFormError(GovernanceError):
    """A login name has characters it may not have."""

    code, status, exit_code = "login_form", 422, 2


class StaffMailError(GovernanceError):
    """This is no mail address. Nothing was changed."""

    code, status, exit_code = "staff_mail", 422, 2


class RoleUnknownError(GovernanceError):
    """The policy in force has no such role."""

    code, status, exit_code = "role_unknown", 422, 2
