"""Refusals of a customer's ways of signing in; none of them tells whether an account exists."""

from governance.core.errors import ForbiddenError, GovernanceError


class CodeNeededError(ForbiddenError):
    """A fresh code to the address on record comes before this; nothing was changed."""

    code = "code_needed"


class PasskeysOffError(GovernanceError):
    """Here customers sign in without passkeys."""

    code, status = "passkeys_off", 403
