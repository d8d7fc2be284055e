"""How often somebody may come, by network and hour; counted in this process alone."""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from governance.core.errors import GovernanceError

KEPT: Final = 10_000  # networks of one hour; beyond that the counts begin anew


class TooManyError(GovernanceError):
    """Too many came from this network within the hour; nothing was stored."""

    code, status = "too_many_requests", 429


@dataclass(slots=True)
class Throttle:
    """Counts by network within the hour of the clock."""

    limit: int
    _hour: datetime | None = None
    _counts: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def pass_one(self, network: str | None, *, at: datetime) -> None:
        """One more came; raises TooManyError beyond the limit. Unknown networks are one."""
        hour = at.replace(minute=0, second=0, microsecond=0)
        with self._lock:
            if hour != self._hour or len(self._counts) >= KEPT:
                self._hour, self._counts = hour, {}
            came = self._counts.get(network or "", 0) + 1
            self._counts[network or ""] = came
        if came > self.limit:
            raise TooManyError
