"""What a simulation counts: decisions by rule, months in which people fall due, rows by table."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from governance.core.terms import ActorId, RowId, SubjectId
from retention.plans import KeepLine
from retention.types import Decision, DecisionKind, Schedule

OVERDUE = "overdue"  # in place of a month: due on the day of the simulation or before
PERSONS, ROWS, HELD = "persons", "rows", "held"  # units of a line about rows
OUTSIDE = "outside"  # in place of a decision: the schedule does not cover such persons


class SimulationState(StrEnum):
    """Where a simulation stands."""

    COUNTING = "counting"
    DONE = "done"


class RowFate(StrEnum):
    """What becomes of a row of a person who is due."""

    DELETE = "delete"
    ANONYMISE = "anonymise"  # its sealed columns are emptied
    KEEP = "keep"  # a duty keeps fields of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One person as the schedule decides on the day, and as another schedule does."""

    subject: SubjectId
    decision: Decision | None  # None: the schedule does not cover the person
    keeps: tuple[KeepLine, ...] = ()
    rows_kept: int = 0  # of a due person, in part, because a duty says so
    shreds: bool = False  # the data key ends, the rows stay without what it seals
    other: Decision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one duty keeps of the persons who are due."""

    persons: int
    rows: int
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The sums over the persons who were looked at so far; two of them add up."""

    persons: int = 0
    counts: Counter[tuple[DecisionKind, str]] = field(default_factory=Counter)
    months: Counter[tuple[str, str]] = field(default_factory=Counter)  # month and rule
    tables: Counter[tuple[str, RowFate]] = field(default_factory=Counter)
    kept: Mapping[str, Kept] = field(default_factory=dict)  # by duty
    lines: Counter[tuple[str, str]] = field(default_factory=Counter)  # about rows; line and unit
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)  # decision before and after
    sooner: int = 0  # persons who fall due earlier than under the other schedule
    later: int = 0

    def count(self, kind: DecisionKind) -> int:
        """Persons with this decision."""
        return sum(number for (found, _), number in self.counts.items() if found == kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLine:
    """How many persons fall due in one month, by rule."""

    month: str  # YYYY-MM
    rules: Mapping[str, int]

    @property
    def total(self) -> int:
        """Persons of all rules."""
        return sum(self.rules.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The months to come, with what is due already and what falls due after them."""

    overdue: Mapping[str, int]
    months: tuple[MonthLine, ...]
    later: Mapping[str, int]

    def rules(self) -> tuple[str, ...]:
        """Every rule of the forecast, the one with most persons in its months first."""
        sums: Counter[str] = Counter()
        for line in (*self.months, MonthLine(month="", rules=self.overdue)):
            sums.update(line.rules)
        return tuple(sorted(sums, key=lambda rule: (-sums[rule], rule)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One simulation in the list of them."""

    id: RowId
    state: SimulationState
    asked_by: ActorId
    asked_at: datetime
    on: date
    schedule: str
    schedule_digest: str
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """One simulation that was asked for, as far as it has come."""

    id: RowId
    state: SimulationState
    asked_by: ActorId
    asked_at: datetime
    on: date
    schedule: Schedule
    against: Schedule | None  # the schedule in force, where another one is simulated
    figures: Figures
    total: int  # persons there were when it was asked for
    cursor: SubjectId | None
    finished_at: datetime | None
    plan: RowId | None

    @property
    def counted(self) -> bool:
        """Whether its figures are whole."""
        return self.state is SimulationState.DONE
