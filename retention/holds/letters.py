"""Notices of preservation (保全通知): to custodians by mail and on paper; who confirmed them.

A custodian is told the matter's number, what must not be deleted, and since when; never who is
held or what the case is about.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from audit.actions import EventCode
from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, Lang, RowId
from governance.customers.ports import Ports
from governance.customers.post import post
from governance.db.types import table_of
from governance.documents.papers import Paper, Part
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.outbound.mail import ADDRESS, Mail
from policies.actions import Action
from retention.access import require
from retention.holds import store
from retention.holds.errors import HoldLetterError
from retention.holds.models import HoldLetterRow
from retention.holds.sealing import CUSTODIAN, opened
from retention.holds.service import record
from retention.holds.types import ActKind, Matter

LETTER = table_of(HoldLetterRow)
LONGEST = 200  # characters of a custodian's name


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLetter:
    """One notice to one custodian."""

    id: RowId
    name: str = field(repr=False)
    address: str = field(repr=False)
    lang: Lang
    sent_by: ActorId
    sent_at: datetime
    confirmed_at: datetime | None


def send(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    number: str,
    *,
    name: str,
    address: str,
    lang: Lang,
    at: datetime,
) -> RowId:
    """The notice waits in the outbox, once; raises HoldUnknownError, HoldLetterError."""
    require(ports, principal, Action.HOLD_PLACE)
    matter = store.matter_of(tx, number)
    if matter.id is None or matter.closed_at is not None:
        raise HoldLetterError(reason="matter")
    if not name.strip() or len(name) > LONGEST:
        raise HoldLetterError(reason="name")
    if not ADDRESS.fullmatch(address):
        raise HoldLetterError(reason="address")
    row = new_row_id()
    said = json.dumps({"name": name.strip(), "address": address})
    tx.execute(
        insert(LETTER).values(
            id=row,
            matter_id=matter.id,
            custodian=bytes(ports.vault.seal_blob(CUSTODIAN, row, said.encode())),
            lang=lang.value,
            sent_by=principal.id,
            sent_at=at,
        )
    )
    mail = Mail(
        idem_key=f"hold/{matter.id}/{row}",
        to=address,
        template="retention.mail.hold_notice",
        lang=lang,
        params={"number": number, "since": matter.placed_at.astimezone(JST).date().isoformat()},
    )
    post(tx, ports.vault, mail, subject=None, at=at)
    store.note_act(tx, ports.vault, number, ActKind.LETTER_SENT, by=principal.id, at=at)
    record(tx, ports, principal, EventCode.HOLD_NOTICE_SENT, number, (), refs=(), at=at)
    return row


def confirm(
    tx: Connection, ports: Ports, principal: Principal, number: str, letter: str, *, at: datetime
) -> None:
    """That the custodian confirmed is on record, once; raises HoldLetterError."""
    require(ports, principal, Action.HOLD_PLACE)
    matter = store.matter_of(tx, number)
    mine = LETTER.c.id == letter, LETTER.c.matter_id == matter.id, LETTER.c.confirmed_at.is_(None)
    if tx.execute(update(LETTER).where(*mine).values(confirmed_at=at)).rowcount != 1:
        raise HoldLetterError(reason="confirmed")
    store.note_act(tx, ports.vault, number, ActKind.LETTER_CONFIRMED, by=principal.id, at=at)
    record(tx, ports, principal, EventCode.HOLD_NOTICE_CONFIRMED, number, (), refs=(), at=at)


def letters_of(tx: Connection, ports: Ports, matter: Matter) -> tuple[HoldLetter, ...]:
    """The notices of a matter, newest first."""
    mine = select(LETTER).where(LETTER.c.matter_id == matter.id).order_by(LETTER.c.id.desc())
    found = []
    for row in tx.execute(mine):
        whom = opened(ports.vault, CUSTODIAN, row.id, bytes(row.custodian))
        said = {"name": "-", "address": "-"} if whom is None else json.loads(whom)
        found.append(
            HoldLetter(
                id=RowId(row.id),
                name=said["name"],
                address=said["address"],
                lang=Lang(row.lang),
                sent_by=ActorId(row.sent_by),
                sent_at=row.sent_at,
                confirmed_at=row.confirmed_at,
            )
        )
    return tuple(found)


def notice(
    matter: Matter,
    lang: Lang,
    *,
    sender: str,
    contact: Sequence[str],
    what: Sequence[str],
    at: datetime,
) -> Paper:
    """The notice on paper: what must stay, since when, what to do, and whom to ask."""
    since = long_day(matter.placed_at, lang)

    def say(name: str, **params: object) -> str:
        return text(f"retention.notice.{name}", lang, **params)

    return Paper(
        title=say("title"),
        sender=sender,
        number=matter.number,
        date=long_day(at, lang),
        to=(say("to"),),
        lead=(say("lead", number=matter.number, since=since),),
        parts=(
            Part(head=say("what"), items=tuple(what)),
            Part(head=say("do"), items=tuple(say(f"do_{n}") for n in range(1, 4))),
            Part(head=say("until"), paragraphs=(say("until_text"),)),
            Part(head=say("ask"), paragraphs=(say("ask_text"), *contact)),
        ),
    )
