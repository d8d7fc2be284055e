"""Decisions folded to figures; pure. Two halves of a town add up to the whole."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from retention.plans import Json, KeepLine, canonical, counts_json, counts_of
from retention.simulation.types import (
    OUTSIDE,
    OVERDUE,
    Figures,
    Forecast,
    Judged,
    Kept,
    MonthLine,
    RowFate,
)
from retention.types import Decision, DecisionKind
from retention.words import bare

MONTHS = 24  # of the forecast, when nothing else is asked


def figures_of(
    judged: Iterable[Judged],
    *,
    today: date,
    rows: Mapping[tuple[str, RowFate], int] | None = None,
    lines: Mapping[tuple[str, str], int] | None = None,
    compared: bool = False,
) -> Figures:
    """The sums over these persons; `rows` are those of the due ones, by table and fate.

    `lines` are what lines about rows take of the others.
    """
    found = tuple(judged)
    mine = [one for one in found if one.decision is not None]
    decisions = [one.decision for one in mine if one.decision is not None]
    moved = found if compared else ()
    return Figures(
        persons=len(mine),
        counts=Counter((one.kind, one.rule) for one in decisions),
        months=Counter(month for one in decisions if (month := month_of(one, today=today))),
        tables=Counter(rows or {}),
        kept=_kept(line for one in mine for line in one.keeps),
        lines=Counter(lines or {}),
        moves=Counter((_name(one.other), _name(one.decision)) for one in moved),
        sooner=sum(_earlier(one.decision, one.other) for one in moved),
        later=sum(_earlier(one.other, one.decision) for one in moved),
    )


def month_of(found: Decision, *, today: date) -> tuple[str, str] | None:
    """The month in which the person falls due, and by which rule; None for none that is known."""
    if found.due_on is None or found.kind is DecisionKind.REVIEW:
        return None
    month = OVERDUE if found.due_on <= today else f"{found.due_on:%Y-%m}"
    return month, bare(found.rule)[0]


def _name(found: Decision | None) -> str:
    return OUTSIDE if found is None else found.kind.value


def _earlier(one: Decision | None, other: Decision | None) -> bool:
    """Whether the first falls due before the second does; the second may never."""
    if one is None or one.due_on is None:
        return False
    return other is None or other.due_on is None or one.due_on < other.due_on


def _kept(lines: Iterable[KeepLine]) -> dict[str, Kept]:
    found: dict[str, Kept] = {}
    for line in lines:
        one = Kept(persons=1, rows=line.rows, until=line.until)
        found[line.duty] = _more(found.get(line.duty), one)
    return found


def _more(one: Kept | None, other: Kept) -> Kept:
    if one is None:
        return other
    return Kept(
        persons=one.persons + other.persons,
        rows=one.rows + other.rows,
        until=max(one.until, other.until),
    )


def added(one: Figures, other: Figures) -> Figures:
    """The sums over both."""
    kept = dict(one.kept)
    for duty, more in other.kept.items():
        kept[duty] = _more(kept.get(duty), more)
    return Figures(
        persons=one.persons + other.persons,
        counts=one.counts + other.counts,
        months=one.months + other.months,
        tables=one.tables + other.tables,
        kept=kept,
        lines=one.lines + other.lines,
        moves=one.moves + other.moves,
        sooner=one.sooner + other.sooner,
        later=one.later + other.later,
    )


def forecast(figures: Figures, *, today: date, months: int = MONTHS) -> Forecast:
    """How many fall due in this month and in those after it, by rule; 0 in a month of nobody."""
    by_month: dict[str, dict[str, int]] = {}
    for (month, rule), number in sorted(figures.months.items()):
        by_month.setdefault(month, {})[rule] = number
    overdue = by_month.pop(OVERDUE, {})
    shown = [_month(today, ahead) for ahead in range(months)]
    later: Counter[str] = Counter()
    for month, rules in by_month.items():
        if month not in shown:
            later.update(rules)
    return Forecast(
        overdue=overdue,
        months=tuple(MonthLine(month=one, rules=by_month.get(one, {})) for one in shown),
        later=later,
    )


def _month(today: date, ahead: int) -> str:
    years, month = divmod(today.month - 1 + ahead, 12)
    return f"{today.year + years:04d}-{month + 1:02d}"


def figures_json(figures: Figures) -> str:
    """The figures as they are stored; of one spelling."""
    shape: dict[str, Json] = {
        "persons": figures.persons,
        "counts": counts_json(figures.counts),
        "months": _pairs(figures.months),
        "tables": _pairs({(table, fate.value): n for (table, fate), n in figures.tables.items()}),
        "kept": {
            duty: [one.persons, one.rows, one.until.isoformat()]
            for duty, one in figures.kept.items()
        },
        "lines": _pairs(figures.lines),
        "moves": _pairs(figures.moves),
        "sooner": figures.sooner,
        "later": figures.later,
    }
    return canonical(shape).decode()


def figures_from(stored: str) -> Figures:
    """The figures that `figures_json` wrote."""
    read = json.loads(stored)
    return Figures(
        persons=read["persons"],
        counts=Counter(counts_of(json.dumps(read["counts"]))),
        months=Counter({(one, two): n for one, two, n in read["months"]}),
        tables=Counter({(table, RowFate(fate)): n for table, fate, n in read["tables"]}),
        kept={
            duty: Kept(persons=persons, rows=rows, until=date.fromisoformat(until))
            for duty, (persons, rows, until) in read["kept"].items()
        },
        lines=Counter({(one, two): n for one, two, n in read["lines"]}),
        moves=Counter({(one, two): n for one, two, n in read["moves"]}),
        sooner=read["sooner"],
        later=read["later"],
    )


def _pairs(counts: Mapping[tuple[str, str], int]) -> list[Json]:
    return [[one, two, number] for (one, two), number in sorted(counts.items())]
