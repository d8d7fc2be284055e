"""Rows of elevations to facts and back."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from governance.core.terms import ActorId, RowId
from governance.db.types import table_of
from governance.identity.elevation.models import ElevationRow
from governance.identity.elevation.types import Elevation

ELEVATION = table_of(ElevationRow)
LISTED = 200


def add(tx: Connection, elevation: Elevation) -> None:
    """The request stands."""
    tx.execute(
        insert(ELEVATION).values(
            id=elevation.id,
            staff_id=elevation.staff,
            role=elevation.role,
            minutes=elevation.minutes,
            reason=elevation.reason,
            asked_at=elevation.asked_at,
        )
    )


def tie(tx: Connection, elevation: RowId, approval: str) -> None:
    """The request waits under this approval."""
    one = ELEVATION.c.id == elevation
    tx.execute(update(ELEVATION).where(one).values(approval_id=approval))


def find(tx: Connection, elevation: str) -> Elevation | None:
    """The elevation under this id."""
    row = tx.execute(select(ELEVATION).where(ELEVATION.c.id == elevation)).one_or_none()
    return None if row is None else _elevation(row)


def listed(
    tx: Connection, *, staff: ActorId | None = None, limit: int = LISTED
) -> tuple[Elevation, ...]:
    """Elevations, the newest first; of one employee alone where one is named."""
    wanted = select(ELEVATION).order_by(ELEVATION.c.asked_at.desc()).limit(limit)
    if staff is not None:
        wanted = wanted.where(ELEVATION.c.staff_id == staff)
    return tuple(_elevation(row) for row in tx.execute(wanted))


def standing_roles(tx: Connection, staff: ActorId, *, at: datetime) -> frozenset[str]:
    """Roles that the employee holds for a time at this moment."""
    mine = (ELEVATION.c.staff_id == staff) & ELEVATION.c.ended_at.is_(None)
    found = select(ELEVATION.c.role).where(
        mine, ELEVATION.c.begun_at <= at, ELEVATION.c.ends_at > at
    )
    return frozenset(tx.execute(found).scalars())


def give(tx: Connection, elevation: RowId, *, by: ActorId, at: datetime, ends_at: datetime) -> bool:
    """Whether this call was the one by which the role counts."""
    one = (ELEVATION.c.id == elevation) & ELEVATION.c.begun_at.is_(None)
    values = {"begun_at": at, "approved_by": by, "ends_at": ends_at}
    statement = update(ELEVATION).where(one, ELEVATION.c.ended_at.is_(None)).values(**values)
    return tx.execute(statement).rowcount == 1


def end(tx: Connection, elevation: RowId, *, by: ActorId, at: datetime) -> bool:
    """Whether this call was the one that ended it."""
    one = (ELEVATION.c.id == elevation) & ELEVATION.c.ended_at.is_(None)
    return tx.execute(update(ELEVATION).where(one).values(ended_at=at, ended_by=by)).rowcount == 1


def run_out(tx: Connection, *, at: datetime, limit: int) -> tuple[Elevation, ...]:
    """Elevations whose time is over and whose end is not on record."""
    over = ELEVATION.c.ended_at.is_(None) & (ELEVATION.c.ends_at <= at)
    rows = tx.execute(select(ELEVATION).where(over).order_by(ELEVATION.c.ends_at).limit(limit))
    return tuple(_elevation(row) for row in rows)


def open_of(tx: Connection, staff: ActorId) -> tuple[Elevation, ...]:
    """Elevations of the employee that are asked for or standing."""
    mine = (ELEVATION.c.staff_id == staff) & ELEVATION.c.ended_at.is_(None)
    return tuple(_elevation(row) for row in tx.execute(select(ELEVATION).where(mine)))


def _elevation(row: Row[Any]) -> Elevation:
    return Elevation(
        id=RowId(row.id),
        staff=ActorId(row.staff_id),
        role=row.role,
        minutes=row.minutes,
        reason=bytes(row.reason),
        asked_at=row.asked_at,
        approval=row.approval_id,
        begun_at=row.begun_at,
        approved_by=None if row.approved_by is None else ActorId(row.approved_by),
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        ended_by=None if row.ended_by is None else ActorId(row.ended_by),
    )
