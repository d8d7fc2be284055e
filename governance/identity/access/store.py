"""Rows of access reviews to facts and back; a closed review is changed by nothing here."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy import Row as DbRow

from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RowId
from governance.db.types import UtcDateTime, table_of
from governance.http.principal import PrincipalKind
from governance.identity.access.models import AccessReviewLineRow, AccessReviewRow
from governance.identity.access.types import Review, Row, Verdict
from governance.identity.clients.keys import KEY
from governance.identity.elevation.store import ELEVATION
from governance.identity.store import CLIENT, SESSION, STAFF

REVIEW, LINE = table_of(AccessReviewRow), table_of(AccessReviewLineRow)


def add(tx: Connection, review: Review, accounts: Iterable[ActorId]) -> None:
    """The review is open, with a row for each of these accounts."""
    tx.execute(
        insert(REVIEW).values(
            id=review.id,
            quarter=review.quarter,
            since=review.since,
            started_at=review.started_at,
            started_by=review.started_by,
            due_on=review.due_on,
            dormant_days=review.dormant_days,
        )
    )
    rows = [{"id": new_row_id(), "review_id": review.id, "account": one} for one in accounts]
    if rows:
        tx.execute(insert(LINE), rows)


def every(tx: Connection) -> tuple[Review, ...]:
    """Every review, the newest first."""
    rows = tx.execute(select(REVIEW).order_by(REVIEW.c.started_at.desc(), REVIEW.c.id.desc()))
    return tuple(map(_review, rows))


def find(tx: Connection, review: str) -> Review | None:
    """The review under this id or quarter."""
    named = (REVIEW.c.id == review) | (REVIEW.c.quarter == review)
    row = tx.execute(select(REVIEW).where(named)).one_or_none()
    return None if row is None else _review(row)


def _review(row: DbRow[Any]) -> Review:
    return Review(
        id=RowId(row.id),
        quarter=row.quarter,
        since=row.since,
        started_at=row.started_at,
        started_by=ActorId(row.started_by),
        due_on=row.due_on,
        dormant_days=row.dormant_days,
        closed_at=row.closed_at,
        closed_by=None if row.closed_by is None else ActorId(row.closed_by),
        digest=row.digest,
    )


def rows_of(tx: Connection, review: RowId) -> tuple[Row, ...]:
    """Every row of the review, by account."""
    wanted = select(LINE).where(LINE.c.review_id == review).order_by(LINE.c.account)
    return tuple(map(_row, tx.execute(wanted)))


def row_of(tx: Connection, review: RowId, account: ActorId) -> Row | None:
    """The row of this account, locked until the transaction ends where the engine can."""
    mine = (LINE.c.review_id == review) & (LINE.c.account == account)
    row = tx.execute(select(LINE).where(mine).with_for_update()).one_or_none()
    return None if row is None else _row(row)


def _row(row: DbRow[Any]) -> Row:
    return Row(
        id=RowId(row.id),
        review=RowId(row.review_id),
        account=ActorId(row.account),
        verdict=None if row.verdict is None else Verdict(row.verdict),
        held=row.held or "",
        taken=tuple((row.taken or "").split()),
        reason=None if row.reason is None else bytes(row.reason),
        decided_by=None if row.decided_by is None else ActorId(row.decided_by),
        decided_at=row.decided_at,
    )


def lock(tx: Connection, review: RowId) -> bool:
    """Whether the review is open; it stays so until the transaction ends where the engine can."""
    one = (REVIEW.c.id == review) & REVIEW.c.closed_at.is_(None)
    return tx.execute(select(REVIEW.c.id).where(one).with_for_update()).first() is not None


def decide(tx: Connection, row: Row) -> None:
    """The decision stands in its row."""
    mine = LINE.c.id == row.id
    values = {
        "verdict": None if row.verdict is None else row.verdict.value,
        "held": row.held,
        "taken": " ".join(row.taken) or None,
        "reason": row.reason,
        "decided_by": row.decided_by,
        "decided_at": row.decided_at,
    }
    tx.execute(update(LINE).where(mine).values(**values))


def close(tx: Connection, review: RowId, *, digest: str, by: ActorId, at: datetime) -> bool:
    """Whether this call was the one that closed it."""
    one = (REVIEW.c.id == review) & REVIEW.c.closed_at.is_(None)
    values = {"closed_at": at, "closed_by": by, "digest": digest}
    return tx.execute(update(REVIEW).where(one).values(**values)).rowcount == 1


def signs_of_life(tx: Connection) -> Mapping[str, date]:
    """The last day (Japan) on which each employee was signed in or each system used a key."""
    last = func.max(func.coalesce(SESSION.c.seen_at, SESSION.c.created_at), type_=UtcDateTime())
    staff = (SESSION.c.kind == PrincipalKind.STAFF.value, SESSION.c.actor)
    found: dict[str, date] = {}
    for actor, at in tx.execute(select(staff[1], last).where(staff[0]).group_by(staff[1])):
        found[actor] = at.astimezone(JST).date()
    used = select(KEY.c.client_id, func.max(KEY.c.last_used_on)).group_by(KEY.c.client_id)
    found |= {client: day for client, day in tx.execute(used) if day is not None}
    return found


def elevated(tx: Connection, *, since: datetime) -> Mapping[str, tuple[str, ...]]:
    """Roles that each employee was given for a time from this moment on."""
    found: dict[str, list[str]] = {}
    wanted = select(ELEVATION.c.staff_id, ELEVATION.c.role).where(ELEVATION.c.begun_at >= since)
    for staff, role in tx.execute(wanted.order_by(ELEVATION.c.begun_at, ELEVATION.c.id)):
        found.setdefault(staff, []).append(role)
    return {staff: tuple(roles) for staff, roles in found.items()}


def systems_made(tx: Connection) -> Mapping[str, datetime]:
    """When each system's account was made."""
    return {row.id: row.created_at for row in tx.execute(select(CLIENT.c.id, CLIENT.c.created_at))}


def first_account(tx: Connection) -> datetime | None:
    """When the oldest account of staff was made."""
    return tx.execute(select(func.min(STAFF.c.created_at, type_=UtcDateTime()))).scalar()
