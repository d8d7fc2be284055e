"""Rows of emergency accesses in and out."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from governance.core.terms import ActorId, PurposeId, RowId, SubjectId
from governance.db.types import table_of
from governance.gateway.glass.models import BreakGlassRow
from governance.gateway.glass.types import Glass, Verdict

GLASS = table_of(BreakGlassRow)


def add(tx: Connection, glass: Glass) -> None:
    """The access is open."""
    tx.execute(
        insert(GLASS).values(
            id=glass.id,
            actor=glass.actor,
            purpose=glass.purpose,
            subject_id=glass.subject,
            reason=glass.reason,
            opened_at=glass.opened_at,
            ends_at=glass.ends_at,
            review_due=glass.review_due,
        )
    )


def open_of(tx: Connection, actor: ActorId, *, at: datetime) -> tuple[Glass, ...]:
    """The accesses that are open for this actor at this moment."""
    wanted = GLASS.select().where(
        GLASS.c.actor == actor, GLASS.c.ends_at > at, GLASS.c.ended_at.is_(None)
    )
    found = (glass_of(row) for row in tx.execute(wanted.order_by(GLASS.c.id)))
    return tuple(glass for glass in found if glass.open(at))


def by_id(tx: Connection, glass: str) -> Glass | None:
    """The access of this number."""
    row = tx.execute(GLASS.select().where(GLASS.c.id == glass)).one_or_none()
    return None if row is None else glass_of(row)


def listed(
    tx: Connection, *, unreviewed: bool, actor: ActorId | None = None, limit: int
) -> tuple[Glass, ...]:
    """Accesses, the newest first; those without a review, or one actor's, alone."""
    wanted = GLASS.select().order_by(GLASS.c.id.desc()).limit(limit)
    if unreviewed:
        wanted = wanted.where(GLASS.c.reviewed_at.is_(None))
    if actor is not None:
        wanted = wanted.where(GLASS.c.actor == actor)
    return tuple(glass_of(row) for row in tx.execute(wanted))


def overdue(tx: Connection, *, on: date) -> int:
    """How many accesses should have been reviewed before this day."""
    late = select(func.count()).where(GLASS.c.reviewed_at.is_(None), GLASS.c.review_due < on)
    return int(tx.execute(late).scalar_one())


def end(tx: Connection, glass: RowId, *, by: ActorId, at: datetime) -> bool:
    """Whether it was open and has ended by hand."""
    ended = tx.execute(
        update(GLASS)
        .where(GLASS.c.id == glass, GLASS.c.ended_at.is_(None), GLASS.c.ends_at > at)
        .values(ended_at=at, ended_by=by)
    )
    return ended.rowcount == 1


def review(
    tx: Connection,
    glass: RowId,
    *,
    by: ActorId,
    verdict: Verdict,
    comment: bytes | None,
    at: datetime,
) -> bool:
    """Whether it waited for a review, and has this one now."""
    done = tx.execute(
        update(GLASS)
        .where(GLASS.c.id == glass, GLASS.c.reviewed_at.is_(None))
        .values(reviewed_at=at, reviewed_by=by, verdict=verdict.value, comment=comment)
    )
    return done.rowcount == 1


def glass_of(row: Row[Any]) -> Glass:
    """A stored row as the access that it is."""
    return Glass(
        id=RowId(row.id),
        actor=ActorId(row.actor),
        purpose=PurposeId(row.purpose),
        subject=SubjectId(row.subject_id) if row.subject_id else None,
        opened_at=row.opened_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        ended_by=ActorId(row.ended_by) if row.ended_by else None,
        review_due=row.review_due,
        reviewed_at=row.reviewed_at,
        reviewed_by=ActorId(row.reviewed_by) if row.reviewed_by else None,
        verdict=Verdict(row.verdict) if row.verdict else None,
        reason=bytes(row.reason),
        comment=bytes(row.comment) if row.comment is not None else None,
    )
