"""Facts of the pages of simulations: figures, chart with its table, rules, persons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from governance.console.retention_frame import SIMULATIONS
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.i18n.formats import MONTHS_EN, long_day
from governance.ui.charts import Stack, StackedChart, stacked_chart
from governance.ui.parts import Column, Figure, Term, Tone
from retention.simulation.folding import forecast
from retention.simulation.persons import PersonLine
from retention.simulation.service import look_of
from retention.simulation.showing import (
    PartLine,
    RuleLine,
    TableLine,
    part_lines,
    rule_lines,
    rule_name,
    table_lines,
)
from retention.simulation.types import OUTSIDE, MonthLine, Simulation
from retention.types import DecisionKind
from retention.words import because

JANUARY: Final = "01"
TOTAL: Final = "total"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastShown:
    """The months to come as a chart and as its table."""

    chart: StackedChart
    overdue: int  # due already, and in no month
    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, str | int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyLine:
    """What one duty keeps of the persons who are due."""

    duty: str
    basis: str
    persons: int
    rows: int
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationShown:
    """Everything that the page of a counted simulation says."""

    figures: tuple[Figure, ...]
    forecast: ForecastShown
    rules: tuple[tuple[RuleLine, str], ...]  # with the address of their persons
    tables: tuple[TableLine, ...]
    lines: tuple[PartLine, ...]
    duties: tuple[DutyLine, ...]
    moves: tuple[tuple[str, int], ...]
    change: tuple[Term, ...]


def simulation_shown(found: Simulation, lang: Lang, *, months: int) -> SimulationShown:
    """The facts of the page; nobody is named."""
    figures, schedule = found.figures, found.schedule
    return SimulationShown(
        figures=tuple(_figures(found, lang)),
        forecast=_forecast(found, lang, months=months),
        rules=tuple(
            (one, persons_href(found, decision=one.decision.value, rule=one.rule))
            for one in rule_lines(figures, schedule, lang)
        ),
        tables=table_lines(figures, lang),
        lines=part_lines(figures, schedule, lang, on=found.on),
        duties=tuple(_duties(found, lang)),
        moves=_moves(found, lang),
        change=_change(found, lang),
    )


def persons_href(found: Simulation, **asked: str) -> str:
    """The address of the persons behind a figure."""
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{SIMULATIONS}/{found.id}/persons" + (f"?{query}" if query else "")


def _figures(found: Simulation, lang: Lang) -> list[Figure]:
    def say(name: str) -> str:
        return text(f"console.simulations.figure.{name}", lang)

    covered = Figure(
        label=say("covered"),
        count=found.figures.persons,
        href=persons_href(found),
        unit=say("unit"),
        note=say("covered_note"),
    )
    return [
        covered,
        *(
            Figure(
                label=say(kind.value),
                count=found.figures.count(kind),
                href=persons_href(found, decision=kind.value),
                unit=say("unit"),
                note=say(f"{kind.value}_note"),
                tone=_tone(kind, found.figures.count(kind)),
            )
            for kind in (DecisionKind.DUE, DecisionKind.KEPT, DecisionKind.REVIEW)
        ),
    ]


def _tone(kind: DecisionKind, persons: int) -> Tone:
    return Tone.ATTENTION if kind is DecisionKind.REVIEW and persons else Tone.PLAIN


def _forecast(found: Simulation, lang: Lang, *, months: int) -> ForecastShown:
    seen = forecast(found.figures, today=look_of(found).today, months=months)
    names = {rule: rule_name(rule, found.schedule, lang) for rule in seen.rules()}
    overdue = MonthLine(month=text("console.simulations.overdue", lang), rules=seen.overdue)
    later = MonthLine(month=text("console.simulations.later", lang), rules=seen.later)
    stacks = []
    for number, one in enumerate(seen.months):
        year, _, month = one.month.partition("-")
        begins = number == 0 or month == JANUARY
        label = str(int(month)) if lang is Lang.JA else MONTHS_EN[int(month) - 1]
        group = (f"{year}年" if lang is Lang.JA else year) if begins else ""
        stacks.append(Stack(label=label, group=group, counts=one.rules))
    return ForecastShown(
        overdue=overdue.total,
        chart=stacked_chart(stacks, names, others=text("console.simulations.others", lang)),
        columns=(
            Column(key="month", label=text("console.simulations.month", lang)),
            *(Column(key=rule, label=name, number=True) for rule, name in names.items()),
            Column(key=TOTAL, label=text("console.simulations.total", lang), number=True),
        ),
        rows=tuple(_row(one, names) for one in (overdue, *seen.months, later)),
    )


def _row(one: MonthLine, names: Mapping[str, str]) -> dict[str, str | int]:
    counts = {rule: one.rules.get(rule, 0) for rule in names}
    return {"month": one.month, **counts, TOTAL: one.total}


def _duties(found: Simulation, lang: Lang) -> list[DutyLine]:
    known = {duty.id: duty for duty in found.schedule.duties}
    return [
        DutyLine(
            duty=known[duty].label.of(lang) if duty in known else duty,
            basis=known[duty].basis.of(lang) if duty in known else text("ui.list.none", lang),
            persons=one.persons,
            rows=one.rows,
            until=long_day(one.until, lang),
        )
        for duty, one in sorted(found.figures.kept.items(), key=lambda pair: -pair[1].persons)
    ]


def _moves(found: Simulation, lang: Lang) -> tuple[tuple[str, int], ...]:
    def say(kind: str) -> str:
        own = kind == OUTSIDE
        return text("console.simulations.outside" if own else f"retention.decision.{kind}", lang)

    return tuple(
        (f"{say(before)} → {say(after)}", persons)
        for (before, after), persons in sorted(found.figures.moves.items(), key=lambda p: -p[1])
        if before != after
    )


def _change(found: Simulation, lang: Lang) -> tuple[Term, ...]:
    """What another schedule than that in force changes, in two figures."""
    if found.against is None:
        return ()
    against = f"{found.against.name}/{found.against.version}"
    return (
        Term(term=text("console.simulations.against", lang), text=against),
        Term(
            term=text("console.simulations.sooner", lang),
            text=text("console.simulations.persons_n", lang, n=f"{found.figures.sooner:,}"),
        ),
        Term(
            term=text("console.simulations.more_later", lang),
            text=text("console.simulations.persons_n", lang, n=f"{found.figures.later:,}"),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonShown:
    """One person of the list."""

    subject: str
    numbers: str
    decision: str
    why: str
    due_on: str
    kept: str


def person_shown(line: PersonLine, found: Simulation, lang: Lang) -> PersonShown:
    """One person in words; the name is not here."""
    judged, schedule = line.judged, found.schedule
    decision = judged.decision
    labels = {duty.id: duty.label.of(lang) for duty in schedule.duties}
    none = text("ui.list.none", lang)
    kept = [
        f"{labels.get(one.duty, one.duty)} ({long_day(one.until, lang)})" for one in judged.keeps
    ]
    return PersonShown(
        subject=judged.subject,
        numbers=", ".join(line.numbers),
        decision=decision.kind.value if decision else "",
        why=because(decision, schedule, lang) if decision else "",
        due_on=long_day(decision.due_on, lang) if decision and decision.due_on else none,
        kept=" / ".join(kept) or none,
    )
