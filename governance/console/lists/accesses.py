"""The list of emergency accesses: who, for what, and whether somebody looked at it since."""

from typing import Final

from sqlalchemy import Connection

from governance.console.lists.cells import newest, one_of, row, who
from governance.console.lists.source import Asked, Source
from governance.core.clock import JST
from governance.gateway.glass import service
from governance.gateway.glass.types import Glass
from governance.i18n.catalogue import text
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

HOME: Final = "/console/break-glass"
SHORT: Final = 8  # characters by which a pseudonym is told
TONES: Final = {"open": "attention", "unjustified": "refused", "waiting": "attention"}
DECLARED: Final = ListOf(
    id="emergency-accesses",
    path=HOME,
    title="console.glass.list",
    keeps=("unreviewed", "person"),
    none="console.glass.none",
    none_text="console.glass.none_text",
    columns=(
        ListColumn(key="opened", label="console.glass.opened", kind=Kind.MOMENT, filters=True),
        ListColumn(key="actor", label="console.glass.actor", kind=Kind.CHOICE, filters=True),
        ListColumn(key="purpose", label="console.glass.purpose", kind=Kind.CHOICE, filters=True),
        ListColumn(key="person", label="console.glass.person", personal=True),
        ListColumn(key="ends", label="console.glass.ends", kind=Kind.MOMENT, filters=True),
        ListColumn(key="state", label="console.glass.state", kind=Kind.CHOICE, filters=True),
        ListColumn(key="due", label="console.glass.due", kind=Kind.DAY, filters=True),
    ),
)


def _rows(tx: Connection, asked: Asked) -> Found:
    unreviewed = asked.given.get("unreviewed") == "yes"
    found = service.listing(tx, asked.wiring.ports, asked.principal, unreviewed=unreviewed)
    return newest(_row(one, asked) for one in found)


def _row(one: Glass, asked: Asked) -> Row:
    lang = asked.lang
    known = asked.wiring.policies.current.purpose(one.purpose)
    state = one.verdict.value if one.verdict else "open" if one.open(asked.at) else "waiting"
    late = one.verdict is None and one.review_due < asked.at.astimezone(JST).date()
    person = f"{one.subject[:SHORT]}…" if one.subject else text("console.glass.anybody", lang)
    return row(
        one.id,
        opened=Cell(value=one.opened_at, href=f"{HOME}/{one.id}"),
        actor=who(one.actor, lang),
        purpose=Cell(value=known.label[lang] if known else str(one.purpose), code=str(one.purpose)),
        person=Cell(value=person, mono=bool(one.subject)),
        ends=Cell(value=one.ended_at or one.ends_at),
        state=one_of("cli.glass.state.", state, lang, tone=TONES.get(state, "plain")),
        due=Cell(
            value=one.review_due,
            note=text("console.glass.late", lang) if late else "",
            note_tone="attention" if late else "",
        ),
    )


EMERGENCIES: Final = Source(
    declared=DECLARED, any_of=(Action.GLASS_BREAK, Action.GLASS_REVIEW), rows=_rows
)
