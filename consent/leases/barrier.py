"""What is acknowledged holds everywhere: wait until every holder applied it or its lease ended.

Without a holder nothing waits. With some, the rows of the leases are read every few milliseconds,
once for all that wait in this process. A holder that stays behind is told to apply the position
before its next renewal, so that no wait is longer than a lease and a little.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

from consent.client.lease import boottime
from consent.leases import store
from consent.leases.desk import Desk
from consent.leases.rules import Seen, behind, has_ended, looked
from consent.leases.types import LeaseRow, Terms
from governance.core.errors import GovernanceError
from governance.core.terms import RowId
from governance.db.engine import Database

PAUSE: Final = 0.003  # seconds between two looks at the leases
SHARED: Final = 0.02  # a look may be so old, if it began after the change was committed
LONGER: Final = 0.1  # by this part a wait is longer than it had to be, for the pauses between looks
LONGEST_PAUSE: Final = 0.05  # seconds
PATIENCE: Final = 10  # leases that are waited for while the database does not answer


class NotYetEverywhereError(GovernanceError):
    """What was asked for is stored and holds; not every process has confirmed that it applies it.

    Fails closed: it is not acknowledged. Asking again waits again.
    """

    code, status, exit_code = "not_yet_everywhere", 503, 3


class Own(Protocol):
    """The holder of this process, which needs no database to be told."""

    def catch_up(self, position: int) -> RowId | None:
        """Its id once it applied the position; None when it decides nothing by a copy."""
        ...


class Nobody:
    """A process that decides nothing by a copy of its own."""

    def catch_up(self, _position: int) -> None:
        """Nothing is to be caught up with."""


@dataclass(slots=True, kw_only=True)
class Barrier:
    """The wait before an acknowledgement; one object for all threads of a process."""

    database: Database
    terms: Terms = field(default_factory=Terms)
    own: Own = field(default_factory=Nobody)
    clock: Callable[[], float] = boottime
    sleep: Callable[[float], object] = time.sleep
    desk: Desk = field(init=False)  # where holders ask that this process answers
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seen: dict[str, Seen] = field(default_factory=dict)
    _rows: tuple[LeaseRow, ...] = ()
    _begun: float = float("-inf")  # when the last look at the leases began

    def __post_init__(self) -> None:
        self.desk = Desk(self.database, self.terms)

    def settle(self, position: int) -> None:
        """No permit rests on less than this position any more; raises NotYetEverywhereError.

        To be called after the commit that made the position.
        """
        passed: set[str | None] = {self.own.catch_up(position)}
        start, told = self.clock(), False
        since = start  # the first look begins after the commit, a later one may be shared
        while waiting := [row for row in self._behind(position, since) if row.id not in passed]:
            now = self.clock()
            if now - start > PATIENCE * self.terms.lease:
                raise NotYetEverywhereError(position=position, holders=len(waiting))
            late = not told and now - start >= self.terms.grace
            told |= late
            passed |= {r.id for r in waiting if r.renewals <= 0 and r.owed >= position}
            if late:  # who joins has a moment too, or a stream of changes would keep it out
                passed |= self._hold_nothing(waiting, position)
            if passed.issuperset(row.id for row in waiting):
                return
            if not self._end(row for row in waiting if self._over(row, at=now)):
                self.sleep(min(max(PAUSE, LONGER * (now - start)), LONGEST_PAUSE))
            since = max(start, self.clock() - SHARED)

    def sweep(self) -> int:
        """Holders whose lease has ended are gone, so that nobody will have to wait for them."""
        rows = self._look(since=self.clock())
        now = self.clock()
        return self._end(row for row in rows if self._over(row, at=now))

    def _behind(self, position: int, since: float) -> tuple[LeaseRow, ...]:
        return behind(self._look(since=since), position)

    def _look(self, *, since: float) -> Sequence[LeaseRow]:
        """The leases as they were read in a look that began at this moment or later."""
        with self._lock:
            if self._begun < since:
                begun = self.clock()
                with self.database.glance() as tx:
                    self._rows = store.holders(tx)
                self._seen = looked(self._seen, self._rows, at=self.clock())
                self._begun = begun
            return self._rows

    def _over(self, row: LeaseRow, *, at: float) -> bool:
        return has_ended(row, self._seen, self.terms, at=at)

    def _hold_nothing(self, rows: Sequence[LeaseRow], position: int) -> frozenset[str]:
        demand = partial(store.demand, rows=rows, position=position)
        return self.database.write(demand, urgent=True)

    def _gone(self, row: LeaseRow) -> bool:
        return self.database.write(partial(store.end, row=row), urgent=True)

    def _end(self, rows: Iterable[LeaseRow]) -> int:
        """How many of them are gone; who was renewed since the look is not.

        Of all that wait in this process one ends a holder, the others see that it is gone.
        """
        ended = 0
        for row in rows:
            with self._lock:
                if row in self._rows and self._gone(row):
                    self._rows = tuple(one for one in self._rows if one is not row)
                    ended += 1
        return ended
