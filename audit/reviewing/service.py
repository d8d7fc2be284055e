"""Reviewing the log: every look is itself on record, a sign-off is an event with sealed words."""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, Protocol

from sqlalchemy import Connection, delete, func, insert, select

from audit.actions import EventCode
from audit.errors import FilterNotFoundError, QueryFormError, ReviewRangeError
from audit.log import AuditLog
from audit.models import LEAVES
from audit.review import EventQuery, RecordedEvent, count, events
from audit.reviewing.models import FILTERS, REVIEWS
from audit.reviewing.terms import parse_query, spell_query
from audit.types import EventDraft, Outcome, PersonalPart, Verdict, canonical_json
from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import ActorId, EventId, RowId, SubjectId

BLOB: Final = "audit_filter"
NAME_MOST: Final = 100  # characters of a filter's name
COMMENT_MOST: Final = 4_000  # characters of an officer's words


class Blobs(Protocol):
    """Seals and opens what is about no one person (governance.keys.vault.FieldVault)."""

    def seal_blob(self, kind: str, row_id: str, payload: bytes) -> bytes:
        """The sealed bytes."""
        ...

    def open_blob(self, kind: str, row_id: str, sealed: bytes) -> bytes:
        """The bytes in clear."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Who looks: the principal, the operating-system user, and when."""

    id: ActorId
    os_user: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Events that match, the newest first; `next` is the stable cursor of the following page."""

    events: tuple[RecordedEvent, ...]
    next: int | None
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFilter:
    """A kept filter."""

    id: RowId
    name: str
    query: EventQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A sign-off."""

    id: RowId
    reviewer: ActorId
    first_seq: int
    below_seq: int
    verdict: Verdict
    event: EventId
    reviewed_at: datetime


def look(
    tx: Connection,
    log: AuditLog,
    query: EventQuery,
    by: Reviewer,
    *,
    before: int | None = None,
    limit: int,
    counted: bool = False,
) -> Page:
    """A page of matching events; the look is an event, with a digest of what was asked.

    The digest lets an auditor test a suspicion (was this person looked up?) and reads as nothing.
    """
    found = events(tx, query, before=before, limit=limit + 1)
    shown = found[:limit]
    total = count(tx, query) if counted else None
    asked = sha256(canonical_json(spell_query(query))).hexdigest()
    draft = EventDraft(
        action=EventCode.LOG_READ,
        occurred_at=by.at,
        actor=by.id,
        actor_os=by.os_user,
        object_type="log",
        object_id="log",
        outcome=Outcome.DONE,
        counts=(("events", len(shown)),),
        refs=(f"query:{asked}",),
    )
    log.append(tx, draft)
    more = len(found) > limit
    return Page(events=shown, next=shown[-1].seq if more else None, total=total)


def keep_filter(
    tx: Connection, blobs: Blobs, by: Reviewer, *, name: str, query: EventQuery
) -> KeptFilter:
    """The filter is kept for this officer alone."""
    if not name.strip() or len(name) > NAME_MOST:
        raise QueryFormError(member="name")
    row = RowId(new_subject_id())
    content = canonical_json({"name": name, "query": spell_query(query)})
    values = {
        "id": row,
        "owner": by.id,
        "content": bytes(blobs.seal_blob(BLOB, row, content)),
        "created_at": by.at,
    }
    tx.execute(insert(FILTERS).values(values))
    return KeptFilter(id=row, name=name, query=query)


def kept_filters(tx: Connection, blobs: Blobs, owner: ActorId) -> tuple[KeptFilter, ...]:
    """This officer's filters, the oldest first."""
    rows = tx.execute(
        select(FILTERS).where(FILTERS.c.owner == owner).order_by(FILTERS.c.created_at, FILTERS.c.id)
    )
    return tuple(_kept(RowId(row.id), blobs, bytes(row.content)) for row in rows)


def kept_filter(tx: Connection, blobs: Blobs, owner: ActorId, row: RowId) -> KeptFilter:
    """One filter; raises FilterNotFoundError for another's as for one that never was."""
    mine = select(FILTERS.c.content).where(FILTERS.c.id == row, FILTERS.c.owner == owner)
    found = tx.execute(mine).scalar()
    if found is None:
        raise FilterNotFoundError
    return _kept(row, blobs, bytes(found))


def drop_filter(tx: Connection, owner: ActorId, row: RowId) -> None:
    """The filter is gone; raises FilterNotFoundError where there was none of this officer's."""
    gone = delete(FILTERS).where(FILTERS.c.id == row, FILTERS.c.owner == owner)
    if tx.execute(gone).rowcount == 0:
        raise FilterNotFoundError


def _kept(row: RowId, blobs: Blobs, content: bytes) -> KeptFilter:
    shape = json.loads(blobs.open_blob(BLOB, row, content))
    return KeptFilter(id=row, name=shape["name"], query=parse_query(shape["query"]))


def sign_off(
    tx: Connection,
    log: AuditLog,
    by: Reviewer,
    *,
    below: int | None,
    comment: str,
    verdict: Verdict,
) -> Review:
    """The events since the last sign-off, below this place, were looked at (運用の確認).

    The verdict on the log as the officer saw it goes along, whatever it is. The officer's words are
    sealed as a part about themselves. Raises ReviewRangeError where nothing is left to review.
    """
    if not comment.strip() or len(comment) > COMMENT_MOST:
        raise QueryFormError(member="comment")
    size = tx.execute(select(func.max(LEAVES.c.seq) + 1)).scalar() or 0
    first = tx.execute(select(func.max(REVIEWS.c.below_seq))).scalar() or 0
    end = size if below is None else below
    if not first < end <= size:
        raise ReviewRangeError(first=first, size=size)
    draft = _reviewed(by, verdict, first=first, end=end)
    words = PersonalPart(
        subject=SubjectId(by.id), payload=canonical_json({"comment": comment.strip()})
    )
    event = log.append(tx, draft, (words,))
    row = RowId(new_row_id())
    values = {
        "id": row,
        "reviewer": by.id,
        "first_seq": first,
        "below_seq": end,
        "verdict": verdict.value,
        "event_id": event,
        "reviewed_at": by.at,
    }
    tx.execute(insert(REVIEWS).values(values))
    return Review(
        id=row,
        reviewer=by.id,
        first_seq=first,
        below_seq=end,
        verdict=verdict,
        event=event,
        reviewed_at=by.at,
    )


def _reviewed(by: Reviewer, verdict: Verdict, *, first: int, end: int) -> EventDraft:
    return EventDraft(
        action=EventCode.LOG_REVIEWED,
        occurred_at=by.at,
        actor=by.id,
        actor_os=by.os_user,
        object_type="log",
        object_id="log",
        outcome=Outcome.DONE,
        reasons=(verdict.value,),
        counts=(("events", end - first),),
        refs=(f"from:{first}", f"below:{end}"),
    )


def reviews(tx: Connection, *, limit: int) -> tuple[Review, ...]:
    """The newest sign-offs."""
    rows = tx.execute(select(REVIEWS).order_by(REVIEWS.c.below_seq.desc()).limit(limit))
    return tuple(
        Review(
            id=RowId(row.id),
            reviewer=ActorId(row.reviewer),
            first_seq=row.first_seq,
            below_seq=row.below_seq,
            verdict=Verdict(row.verdict),
            event=EventId(row.event_id),
            reviewed_at=row.reviewed_at,
        )
        for row in rows
    )
