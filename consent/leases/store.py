"""Leases in the database: join, renew, end. What is granted and what is waited for meet here.

Who joins is told what to apply in a later transaction than that which made it known. So it holds
its first lease on all that was committed before that, and who commits after sees it and waits.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Update, bindparam, case, delete, select, update

from consent import ledger
from consent.leases.models import LeaseEntry
from consent.leases.rules import owed_by
from consent.leases.types import JOINED, Answer, HolderKind, LeaseRow, Standing, Terms
from governance.core.terms import ActorId, RowId
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
    if applied < (owed := owed_by(row, head=head)):
        if row.renewals == JOINED:
            tx.execute(_as_seen(row).values(renewals=0, owed=_at_least(head)))
        return Answer(standing=Standing.BEHIND, owed=owed, seconds=0.0)
    granted = max(row.renewals, 0) + 1
    renewal = _as_seen(row).where(LEASE.c.owed <= applied)
    renewed = renewal.values(renewals=granted, applied=applied, owed=head, asked_at=at)
    if tx.execute(renewed).rowcount != 1:  # ended, or more was asked of it, since the look
        return Answer(standing=Standing.BEHIND, owed=head, seconds=0.0)
    return Answer(standing=Standing.GRANTED, owed=head, seconds=terms.lease)


def _joined(
    tx: Connection, holder: RowId, *, actor: ActorId, kind: HolderKind, at: datetime
) -> Answer:
    """The holder is known and holds nothing yet; what it owes is fixed when it asks again."""
    joined = tx.execute(
        insert_ignore(LEASE, tx.dialect.name)
        .values(
            id=holder,
            actor=actor,
            kind=kind.value,
            renewals=JOINED,
            applied=0,
            owed=0,
            joined_at=at,
            asked_at=at,
        )
        .returning(LEASE.c.id)
    ).first()
    # fails closed: without a row, another system's holder has this id
    standing = Standing.BEHIND if joined is None else Standing.JOINED
    return Answer(standing=standing, owed=ledger.head(tx), seconds=0.0)


def _as_seen(row: LeaseRow) -> Update:
    """Changes the row unless it was granted, ended or joined anew since it was read."""
    same = LEASE.c.renewals == row.renewals, LEASE.c.joined_at == row.joined_at
    return update(LEASE).where(LEASE.c.id == row.id, *same)


def _at_least(position: int) -> ColumnElement[int]:
    return case((LEASE.c.owed < position, position), else_=LEASE.c.owed)


def demand(tx: Connection, rows: Sequence[LeaseRow], *, position: int) -> frozenset[str]:
    """None of these holders is renewed before it applied the position; those that hold nothing.

    Who holds nothing need not be waited for: its first lease comes after this position.
    """
    for row in sorted(rows):  # by their ids: no two processes wait for each other's rows
        tx.execute(
            update(LEASE).where(LEASE.c.id == row.id, LEASE.c.owed < position).values(owed=position)
        )
    fresh = [row.id for row in rows if row.renewals <= 0]
    if not fresh:
        return frozenset()
    held = select(LEASE.c.id).where(LEASE.c.id.in_(fresh), LEASE.c.renewals <= 0)
    return frozenset(tx.execute(held).scalars())


def end(tx: Connection, row: LeaseRow) -> bool:
    """Whether the holder is gone; not when it was renewed, or came anew, since the look."""
    same = LEASE.c.renewals == row.renewals, LEASE.c.joined_at == row.joined_at
    return tx.execute(delete(LEASE).where(LEASE.c.id == row.id, *same)).rowcount == 1


def give_back(tx: Connection, holder: RowId, *, actor: ActorId) -> None:
    """The holder decides no more and is waited for no more."""
    tx.execute(delete(LEASE).where(LEASE.c.id == holder, LEASE.c.actor == actor))
