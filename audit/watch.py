"""The last verdict on the log for pages that are looked at often; made anew when it is old.

A recomputation grows with the log, and no view may. Whoever finds the verdict old begins the
recomputation and waits for it a moment; then the last verdict is told, with its time, until the new
one is there. Fails closed: without any verdict, or with one too old to be told, views wait.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from audit.findings import Report

FRESH: Final = timedelta(minutes=5)  # then it is made anew
OLDEST: Final = timedelta(hours=1)  # then nobody is told it any more
PATIENCE: Final = 1.0  # seconds that a view waits for a verdict that is being made


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
    _coming: tuple[Future[Report], datetime] | None = field(default=None, init=False)

    def latest(self, *, at: datetime) -> Watched:
        """The verdict, as a rule at most `FRESH` old; raises what kept it from being made."""
        with self._lock:
            self._take_in()
            if (fresh := self._told(FRESH, at)) is not None:
                return fresh
            mine = self._coming is None
            coming, _ = self._coming = self._coming or (begun(self.verify), at)
            old = self._told(OLDEST, at)
        wait([coming], timeout=None if old is None else PATIENCE if mine else 0)
        if not coming.done() and old is not None:
            return old
        with self._lock:
            self._take_in()
            return self._told(OLDEST, at) or Watched(report=coming.result(), checked_at=at)

    def _take_in(self) -> None:
        """What was made since is the last verdict; raises what kept it from being made, once."""
        if self._coming is None or not self._coming[0].done():
            return
        (made, at), self._coming = self._coming, None
        self._last = Watched(report=made.result(), checked_at=at)

    def _told(self, age: timedelta, at: datetime) -> Watched | None:
        last = self._last
        return last if last is not None and last.checked_at <= at < last.checked_at + age else None


def begun(work: Callable[[], Report]) -> Future[Report]:
    """The work in a thread of its own."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="log-watch")
    coming = pool.submit(work)
    pool.shutdown(wait=False)
    return coming
