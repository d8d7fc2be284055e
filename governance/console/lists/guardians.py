"""The list of parents and guardians who wait for a second person, by the child's number."""

from typing import Final

from sqlalchemy import Connection

from governance.console.lists.cells import newest, one_of, row, who
from governance.console.lists.source import Asked, Source
from governance.customers.store import Record
from governance.gateway.guardians_waiting import waiting
from governance.gateway.guardianship import Second, Standing
from governance.ui.lists.types import MOST, Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

PERSONS: Final = "/console/persons"
HOME: Final = f"{PERSONS}/guardians"
SHORT: Final = 8  # characters by which a pseudonym is told
TONES: Final = {Second.TO_ASK: "attention", Second.WAITING: "plain"}
DECLARED: Final = ListOf(
    id="guardians-waiting",
    path=HOME,
    title="persons.waiting.list",
    none="persons.waiting.none",
    none_text="persons.waiting.none_text",
    order="recorded",
    columns=(
        ListColumn(key="child", label="persons.waiting.child", personal=True),
        ListColumn(
            key="recorded", label="persons.waiting.recorded", kind=Kind.MOMENT, filters=True
        ),
        ListColumn(key="seen_by", label="persons.waiting.seen_by", kind=Kind.CHOICE, filters=True),
        ListColumn(key="second", label="persons.waiting.second", kind=Kind.CHOICE, filters=True),
        ListColumn(
            key="asked_by", label="persons.waiting.asked_by", kind=Kind.CHOICE, filters=True
        ),
        ListColumn(key="until", label="persons.waiting.until", kind=Kind.MOMENT, filters=True),
    ),
)


def _rows(tx: Connection, asked: Asked) -> Found:
    ports, principal = asked.wiring.ports, asked.principal
    found = waiting(tx, ports, principal, at=asked.at, limit=MOST + 1)
    return newest(_row(record, hand, asked) for record, hand in found)


def _row(record: Record, hand: Standing, asked: Asked) -> Row:
    lang, person = asked.lang, record.subject
    asks = hand.approval if hand.second is Second.WAITING else None
    return row(
        record.id,
        child=Cell(value=f"{person[:SHORT]}…", href=f"{PERSONS}/{person}/guardians", mono=True),
        recorded=Cell(value=record.clear["recorded_at"]),
        seen_by=who(record.clear["verified_by"], lang),
        second=one_of(
            "persons.guardians.second.", hand.second, lang, tone=TONES.get(hand.second, "")
        ),
        asked_by=who(asks.requested_by if asks is not None else None, lang),
        until=Cell(value=asks.expires_at if asks is not None else None),
    )


GUARDIANS_WAITING: Final = Source(
    declared=DECLARED, any_of=(Action.PERSON_WRITE, Action.APPROVAL_DECIDE), rows=_rows
)
