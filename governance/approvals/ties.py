"""Ties between principals, stored: written by whoever gives accounts, roles and keys."""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select

from governance.approvals.bonds import Tie, TieKind
from governance.approvals.models import ApprovalTieRow
from governance.core.terms import ActorId
from governance.db.types import table_of

TIE: Final = table_of(ApprovalTieRow)


def note(tx: Connection, holder: ActorId, giver: ActorId, kind: TieKind, *, at: datetime) -> None:
    """The tie stands, from now on."""
    mine = (TIE.c.holder == holder) & (TIE.c.giver == giver) & (TIE.c.kind == kind.value)
    tx.execute(delete(TIE).where(mine))
    tx.execute(insert(TIE).values(holder=holder, giver=giver, kind=kind.value, at=at))


def forget(tx: Connection, actor: ActorId, kind: TieKind) -> None:
    """No tie of this kind of the principal stands any more, in either direction."""
    mine = or_(TIE.c.holder == actor, TIE.c.giver == actor)
    tx.execute(delete(TIE).where(mine, TIE.c.kind == kind.value))


def between(tx: Connection, one: ActorId, other: ActorId) -> tuple[Tie, ...]:
    """Every tie between two principals, in either direction."""
    forth = (TIE.c.holder == one) & (TIE.c.giver == other)
    back = (TIE.c.holder == other) & (TIE.c.giver == one)
    return _ties(tx, or_(forth, back))


def of(tx: Connection, actor: ActorId) -> tuple[Tie, ...]:
    """Every tie of a principal, in either direction."""
    return _ties(tx, or_(TIE.c.holder == actor, TIE.c.giver == actor))


def _ties(tx: Connection, wanted: ColumnElement[bool]) -> tuple[Tie, ...]:
    return tuple(
        Tie(holder=ActorId(row.holder), giver=ActorId(row.giver), kind=TieKind(row.kind), at=row.at)
        for row in tx.execute(select(TIE).where(wanted))
    )
