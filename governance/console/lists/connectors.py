"""The lists of connected systems, and of what colleagues are asked to look up in them."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection

from dsar.connected.listing import Standing, listing, with_health
from dsar.connected.tasks import waiting
from governance.connectors.building import connected
from governance.connectors.tasks import Task
from governance.connectors.types import Health
from governance.console.lists.cells import every, one_of, row
from governance.console.lists.source import Asked, Source
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

HOME: Final = "/console/connectors"
SYSTEMS: Final = ListOf(
    id="connectors",
    path=HOME,
    title="console.connectors.systems",
    keeps=("look",),
    size=50,
    none="console.connectors.none",
    none_text="console.connectors.none_text",
    columns=(
        ListColumn(key="label", label="console.connectors.system", kind=Kind.NAME),
        ListColumn(key="kind", label="console.connectors.kind", kind=Kind.CHOICE, filters=True),
        ListColumn(key="last", label="console.connectors.last", kind=Kind.MOMENT, filters=True),
        ListColumn(
            key="failures", label="console.connectors.failures", kind=Kind.NUMBER, filters=True
        ),
        ListColumn(key="waiting", label="console.connectors.tasks", kind=Kind.NUMBER, shown=False),
        ListColumn(key="health", label="console.connectors.health", kind=Kind.CHOICE, filters=True),
    ),
)
TASKS: Final = ListOf(
    id="connector-tasks",
    path=HOME,
    title="console.connectors.tasks",
    prefix="task-",
    none="console.connectors.no_tasks",
    columns=(
        ListColumn(key="system", label="console.connectors.system", kind=Kind.CHOICE, filters=True),
        ListColumn(key="act", label="console.connectors.act", kind=Kind.CHOICE, filters=True),
        ListColumn(key="asked", label="console.connectors.asked", kind=Kind.MOMENT, filters=True),
        ListColumn(key="due", label="console.connectors.due", kind=Kind.DAY, filters=True),
    ),
)


def health_words(found: Health | None, lang: Lang) -> str:
    """Whether the system answers, and what is wrong where; empty when nobody looked."""
    if found is None:
        return ""
    if found.reason is None:
        return text("connectors.health.good", lang)
    reason = text(f"connectors.reason.{found.reason.value}", lang)
    place = f" ({found.place})" if found.place else ""
    return text("connectors.health.bad", lang, reason=reason) + place


def _systems(tx: Connection, asked: Asked) -> Found:
    wiring = asked.wiring
    connectors = connected(wiring.settings, wiring.ports)
    found = listing(tx, wiring.ports, asked.principal, connectors, at=asked.at)
    if asked.given.get("look") == "yes":
        found = with_health(found, connectors, at=asked.at)
    return every(_system(one, asked.lang) for one in found)


def _system(one: Standing, lang: Lang) -> Row:
    known = one.last_code is not None and one.last_code.islower()
    why = text(f"connectors.reason.{one.last_code}", lang) if known else one.last_code or ""
    return row(
        one.name,
        label=Cell(value=one.label[lang], note=one.name),
        kind=one_of("connectors.kind.", one.kind.value, lang),
        last=Cell(value=one.last_at, note=why, note_tone="attention" if why else "")
        if one.last_at
        else Cell(note=text("console.connectors.never", lang)),
        failures=Cell(value=one.failures),
        waiting=Cell(value=one.waiting),
        health=_health(one, lang),
    )


def _health(one: Standing, lang: Lang) -> Cell:
    if one.health is None:
        return Cell(value=text("console.connectors.unlooked", lang), code="unlooked")
    code, tone = ("good", "good") if one.health else ("bad", "refused")
    return Cell(value=health_words(one.health, lang), code=code, tone=tone)


def _tasks(tx: Connection, asked: Asked) -> Found:
    wiring = asked.wiring
    labels = {one.name: one.label[asked.lang] for one in connected(wiring.settings, wiring.ports)}
    return every(_task(one, labels, asked) for one in waiting(tx, wiring.ports, asked.principal))


def _task(one: Task, labels: Mapping[str, str], asked: Asked) -> Row:
    late = one.open and one.due < asked.today
    return row(
        one.id,
        system=Cell(
            value=labels.get(one.connector, one.connector),
            code=one.connector,
            href=f"{HOME}/tasks/{quote(one.id, safe='')}",
        ),
        act=one_of("connectors.act.", one.act.value, asked.lang),
        asked=Cell(value=one.asked_at),
        due=Cell(
            value=one.due,
            note=text("console.connectors.late", asked.lang) if late else "",
            note_tone="attention" if late else "",
        ),
    )


CONNECTORS: Final = Source(declared=SYSTEMS, any_of=(Action.CONNECTOR_READ,), rows=_systems)
CONNECTOR_TASKS: Final = Source(declared=TASKS, any_of=(Action.CONNECTOR_RUN,), rows=_tasks)
