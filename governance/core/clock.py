"""The only reader of the system clock; everything else takes time as an argument."""

from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

JST = ZoneInfo("Asia/Tokyo")


class Clock(Protocol):
    """A source of the present, aware and in UTC."""

    def __call__(self) -> datetime:
        """The present moment in UTC."""
        ...


def utc_now() -> datetime:
    """The present moment, aware, in UTC; for process edges only."""
    return datetime.now(UTC)


class ForwardClock:
    """A clock that never goes back: after a step backwards it stands until the time is caught up.

    What has ended stays ended although the system clock was put back.
    """

    __slots__ = ("_clock", "_seen")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen = datetime.min.replace(tzinfo=UTC)

    def __call__(self) -> datetime:
        """The present moment, or the greatest one seen in this process."""
        self._seen = max(self._seen, self._clock())
        return self._seen
