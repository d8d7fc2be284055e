"""Refusals of retention; parameters are ids, counts and places."""

from governance.core.errors import ForbiddenError, GovernanceError, NotFoundError, UnavailableError


class ScheduleFormError(GovernanceError):
    """A schedule is not of its form; nothing of it is in force."""

    code, status, exit_code = "schedule_form", 422, 2


class ScheduleUnknownError(NotFoundError):
    """No such version or proposal of a schedule."""

    code = "schedule_unknown"


class RetentionRefusedError(ForbiddenError):
    """The principal may not do this with retention."""

    code = "retention_refused"


class PlanNotFoundError(NotFoundError):
    """No such plan."""

    code = "plan_not_found"


class PlanStaleError(GovernanceError):
    """The plan can no longer be run (`reason`); nothing was deleted."""

    code, status = "plan_stale", 409


class PlanChangedError(GovernanceError):
    """The stored plan is not the one that was shown and agreed to; nothing was deleted."""

    code, status = "plan_changed", 409


class RunNotFoundError(NotFoundError):
    """No such purge run."""

    code = "purge_run_not_found"


class RunHeldElsewhereError(UnavailableError):
    """Another process holds the lease of this run."""

    code = "purge_run_elsewhere"


class ResidueError(GovernanceError):
    """Rows of purged persons are left; the run is not done."""

    code, status = "purge_residue", 500


class SubjectNotErasableError(GovernanceError):
    """The person's data cannot be erased now (`rule`); nothing was changed."""

    code, status = "subject_not_erasable", 409


class SubjectUnknownError(NotFoundError):
    """No such person, or none that this principal may know of."""

    code = "retention_subject_unknown"


class LogMonthError(GovernanceError):
    """This month of the log cannot end now (`reason`); nothing was deleted."""

    code, status = "log_month", 409


class LogMonthUnknownError(NotFoundError):
    """The log has no such month, or no hold names it."""

    code = "log_month_unknown"


class LossChangedError(GovernanceError):
    """What is lost is not what was agreed to; nothing was declared."""

    code, status = "loss_changed", 409


class NotReappliedError(UnavailableError):
    """An older database was put back and decisions of the journal are not done again yet."""

    code = "not_reapplied"
