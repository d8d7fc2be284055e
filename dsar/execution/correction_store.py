"""Rows of corrections in and out; what is wanted, was and is stands sealed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from dsar.execution.models import CorrectionRow
from dsar.store import grounds_of, joined
from dsar.types import Ground
from governance.core.terms import ActorId, EventId, FieldId, RequestId, RowId
from governance.db.types import table_of

CORRECTION = table_of(CorrectionRow)


class CorrectionState(StrEnum):
    """Where the correction of one field stands."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    EDITED = "edited"  # accepted in another form than was asked for
    REFUSED = "refused"
    APPLIED = "applied"


GRANTED = frozenset({CorrectionState.ACCEPTED, CorrectionState.EDITED})


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionItem:
    """One field that the person wants otherwise."""

    id: RowId
    request: RequestId
    name: FieldId
    row: RowId | None  # None: the person's own row
    state: CorrectionState
    grounds: tuple[Ground, ...] = ()
    judged_by: ActorId | None = None
    applied_at: datetime | None = None
    event: EventId | None = None
    content: bytes | None = field(default=None, repr=False)


def digest_of(items: Iterable[CorrectionItem]) -> str:
    """What two persons agree to: each field, its judgement, and the seal of the value."""
    hashed = sha256(b"sekisho/corrections/1")
    for item in items:
        parts = (item.id, item.name, item.row or "", item.state.value, joined(item.grounds))
        hashed.update("\n".join(parts).encode() + b"\n" + sha256(item.content or b"").digest())
    return hashed.hexdigest()


def add_correction(tx: Connection, item: CorrectionItem, *, by: ActorId, at: datetime) -> None:
    """What is asked for is on file."""
    tx.execute(
        insert(CORRECTION).values(
            id=item.id,
            request_id=item.request,
            field=item.name,
            row_id=item.row,
            state=item.state.value,
            asked_at=at,
            asked_by=by,
            content=item.content,
        )
    )


def corrections_of(tx: Connection, request: RequestId) -> tuple[CorrectionItem, ...]:
    """Every field that the request wants otherwise, in the order in which they were asked."""
    mine = select(CORRECTION).where(CORRECTION.c.request_id == request)
    return tuple(map(_item, tx.execute(mine.order_by(CORRECTION.c.id))))


def change_correction(
    tx: Connection, item: RowId, *, before: CorrectionState, **values: Any
) -> bool:
    """Whether the item was still as read, and is now as given."""
    mine = (CORRECTION.c.id == item) & (CORRECTION.c.state == before.value)
    return tx.execute(update(CORRECTION).where(mine).values(**values)).rowcount == 1


def _item(row: Row[Any]) -> CorrectionItem:
    return CorrectionItem(
        id=RowId(row.id),
        request=RequestId(row.request_id),
        name=FieldId(row.field),
        row=RowId(row.row_id) if row.row_id else None,
        state=CorrectionState(row.state),
        grounds=grounds_of(row.ground),
        judged_by=ActorId(row.judged_by) if row.judged_by else None,
        applied_at=row.applied_at,
        event=EventId(row.event_id) if row.event_id else None,
        content=bytes(row.content) if row.content is not None else None,
    )
