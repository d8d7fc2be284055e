"""Refusals of work on keys; parameters are ids, codes and names of columns."""

from governance.core.errors import ForbiddenError, GovernanceError, NotFoundError


class KeyTaskUnknownError(NotFoundError):
    """No such piece of work on keys."""

    code = "key_task_unknown"


class KeyTaskHeldElsewhereError(GovernanceError):
    """Another process is at work on this task."""

    code, status = "key_task_held_elsewhere", 409


class ColumnsUndeclaredError(GovernanceError):
    """Columns of bytes that no place declares: it cannot be shown that no old key is needed."""

    code, status = "columns_undeclared", 409


class KeyActForbiddenError(ForbiddenError):
    """The principal's role does not hold the action that this needs."""

    code = "key_act_forbidden"


class KeySubjectUnknownError(NotFoundError):
    """No key of this class was ever made for the person."""

    code = "key_subject_unknown"


class KeyHeldError(GovernanceError):
    """A legal hold stands on the person, or a law still keeps what the key opens."""

    code, status = "key_held", 409


class EpochNotEndableError(GovernanceError):
    """The epoch is the current one, still wraps living keys, or has ended before."""

    code, status = "epoch_not_endable", 409


class FieldNotSealableError(GovernanceError):
    """The field is not one that the catalogue declares as sealed and that stands in clear."""

    code, status, exit_code = "field_not_sealable", 400, 2


class SealedDiffersError(GovernanceError):
    """What was sealed did not read back as it was; the clear value was left in place."""

    code, status = "sealed_differs", 500


class CopyRefusedError(GovernanceError):
    """The copy cannot be written there."""

    code, status, exit_code = "copy_refused", 400, 2
