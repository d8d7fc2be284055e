"""The JSON shapes of reviewing, the same over HTTP and on the command line."""

from datetime import datetime

from audit.forms.rows import row
from audit.reviewing.service import KeptFilter, Page, Timeline
from audit.reviewing.signing import Review, Unreviewed
from audit.reviewing.terms import spell_query


def page_shape(page: Page) -> dict[str, object]:
    """Events as flat rows, the cursor of the next page, and the total where it was counted."""
    return {"events": [row(one) for one in page.events], "next": page.next, "total": page.total}


def timeline_shape(timeline: Timeline) -> dict[str, object]:
    """A page, and when and by which events the person was erased."""
    erased = [
        {
            "event": one.event_id,
            "action": one.action,
            "seq": one.seq,
            "erased_at": _said(one.recorded_at),
            "parts": one.parts,
        }
        for one in timeline.erased
    ]
    return page_shape(timeline.page) | {"erased": erased}


def filter_shape(kept: KeptFilter) -> dict[str, object]:
    """A kept filter with its query."""
    return {"id": kept.id, "name": kept.name, "query": spell_query(kept.query)}


def review_shape(review: Review, *, comment: str | None = None) -> dict[str, object]:
    """A sign-off; its words where they were opened."""
    shape: dict[str, object] = {
        "id": review.id,
        "reviewer": review.reviewer,
        "first_seq": review.first_seq,
        "below_seq": review.below_seq,
        "verdict": review.verdict.value,
        "event": review.event,
        "reviewed_at": review.reviewed_at.isoformat(),
    }
    return shape if comment is None else shape | {"comment": comment}


def unreviewed_shape(waiting: Unreviewed) -> dict[str, object]:
    """What nobody has signed off yet."""
    return {
        "first_seq": waiting.first_seq,
        "below_seq": waiting.below_seq,
        "events": waiting.events,
        "oldest": _said(waiting.oldest),
        "due_at": _said(waiting.due_at),
        "overdue": waiting.overdue,
    }


def _said(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
