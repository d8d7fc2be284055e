"""Words of merging: whose rows, what is asked, what was done, and why not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import FieldId, RowId, SubjectId


class Side(StrEnum):
    """One of the two persons of a merge."""

    SURVIVOR = "survivor"
    ABSORBED = "absorbed"


class MergeUnknownError(NotFoundError):
    """There is no such merge; nothing changed."""

    code = "merge_unknown"


class MergeBarredError(GovernanceError):
    """One of the persons is erased or being erased; nothing changed."""

    code, status = "merge_barred", 409


class MergeUndoneError(GovernanceError):
    """The merge was undone already; nothing changed."""

    code, status = "merge_undone", 409


class MergeNotNewestError(GovernanceError):
    """A later merge of the same person must be undone first; params: newer. Nothing changed."""

    code, status = "merge_not_newest", 409


class LaterRowsError(GovernanceError):
    """Rows came since the merge: say whose they are. Params: count, merge. Nothing changed."""

    code, status = "merge_later_rows", 409


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRequest:
    """What an officer decided about a pair."""

    pair: str
    survivor: SubjectId | None = None  # none: the person known longer
    choices: Mapping[FieldId, RowId] = field(
        default_factory=dict
    )  # field -> row whose value stands
    version: str | None = None  # of the pair as it was shown; none: as it is now


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge did."""

    merge: RowId
    survivor: SubjectId
    absorbed: SubjectId
    rows: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmerged:
    """What undoing a merge did."""

    merge: RowId
    survivor: SubjectId
    absorbed: SubjectId
    rows: int
    later: int
