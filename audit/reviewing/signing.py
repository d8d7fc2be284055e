"""Sign-offs of the log (運用の確認): who looked at which places, when, and what is left to do.

Sign-offs lie side by side: each begins where the last one ended, so that no event is left out.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from audit.actions import EventCode
from audit.errors import QueryFormError, ReviewRangeError
from audit.log import AuditLog
from audit.models import LEAVES
from audit.reviewing.models import REVIEWS
from audit.reviewing.service import Reviewer
from audit.store import opened_parts
from audit.types import EventDraft, PersonalPart, Verdict, canonical_json
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, EventId, RowId, SubjectId
from governance.db.types import insert_ignore
from governance.keys.errors import KeyDestroyedError

OpenPart = Callable[[RowId, bytes], bytes]  # (row, sealed) -> clear; FieldVault.open_part
COMMENT_MOST: Final = 4_000  # characters of an officer's words


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewWords:
    """A sign-off with the officer's words, opened; None where their key was destroyed."""

    review: Review
    comment: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreviewed:
    """What nobody has signed off yet: the places, since when they wait, until when they may."""

    first_seq: int
    below_seq: int
    oldest: datetime | None
    due_at: datetime | None
    overdue: bool

    @property
    def events(self) -> int:
        """How many events wait."""
        return self.below_seq - self.first_seq


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
    first, size = _places(tx)
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
    fresh = insert_ignore(REVIEWS, tx.dialect.name).values(values).returning(REVIEWS.c.id)
    if tx.execute(fresh).scalar() is None:
        raise ReviewRangeError(first=first, size=size)  # another officer was quicker
    return Review(
        id=row,
        reviewer=by.id,
        first_seq=first,
        below_seq=end,
        verdict=verdict,
        event=event,
        reviewed_at=by.at,
    )


def unreviewed(tx: Connection, *, within: timedelta, at: datetime) -> Unreviewed:
    """What nobody has signed off, and whether the oldest of it waits longer than allowed."""
    first, size = _places(tx)
    oldest = tx.execute(select(LEAVES.c.recorded_at).where(LEAVES.c.seq == first)).scalar()
    due_at = None if oldest is None else oldest + within
    return Unreviewed(
        first_seq=first,
        below_seq=size,
        oldest=oldest,
        due_at=due_at,
        overdue=due_at is not None and at > due_at,
    )


def _places(tx: Connection) -> tuple[int, int]:
    """The first place that nobody has signed off, and the size of the tree."""
    first = tx.execute(select(func.max(REVIEWS.c.below_seq))).scalar() or 0
    size = tx.execute(select(func.max(LEAVES.c.seq) + 1)).scalar() or 0
    return first, size


def _reviewed(by: Reviewer, verdict: Verdict, *, first: int, end: int) -> EventDraft:
    return by.did(
        EventCode.LOG_REVIEWED,
        "log",
        "log",
        reasons=(verdict.value,),
        counts=(("events", end - first),),
        refs=(f"from:{first}", f"below:{end}"),
    )


def reviews_in_words(
    tx: Connection, log: AuditLog, by: Reviewer, *, open_part: OpenPart, limit: int
) -> tuple[ReviewWords, ...]:
    """The newest sign-offs with their words, each checked against the log; on record as a look."""
    found = opened_reviews(tx, open_part=open_part, limit=limit)
    if not found:
        return ()
    counts = (("reviews", len(found)),)
    log.append(tx, by.did(EventCode.LOG_READ, "review", "reviews", counts=counts))
    return found


def opened_reviews(tx: Connection, *, open_part: OpenPart, limit: int) -> tuple[ReviewWords, ...]:
    """The newest sign-offs with their words; the caller puts the look on record."""
    return tuple(
        ReviewWords(review=one, comment=_words(tx, one, open_part))
        for one in reviews(tx, limit=limit)
    )


def _words(tx: Connection, review: Review, open_part: OpenPart) -> str | None:
    try:
        parts = opened_parts(
            tx, review.event, opener=lambda _person, row, sealed: open_part(row, sealed)
        )
    except KeyDestroyedError:
        return None
    payload = parts[0].payload if parts else None
    return None if payload is None else str(json.loads(payload)["comment"])


def reviews(tx: Connection, *, limit: int | None = None) -> tuple[Review, ...]:
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
