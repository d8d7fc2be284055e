"""Rows of dispatches in and out."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from dsar.dispatch.models import DispatchRow
from dsar.dispatch.types import Carrier, Dispatch, Ending, Item, ReturnReason
from governance.core.terms import ActorId, RequestId, RowId
from governance.db.types import table_of

DISPATCH = table_of(DispatchRow)


def add_dispatch(tx: Connection, sent: Dispatch) -> None:
    """The envelope is on file."""
    tx.execute(
        insert(DISPATCH).values(
            id=sent.id,
            request_id=sent.request,
            item=sent.item.value,
            item_id=sent.item_id,
            sent_on=sent.sent_on,
            carrier=sent.carrier.value,
            tracking=sent.tracking,
            address=sent.address,
            recorded_at=sent.recorded_at,
            recorded_by=sent.recorded_by,
        )
    )


def end_dispatch(
    tx: Connection,
    dispatch: RowId,
    ending: Ending,
    *,
    on: date,
    reason: ReturnReason | None,
    at: datetime,
    by: ActorId,
) -> bool:
    """Whether its way was open until now; it ends once."""
    still_open = update(DISPATCH).where(DISPATCH.c.id == dispatch, DISPATCH.c.ending.is_(None))
    done = tx.execute(
        still_open.values(
            ending=ending.value,
            ended_on=on,
            return_reason=reason.value if reason else None,
            ended_at=at,
            ended_by=by,
        )
    )
    return done.rowcount == 1


def dispatch_by_id(tx: Connection, dispatch: RowId) -> Dispatch | None:
    """One envelope."""
    row = tx.execute(select(DISPATCH).where(DISPATCH.c.id == dispatch)).one_or_none()
    return _dispatch(row) if row is not None else None


def dispatches_of(tx: Connection, request: RequestId) -> tuple[Dispatch, ...]:
    """Every envelope of a request, oldest first."""
    rows = tx.execute(
        select(DISPATCH).where(DISPATCH.c.request_id == request).order_by(DISPATCH.c.id)
    )
    return tuple(_dispatch(row) for row in rows)


def _dispatch(row: Row[Any]) -> Dispatch:
    return Dispatch(
        id=RowId(row.id),
        request=RequestId(row.request_id),
        item=Item(row.item),
        item_id=RowId(row.item_id),
        sent_on=row.sent_on,
        carrier=Carrier(row.carrier),
        tracking=row.tracking,
        address=row.address,
        recorded_at=row.recorded_at,
        recorded_by=ActorId(row.recorded_by),
        ending=Ending(row.ending) if row.ending else None,
        ended_on=row.ended_on,
        return_reason=ReturnReason(row.return_reason) if row.return_reason else None,
        ended_at=row.ended_at,
        ended_by=ActorId(row.ended_by) if row.ended_by else None,
    )
