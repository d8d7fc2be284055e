"""Quality figures of one day, counted over the store without opening a value, and their history.

A figure is a part of a whole. Definitions stand beside each counter and in docs/officer-guide.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Date, case, func, literal, or_, select

from governance.customers.imports import PROBLEM
from governance.customers.quality import FRESH_FOR, LIMITS, Kpi, Level, Limit
from governance.customers.store import TABLES
from governance.customers.upkeep.candidates import PairKind, open_duplicates
from governance.customers.upkeep.models import MeasureRow
from governance.db.types import insert_ignore, table_of

MEASURE = table_of(MeasureRow)
PERSON = TABLES["person"]
# A register row should hold these; without them a person cannot be told apart or reached.
COMPLETE = ("name", "kana", "birth_date", "postal_code", "address")
REACHABLE = ("email", "mobile", "phone")
DATES = (PERSON.c.registered_on, PERSON.c.last_purchase_on, PERSON.c.acquired_on)
NEVER = date(1900, 1, 1)


class Extra(StrEnum):
    """Figures that are means or plain counts, not shares with a limit."""

    AGE_DAYS = "age_days"  # days since a row was last confirmed or changed: sum over rows
    CORRECTION_DAYS = "correction_days"  # days from receipt to application: sum over corrections
    PROBLEMS = "problems"  # problems of imported cells, over rows
    COMPANY_DUPLICATES = "company_duplicates"  # pairs of companies that wait, over companies
    REVIEWS_OVERDUE = "reviews_overdue"  # of the open review tasks those past their day
    REACHABLE = "reachable"  # rows with at least one way to reach the person


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure of one day."""

    day: date
    kpi: str
    field: str
    part: int
    whole: int

    @property
    def share(self) -> float | None:
        """Part of whole; a mean for the figures that are sums; none of nothing."""
        return self.part / self.whole if self.whole else None

    @property
    def level(self) -> Level | None:
        """Good, to watch or poor, where the figure has limits."""
        if self.kpi not in set(Kpi) or self.share is None:
            return None
        return level_of(self.share, LIMITS[Kpi(self.kpi)])

    def as_json(self) -> dict[str, object]:
        """The figure for programs."""
        return {
            "day": self.day.isoformat(),
            "kpi": self.kpi,
            "field": self.field,
            "part": self.part,
            "whole": self.whole,
            "share": None if self.share is None else round(self.share, 4),
            "level": self.level and self.level.value,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """What persons and staff corrected in a period, counted where requests and events stand."""

    received: int
    applied: int
    days: int  # from receipt to application, added up


def level_of(share: float, limit: Limit) -> Level:
    """How a share stands against its limits."""
    sign = 1 if limit.lower_is_better else -1
    if share * sign <= limit.good * sign:
        return Level.GOOD
    return Level.POOR if share * sign >= limit.poor * sign else Level.WATCH


def counted(
    tx: Connection, *, day: date, verified: int | None, corrections: Corrections
) -> tuple[Measure, ...]:
    """Every figure of the register as it stands; `verified`: rows whose contact was verified."""
    rows = _count(tx, PERSON.c.id.is_not(None))
    reachable = _count(tx, or_(*(PERSON.c[name].is_not(None) for name in REACHABLE)))
    filled = {name: _count(tx, PERSON.c[name].is_not(None)) for name in (*COMPLETE, *REACHABLE)}
    fresh, dated, age = _ages(tx, day=day)
    found: dict[tuple[str, str], tuple[int, int]] = {
        (Kpi.ERROR_RATE.value, ""): (_count(tx, PERSON.c.problems > 0), rows),
        (Kpi.COMPLETENESS.value, ""): (sum(filled[n] for n in COMPLETE), rows * len(COMPLETE)),
        (Kpi.FRESHNESS.value, ""): (fresh, dated),
        (Kpi.DUPLICATES.value, ""): (open_duplicates(tx), rows),
        (Extra.COMPANY_DUPLICATES.value, ""): (
            open_duplicates(tx, PairKind.COMPANY),
            _all(tx, TABLES["company"]),
        ),
        (Kpi.CORRECTIONS_APPLIED.value, ""): (corrections.applied, corrections.received),
        (Extra.CORRECTION_DAYS.value, ""): (corrections.days, corrections.applied),
        (Extra.AGE_DAYS.value, ""): (age, dated),
        (Extra.PROBLEMS.value, ""): (_all(tx, PROBLEM), rows),
        (Extra.REACHABLE.value, ""): (reachable, rows),
    }
    found |= {(Kpi.COMPLETENESS.value, name): (count, rows) for name, count in filled.items()}
    if verified is not None:
        unverified = max(0, reachable - verified)
        found[Kpi.UNVERIFIED_CONTACTS.value, ""] = (unverified, reachable)
    return tuple(
        Measure(day=day, kpi=kpi, field=field, part=part, whole=whole)
        for (kpi, field), (part, whole) in found.items()
    )


def verified_rows(tx: Connection, subjects: Iterable[Any]) -> int:
    """Rows with a contact whose person is in one of these selections of pseudonyms."""
    known = or_(*(PERSON.c.subject_id.in_(chosen) for chosen in subjects))
    return _count(tx, known & or_(*(PERSON.c[name].is_not(None) for name in REACHABLE)))


def _count(tx: Connection, condition: Any) -> int:
    return int(tx.execute(select(func.count()).where(condition)).scalar_one())


def _all(tx: Connection, table: Any) -> int:
    return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


def last_confirmed() -> Any:
    """The last day on which a register row was surely right; 1900-01-01 when none is known."""
    never = literal(NEVER, Date)
    latest: Any = never
    for column in DATES:
        known = func.coalesce(column, never)
        latest = case((known > latest, known), else_=latest)
    return latest


def _ages(tx: Connection, *, day: date) -> tuple[int, int, int]:
    """(fresh rows, rows with a day, days since it added up); one line per day, not per row."""
    latest = last_confirmed().label("latest")
    fresh = dated = age = 0
    for last, count in tx.execute(select(latest, func.count()).group_by(latest)):
        known = date.fromisoformat(last) if isinstance(last, str) else last
        if known == NEVER:
            continue
        dated += count
        fresh += count if day - known <= FRESH_FOR else 0
        age += max(0, (day - known).days) * count
    return fresh, dated, age


def record(tx: Connection, measures: Iterable[Measure], *, at: datetime) -> None:
    """The day's figures are on record; a day that has them keeps them."""
    rows = [
        {
            "day": measure.day,
            "kpi": measure.kpi,
            "field": measure.field,
            "part": measure.part,
            "whole": measure.whole,
            "recorded_at": at,
        }
        for measure in measures
    ]
    tx.execute(insert_ignore(MEASURE, tx.dialect.name), rows)


def recorded(tx: Connection, *, since: date) -> tuple[Measure, ...]:
    """Figures of every recorded day from this one, oldest first."""
    order = (MEASURE.c.day, MEASURE.c.kpi, MEASURE.c.field)
    rows = tx.execute(select(MEASURE).where(MEASURE.c.day >= since).order_by(*order))
    return tuple(
        Measure(day=row.day, kpi=row.kpi, field=row.field, part=row.part, whole=row.whole)
        for row in rows
    )


def has_day(tx: Connection, day: date) -> bool:
    """Whether the day's figures are on record."""
    return _count(tx, MEASURE.c.day == day) > 0


def by_kpi(measures: Iterable[Measure]) -> Mapping[tuple[str, str], tuple[Measure, ...]]:
    """Each figure with its days in order."""
    found: dict[tuple[str, str], list[Measure]] = {}
    for measure in sorted(measures, key=lambda m: m.day):
        found.setdefault((measure.kpi, measure.field), []).append(measure)
    return {key: tuple(days) for key, days in found.items()}
