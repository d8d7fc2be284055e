"""Rows of ways back and of answers about the data meant."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from dsar.identity.rules import CODE_TRIES
from dsar.intake.types import Scope
from dsar.returning.models import ReturnRow, ScopeAnswerRow
from dsar.types import EvidenceKind
from governance.core.terms import ActorId, RequestId, RowId
from governance.db.types import table_of

RETURN, ANSWER = table_of(ReturnRow), table_of(ScopeAnswerRow)
RETURN_BLOB: Final = "dsar_return"
STAY: Final = timedelta(hours=1)  # after the code; then another one is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """One way back as it stands."""

    id: RowId
    kind: EvidenceKind
    request: RequestId | None
    expires_at: datetime
    opened_at: datetime | None
    content: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeAnswer:
    """Which data the person means, as they said when asked."""

    id: RowId
    scope: tuple[Scope, ...]
    at: datetime
    by: ActorId
    words: bytes | None = field(default=None, repr=False)


def add_way(tx: Connection, way: WayBack, *, digest: str, at: datetime) -> None:
    """The way is there, for a number that exists or for one that does not."""
    tx.execute(
        insert(RETURN).values(
            id=way.id,
            digest=digest,
            kind=way.kind.value,
            created_at=at,
            expires_at=way.expires_at,
            content=way.content,
        )
    )


def way_by_id(tx: Connection, way: RowId) -> WayBack | None:
    """The way of this row."""
    return _way(tx, RETURN.c.id == way)


def way_by_digest(tx: Connection, digest: str) -> WayBack | None:
    """The way of this secret."""
    return _way(tx, RETURN.c.digest == digest)


def _way(tx: Connection, where: ColumnElement[bool]) -> WayBack | None:
    row = tx.execute(select(RETURN).where(where)).one_or_none()
    if row is None:
        return None
    return WayBack(
        id=RowId(row.id),
        kind=EvidenceKind(row.kind),
        request=RequestId(row.request_id) if row.request_id else None,
        expires_at=row.expires_at,
        opened_at=row.opened_at,
        content=row.content,
    )


def lead_to(tx: Connection, way: RowId, request: RequestId) -> None:
    """The way leads to this request, for whoever has the code."""
    tx.execute(update(RETURN).where(RETURN.c.id == way).values(request_id=request))


def sent_before(tx: Connection, request: RequestId) -> tuple[datetime, ...]:
    """When codes for ways to this request went out."""
    rows = select(RETURN.c.created_at).where(RETURN.c.request_id == request)
    return tuple(tx.execute(rows).scalars())


def take_try(tx: Connection, way: RowId, *, at: datetime) -> bool:
    """Whether one more try was free; it is spent before anything is compared."""
    free = update(RETURN).where(
        RETURN.c.id == way,
        RETURN.c.opened_at.is_(None),
        RETURN.c.expires_at > at,
        RETURN.c.tries < CODE_TRIES,
    )
    return tx.execute(free.values(tries=RETURN.c.tries + 1)).rowcount == 1


def open_way(tx: Connection, way: RowId, *, at: datetime) -> bool:
    """Whether the way was closed and leads somewhere; its code opens nothing any more."""
    closed = update(RETURN).where(
        RETURN.c.id == way, RETURN.c.opened_at.is_(None), RETURN.c.request_id.is_not(None)
    )
    values = {"opened_at": at, "content": None, "expires_at": at + STAY}
    return tx.execute(closed.values(**values)).rowcount == 1


def forget_ways(tx: Connection, *, at: datetime, limit: int) -> int:
    """How many ways that were over for a day are gone."""
    old = select(RETURN.c.id).where(RETURN.c.expires_at <= at - timedelta(days=1)).limit(limit)
    return tx.execute(delete(RETURN).where(RETURN.c.id.in_(old))).rowcount


def add_scope_answer(tx: Connection, request: RequestId, answer: ScopeAnswer) -> None:
    """The answer is on file beside those before it."""
    tx.execute(
        insert(ANSWER).values(
            id=answer.id,
            request_id=request,
            scope=",".join(answer.scope),
            words=answer.words,
            at=answer.at,
            actor=answer.by,
        )
    )


def scope_answers(tx: Connection, request: RequestId) -> tuple[ScopeAnswer, ...]:
    """Every answer, oldest first."""
    rows = tx.execute(select(ANSWER).where(ANSWER.c.request_id == request).order_by(ANSWER.c.id))
    return tuple(
        ScopeAnswer(
            id=RowId(row.id),
            scope=tuple(Scope(code) for code in row.scope.split(",")),
            at=row.at,
            by=ActorId(row.actor),
            words=row.words,
        )
        for row in rows
    )
