"""Refusals of what needs two persons."""

from governance.core.errors import ForbiddenError, GovernanceError, NotFoundError


class ApprovalRequiredError(GovernanceError):
    """The action waits for a second person; the request for it is stored under `approval`."""

    code, status = "approval_required", 409


class ApprovalNotFoundError(NotFoundError):
    """No such approval, or this principal may not know of it."""

    code = "approval_not_found"


class ApprovalForbiddenError(ForbiddenError):
    """The separation of duties does not let this principal do this (`reason`)."""

    code = "approval_forbidden"


class ApprovalClosedError(GovernanceError):
    """The approval is not in the state that this step needs (`reason`)."""

    code, status = "approval_closed", 409


class ApprovalFormError(GovernanceError):
    """A part of the request is no reference or code (`field`)."""

    code, status = "approval_form", 422
