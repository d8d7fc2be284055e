"""Rows of recipients of a request in and out; one recipient has one row in one request."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from dsar.execution.models import TellingRow
from dsar.execution.types import Because, Channel, Confirmed, Telling, TellingState
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RequestId, RowId
from governance.db.types import insert_ignore, table_of

TELLING = table_of(TellingRow)
OPEN = (TellingState.PLANNED.value, TellingState.LEFT_OUT.value)


def add(
    tx: Connection, request: RequestId, recipient: RowId, *, because: Because, by: ActorId
) -> None:
    """The recipient is on the list; where it stands already nothing changes."""
    tx.execute(
        insert_ignore(TELLING, tx.dialect.name).values(
            id=new_row_id(),
            request_id=request,
            recipient_id=recipient,
            because=because.value,
            state=TellingState.PLANNED.value,
            chosen_by=by,
        )
    )


def choose(
    tx: Connection,
    request: RequestId,
    recipient: RowId,
    *,
    state: TellingState,
    reason: str | None,
    by: ActorId,
) -> None:
    """The recipient is to be told, or left out for a reason; one that was told stays told."""
    tx.execute(
        update(TELLING)
        .where(_mine(request, recipient), TELLING.c.state.in_(OPEN))
        .values(state=state.value, reason=reason, chosen_by=by)
    )


def note_told(
    tx: Connection,
    request: RequestId,
    recipient: RowId,
    *,
    channel: Channel,
    digest: str | None,
    until: date,
    at: datetime,
) -> None:
    """The notice is on its way; confirm by this day, by the link of this digest or the older."""
    link = {"token_digest": digest} if digest else {}
    tx.execute(
        update(TELLING)
        .where(_mine(request, recipient), TELLING.c.state.in_(OPEN))
        .values(
            state=TellingState.TOLD.value,
            reason=None,
            told_at=at,
            answer_by=until,
            channel=channel.value,
            **link,
        )
    )


def note_delivered(tx: Connection, telling: RowId, *, at: datetime) -> bool:
    """Whether this is the first time that the recipient's webhook took the notice."""
    done = tx.execute(
        update(TELLING)
        .where(TELLING.c.id == telling, TELLING.c.delivered_at.is_(None))
        .values(delivered_at=at)
    )
    return done.rowcount == 1


def note_not_taken(tx: Connection, telling: RowId, *, reason: str | None) -> None:
    """Its webhook never took the notice: it goes by mail, or for a reason was not told."""
    left = {"state": TellingState.LEFT_OUT.value, "reason": reason, "told_at": None}
    values = {"channel": Channel.MAIL.value} if reason is None else left
    told = (TELLING.c.id == telling) & (TELLING.c.state == TellingState.TOLD.value)
    tx.execute(update(TELLING).where(told).values(**values))


def note_confirmed(
    tx: Connection, telling: RowId, *, how: Confirmed, by: ActorId, at: datetime
) -> bool:
    """Whether this is the first confirmation."""
    done = tx.execute(
        update(TELLING)
        .where(TELLING.c.id == telling, TELLING.c.state == TellingState.TOLD.value)
        .values(
            state=TellingState.CONFIRMED.value,
            confirmed_at=at,
            confirmed_how=how.value,
            confirmed_by=by,
        )
    )
    return done.rowcount == 1


def of_request(tx: Connection, request: RequestId) -> tuple[Telling, ...]:
    """The list of one request."""
    mine = select(TELLING).where(TELLING.c.request_id == request)
    return tuple(map(_telling, tx.execute(mine.order_by(TELLING.c.recipient_id))))


def one(tx: Connection, request: RequestId, recipient: RowId) -> Telling:
    """The recipient as it stands on the list."""
    return _telling(tx.execute(select(TELLING).where(_mine(request, recipient))).one())


def by_id(tx: Connection, telling: str) -> Telling | None:
    """The recipient of a list by the id of its row."""
    row = tx.execute(select(TELLING).where(TELLING.c.id == telling)).one_or_none()
    return None if row is None else _telling(row)


def by_digest(tx: Connection, digest: str) -> Telling | None:
    """The notice whose link has this digest."""
    row = tx.execute(select(TELLING).where(TELLING.c.token_digest == digest)).one_or_none()
    return None if row is None else _telling(row)


def _mine(request: RequestId, recipient: RowId) -> Any:
    return (TELLING.c.request_id == request) & (TELLING.c.recipient_id == recipient)


def _telling(row: Row[Any]) -> Telling:
    return Telling(
        id=RowId(row.id),
        request=RequestId(row.request_id),
        recipient=RowId(row.recipient_id),
        because=Because(row.because),
        state=TellingState(row.state),
        reason=row.reason,
        told_at=row.told_at,
        answer_by=row.answer_by,
        confirmed_at=row.confirmed_at,
        confirmed_how=Confirmed(row.confirmed_how) if row.confirmed_how else None,
        channel=Channel(row.channel) if row.channel else None,
        delivered_at=row.delivered_at,
    )
