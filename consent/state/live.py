"""The state that this process decides by, and when it may: the right policy, moment and lease."""

from datetime import datetime, timedelta
from threading import Lock
from typing import Final, Protocol

from consent.client.lease import NEVER, boottime
from consent.kinds import Kinds
from consent.state.array import Advance, ConsentState
from governance.db.engine import Database
from policies.snapshot import PolicyHolder

PERMIT_LIFE: Final = timedelta(milliseconds=250)  # a permit is void after it; what waits, waits so
LIFE: Final = PERMIT_LIFE.total_seconds()


class Freshness(Protocol):
    """Until when this process may rely on having applied every acknowledged change."""

    def holds_until(self) -> float | None:
        """CLOCK_BOOTTIME in seconds; None without a lease."""
        ...


class NoLease:
    """Nobody waits for this process, so it may not rely on its memory: the database decides."""

    def holds_until(self) -> float | None:
        """None."""
        return None


class LiveState:
    """Loads, follows and exchanges the state; many threads read, one at a time advances."""

    def __init__(
        self, database: Database, policies: PolicyHolder, freshness: Freshness | None = None
    ) -> None:
        self._database: Final = database
        self._policies: Final = policies
        self.freshness: Freshness = freshness or NoLease()
        self.current: ConsentState | None = None
        self.kinds: Final = Kinds()
        self.promised = NEVER  # in seconds since boot: no permit of this process stands longer
        self._turn, self._promising = Lock(), Lock()

    def follow(self, *, at: datetime) -> Advance:
        """The state holds what was committed before the call; blocks, so never in an event loop."""
        with self._turn, self._database.read() as tx:
            policy, state = self._policies.current, self.current
            if state is not None and state.policy is policy:
                return state.advance(tx, at=at)
            state = ConsentState.load(tx, policy, at=at)
            self.current = state
            return Advance(seq=state.seq, changed=(), everyone=True)

    def exact(self, at: datetime) -> ConsentState | None:
        """The state, if it speaks of this moment and of the policy in force.

        Whoever permits by it looks at `left` after that, and permits nothing without a lease.
        """
        state = self.current
        if state is None or state.policy is not self._policies.current:
            return None
        return state if state.since <= at < state.next_at else None

    def promise(self) -> None:
        """A question is about to be looked up; what it is told may stand for PERMIT_LIFE from now.

        Before the look: whoever then changes what was seen waits until `promised`.
        """
        with self._promising:
            self.promised = boottime() + LIFE

    def to_permit(self, at: datetime) -> ConsentState | None:
        """The state as `exact` gives it, for who may permit by it."""
        self.promise()
        return self.exact(at)

    def until(self, at: datetime) -> datetime:
        """When a permit of this moment is void: at once, where no lease is held."""
        left = self.left()
        return at + (PERMIT_LIFE if left >= LIFE else timedelta(seconds=left))

    def left(self) -> float:
        """Seconds for which a decision that was just made may be relied on; 0 without a lease."""
        until = self.freshness.holds_until()
        return 0.0 if until is None else max(0.0, until - boottime())

    def callers(self) -> int | None:
        """The last change of who may call that this process relies on; None without a lease."""
        state = self.current
        held = state is not None and self.freshness.holds_until() is not None
        return state.callers_seq if held and state is not None else None
