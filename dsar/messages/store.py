"""Rows of messages, comments and files in and out; none is changed but by the first look."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from dsar.messages.models import AttachmentRow, CommentRow, MessageRow
from dsar.messages.types import Side
from governance.core.terms import ActorId, RequestId, RowId
from governance.db.types import table_of

MESSAGE, COMMENT = table_of(MessageRow), table_of(CommentRow)
ATTACHMENT: Final = table_of(AttachmentRow)
FACTS: Final = tuple(column for column in ATTACHMENT.c if column.name != "content")


def add_message(
    tx: Connection,
    request: RequestId,
    row: RowId,
    *,
    side: Side,
    by: ActorId,
    at: datetime,
    open_to_asker: bool,
    content: bytes,
) -> None:
    """The sealed message is on file."""
    tx.execute(
        insert(MESSAGE).values(
            id=row,
            request_id=request,
            side=side.value,
            actor=by,
            at=at,
            open_to_asker=open_to_asker,
            content=content,
        )
    )


def messages_of(tx: Connection, request: RequestId) -> tuple[Row[Any], ...]:
    """Every message of the request, oldest first."""
    wanted = select(MESSAGE).where(MESSAGE.c.request_id == request)
    return tuple(tx.execute(wanted.order_by(MESSAGE.c.at, MESSAGE.c.id)))


def mark_read(tx: Connection, rows: Iterable[RowId], *, by: ActorId, at: datetime) -> int:
    """How many of these had not been read before; the first look alone is kept."""
    wanted = list(rows)
    if not wanted:
        return 0
    read = tx.execute(
        update(MESSAGE)
        .where(MESSAGE.c.id.in_(wanted), MESSAGE.c.read_at.is_(None))
        .values(read_at=at, read_by=by)
    )
    return int(read.rowcount)


def unread(tx: Connection, request: RequestId, side: Side) -> int:
    """How many messages of this side nobody on the other has read."""
    wanted = select(func.count()).where(
        MESSAGE.c.request_id == request,
        MESSAGE.c.side == side.value,
        MESSAGE.c.read_at.is_(None),
    )
    return int(tx.execute(wanted).scalar_one())


def unread_of(tx: Connection, requests: Iterable[RequestId]) -> Mapping[RequestId, int]:
    """How many messages of the person nobody has read, for those of these requests with any."""
    wanted = (
        select(MESSAGE.c.request_id, func.count())
        .where(
            MESSAGE.c.request_id.in_(list(requests)),
            MESSAGE.c.side == Side.PERSON.value,
            MESSAGE.c.read_at.is_(None),
        )
        .group_by(MESSAGE.c.request_id)
    )
    return {RequestId(row[0]): int(row[1]) for row in tx.execute(wanted)}


def add_comment(
    tx: Connection, request: RequestId, row: RowId, *, by: ActorId, at: datetime, content: bytes
) -> None:
    """The sealed comment is on file."""
    tx.execute(insert(COMMENT).values(id=row, request_id=request, actor=by, at=at, content=content))


def comments_of(tx: Connection, request: RequestId) -> tuple[Row[Any], ...]:
    """Every comment on the request, oldest first."""
    wanted = select(COMMENT).where(COMMENT.c.request_id == request)
    return tuple(tx.execute(wanted.order_by(COMMENT.c.at, COMMENT.c.id)))


def add_attachment(tx: Connection, request: RequestId, row: RowId, **values: object) -> None:
    """The sealed file is on file under its sealed name."""
    tx.execute(insert(ATTACHMENT).values(id=row, request_id=request, **values))


def attachments_of(tx: Connection, request: RequestId) -> tuple[Row[Any], ...]:
    """Every file of the request without what it holds, oldest first."""
    wanted = select(*FACTS).where(ATTACHMENT.c.request_id == request)
    return tuple(tx.execute(wanted.order_by(ATTACHMENT.c.at, ATTACHMENT.c.id)))


def attachment_by_id(tx: Connection, request: RequestId, row: RowId) -> Row[Any] | None:
    """The file of this request with its content; None for any other."""
    wanted = select(ATTACHMENT).where(ATTACHMENT.c.id == row, ATTACHMENT.c.request_id == request)
    return tx.execute(wanted).one_or_none()
