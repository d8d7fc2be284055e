"""Requests as lists and histories, for screens and the command line; no word of a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, exists, select

from dsar.store import EVENT, REQUEST, TRACK
from dsar.types import Mark, Outcome, RequestKind, Status
from governance.core.terms import ActorId, Law, RequestId, SubjectId

PAGE = 100  # requests in one list


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A request in a list: no word of the person."""

    id: RequestId
    reference: str
    subject: SubjectId | None
    received_at: datetime
    answer_by: date | None
    open: bool
    assignee: ActorId | None
    outcome: Outcome | None
    tracks: tuple[tuple[Law, RequestKind, Status], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a request's history."""

    seq: int
    at: datetime
    event: str  # value of Event or Mark
    actor: ActorId
    law: Law | None
    source: Status | None
    target: Status | None
    ground: str | None


def id_of(tx: Connection, reference: str) -> RequestId | None:
    """The request with this number to tell over the telephone."""
    found = tx.execute(select(REQUEST.c.id).where(REQUEST.c.reference == reference)).scalar()
    return None if found is None else RequestId(found)


def list_requests(
    tx: Connection,
    *,
    is_open: bool | None = None,
    subject: SubjectId | None = None,
    status: Status | None = None,
    due_until: date | None = None,
    entered_by: ActorId | None = None,
    received: tuple[datetime | None, datetime | None] = (None, None),
    limit: int = PAGE,
) -> tuple[Summary, ...]:
    """Requests in the order in which they must be answered; those without a day go last.

    What is over follows them, the newest first. `received`: the moments between which they came,
    the second after them. `entered_by`: open ones, and of the others those that this employee
    entered.
    """
    statement = select(REQUEST)
    if entered_by is not None:
        statement = statement.where(REQUEST.c.open.is_(True) | _entered(entered_by))
    if is_open is not None:
        statement = statement.where(REQUEST.c.open.is_(is_open))
    if subject is not None:
        statement = statement.where(REQUEST.c.subject_id == subject)
    if due_until is not None:
        statement = statement.where(REQUEST.c.answer_by <= due_until)
    if status is not None:
        standing = select(TRACK.c.request_id).where(TRACK.c.status == status.value)
        statement = statement.where(REQUEST.c.id.in_(standing))
    since, until = received
    if since is not None:
        statement = statement.where(REQUEST.c.received_at >= since)
    if until is not None:
        statement = statement.where(REQUEST.c.received_at < until)
    rows = tx.execute(statement.order_by(*_order()).limit(limit)).all()
    tracks = _tracks(tx, [row.id for row in rows])
    return tuple(
        Summary(
            id=RequestId(row.id),
            reference=row.reference,
            subject=SubjectId(row.subject_id) if row.subject_id else None,
            received_at=row.received_at,
            answer_by=row.answer_by,
            open=bool(row.open),
            assignee=ActorId(row.assignee) if row.assignee else None,
            outcome=Outcome(row.outcome) if row.outcome else None,
            tracks=tracks.get(row.id, ()),
        )
        for row in rows
    )


def _order() -> tuple[ColumnElement[Any], ...]:
    day = case((REQUEST.c.open.is_(True), REQUEST.c.answer_by))
    over = case((REQUEST.c.open.is_(False), REQUEST.c.received_at))
    return (REQUEST.c.open.desc(), day.is_(None), day, over.desc(), REQUEST.c.id)


def _entered(by: ActorId) -> ColumnElement[bool]:
    first = (EVENT.c.request_id == REQUEST.c.id) & (EVENT.c.seq == 1)
    return exists().where(first, EVENT.c.event == Mark.RECEIVED.value, EVENT.c.actor == by)


def _tracks(
    tx: Connection, requests: list[str]
) -> Mapping[str, tuple[tuple[Law, RequestKind, Status], ...]]:
    found: dict[str, tuple[tuple[Law, RequestKind, Status], ...]] = {}
    rows = tx.execute(select(TRACK).where(TRACK.c.request_id.in_(requests)).order_by(TRACK.c.law))
    for row in rows:
        line = (Law(row.law), RequestKind(row.kind), Status(row.status))
        found[row.request_id] = (*found.get(row.request_id, ()), line)
    return found


def request_by_reference(tx: Connection, reference: str) -> RequestId | None:
    """The request of this number; None when there is none."""
    found = tx.execute(select(REQUEST.c.id).where(REQUEST.c.reference == reference)).scalar()
    return RequestId(found) if found is not None else None


def timeline(tx: Connection, request: RequestId) -> tuple[Entry, ...]:
    """The history of a request, oldest first."""
    rows = tx.execute(select(EVENT).where(EVENT.c.request_id == request).order_by(EVENT.c.seq))
    return tuple(
        Entry(
            seq=row.seq,
            at=row.at,
            event=row.event,
            actor=ActorId(row.actor),
            law=Law(row.law) if row.law else None,
            source=Status(row.source) if row.source else None,
            target=Status(row.target) if row.target else None,
            ground=row.ground,
        )
        for row in rows
    )
