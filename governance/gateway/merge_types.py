"""Words of merging: whose rows, what is asked, what was done, and why not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import FieldId, RowId, SubjectId


class Side(StrEnum):
    """One of the two of a merge."""

    SURVIVOR = "survivor"
    ABSORBED = "absorbed"


class MergeUnknownError(NotFoundError):
    """There is no such merge; nothing changed."""

    code = "merge_unknown"


class MergeBarredError(GovernanceError):
    """One of the persons is erased or being erased; nothing changed."""

    code, status = "merge_barred", 409


class CompanyNumbersError(GovernanceError):
    """The two have different corporate numbers: two companies. Nothing changed."""

    code, status = "company_numbers_differ", 409


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
    survivor: SubjectId | RowId | None = None  # none: who is known longer
    choices: Mapping[FieldId, RowId] = field(
        default_factory=dict
    )  # field -> row whose value stands
    version: str | None = None  # of the pair as it was shown; none: as it is now


Who = TypeVar("Who", SubjectId, RowId)  # a person's pseudonym, or a company's row


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged(Generic[Who]):
    """What a merge did."""

    merge: RowId
    survivor: Who
    absorbed: Who
    rows: int
    changed: int

    def as_json(self) -> dict[str, object]:
        """The merge for programs."""
        return {
            "merge": self.merge,
            "survivor": self.survivor,
            "absorbed": self.absorbed,
            "rows": self.rows,
            "changed": self.changed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmerged(Generic[Who]):
    """What undoing a merge did."""

    merge: RowId
    survivor: Who
    absorbed: Who
    rows: int
    later: int

    def as_json(self) -> dict[str, object]:
        """What was undone for programs."""
        return {
            "merge": self.merge,
            "survivor": self.survivor,
            "absorbed": self.absorbed,
            "rows": self.rows,
            "later": self.later,
        }
