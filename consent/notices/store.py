"""Rows of editions in and out; an edition that was announced has no function that changes it."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from audit.types import canonical_json
from consent.notices.errors import NoticeChangedError, NoticeUnknownError
from consent.notices.models import NoticeEditionRow
from consent.notices.types import Edition, EditionState, Kept, edition_of
from governance.core.terms import ActorId, NoticeId
from governance.db.types import insert_ignore, table_of

EDITION = table_of(NoticeEditionRow)
OPEN = (EditionState.DRAFT.value, EditionState.DROPPED.value)


def put_draft(tx: Connection, edition: Edition, *, by: ActorId, at: datetime) -> bool:
    """The draft stands as written now; False when this version was announced already."""
    mine = (EDITION.c.notice == edition.notice, EDITION.c.version == edition.version)
    tx.execute(delete(EDITION).where(*mine, EDITION.c.state.in_(OPEN)))
    if tx.execute(select(EDITION.c.state).where(*mine)).first() is not None:
        return False
    tx.execute(
        insert(EDITION).values(
            **_content(edition), state=EditionState.DRAFT.value, drafted_by=by, drafted_at=at
        )
    )
    return True


def put_shipped(tx: Connection, editions: Iterable[Edition], *, at: datetime) -> None:
    """What came with the product is known with its parts; what stands is left as it is."""
    for edition in editions:
        tx.execute(
            insert_ignore(EDITION, tx.dialect.name).values(
                **_content(edition),
                state=EditionState.IN_FORCE.value,
                drafted_at=at,
                announced_at=at,
            )
        )


def _content(edition: Edition) -> dict[str, Any]:
    return {
        "notice": edition.notice,
        "version": edition.version,
        "effective_on": edition.effective_on,
        "content": canonical_json(edition.as_json()).decode(),
        "digest": edition.digest,
    }


def announce(
    tx: Connection, edition: Edition, *, approval: str, approved_by: ActorId, at: datetime
) -> bool:
    """The draft is announced exactly as it was approved; False when it is not that draft."""
    moved = tx.execute(
        update(EDITION)
        .where(
            EDITION.c.notice == edition.notice,
            EDITION.c.version == edition.version,
            EDITION.c.state == EditionState.DRAFT.value,
            EDITION.c.digest == edition.digest,
        )
        .values(
            state=EditionState.ANNOUNCED.value,
            approval=approval,
            approved_by=approved_by,
            announced_at=at,
        )
    )
    return moved.rowcount == 1


def move(tx: Connection, edition: Edition, *, old: EditionState, new: EditionState) -> bool:
    """The edition went from one state to the next; False when it was not in the first."""
    moved = tx.execute(
        update(EDITION)
        .where(
            EDITION.c.notice == edition.notice,
            EDITION.c.version == edition.version,
            EDITION.c.state == old.value,
        )
        .values(state=new.value)
    )
    return moved.rowcount == 1


def kept(tx: Connection, notice: str, version: str) -> Kept:
    """The edition with its standing; raises NoticeUnknownError and NoticeChangedError."""
    row = tx.execute(
        select(EDITION).where(EDITION.c.notice == notice, EDITION.c.version == version)
    ).one_or_none()
    if row is None:
        raise NoticeUnknownError
    return _kept(row)


def every(tx: Connection, *, states: Iterable[EditionState] = EditionState) -> tuple[Kept, ...]:
    """Every edition in these states, by notice and day."""
    wanted = [state.value for state in states]
    rows = tx.execute(
        select(EDITION)
        .where(EDITION.c.state.in_(wanted))
        .order_by(EDITION.c.notice, EDITION.c.effective_on, EDITION.c.version)
    )
    return tuple(_kept(row) for row in rows)


def due(tx: Connection, *, on: date, limit: int) -> tuple[Kept, ...]:
    """Announced editions whose day has come, the oldest first."""
    rows = tx.execute(
        select(EDITION)
        .where(EDITION.c.state == EditionState.ANNOUNCED.value, EDITION.c.effective_on <= on)
        .order_by(EDITION.c.effective_on, EDITION.c.announced_at)
        .limit(limit)
    )
    return tuple(_kept(row) for row in rows)


def edition_in_force(tx: Connection, notice: NoticeId, version: str) -> Edition | None:
    """The edition behind a published version; None of one that was published without."""
    row = tx.execute(
        select(EDITION).where(
            EDITION.c.notice == notice,
            EDITION.c.version == version,
            EDITION.c.state == EditionState.IN_FORCE.value,
        )
    ).one_or_none()
    return None if row is None else _kept(row).edition


def _kept(row: Row[Any]) -> Kept:
    """Fails closed: a content that is not what its digest says is not shown."""
    edition = edition_of(json.loads(row.content))
    if edition.digest != row.digest:
        raise NoticeChangedError(notice=row.notice, version=row.version)
    return Kept(
        edition=edition,
        state=EditionState(row.state),
        drafted_by=ActorId(row.drafted_by) if row.drafted_by else None,
        drafted_at=row.drafted_at,
        approved_by=ActorId(row.approved_by) if row.approved_by else None,
        announced_at=row.announced_at,
    )
