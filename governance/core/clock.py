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
