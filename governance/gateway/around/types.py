"""Words of writing rows around a person: what is asked for, what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from governance.core.terms import RowId, SubjectId
from governance.customers.master.types import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row to be made, or new values of one; None empties a column."""

    table: str  # one of customers.master.types.FORMS
    subject: SubjectId
    values: Mapping[str, Value] = field(repr=False)
    purpose: str
    row: RowId | None = None  # None: a new row, or the one for this channel or topic
    version: int | None = None  # as the writer read it; needed to change a versioned row
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A row that is to go: said wrongly, or a tag that no longer fits."""

    table: str
    subject: SubjectId
    row: RowId
    purpose: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What was written."""

    row: RowId
    created: bool
    version: int | None
    fields: tuple[str, ...]
    masked: tuple[str, ...] = ()  # columns in which 個人番号 or card numbers were blacked out
    approval: str | None = None  # a second person has to confirm what was written
