"""Wakes the feeds of this process when something was applied; tells them whom time has changed."""

import asyncio
import threading
from collections.abc import Iterable
from contextlib import suppress

from governance.core.terms import SubjectId


class Subscription:
    """What one feed has not told yet."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._woken = asyncio.Event()
        self._lock = threading.Lock()
        self._changed: set[SubjectId] = set()

    def tell(self, changed: Iterable[SubjectId]) -> None:
        """From any thread: the feed wakes and looks."""
        with self._lock:
            self._changed.update(changed)
        with suppress(RuntimeError):  # the loop has ended, and the feed with it
            self._loop.call_soon_threadsafe(self._woken.set)

    def taken(self) -> set[SubjectId]:
        """Whom the feed must look at besides those that the database names; then none."""
        with self._lock:
            changed, self._changed = self._changed, set()
        return changed

    async def woken(self, within: float) -> bool:
        """Whether something came within so many seconds."""
        try:
            await asyncio.wait_for(self._woken.wait(), within)
        except TimeoutError:
            return False
        self._woken.clear()
        return True


class Hub:
    """The feeds of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[Subscription] = set()
        self.closed = False

    def join(self) -> Subscription:
        """A feed of the running event loop."""
        mine = Subscription(asyncio.get_running_loop())
        with self._lock:
            self._open.add(mine)
        return mine

    def leave(self, mine: Subscription) -> None:
        """It is told nothing more."""
        with self._lock:
            self._open.discard(mine)

    def tell(self, changed: Iterable[SubjectId]) -> None:
        """Every feed wakes."""
        names = tuple(changed)
        with self._lock:
            feeds = tuple(self._open)
        for feed in feeds:
            feed.tell(names)

    def close(self) -> None:
        """Every feed ends; its client comes again, to another process if this one stops."""
        self.closed = True
        self.tell(())
