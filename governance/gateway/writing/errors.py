"""Refusals of a whole item; none carries a value."""

from governance.core.errors import GovernanceError, NotFoundError


class UnknownRowError(NotFoundError):
    """No such row, or none that this principal may know of."""

    code = "row_unknown"


class VersionConflictError(GovernanceError):
    """The row was changed since the writer read it; nothing was stored."""

    code, status = "version_conflict", 412


class PersonClosedError(GovernanceError):
    """The person is erased, or being erased: nothing more is written about them."""

    code, status = "person_closed", 409


class PersonSuppressedError(GovernanceError):
    """An erased or opted-out person is not taken in again unless they sign up themselves."""

    code, status = "person_suppressed", 409


class NotAppliedError(GovernanceError):
    """Another item of an all-or-nothing request failed; this one was not stored either."""

    code, status = "not_applied", 424


class OnceMismatchError(GovernanceError):
    """The same key came with another request before; nothing was done."""

    code, status = "idempotency_mismatch", 422
