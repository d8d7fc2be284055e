"""The list of matters: those that need a look first. Their names may name somebody."""

from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection

from governance.console.hold_facts import MatterLine, matter_lines, number_words
from governance.console.lists.cells import newest, row
from governance.console.lists.source import Asked, Source
from governance.core.clock import JST
from governance.i18n.catalogue import text
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

HOME: Final = "/console/holds"
DECLARED: Final = ListOf(
    id="holds",
    path=HOME,
    title="console.holds.list",
    keeps=("released",),
    none="console.holds.none",
    none_text="console.holds.none_text",
    columns=(
        ListColumn(key="number", label="console.holds.number"),
        ListColumn(key="name", label="console.holds.name", personal=True),
        ListColumn(key="persons", label="console.holds.persons", kind=Kind.NUMBER, filters=True),
        ListColumn(key="scopes", label="console.holds.scopes", kind=Kind.NUMBER),
        ListColumn(key="deferred", label="console.holds.deferred", kind=Kind.NUMBER, filters=True),
        ListColumn(key="placed", label="console.holds.placed", kind=Kind.DAY, filters=True),
        ListColumn(key="reviewed", label="console.holds.reviewed", kind=Kind.DAY, filters=True),
    ),
)


def _rows(tx: Connection, asked: Asked) -> Found:
    released = asked.given.get("released") == "yes"
    found = matter_lines(tx, asked.wiring.ports, released=released, at=asked.at)
    return newest(_row(one, asked) for one in found)


def _row(one: MatterLine, asked: Asked) -> Row:
    matter, lang = one.matter, asked.lang
    late = text("console.holds.late", lang) if one.late else ""
    return row(
        matter.number,
        number=Cell(
            value=number_words(matter.number, lang), href=f"{HOME}/{quote(matter.number, safe='')}"
        ),
        name=Cell(value=one.name or text("console.holds.no_particulars", lang)),
        persons=Cell(value=matter.persons),
        scopes=Cell(value=matter.standing),
        deferred=Cell(value=matter.deferred),
        placed=Cell(value=matter.placed_at.astimezone(JST).date()),
        reviewed=Cell(
            value=matter.reviewed_at.astimezone(JST).date(),
            note=late,
            note_tone="attention" if late else "",
        ),
    )


HOLDS: Final = Source(declared=DECLARED, any_of=(Action.HOLD_READ,), rows=_rows)
