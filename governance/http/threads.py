"""Threads set apart for what must not wait behind pages that wait for the database."""

from typing import Final

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar


class OwnThreads:
    """So many threads of each event loop, for one kind of work."""

    def __init__(self, name: str, count: int) -> None:
        self._count: Final = count
        self._made: Final[RunVar[CapacityLimiter]] = RunVar(name)

    def limiter(self) -> CapacityLimiter:
        """The limit in the running event loop."""
        try:
            return self._made.get()
        except LookupError:
            made = CapacityLimiter(self._count)
            self._made.set(made)
            return made
