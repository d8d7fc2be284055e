"""The list of the company's own texts of letters."""

from typing import Final

from sqlalchemy import Connection

from dsar.correspondence import editions
from dsar.correspondence.editions import Edition
from governance.console.letter_facts import name_of
from governance.console.lists.cells import newest, one_of, row, who
from governance.console.lists.source import Asked, Source
from governance.i18n.catalogue import text
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

HOME: Final = "/console/letter-texts"
DECLARED: Final = ListOf(
    id="letter-texts",
    path=HOME,
    title="console.texts.own",
    none="console.texts.none",
    none_text="console.texts.none_text",
    columns=(
        ListColumn(key="name", label="console.letter.name"),
        ListColumn(key="lang", label="console.texts.lang", kind=Kind.CHOICE, filters=True),
        ListColumn(key="number", label="console.texts.number", kind=Kind.NUMBER),
        ListColumn(key="state", label="console.letter.state", kind=Kind.CHOICE, filters=True),
        ListColumn(key="by", label="console.texts.by", kind=Kind.CHOICE, filters=True),
        ListColumn(key="on", label="console.letter.on", kind=Kind.MOMENT, filters=True),
    ),
)


def _rows(tx: Connection, asked: Asked) -> Found:
    return newest(
        _row(one, asked) for one in editions.editions(tx, asked.wiring.ports, asked.principal)
    )


def _row(one: Edition, asked: Asked) -> Row:
    return row(
        one.id,
        name=Cell(value=name_of(one.template, asked.lang), href=f"{HOME}/{one.id}"),
        lang=Cell(value=text(f"staff.lang.{one.lang}", asked.lang), code=one.lang.value),
        number=Cell(value=one.number),
        state=one_of("console.letter.edition.", str(one.state), asked.lang),
        by=who(one.created_by, asked.lang),
        on=Cell(value=one.decided_at or one.created_at),
    )


LETTER_TEXTS: Final = Source(declared=DECLARED, any_of=(Action.DSAR_READ,), rows=_rows)
