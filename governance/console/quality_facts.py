"""What the pages of quality show: the day's figures, their trend, and the rows behind a topic."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, func, select

from governance.core.terms import Lang
from governance.customers.imports import ASIDE, RUN
from governance.customers.quality import LIMITS, Kpi
from governance.customers.store import TABLES
from governance.customers.upkeep.measures import Extra, Measure, by_kpi
from governance.customers.upkeep.reviews import BEHIND, OF_COMPANIES, Topic
from governance.i18n.catalogue import text
from governance.i18n.formats import MONTHS_EN, share, short_day
from governance.ui.charts import Stack, StackedChart, stacked_chart
from governance.ui.parts import Column

HOME: Final = "/console/quality"
DAYS: Final = 12  # columns of the chart
SHOWN: Final = 50  # rows of one page behind a topic
DRAWN: Final = (Kpi.ERROR_RATE.value, Kpi.DUPLICATES.value, Kpi.UNVERIFIED_CONTACTS.value)
MEANS: Final = (Extra.AGE_DAYS.value, Extra.CORRECTION_DAYS.value)
LISTS: Final[Mapping[str, str]] = {
    Kpi.ERROR_RATE.value: f"{HOME}/behind/problems",
    Kpi.COMPLETENESS.value: f"{HOME}/behind/incomplete",
    Kpi.FRESHNESS.value: f"{HOME}/behind/stale",
    Kpi.DUPLICATES.value: "/console/duplicates?kind=person",
    Extra.PROBLEMS.value: f"{HOME}/behind/problems",
    Extra.COMPANY_DUPLICATES.value: "/console/duplicates?kind=company",
    Extra.REVIEWS_OVERDUE.value: f"{HOME}#tasks",
    Extra.REACHABLE.value: f"{HOME}/behind/unreachable",
}
TONES: Final = {"good": "good", "watch": "attention", "poor": "refused"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureLine:
    """One figure of the newest day."""

    name: str
    part: str
    share: str
    limit: str
    level: str  # its word; empty where there is no limit
    tone: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The chart and the same figures as a table."""

    chart: StackedChart
    columns: tuple[Column, ...]
    rows: tuple[dict[str, str | int], ...]


def measure_lines(found: Iterable[Measure], lang: Lang) -> tuple[MeasureLine, ...]:
    """The newest day's figures; a field's own completeness stands in no line of its own."""
    newest = {kpi: days[-1] for (kpi, name), days in by_kpi(found).items() if not name}
    return tuple(_line(one, lang) for one in newest.values())


def _line(one: Measure, lang: Lang) -> MeasureLine:
    limit = LIMITS.get(Kpi(one.kpi)) if one.kpi in set(Kpi) else None
    mean = one.kpi in MEANS
    told = ""
    if one.share is not None:
        told = text("upkeep.quality.days", lang, n=round(one.share)) if mean else share(one.share)
    return MeasureLine(
        name=text(f"customers.kpi.{one.kpi}", lang),
        part="" if mean else f"{one.part:,} / {one.whole:,}",
        share=told,
        limit=_limit(limit.good, limit.poor, lang) if limit else "",
        level=text(f"upkeep.quality.level.{one.level.value}", lang) if one.level else "",
        tone=TONES[one.level.value] if one.level else "plain",
        href=LISTS.get(one.kpi, ""),
    )


def _limit(good: float, poor: float, lang: Lang) -> str:
    key = "upkeep.quality.at_most" if good < poor else "upkeep.quality.at_least"
    return text(key, lang, good=share(good, digits=1))


def _tick(day: date, lang: Lang) -> str:
    """A day under a column of the chart."""
    if lang is Lang.EN:
        return f"{day.day} {MONTHS_EN[day.month - 1]}"
    return f"{day.month}/{day.day}"


def trend(found: Iterable[Measure], lang: Lang) -> Trend:
    """How many rows had a fault of each kind, day by day; weeks apart where there are many."""
    days: dict[date, dict[str, int]] = {}
    for one in found:
        if one.kpi in DRAWN and not one.field:
            days.setdefault(one.day, {})[one.kpi] = one.part
    every = sorted(days)
    step = max(1, -(-len(every) // DAYS))
    shown = every[::-1][::step][::-1]
    names = {kpi: text(f"upkeep.quality.drawn.{kpi}", lang) for kpi in DRAWN}
    stacks = [Stack(label=_tick(day, lang), counts=days[day]) for day in shown]
    return Trend(
        chart=stacked_chart(stacks, names, others=text("upkeep.quality.others", lang)),
        columns=(
            Column(key="day", label=text("upkeep.quality.day", lang)),
            *(Column(key=kpi, label=name, number=True) for kpi, name in names.items()),
        ),
        rows=tuple(
            {"day": short_day(day, lang), **{kpi: days[day].get(kpi, 0) for kpi in DRAWN}}
            for day in reversed(shown)
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BehindLine:
    """One row behind a topic: where it came from, and the way to it. No value of a person."""

    id: str
    about: str
    href: str
    file: str
    row: int | None
    problems: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BehindPage:
    """Rows behind a topic, and how many there are in all."""

    lines: tuple[BehindLine, ...]
    total: int
    next: str


def behind_page(tx: Connection, topic: Topic, *, on: date, after: str) -> BehindPage:
    """A page of the rows that the topic's figure counts."""
    column, condition = BEHIND[topic](on)
    total = tx.execute(select(func.count()).select_from(column.table).where(condition)).scalar_one()
    some = select(column).where(condition, column > after).order_by(column).limit(SHOWN)
    ids = list(tx.execute(some).scalars())
    lines = _asides(tx, ids) if topic is Topic.QUARANTINE else _rows(tx, topic, ids)
    return BehindPage(
        lines=lines, total=int(total), next=ids[-1] if len(ids) == SHOWN and total > SHOWN else ""
    )


def _asides(tx: Connection, ids: list[str]) -> tuple[BehindLine, ...]:
    asked = (
        select(ASIDE.c.id, ASIDE.c.row, ASIDE.c.run_id, RUN.c.file_name)
        .join(RUN, RUN.c.id == ASIDE.c.run_id)
        .where(ASIDE.c.id.in_(ids))
        .order_by(ASIDE.c.id)
    )
    return tuple(
        BehindLine(
            id=row.id,
            about=row.file_name,
            href=f"/console/imports/runs/{row.run_id}",
            file=row.file_name,
            row=row.row,
            problems=None,
        )
        for row in tx.execute(asked)
    )


def _rows(tx: Connection, topic: Topic, ids: list[str]) -> tuple[BehindLine, ...]:
    company = topic in OF_COMPANIES
    table = TABLES["company" if company else "person"]
    asked = table.select().where(table.c.id.in_(ids)).order_by(table.c.id)
    return tuple(
        BehindLine(
            id=row.id,
            about=row.id if company else row.subject_id,
            href="" if company else f"/console/persons/{row.subject_id}?purpose=data_quality",
            file=row.source_file or "",
            row=row.source_row,
            problems=None if company else row.problems,
        )
        for row in tx.execute(asked)
    )
