"""Quality figures of the customer store as pure rules over counts (APPI Art. 22: accuracy)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from governance.customers.columns import columns_of
from governance.customers.matching.clusters import Duplicates
from governance.customers.types import NormalisedRow, ProblemKind, Severity, SourceKind

FRESH_FOR = timedelta(days=365)  # a record confirmed or changed within a year is fresh
REVIEW_EVERY = timedelta(days=91)  # quarterly review of the register


class Kpi(StrEnum):
    """Figures followed over time."""

    ERROR_RATE = "error_rate"
    COMPLETENESS = "completeness"
    FRESHNESS = "freshness"
    DUPLICATES = "duplicates"
    UNVERIFIED_CONTACTS = "unverified_contacts"
    CORRECTIONS_APPLIED = "corrections_applied"

    @property
    def text_key(self) -> str:
        """Catalogue key of the figure's name."""
        return f"customers.kpi.{self.value}"


class Level(StrEnum):
    """How a figure stands against its limits."""

    GOOD = "good"
    WATCH = "watch"
    POOR = "poor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Where a figure stops being good and where it becomes poor."""

    good: float
    poor: float

    @property
    def lower_is_better(self) -> bool:
        """True for rates of faults."""
        return self.good < self.poor


LIMITS: Mapping[Kpi, Limit] = {
    Kpi.ERROR_RATE: Limit(good=0.01, poor=0.05),
    Kpi.COMPLETENESS: Limit(good=0.95, poor=0.80),
    Kpi.FRESHNESS: Limit(good=0.80, poor=0.50),
    Kpi.DUPLICATES: Limit(good=0.005, poor=0.03),
    Kpi.UNVERIFIED_CONTACTS: Limit(good=0.05, poor=0.20),
    Kpi.CORRECTIONS_APPLIED: Limit(good=0.98, poor=0.90),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure: part of whole, as a share, with its level; no level when there is nothing."""

    kpi: Kpi
    part: int
    whole: int

    @property
    def share(self) -> float | None:
        """Part of whole; none when the whole is empty."""
        return self.part / self.whole if self.whole else None

    @property
    def level(self) -> Level | None:
        """Good, to watch or poor by the limits of the figure."""
        if (share := self.share) is None:
            return None
        limit = LIMITS[self.kpi]
        sign = 1 if limit.lower_is_better else -1
        if share * sign <= limit.good * sign:
            return Level.GOOD
        return Level.POOR if share * sign >= limit.poor * sign else Level.WATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityCounts:
    """What was counted over a register on one day."""

    rows: int = 0
    rows_with_errors: int = 0
    cells_expected: int = 0  # rows times the columns that count for completeness
    cells_filled: int = 0
    rows_dated: int = 0  # rows with a day of last confirmation or change
    rows_fresh: int = 0
    rows_surplus: int = 0  # rows beyond the first of each cluster of duplicates
    contacts: int = 0
    contacts_unverified: int = 0
    corrections_received: int = 0
    corrections_applied: int = 0


def figures(counts: QualityCounts) -> tuple[Figure, ...]:
    """Every figure of the counts, in the order of the report."""
    pairs = {
        Kpi.ERROR_RATE: (counts.rows_with_errors, counts.rows),
        Kpi.COMPLETENESS: (counts.cells_filled, counts.cells_expected),
        Kpi.FRESHNESS: (counts.rows_fresh, counts.rows_dated),
        Kpi.DUPLICATES: (counts.rows_surplus, counts.rows),
        Kpi.UNVERIFIED_CONTACTS: (counts.contacts_unverified, counts.contacts),
        Kpi.CORRECTIONS_APPLIED: (counts.corrections_applied, counts.corrections_received),
    }
    return tuple(Figure(kpi=kpi, part=part, whole=whole) for kpi, (part, whole) in pairs.items())


# Columns whose absence makes a customer unreachable or unidentifiable; the rest is optional, and
# asking for more than is needed would be its own fault.
COMPLETE: Mapping[SourceKind, tuple[str, ...]] = {
    SourceKind.CUSTOMERS: ("name", "kana", "birth_date", "postal_code", "address"),
    SourceKind.COMPANIES: ("name", "corporate_number", "postal_code", "address", "phone"),
}
DATED: Mapping[SourceKind, tuple[str, ...]] = {
    SourceKind.CUSTOMERS: ("registered_on", "last_purchase_on", "withdrawn_on"),
    SourceKind.COMPANIES: ("since",),
}


def count(
    rows: Iterable[NormalisedRow],
    kind: SourceKind,
    *,
    at: date,
    duplicates: Duplicates | None = None,
) -> QualityCounts:
    """Counts of a register as read: errors, filled cells, freshness and surplus rows."""
    columns = COMPLETE.get(kind) or tuple(c.name for c in columns_of(kind) if c.required)
    total = errors = filled = dated = fresh = 0
    for row in rows:
        total += 1
        errors += any(p.severity is not Severity.NOTICE for p in row.problems)
        filled += sum(row.get(column) is not None for column in columns)
        days = [day for column in DATED.get(kind, ()) if (day := row.get(column)) is not None]
        dated += bool(days)
        fresh += bool(days) and is_fresh(date.fromisoformat(max(days)), at=at)
    surplus = sum(len(c.rows) - 1 for c in duplicates.clusters) if duplicates else 0
    return QualityCounts(
        rows=total,
        rows_with_errors=errors,
        cells_expected=total * len(columns),
        cells_filled=filled,
        rows_dated=dated,
        rows_fresh=fresh,
        rows_surplus=surplus,
    )


def is_fresh(last: date, *, at: date) -> bool:
    """True when the record was confirmed or changed within a year."""
    return at - last <= FRESH_FOR


def next_review(last: date | None, *, at: date) -> date:
    """The day on which the register is to be reviewed again; at once when it never was."""
    return at if last is None else last + REVIEW_EVERY


def problem_counts(rows: Iterable[NormalisedRow]) -> dict[ProblemKind, int]:
    """How often each problem was found, most frequent first."""
    found = Counter(problem.kind for row in rows for problem in row.problems)
    return dict(found.most_common())


def quality_report(
    rows: Iterable[NormalisedRow],
    kind: SourceKind,
    *,
    file: str,
    at: date,
    duplicates: Duplicates | None = None,
) -> dict[str, object]:
    """The report of one file for screens and JSON: figures and problem counts, no values."""
    known = tuple(rows)
    counts = count(known, kind, at=at, duplicates=duplicates)
    return {
        "file": file,
        "kind": kind.value,
        "rows": counts.rows,
        "figures": [
            {
                "kpi": figure.kpi.value,
                "part": figure.part,
                "whole": figure.whole,
                "share": None if figure.share is None else round(figure.share, 4),
                "level": figure.level and figure.level.value,
            }
            for figure in figures(counts)
        ],
        "problems": {kind_.value: n for kind_, n in problem_counts(known).items()},
    }
