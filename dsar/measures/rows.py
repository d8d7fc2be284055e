"""Lives of requests from the store, for figures, forecast and the register of requests (R07)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, or_, select

from dsar.measures.rules import Life
from dsar.store import EVENT, EVIDENCE, ITEM, REQUEST, TRACK, grounds_of
from dsar.types import THIRD_PERSON, EvidenceKind, Ground, Outcome, RequestKind, Status
from governance.core.clock import JST
from governance.core.terms import Law, RequestId

BATCH = 500  # ids in one question
_Withheld = Mapping[tuple[str, datetime], set[Ground]]  # by request and moment of the decision


def lives(
    tx: Connection, *, since: datetime | None = None, until: datetime | None = None
) -> tuple[Life, ...]:
    """Every request under each of its laws that was at work in the period, by arrival."""
    statement: Select[Any] = select(
        *(REQUEST.c.id, REQUEST.c.reference, REQUEST.c.received_at, REQUEST.c.outcome),
        *(REQUEST.c.grounds, REQUEST.c.decided_at, REQUEST.c.hold_until),
        *(TRACK.c.law, TRACK.c.kind, TRACK.c.status, TRACK.c.act_by),
        *(TRACK.c.extended_at, TRACK.c.ended_at),
    ).join(TRACK, TRACK.c.request_id == REQUEST.c.id)
    if since is not None:
        statement = statement.where(or_(TRACK.c.ended_at.is_(None), TRACK.c.ended_at >= since))
    if until is not None:
        statement = statement.where(REQUEST.c.received_at < until)
    order = (REQUEST.c.received_at, REQUEST.c.id, TRACK.c.law)
    rows = tx.execute(statement.order_by(*order)).all()
    parts = [row.id for row in rows if row.outcome == Outcome.PARTIAL.value]
    withheld = _withheld(tx, parts)
    taken_back = _withdrawn(tx, {row.id for row in rows if row.ended_at is not None})
    return tuple(_life(row, withheld, taken_back) for row in rows)


def proofs(tx: Connection, requests: Iterable[RequestId]) -> Mapping[RequestId, str]:
    """The kinds of proof that were accepted for each request, by their codes."""
    found: dict[RequestId, list[EvidenceKind]] = defaultdict(list)
    for ids in _batches(sorted(set(requests))):
        rows = tx.execute(
            select(EVIDENCE.c.request_id, EVIDENCE.c.kind)
            .where(EVIDENCE.c.request_id.in_(ids), EVIDENCE.c.accepted.is_(True))
            .order_by(EVIDENCE.c.id)
        )
        for row in rows:
            found[RequestId(row.request_id)].append(EvidenceKind(row.kind))
    return {request: ",".join(dict.fromkeys(kinds)) for request, kinds in found.items()}


def _batches(ids: list[RequestId]) -> Iterable[list[RequestId]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def _withheld(tx: Connection, requests: Iterable[str]) -> _Withheld:
    """Grounds of withheld items by request and decision."""
    found: dict[tuple[str, datetime], set[Ground]] = defaultdict(set)
    for ids in _batches([RequestId(one) for one in sorted(set(requests))]):
        for row in tx.execute(select(ITEM).where(ITEM.c.request_id.in_(ids))):
            found[row.request_id, row.decided_at] |= set(grounds_of(row.grounds))
    return found


def _withdrawn(tx: Connection, requests: Collection[str]) -> Collection[tuple[str, str]]:
    """Requests and laws under which the person took it back."""
    found: set[tuple[str, str]] = set()
    for ids in _batches([RequestId(one) for one in sorted(requests)]):
        told = select(EVENT.c.request_id, EVENT.c.law).where(
            EVENT.c.request_id.in_(ids), EVENT.c.target == Status.WITHDRAWN.value
        )
        found |= {(row.request_id, row.law) for row in tx.execute(told)}
    return found


def _life(
    row: Row[Any],
    withheld: _Withheld,
    taken_back: Collection[tuple[str, str]],
) -> Life:
    law = Law(row.law)
    outcome = Outcome(row.outcome) if row.outcome else None
    match outcome:
        case None | Outcome.GRANT:
            grounds: Iterable[Ground] = ()
        case Outcome.PARTIAL:  # without an item: what is about others was left out
            grounds = withheld.get((row.id, row.decided_at)) or {THIRD_PERSON[law]}
        case Outcome.REFUSE | Outcome.NOT_HELD:
            grounds = grounds_of(row.grounds)
    return Life(
        request=RequestId(row.id),
        reference=row.reference,
        law=law,
        kind=RequestKind(row.kind),
        status=Status(row.status),
        received_on=_day(row.received_at),
        act_by=row.act_by,
        ended_on=_day(row.ended_at) if row.ended_at else None,
        extended_on=_day(row.extended_at) if row.extended_at else None,
        hold_until=row.hold_until,
        outcome=outcome,
        refusals=tuple(sorted(ground for ground in grounds if ground.law is law)),
        withdrawn=(row.id, row.law) in taken_back,
    )


def _day(at: datetime) -> date:
    return at.astimezone(JST).date()
