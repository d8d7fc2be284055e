"""Refusals of dispatch records; parameters are names of items, never a value."""

from governance.core.errors import GovernanceError


class DispatchUnknownError(GovernanceError):
    """No dispatch of this id."""

    code, status = "dispatch_unknown", 404


class DispatchRefusedError(GovernanceError):
    """It cannot be written down so; nothing was changed. Params: item."""

    code, status, exit_code = "dispatch_refused", 422, 2
