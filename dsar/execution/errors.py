"""Refusals of execution; parameters are ids, codes and counts, never a value."""

from governance.core.errors import GovernanceError, NotFoundError


class ErasureBlockedError(GovernanceError):
    """A legal hold or a standing restriction forbids an erasure now; nothing was decided."""

    code, status = "erasure_blocked", 409


class ExecutionChangedError(GovernanceError):
    """What would be done is not what was agreed to; nothing was done."""

    code, status = "execution_changed", 409


class MeasureUnknownError(GovernanceError):
    """The right that was asked for does not come to this measure."""

    code, status, exit_code = "measure_unknown", 422, 2


class NothingExecutedError(NotFoundError):
    """Nothing is carried out for this request."""

    code = "nothing_executed"


class UndoLateError(GovernanceError):
    """The waiting period is over, or nothing waits; nothing was changed."""

    code, status = "undo_late", 409


class StoreUnknownError(NotFoundError):
    """No connected system of this name waits in this request."""

    code = "store_unknown"


class RestrictionError(GovernanceError):
    """Nothing can be restricted or lifted for this request now; nothing was changed."""

    code, status = "restriction_not_possible", 409


class CorrectionError(GovernanceError):
    """The correction cannot be judged or made now; nothing was changed. `reason` says why."""

    code, status = "correction_not_possible", 409

    @property
    def text_key(self) -> str:
        """The sentence of the reason."""
        reason = getattr(self, "params", {}).get("reason")
        return f"dsar.correction.refused.{reason}" if reason else super().text_key


class CertificateUnknownError(NotFoundError):
    """No certificate under this link: unknown and over are refused alike."""

    code = "certificate_unknown"
