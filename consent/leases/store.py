"""Leases in the database: join, renew, end. What is granted and what is waited for meet here.

Who joins is visible to every later withdrawal before it may decide anything, because joining
takes the lock of the ledger's counter that every change takes.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from consent import ledger
from consent.leases.models import LeaseEntry
from consent.leases.rules import may_renew
from consent.leases.types import Answer, HolderKind, LeaseRow, Standing, Terms
from governance.core.terms import ActorId, RowId
from governance.customers.changes import counter
from governance.db.fetching import PreparedSelect
from governance.db.types import insert_ignore, table_of

LEASE: Final = table_of(LeaseEntry)
_COLUMNS: Final = (
    LEASE.c.id,
    LEASE.c.renewals,
    LEASE.c.applied,
    LEASE.c.owed,
    LEASE.c.joined_at,
)
_ALL: Final = PreparedSelect(select(*_COLUMNS))
_ONE: Final = PreparedSelect(
    select(*_COLUMNS).where(LEASE.c.id == bindparam("id"), LEASE.c.actor == bindparam("actor"))
)


def holders(tx: Connection) -> tuple[LeaseRow, ...]:
    """Every holder whose lease has not been seen to end."""
    return tuple(LeaseRow(*row) for row in _ALL.rows(tx, {}))


def ask(
    tx: Connection,
    holder: RowId,
    *,
    actor: ActorId,
    kind: HolderKind,
    applied: int,
    terms: Terms,
    at: datetime,
) -> Answer:
    """What a holder is told that has applied every change up to this position."""
    row = next((LeaseRow(*one) for one in _ONE.rows(tx, {"id": holder, "actor": actor})), None)
    if row is None:
        return _joined(tx, holder, actor=actor, kind=kind, at=at)
    head = ledger.head(tx)
    if not may_renew(row, applied=applied):
        return Answer(standing=Standing.BEHIND, owed=max(head, row.owed), seconds=0.0)
    renewed = tx.execute(
        update(LEASE)
        .where(LEASE.c.id == holder, LEASE.c.actor == actor, LEASE.c.owed <= applied)
        .values(
            renewals=LEASE.c.renewals + 1,
            applied=applied,
            owed=head,
            asked_at=at,
        )
    ).rowcount
    if renewed != 1:  # another process ended it, or asked more of it, since the look
        return Answer(standing=Standing.BEHIND, owed=head, seconds=0.0)
    return Answer(standing=Standing.GRANTED, owed=head, seconds=terms.lease)


def _joined(
    tx: Connection, holder: RowId, *, actor: ActorId, kind: HolderKind, at: datetime
) -> Answer:
    """The holder is known, holds nothing yet, and must apply what stands now before it may."""
    head = counter.take(tx, 0)
    joined = tx.execute(
        insert_ignore(LEASE, tx.dialect.name)
        .values(
            id=holder,
            actor=actor,
            kind=kind.value,
            renewals=0,
            applied=0,
            owed=head,
            joined_at=at,
            asked_at=at,
        )
        .returning(LEASE.c.id)
    ).first()
    if joined is None:  # fails closed: another system's holder has this id
        return Answer(standing=Standing.BEHIND, owed=head, seconds=0.0)
    return Answer(standing=Standing.JOINED, owed=head, seconds=0.0)


def demand(tx: Connection, rows: Sequence[LeaseRow], *, position: int) -> frozenset[str]:
    """None of these holders is renewed before it applied the position; those that hold nothing.

    Who holds nothing need not be waited for: its first lease comes after this position.
    """
    for row in sorted(rows):  # by their ids: no two processes wait for each other's rows
        tx.execute(
            update(LEASE).where(LEASE.c.id == row.id, LEASE.c.owed < position).values(owed=position)
        )
    fresh = [row.id for row in rows if row.renewals == 0]
    if not fresh:
        return frozenset()
    held = select(LEASE.c.id).where(LEASE.c.id.in_(fresh), LEASE.c.renewals == 0)
    return frozenset(tx.execute(held).scalars())


def end(tx: Connection, row: LeaseRow) -> bool:
    """Whether the holder is gone; not when it was renewed, or came anew, since the look."""
    same = LEASE.c.renewals == row.renewals, LEASE.c.joined_at == row.joined_at
    return tx.execute(delete(LEASE).where(LEASE.c.id == row.id, *same)).rowcount == 1


def give_back(tx: Connection, holder: RowId, *, actor: ActorId) -> None:
    """The holder decides no more and is waited for no more."""
    tx.execute(delete(LEASE).where(LEASE.c.id == holder, LEASE.c.actor == actor))
