"""A process that decides by a copy of its own follows what is committed, and keeps its lease.

One thread reads the newest position each few milliseconds, applies what is new, and asks for the
lease again: after each application and at each heartbeat. Whatever fails here only lets the lease
end, and then the database decides.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from consent.client.lease import NEVER, HolderLease, boottime
from consent.leases import store
from consent.leases.types import Answer, HolderKind, Standing, Terms
from governance.core.clock import Clock
from governance.core.ids import new_row_id
from governance.core.logging import logger
from governance.core.terms import ActorId, RowId
from governance.customers.changes import counter
from governance.db.engine import Database

POLL: Final = 0.01  # seconds between two looks at the newest position
IDLE: Final = 0.05  # the same when nothing has come for a while
WHILE: Final = 1.0  # seconds
REST: Final = 0.025  # seconds between two askings, each of which is a commit
SERVER: Final = ActorId("svc:sekisho")
log = logger()


class Follower:
    """Applies, asks, and tells whether this process may decide by its copy now."""

    def __init__(
        self,
        database: Database,
        *,
        apply: Callable[[datetime], int],
        due: Callable[[datetime], bool],
        terms: Terms,
        clock: Clock,
        promised: Callable[[], float] = lambda: NEVER,
        holder: RowId | None = None,
    ) -> None:
        self._database, self._terms, self._clock = database, terms, clock
        self._apply = apply  # brings the copy up to what is committed; gives its position
        self._promised = promised  # until when permits given by this process stand, at the most
        self._due = due  # whether the copy must be looked at though nothing was committed
        self.holder: Final = holder or new_row_id()
        self.lease: Final = HolderLease()
        self.applied = -1  # nothing yet: not even an empty ledger
        self._next_ask = self._rested = self._moved = float("-inf")
        self._standing: deque[tuple[int, float]] = deque()  # positions, and what stands beside them
        self._settled = self._told = -1  # the position that was last asked with
        self._lock = threading.Lock()  # one applies at a time
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._failed = ""  # what the last turn failed with, told once

    def holds_until(self) -> float | None:
        """Until when this process may decide by its copy, in seconds since boot; None: not now."""
        return self.lease.until if self.lease.holds() else None

    def catch_up(self, position: int) -> RowId | None:
        """The holder once it applied the position; None while it decides nothing by its copy.

        Whoever acknowledges calls this first, so that an own write needs no look at the database.
        No permit stands after it that this process gave on less than the position.
        """
        holds = self.lease.holds()
        if holds and self.applied < position:
            self.turn(within=self.lease.until - boottime())
        caught_up = holds and self.applied >= position
        self._outwait()
        return self.holder if caught_up else None

    def _outwait(self) -> None:
        """What this process has permitted until now is void."""
        if (left := self._promised() - boottime()) > 0:
            time.sleep(left)

    def settled(self) -> int:
        """The applied position that every permit of this process which still stands rests on."""
        now = boottime()
        with self._lock:
            while self._standing and self._standing[0][1] <= now:
                self._settled = self._standing.popleft()[0]
            return self._settled

    def start(self) -> None:
        """The copy is followed from now on."""
        self._thread = threading.Thread(target=self._loop, name="follower", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Nothing is followed and nothing decided by the copy; nobody has to wait for it."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.lease.lost()
        self._outwait()
        try:
            self._database.write(partial(store.give_back, holder=self.holder, actor=SERVER))
        except Exception as error:  # noqa: BLE001 # the lease ends by itself
            log.warning("lease.not_given_back", kind=type(error).__name__)

    def turn(self, *, within: float = -1) -> None:
        """What is committed now is applied, if another turn ends within these seconds (-1: any)."""
        if not self._lock.acquire(timeout=max(0.0, within) if within != -1 else -1):
            return
        try:
            at = self._clock()
            with self._database.glance() as tx:
                head = counter.head(tx)
            if head > self.applied or self._due(at):
                self.applied = self._apply(at)
                self._moved = boottime()
                self._standing.append((self.applied, self._promised()))  # who looked, had promised
        finally:
            self._lock.release()

    def ask(self) -> Answer:
        """What this process is told now; with a grant it may decide by its copy."""
        asked, told = self.lease.asked(), self.settled()
        answer = self._database.write(
            partial(
                store.ask,
                holder=self.holder,
                actor=SERVER,
                kind=HolderKind.SERVER,
                applied=max(0, told),
                terms=self._terms,
                at=self._clock(),
            ),
            urgent=True,
        )
        self._rested, self._told = asked + REST, told
        if answer:
            self.lease.granted(asked=asked, seconds=answer.seconds)
            self._next_ask = asked + self._terms.heartbeat
        return answer

    def _loop(self) -> None:
        while not self._stopping.wait(POLL if boottime() < self._moved + WHILE else IDLE):
            try:
                self._follow()
                self._failed = ""
            except Exception as error:  # noqa: BLE001 # process edge of the thread: the lease ends
                self._tell(type(error).__name__)

    def _follow(self) -> None:
        self.turn()
        now = self.lease.asked()
        if now < self._rested or (self.settled() == self._told and now < self._next_ask):
            return
        if self.ask().standing is Standing.JOINED:
            self.turn()
            self.ask()

    def _tell(self, kind: str) -> None:
        if kind != self._failed:
            self._failed = kind
            log.warning("follower.failing", kind=kind)
