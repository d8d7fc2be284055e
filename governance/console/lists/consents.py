"""The list of the consent ledger: events by purpose, kind and version of the notice; nobody."""

from typing import Final

from sqlalchemy import Connection

from consent.standing import Tally, tallies
from governance.console.choice_facts import HOME, purpose_words
from governance.console.lists.cells import every, one_of, row, words
from governance.console.lists.source import Asked, Source
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

DECLARED: Final = ListOf(
    id="consents",
    path=HOME,
    title="console.consents.counts",
    none="console.consents.none",
    none_text="console.consents.none_text",
    columns=(
        ListColumn(
            key="purpose", label="console.consents.term.purpose", kind=Kind.CHOICE, filters=True
        ),
        ListColumn(key="kind", label="console.consents.term.kind", kind=Kind.CHOICE, filters=True),
        ListColumn(key="version", label="console.consents.version"),
        ListColumn(key="events", label="console.consents.events", kind=Kind.NUMBER, filters=True),
        ListColumn(key="persons", label="console.consents.persons", kind=Kind.NUMBER, filters=True),
    ),
)


def _rows(tx: Connection, asked: Asked) -> Found:
    return every(_row(one, asked) for one in tallies(tx))


def _row(one: Tally, asked: Asked) -> Row:
    said = purpose_words(asked.wiring.policies.current, one.purpose, asked.lang)
    return row(
        f"{one.purpose}:{one.kind.value}:{one.notice_version or ''}",
        purpose=Cell(value=said, code=str(one.purpose)),
        kind=one_of("consent.kind.", one.kind.value, asked.lang),
        version=words(one.notice_version),
        events=Cell(value=one.events),
        persons=Cell(value=one.persons),
    )


CONSENTS: Final = Source(declared=DECLARED, any_of=(Action.CONSENT_READ,), rows=_rows)
