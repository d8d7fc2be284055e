"""Whom a system registered, in the database."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, select

from consent.feed.models import FeedSubjectRow
from governance.core.terms import ActorId, SubjectId
from governance.customers.changes import counter
from governance.customers.store import SUBJECT
from governance.db.fetching import PreparedSelect
from governance.db.prepared import PreparedInsert
from governance.db.types import table_of

FEED: Final = table_of(FeedSubjectRow)
PART: Final = 500  # persons of one statement, and of one message
_NEW: Final = PreparedInsert(FEED, ignore=True)
_MINE: Final = FEED.c.client_id == bindparam("client")
_PAGE: Final = PreparedSelect(
    select(FEED.c.subject_id)
    .where(_MINE, FEED.c.subject_id > bindparam("after"))
    .order_by(FEED.c.subject_id)
    .limit(PART)
)
_SINCE: Final = PreparedSelect(
    select(FEED.c.subject_id).where(_MINE, FEED.c.since > bindparam("seq"))
)
_AMONG: Final = PreparedSelect(
    select(FEED.c.subject_id).where(_MINE, FEED.c.subject_id.in_(bindparam("ids", expanding=True)))
)


def register(tx: Connection, client: ActorId, subjects: Sequence[SubjectId]) -> int:
    """The position from which on the client's feed speaks of those of them who exist.

    Nothing tells the caller who does not: a pseudonym that is not ours is refused like a stranger.
    """
    seq = counter.take(tx, closes=False)
    for part in _parts(subjects):
        known = tx.execute(select(SUBJECT.c.id).where(SUBJECT.c.id.in_(part))).scalars().all()
        rows = [{"client_id": client, "subject_id": name, "since": seq} for name in known]
        if rows:
            _NEW.rows(tx, rows)
    return seq


def unregister(tx: Connection, client: ActorId, subjects: Sequence[SubjectId]) -> None:
    """The client's feed speaks of none of them from the commit on, and says so."""
    for part in _parts(subjects):
        mine = (FEED.c.client_id == client) & FEED.c.subject_id.in_(part)
        gone = tx.execute(delete(FEED).where(mine).returning(FEED.c.subject_id)).scalars()
        counter.note(tx, [SubjectId(name) for name in gone])


def page(tx: Connection, client: ActorId, *, after: str) -> list[SubjectId]:
    """The next registered persons in the order of their ids; empty at the end."""
    return [SubjectId(row[0]) for row in _PAGE.rows(tx, {"client": client, "after": after})]


def since(tx: Connection, client: ActorId, seq: int) -> set[SubjectId]:
    """Whom the client registered after this position."""
    return {SubjectId(row[0]) for row in _SINCE.rows(tx, {"client": client, "seq": seq})}


def among(tx: Connection, client: ActorId, subjects: Sequence[SubjectId]) -> set[SubjectId]:
    """Those of the persons whom the client has registered."""
    found: set[SubjectId] = set()
    for part in _parts(subjects):
        found |= {SubjectId(row[0]) for row in _AMONG.rows(tx, {"client": client, "ids": part})}
    return found


def count(tx: Connection, client: ActorId, *, until: int) -> int:
    """How many of those whom the client registered up to this position are registered still."""
    mine = (FEED.c.client_id == client) & (FEED.c.since <= until)
    return int(tx.execute(select(func.count()).where(mine)).scalar_one())


def _parts(subjects: Sequence[SubjectId]) -> list[list[SubjectId]]:
    return [list(subjects[start : start + PART]) for start in range(0, len(subjects), PART)]
