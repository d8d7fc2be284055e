"""Facts about legal holds: what one covers, which condition catches persons; pure."""

from dataclasses import dataclass
from dataclasses import field as hidden
from datetime import datetime
from enum import StrEnum

from governance.core.terms import FieldId, RowId, SubjectId

CATEGORY = "category:"  # in front of a category where a field's id would stand


class ScopeKind(StrEnum):
    """Whom a standing scope catches, today and later."""

    EVERYONE = "everyone"
    QUERY = "query"


class Comparison(StrEnum):
    """How a clear column is compared with a value."""

    IS = "is"
    FROM = "from"
    TO = "to"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One comparison of a saved condition; the catalogue keeps the field in clear."""

    field: FieldId
    test: Comparison
    value: str = hidden(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class What:
    """What of a person a hold covers: all, one table, a field or category of it, one row."""

    table: str | None = None
    field: str | None = None  # a field's id, or `category:` and a category
    row: RowId | None = None

    def covers_row(self, table: str, row: str) -> bool:
        """Whether this row must not go."""
        return self.table in (None, table) and self.row in (None, row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A standing scope of a matter."""

    id: RowId
    matter: str
    kind: ScopeKind
    what: What
    conditions: tuple[Condition, ...]
    placed_by: str
    placed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One standing hold on one person."""

    subject: SubjectId
    matter: str
    what: What
    scope: RowId | None = None
    id: RowId | None = None  # None: a standing scope covers the person, no row says so yet


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldScope:
    """Everything of one person that holds keep from deletion."""

    whole: bool = False
    tables: frozenset[str] = frozenset()  # every row of these
    fields: frozenset[FieldId] = frozenset()  # these in every row
    rows: frozenset[RowId] = frozenset()  # these as they are
    matters: tuple[str, ...] = ()

    def covers(self, table: str, *, row: str | None = None, field: str | None = None) -> bool:
        """Whether this table, row or field is kept; a field counts for its whole row."""
        if self.whole or table in self.tables or (row is not None and row in self.rows):
            return True
        if field is not None:
            return field in self.fields
        return any(name.partition(".")[0] == table for name in self.fields)
