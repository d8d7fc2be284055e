"""What a dispatch must say, and when it may end; pure."""

import re
from datetime import date
from typing import Final

from dsar.dispatch.types import HANDED_OVER, Carrier, Dispatch, Ending, ReturnReason

TRACKING: Final = re.compile(r"[A-Za-z0-9-]{4,40}")
PROVING: Final = frozenset({Carrier.REGISTERED, Carrier.RECORDED, Carrier.IN_PERSON_MAIL})
MOST_ADDRESS: Final = 500


def sent_fault(
    carrier: Carrier, tracking: str | None, sent_on: date, *, received_on: date, today: date
) -> str | None:
    """What is wrong with it as the name of an item; None when it may be written down."""
    if not received_on <= sent_on <= today:
        return "sent_on"
    if tracking is not None and not TRACKING.fullmatch(tracking):
        return "tracking"
    if carrier in PROVING and tracking is None:
        return "tracking"  # a proof that nobody can look up is none
    return None


def end_fault(
    sent: Dispatch, ending: Ending, on: date, reason: ReturnReason | None, *, today: date
) -> str | None:
    """The same of its end."""
    if sent.ending is not None:
        return "ending"
    if not sent.sent_on <= on <= today:
        return "ended_on"
    if (ending is Ending.RETURNED) is not (reason is not None):
        return "return_reason"
    return None


def ends_at_once(carrier: Carrier) -> bool:
    """Whether it has arrived with the moment in which it leaves our hands."""
    return carrier in HANDED_OVER
