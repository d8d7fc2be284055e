"""What waits, is late or failed: each figure counts the rows of the very list that it leads to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from fastapi import Request
from sqlalchemy import Connection

from governance.console.frame import may, today
from governance.console.lists.access import ACCESS_REVIEWS
from governance.console.lists.accesses import EMERGENCIES
from governance.console.lists.approvals import APPROVALS
from governance.console.lists.complaints import COMPLAINTS
from governance.console.lists.connectors import CONNECTOR_TASKS
from governance.console.lists.guardians import GUARDIANS_WAITING
from governance.console.lists.jobs import RUNS as JOB_RUNS
from governance.console.lists.requests import REQUESTS
from governance.console.lists.retention import PURGE_RUNS
from governance.console.lists.source import Asked, Source, asked_by, rows_of
from governance.console.overview import unit
from governance.console.overview_charts import ageing_bars
from governance.core.terms import Lang
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from governance.i18n.formats import short_day
from governance.ui.charts import BarLine
from governance.ui.lists.arranging import arranged
from governance.ui.lists.types import Cell, Found, Row, View
from governance.ui.lists.views import address, view_of
from governance.ui.parts import Figure, Tone

Wanted = Callable[[date], Mapping[str, str]]
NEAR: Final = 8  # requests that the overview lists itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One figure: a list and the filter under which its rows are counted."""

    name: str
    source: Source
    wanted: Wanted
    tone: Tone = Tone.PLAIN  # when there are any
    fault: bool = False  # something failed or waits for a look; else a day or a hand


def _day_before(day: date) -> str:
    return (day - timedelta(days=1)).isoformat()


DUTIES: Final = (
    Duty(
        name="today",
        source=REQUESTS,
        wanted=lambda day: {"until.from": day.isoformat(), "until.to": day.isoformat()},
        tone=Tone.ATTENTION,
    ),
    Duty(
        name="overdue",
        source=REQUESTS,
        wanted=lambda _: {"urgency": "overdue"},
        tone=Tone.REFUSED,
    ),
    Duty(name="week", source=REQUESTS, wanted=lambda _: {"urgency": "soon"}),
    Duty(name="unassigned", source=REQUESTS, wanted=lambda _: {"assignee": "nobody"}),
    Duty(
        name="complaints",
        source=COMPLAINTS,
        wanted=lambda day: {"until.to": _day_before(day)},
        tone=Tone.REFUSED,
    ),
    Duty(
        name="access",
        source=ACCESS_REVIEWS,
        wanted=lambda _: {"state": "late"},
        tone=Tone.REFUSED,
        fault=True,
    ),
    Duty(
        name="systems",
        source=CONNECTOR_TASKS,
        wanted=lambda day: {"due.to": _day_before(day)},
        tone=Tone.ATTENTION,
        fault=True,
    ),
    Duty(
        name="purges",
        source=PURGE_RUNS,
        wanted=lambda _: {"state": "residue"},
        tone=Tone.REFUSED,
        fault=True,
    ),
    Duty(
        name="jobs",
        source=JOB_RUNS,
        wanted=lambda _: {"state": "failed"},
        tone=Tone.REFUSED,
        fault=True,
    ),
    Duty(
        name="glass",
        source=EMERGENCIES,
        wanted=lambda _: {"state": "waiting"},
        tone=Tone.ATTENTION,
        fault=True,
    ),
    Duty(
        name="approvals",
        source=APPROVALS,
        wanted=lambda _: {"whose": "others"},
        tone=Tone.ATTENTION,
        fault=True,
    ),
    Duty(
        name="guardians",
        source=GUARDIANS_WAITING,
        wanted=lambda _: {},
        tone=Tone.ATTENTION,
        fault=True,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NearLine:
    """One request whose day comes; lines of one day stand under its words."""

    group: str
    reference: str
    href: str
    right: str
    until: date
    late: bool  # then the words of its group name no day
    left: str  # how long until then; empty when it is late
    urgency: Cell
    assignee: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The figures that the reader may open, and the requests that come first."""

    figures: tuple[Figure, ...] = ()
    faults: tuple[Figure, ...] = ()
    near: tuple[NearLine, ...] = field(default=(), repr=False)
    open: int = 0  # requests that wait in all
    ageing: tuple[BarLine, ...] = ()


def due(tx: Connection, request: Request, principal: Principal, lang: Lang) -> Due:
    """Each figure by the rows of its list, which is read once however many figures it has."""
    held: dict[str, Found] = {}
    figures: dict[bool, list[Figure]] = {False: [], True: []}
    for duty in DUTIES:
        if not any(may(request, principal, action) for action in duty.source.any_of):
            continue
        asked = _asked(request, principal, duty)
        found = _rows(tx, duty.source, asked, held)
        count = len(arranged(duty.source.declared, asked.view, found.rows).rows)
        figures[duty.fault].append(
            Figure(
                label=text(f"upkeep.due.{duty.name}", lang),
                count=count,
                href=address(duty.source.declared, asked.view),
                unit=unit(count, lang),
                note=text(f"upkeep.due.{duty.name}_note", lang),
                tone=duty.tone if count else Tone.PLAIN,
            )
        )
    rows = held[REQUESTS.declared.id].rows if REQUESTS.declared.id in held else ()
    return Due(
        figures=tuple(figures[False]),
        faults=tuple(figures[True]),
        near=tuple(_near(rows, lang, today(request))),
        open=len(rows),
        ageing=ageing_bars(rows, on=today(request), lang=lang) if rows else (),
    )


def _asked(request: Request, principal: Principal, duty: Duty) -> Asked:
    declared = duty.source.declared
    asked = asked_by(request, principal, duty.source, ())
    wanted = duty.wanted(asked.today).items()
    pairs = [(declared.prefix + name, value) for name, value in wanted]
    return replace(asked, view=view_of(declared, pairs))


def _rows(tx: Connection, source: Source, asked: Asked, held: dict[str, Found]) -> Found:
    name = source.declared.id
    if name not in held:
        plain = replace(asked, view=View(sort=source.declared.order, size=source.declared.size))
        held[name] = rows_of(tx, source, plain)
    return held[name]


def _near(rows: tuple[Row, ...], lang: Lang, on: date) -> list[NearLine]:
    """The first requests by their days: what is late stands under one word, then day by day."""
    lines = [line for row in rows if (line := _line(row, lang, on)) is not None]
    return sorted(lines, key=lambda one: one.until)[:NEAR]


def _left(days: int, lang: Lang) -> str:
    if days == 0:
        return text("upkeep.due.left_none", lang)
    return text("upkeep.due.left_one" if days == 1 else "upkeep.due.left", lang, n=days)


def _line(row: Row, lang: Lang, on: date) -> NearLine | None:
    until, urgency = row.cell("until").value, row.cell("urgency")
    if not isinstance(until, date):
        return None
    late = urgency.code == "overdue"
    return NearLine(
        group=text("upkeep.due.late", lang) if late else short_day(until, lang),
        reference=str(row.cell("reference").value),
        href=row.cell("reference").href,
        right=str(row.cell("right").value or ""),
        until=until,
        late=late,
        left="" if late else _left((until - on).days, lang),
        urgency=urgency,
        assignee=str(row.cell("assignee").value or ""),
    )
