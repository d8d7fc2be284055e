"""When a matter needs a look; pure."""

from datetime import datetime, timedelta
from typing import Final

from governance.core.clock import JST
from retention.holds.types import Matter

REVIEW_AFTER: Final = timedelta(days=180)  # a hold that nobody looks at keeps data for nothing


def needs_review(matter: Matter, *, at: datetime) -> bool:
    """Whether nobody has looked at the standing matter for half a year, or its end has passed."""
    if matter.closed_at is not None or not (matter.persons or matter.standing):
        return False
    over = matter.expected_end is not None and matter.expected_end < at.astimezone(JST).date()
    return at - matter.reviewed_at >= REVIEW_AFTER or over
