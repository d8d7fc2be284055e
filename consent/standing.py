"""How a person's choices stand now, cell by cell, and what the ledger counts of all."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, func, select, type_coerce

from consent import ledger
from consent.expiring import cells_in
from consent.ledger import EVENT
from consent.rules import choice_in_force, touches
from consent.service import known_of
from consent.types import EVERY, Cell, ConsentEvent, EventKind, SubjectDecision
from governance.core.terms import PurposeId, RowId, SubjectId
from governance.customers.upkeep.merges import circle, survivor_of
from policies.purposes import PurposeRecord

PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One cell of a person: may it be used now, and the word on which that rests."""

    cell: Cell
    decision: SubjectDecision
    word: ConsentEvent | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a person's history, with the id under which its proof can be read."""

    id: RowId
    recorded_at: datetime
    acted_by: str | None
    event: ConsentEvent

    def as_json(self) -> dict[str, object]:
        """The entry for a page or a program; no word of the person."""
        event = self.event
        return {
            "id": self.id,
            "seq": event.seq,
            "purpose": event.purpose,
            "channel": event.channel,
            "recipient_class": event.recipient_class,
            "kind": event.kind.value,
            "occurred_at": event.occurred_at.isoformat(),
            "recorded_at": self.recorded_at.isoformat(),
            "acted_by": self.acted_by,
            "evidence": event.evidence.value,
            "guardian": event.guardian,
            "notice": event.notice,
            "notice_version": event.notice_version,
            "valid_until": event.valid_until.isoformat() if event.valid_until else None,
            "import_run": event.import_run,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many events of one kind a purpose has on one version of its notice, in one month."""

    purpose: str
    kind: EventKind
    notice_version: str | None
    month: str  # 2026-10; empty when the months are counted together
    events: int
    persons: int

    def as_json(self) -> dict[str, object]:
        """The tally as it is shown."""
        return {
            "purpose": self.purpose,
            "kind": self.kind.value,
            "notice_version": self.notice_version,
            **({"month": self.month} if self.month else {}),
            "events": self.events,
            "persons": self.persons,
        }


def standing(
    tx: Connection, subject: SubjectId, purposes: Iterable[PurposeRecord], *, at: datetime
) -> tuple[Standing, ...]:
    """Every cell of these purposes as the third gate answers it now."""
    found: list[Standing] = []
    for purpose in purposes:
        known = known_of(tx, subject, purpose, at=at)
        words = known.histories[0]
        for cell in cells_in(purpose):
            channel = None if cell.channel == EVERY else cell.channel
            touching = [event for event in words if touches(event, cell)]
            found.append(
                Standing(
                    cell=cell,
                    decision=known.decide(channel=channel, recipient=cell.recipient_class, at=at),
                    word=choice_in_force(touching, cell),
                )
            )
    return tuple(found)


def entries(
    tx: Connection,
    subject: SubjectId,
    purposes: Iterable[PurposeId] | None,
    *,
    after: int = 0,
    limit: int = PAGE,
) -> tuple[Entry, ...]:
    """The person's entries after a place of the ledger, under any pseudonym, in its order."""
    wanted = (
        select(EVENT)
        .where(EVENT.c.subject_id.in_(circle(tx, survivor_of(tx, subject))), EVENT.c.seq > after)
        .order_by(EVENT.c.seq)
        .limit(limit)
    )
    if purposes is not None:
        wanted = wanted.where(EVENT.c.purpose.in_([*purposes, EVERY]))
    return tuple(map(_entry, tx.execute(wanted)))


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        id=RowId(row.id),
        recorded_at=row.recorded_at,
        acted_by=row.acted_by,
        event=ledger.event_of(row),
    )


def tallies(
    tx: Connection,
    *,
    purposes: Iterable[PurposeId] | None = None,
    since: datetime | None = None,
    monthly: bool = False,
) -> tuple[Tally, ...]:
    """Events and persons per purpose, kind and notice version; by Japanese month on demand."""
    month = _month(tx)
    keys = (EVENT.c.purpose, EVENT.c.kind, EVENT.c.notice_version, *((month,) if monthly else ()))
    wanted = select(
        *keys, func.count().label("events"), func.count(EVENT.c.subject_id.distinct()).label("who")
    ).group_by(*keys)
    if purposes is not None:
        wanted = wanted.where(EVENT.c.purpose.in_(list(purposes)))
    if since is not None:
        wanted = wanted.where(EVENT.c.occurred_at >= since)
    found = [
        Tally(
            purpose=row.purpose,
            kind=EventKind(row.kind),
            notice_version=row.notice_version,
            month=row.month if monthly else "",
            events=row.events,
            persons=row.who,
        )
        for row in tx.execute(wanted)
    ]
    return tuple(
        sorted(found, key=lambda t: (t.purpose, t.month, t.kind.value, t.notice_version or ""))
    )


def _month(tx: Connection) -> Any:
    """The Japanese month of an event, in the words of each engine."""
    if tx.dialect.name == "sqlite":
        seconds = type_coerce(EVENT.c.occurred_at, BigInteger) // 1_000_000
        return func.strftime("%Y-%m", seconds, "unixepoch", "+9 hours").label("month")
    return func.to_char(func.timezone("Asia/Tokyo", EVENT.c.occurred_at), "YYYY-MM").label("month")
