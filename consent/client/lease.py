"""A lease as its holder counts it: from before it asked, on a clock that runs while it sleeps.

The order that makes a permit safe: look up, then read the clock, then compare. A process that is
stopped between the two reads a later time and refuses.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Final

# seconds on the clock that also counts while the machine is suspended, where there is one
boottime: Final[Callable[[], float]] = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME)
    if hasattr(time, "CLOCK_BOOTTIME")
    else time.monotonic
)
NEVER: Final = float("-inf")


class HolderLease:
    """Until when this process may decide by what it holds; `until` is read on every decision."""

    __slots__ = ("_clock", "until")

    def __init__(self, clock: Callable[[], float] = boottime) -> None:
        self._clock = clock
        self.until = NEVER

    def asked(self) -> float:
        """The moment to pass to `granted`; taken before the request leaves."""
        return self._clock()

    def granted(self, *, asked: float, seconds: float) -> None:
        """The lease lasts so long from the moment before it was asked for."""
        self.until = max(self.until, asked + seconds)

    def lost(self) -> None:
        """Nothing is decided by what this process holds until a new lease is granted."""
        self.until = NEVER

    def holds(self) -> bool:
        """Whether the lease has not ended; ask after the look-up, never before it."""
        return self._clock() < self.until
