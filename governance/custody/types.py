"""Words and facts of work on keys that takes longer than one transaction."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from governance.core.terms import KeyClass, RowId, SubjectId


class TaskKind(StrEnum):
    """What a task does."""

    SUBJECTS = "subjects"  # fresh keys for one person or all, frames moved, old keys ended
    SEAL = "seal"  # a column that still stands in clear is sealed
    END_SUBJECT = "end_subject"  # a person's key of one class ends, after a second person agreed
    END_EPOCH = "end_epoch"  # an epoch ends before its day, after a second person agreed


class TaskState(StrEnum):
    """Where a task stands."""

    RUNNING = "running"
    DONE = "done"


class Phase(StrEnum):
    """Steps of the rotation of subject keys, in their order."""

    RENEW = "renew"  # fresh keys are made
    MOVE = "move"  # frames are sealed anew
    WAIT = "wait"  # old keys still open: for backups, and for transactions on their way
    PROVE = "prove"  # every place is read: no frame may name a key that ends


PHASES = tuple(Phase)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One piece of work on keys; the job ledger holds its lease, fence and cursor."""

    id: RowId
    kind: TaskKind
    target: str | None  # a pseudonym, a field, an epoch; None: everybody
    key_class: KeyClass | None
    state: TaskState
    phase: Phase | None
    end_after: datetime | None  # old keys are kept at least until then
    total: int  # rows to look at
    done: int  # rows looked at
    renewed: int
    moved: int  # frames sealed anew
    pinned: int  # old keys that a fixed frame still needs
    ended: int
    requested_by: str
    approval: RowId | None
    started_at: datetime
    finished_at: datetime | None

    @property
    def subject(self) -> SubjectId | None:
        """The one person whom it is about."""
        about_one = self.kind in {TaskKind.SUBJECTS, TaskKind.END_SUBJECT}
        return SubjectId(self.target) if about_one and self.target is not None else None
