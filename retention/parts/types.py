"""Facts of rows: what decides about the rows of a person while the person stays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from governance.core.terms import FieldId, PurposeId, RowId
from retention.types import Action, Part, Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFacts:
    """What one row says: its own days, which of its fields hold something, what it counts by."""

    row: RowId
    days: Mapping[Trigger, date]
    filled: frozenset[FieldId] = frozenset()
    values: Mapping[FieldId, str] = field(default_factory=dict, repr=False)  # days as months
    bound: bool = False  # rows of another table hang on it


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFacts:
    """The rows of one person that some line of the schedule is about."""

    rows: Mapping[str, tuple[RowFacts, ...]] = field(default_factory=dict)  # by table
    ended: Mapping[PurposeId, date] = field(default_factory=dict)  # consent that stands no more


@dataclass(frozen=True, slots=True, kw_only=True)
class MetRow:
    """One row whose time is over, and which of its fields go; none named: the whole row."""

    row: RowId
    due_on: date
    fields: frozenset[FieldId] = frozenset()
    values: tuple[tuple[FieldId, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What one line of the schedule meets of one person on a day."""

    part: Part
    rows: tuple[MetRow, ...]
    held: int = 0  # rows of which a legal hold keeps something that would go
    kept: int = 0  # rows of which a duty or a line of the schedule keeps something
    held_on: date | None = None  # the earliest day on which one of them was due
    next_on: date | None = None  # the first day on which another row is due

    @property
    def action(self) -> Action:
        """What happens to them."""
        return self.part.action

    @property
    def due_on(self) -> date:
        """The earliest day on which one of them was due."""
        return min(row.due_on for row in self.rows)
