"""The last verdict on the log for pages that are looked at often; made anew when it is old."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from audit.findings import Report

FRESH = timedelta(minutes=5)  # a whole recomputation grows with the log; a view must not


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A verdict and when it was reached."""

    report: Report
    checked_at: datetime


@dataclass(slots=True, kw_only=True)
class LogWatch:
    """Verifies at most once in a while, whoever asks; many threads get one recomputation."""

    verify: Callable[[], Report]
    _lock: Lock = field(default_factory=Lock, init=False)
    _last: Watched | None = field(default=None, init=False)

    def latest(self, *, at: datetime) -> Watched:
        """The verdict, at most `FRESH` old."""
        with self._lock:
            last = self._last
            if last is None or not last.checked_at <= at < last.checked_at + FRESH:
                last = self._last = Watched(report=self.verify(), checked_at=at)
            return last
