"""Refusals of legal holds; parameters are numbers of matters, codes and counts."""

from governance.core.errors import GovernanceError, NotFoundError


class HoldFormError(GovernanceError):
    """Something of the hold is missing or does not fit (`field`); nothing was placed."""

    code, status, exit_code = "hold_form", 422, 2


class HoldConditionError(GovernanceError):
    """A condition names no clear column, or its value does not fit (`field`)."""

    code, status, exit_code = "hold_condition", 422, 2


class HoldPersonUnknownError(GovernanceError):
    """Some of the persons are not here (`count`); nothing was placed."""

    code, status, exit_code = "hold_person_unknown", 422, 2


class HoldClosedError(GovernanceError):
    """The matter was released as a whole; a new hold needs a number of its own."""

    code, status = "hold_closed", 409


class HoldUnknownError(NotFoundError):
    """No such matter."""

    code = "hold_unknown"


class HoldNotStandingError(GovernanceError):
    """Nothing of this stands under the matter any more; nothing was released."""

    code, status = "hold_not_standing", 409


class HoldLetterError(GovernanceError):
    """The notice cannot be sent or confirmed (`reason`); nothing was sent."""

    code, status = "hold_letter", 409


class ErasureDeferredError(GovernanceError):
    """A hold stands; the erasure goes on by itself once it is released; nothing was erased."""

    code, status = "erasure_deferred", 409
