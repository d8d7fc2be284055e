"""The rows of a sequencer's batch, read and written straight at the driver.

Both engines give a waiting event as its covered columns with times as microseconds since 1970,
which is what a leaf encodes; so a batch costs no object per value.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

import psycopg
from sqlalchemy import Connection, delete

from audit.leaf import COLUMNS, EPOCH, MICROSECOND
from audit.models import LEAVES, PENDING
from governance.core.terms import EventId
from governance.db.prepared import PreparedInsert, driver_errors, insert_whole, sqlite_of

Waiting = tuple[Any, ...]  # schema version, then the columns of a leaf in their order
ID = 1  # where a waiting event has its id
IN_LIMIT = 500  # values in one IN list

_LEAVES = PreparedInsert(LEAVES)
_COPY_LEAVES = "COPY audit_leaf (seq, event_id, recorded_at, leaf) FROM STDIN"
_PG_TIME = "(extract(epoch FROM e.occurred_at) * 1000000)::bigint"
_PG_DELETE = "DELETE FROM audit_pending WHERE event_id = ANY(%s)"


def _select(*, occurred_at: str, recorded_at: str, which: str) -> str:
    """The statement for waiting events."""
    spelled = {"occurred_at": occurred_at, "recorded_at": recorded_at}
    columns = ", ".join(spelled.get(name, f"e.{name}") for name in COLUMNS)
    return (
        f"SELECT e.schema_version, {columns} FROM audit_pending p"  # noqa: S608 # constants alone
        f" JOIN audit_event e ON e.id = p.event_id {which}"
    )


_FIRST, _ONE = "ORDER BY p.event_id LIMIT {}", "WHERE p.event_id = {}"
_SQLITE = {
    which: _select(occurred_at="e.occurred_at", recorded_at="?", which=which.format("?"))
    for which in (_FIRST, _ONE)
}
_PG = {
    which: _select(occurred_at=_PG_TIME, recorded_at="%s::bigint", which=which.format("%s"))
    for which in (_FIRST, _ONE)
}


def waiting_events(tx: Connection, *, recorded_at: datetime, limit: int) -> list[Waiting]:
    """The first waiting events as their leaves cover them when recorded at this time."""
    return _read(tx, _FIRST, limit, recorded_at)


def waiting_event(tx: Connection, event_id: EventId, *, recorded_at: datetime) -> Waiting:
    """One waiting event as its leaf covers it when recorded at this time."""
    (found,) = _read(tx, _ONE, event_id, recorded_at)
    return found


def _read(tx: Connection, which: str, value: int | str, recorded_at: datetime) -> list[Waiting]:
    values = (recorded_at - EPOCH) // MICROSECOND, value
    driver = sqlite_of(tx)
    if driver is not None:
        with driver_errors(_SQLITE[which]):
            return driver.execute(_SQLITE[which], values).fetchall()
    with driver_errors(_PG[which]), _postgres(tx).cursor() as cursor:
        return cursor.execute(_PG[which], values, binary=True).fetchall()


def write_leaves(
    tx: Connection,
    size: int,
    ids: Sequence[str],
    leaves: Sequence[bytes],
    *,
    recorded_at: datetime,
) -> None:
    """The events have their places from `size` on and wait no more."""
    rows = [
        (size + k, event_id, recorded_at, leaf)
        for k, (event_id, leaf) in enumerate(zip(ids, leaves, strict=True))
    ]
    if sqlite_of(tx) is not None:
        insert_whole(tx, (_LEAVES, rows))
        for at in range(0, len(ids), IN_LIMIT):
            tx.execute(delete(PENDING).where(PENDING.c.event_id.in_(ids[at : at + IN_LIMIT])))
        return
    with driver_errors(_COPY_LEAVES), _postgres(tx).cursor() as cursor:
        with cursor.copy(_COPY_LEAVES) as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(_PG_DELETE, (list(ids),))


def _postgres(tx: Connection) -> "psycopg.Connection[tuple[Any, ...]]":
    return cast("psycopg.Connection[tuple[Any, ...]]", tx.connection.driver_connection)
