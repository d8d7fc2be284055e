"""Rows of collection points and of what came in; a declared version is never changed."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from audit.types import canonical_json
from consent.collecting.errors import PointChangedError, PointUnknownError
from consent.collecting.models import CollectionPointRow, CollectionRow
from consent.collecting.types import KeptPoint, Point, point_of
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, Lang, SubjectId
from governance.db.types import insert_ignore, table_of

POINT, COLLECTED = table_of(CollectionPointRow), table_of(CollectionRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """One coming in: who, where, what was shown, which items; no value."""

    subject: SubjectId
    point: Point
    lang: Lang
    shown_at: datetime
    notices: tuple[str, ...]
    items: tuple[str, ...]
    user_agent: str | None
    entered_by: ActorId | None


def declare(tx: Connection, point: Point, *, by: ActorId | None, at: datetime) -> bool:
    """The version stands, closed; False when another content stands under its number."""
    values = {
        "id": point.id,
        "version": point.version,
        "content": canonical_json(point.as_json()).decode(),
        "digest": point.digest,
        "declared_by": by,
        "declared_at": at,
    }
    tx.execute(insert_ignore(POINT, tx.dialect.name).values(**values))
    kept = select(POINT.c.digest).where(POINT.c.id == point.id, POINT.c.version == point.version)
    return bool(tx.execute(kept).scalar_one() == point.digest)


def put_shipped(tx: Connection, points: Iterable[Point], *, at: datetime) -> None:
    """The shipped points are known; what stands is left as it is."""
    for point in points:
        declare(tx, point, by=None, at=at)


def newest(tx: Connection, name: str) -> KeptPoint:
    """The newest version of a point; raises PointUnknownError and PointChangedError."""
    row = tx.execute(
        select(POINT).where(POINT.c.id == name).order_by(POINT.c.version.desc()).limit(1)
    ).one_or_none()
    if row is None:
        raise PointUnknownError
    return _kept(row)


def declared(tx: Connection, name: str, version: int) -> Point | None:
    """The point as that version declared it; raises PointChangedError."""
    row = tx.execute(
        select(POINT).where(POINT.c.id == name, POINT.c.version == version)
    ).one_or_none()
    return None if row is None else _kept(row).point


def every(tx: Connection) -> tuple[KeptPoint, ...]:
    """Every version of every point."""
    rows = tx.execute(select(POINT).order_by(POINT.c.id, POINT.c.version))
    return tuple(_kept(row) for row in rows)


def open_point(tx: Connection, name: str, *, on: date) -> KeptPoint:
    """The version that takes data in now: the newest of those that were opened.

    Raises PointUnknownError where none does: a closed point is told as no point at all.
    """
    rows = tx.execute(
        select(POINT)
        .where(POINT.c.id == name, POINT.c.opened_at.is_not(None))
        .order_by(POINT.c.version.desc())
        .limit(1)
    )
    found = [kept for row in rows if (kept := _kept(row)).is_open(on=on)]
    if not found:
        raise PointUnknownError
    return found[0]


def set_open(tx: Connection, point: Point, *, opened: bool, at: datetime) -> None:
    """The version takes data in from now on, or no more."""
    change = {"opened_at": at, "closed_at": None} if opened else {"closed_at": at}
    tx.execute(
        update(POINT)
        .where(POINT.c.id == point.id, POINT.c.version == point.version)
        .values(**change)
    )


def note(tx: Connection, collected: Collected, *, at: datetime) -> None:
    """What was shown to the person is on record beside their data."""
    tx.execute(
        insert(COLLECTED).values(
            id=new_row_id(),
            subject_id=collected.subject,
            point=collected.point.id,
            point_version=collected.point.version,
            shown_at=collected.shown_at,
            recorded_at=at,
            lang=collected.lang.value,
            notices=",".join(collected.notices),
            items=",".join(collected.items),
            user_agent=collected.user_agent,
            entered_by=collected.entered_by,
        )
    )


def of_persons(tx: Connection, subjects: Iterable[SubjectId]) -> tuple[Row[Any], ...]:
    """Every coming in of these pseudonyms, oldest first."""
    mine = COLLECTED.c.subject_id.in_(list(subjects))
    return tuple(tx.execute(select(COLLECTED).where(mine).order_by(COLLECTED.c.recorded_at)))


def counts(tx: Connection) -> dict[tuple[str, int], int]:
    """How much came in at each version of each point."""
    rows = tx.execute(
        select(COLLECTED.c.point, COLLECTED.c.point_version, func.count()).group_by(
            COLLECTED.c.point, COLLECTED.c.point_version
        )
    )
    return {(point, version): count for point, version, count in rows}


def _kept(row: Row[Any]) -> KeptPoint:
    """Fails closed: a declaration that is not what its digest says takes nothing in."""
    point = point_of(json.loads(row.content))
    if point.digest != row.digest:
        raise PointChangedError(point=row.id, version=row.version)
    return KeptPoint(
        point=point,
        declared_by=ActorId(row.declared_by) if row.declared_by else None,
        declared_at=row.declared_at,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
    )
