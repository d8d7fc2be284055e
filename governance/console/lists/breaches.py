"""The register of breaches as a list: open records by the day of their next report, then others."""

from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection

from governance.console.lists.cells import newest, one_of, row
from governance.console.lists.source import Asked, Source
from governance.core.clock import JST
from governance.i18n.catalogue import text
from governance.registers.breaches import service
from governance.registers.breaches.service import Standing
from governance.registers.breaches.types import Duty
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action
from policies.law.types import When

HOME: Final = "/console/breaches"
OPEN: Final = "open"
DECLARED: Final = ListOf(
    id="breaches",
    path=HOME,
    title="breaches.all",
    none="breaches.none",
    none_text="breaches.none_text",
    columns=(
        ListColumn(key="about", label="breaches.about"),
        ListColumn(key="kind", label="breaches.kind", kind=Kind.CHOICE, filters=True),
        ListColumn(key="aware", label="breaches.aware", kind=Kind.MOMENT, filters=True),
        ListColumn(key="state", label="breaches.state", kind=Kind.CHOICE, filters=True),
        ListColumn(key="next", label="breaches.next", kind=Kind.CHOICE, filters=True),
        ListColumn(key="until", label="breaches.until", kind=Kind.DAY, filters=True),
    ),
)


def _rows(tx: Connection, asked: Asked) -> Found:
    found = service.every(tx, asked.wiring.ports, asked.principal, open_only=False)
    order = sorted(found, key=lambda one: (one.breach.outcome is not None, _first_day(one)))
    return newest(_row(one, asked) for one in order)


def _first_day(found: Standing) -> date:
    coming = next_report(found)
    return date.max if coming is None or coming.by is None else day_of(coming.by)


def next_report(found: Standing) -> Duty | None:
    """The report of an open record that comes first; none where nothing is owed."""
    owed = [one for one in found.duties if one.owed] if found.breach.outcome is None else []
    return min(owed, key=lambda one: date.max if one.by is None else day_of(one.by), default=None)


def day_of(by: When) -> date:
    """The day in Japan of a last moment."""
    return by.astimezone(JST).date() if isinstance(by, datetime) else by


def _row(found: Standing, asked: Asked) -> Row:
    one, coming = found.breach, next_report(found)
    late = coming is not None and coming.overdue(at=asked.at)
    outcome = OPEN if one.outcome is None else one.outcome.value
    tone = "plain" if one.outcome else "refused" if late else "attention"
    return row(
        one.id,
        about=Cell(value=one.about, href=f"{HOME}/{one.id}", mono=True),
        kind=one_of("cli.breach.kind.", one.kind.value, asked.lang),
        aware=Cell(value=one.aware_at),
        state=one_of("breaches.state.", outcome, asked.lang, tone=tone),
        next=one_of("breaches.report.", coming.rule, asked.lang) if coming else Cell(),
        until=Cell(
            value=day_of(coming.by) if coming and coming.by else None,
            note=text("breaches.late", asked.lang) if late else "",
            note_tone="refused" if late else "",
        ),
    )


BREACHES: Final = Source(declared=DECLARED, any_of=(Action.BREACH_READ,), rows=_rows)
