"""Each process watches which policy is in force: takes what is due, swaps to what was taken."""

from dataclasses import replace
from threading import Lock
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from governance.core.clock import Clock
from governance.core.errors import GovernanceError
from governance.core.logging import logger
from policies.admin import store
from policies.admin.loading import load_or_nothing
from policies.admin.taking import take_due
from policies.admin.types import Desk
from policies.in_force import number_in_force
from policies.pause import standing
from policies.snapshot import NO_POLICY

BLIND: Final = 10  # looks that may fail in a row before nothing is allowed any more
PATIENCE: Final = 20  # looks between two trials to load a policy that could not be loaded
log = logger()


class PolicyWatch:
    """The policy of this process follows the row; what cannot be loaded allows nothing."""

    def __init__(self, desk: Desk, *, clock: Clock) -> None:
        self._desk, self._clock = desk, clock
        self._lock = Lock()
        self._failed = 0
        self._waits = 0

    def look(self) -> bool:
        """Whether the policy of this process changed; afterwards it is the one in force.

        Raises what kept it from looking; after some looks in vain the process allows nothing
        until one succeeds.
        """
        holder = self._desk.ports.policies
        with self._lock:
            try:
                changed = self._follow()
            except (GovernanceError, SQLAlchemyError, OSError):
                self._failed += 1
                if self._failed >= BLIND and holder.current is not NO_POLICY:
                    log.error("policy.blind", count=self._failed)  # noqa: TRY400 # raised below
                    holder.swap(NO_POLICY)  # fails closed: nobody knows what is in force
                raise
            self._failed = 0
            return changed

    def _follow(self) -> bool:
        database, holder = self._desk.ports.database, self._desk.ports.policies
        at = self._clock()
        with database.read() as tx:
            number, due = number_in_force(tx), store.due_entry(tx, at=at)
            paused = standing(tx) is not None
        if due is not None:
            take_due(self._desk, due, at=at)
        elif number == holder.number and not self._tries_again():
            return self._paused(paused)
        with database.read() as tx:
            return self._swap(tx)

    def _paused(self, paused: bool) -> bool:  # noqa: FBT001 # what the row says
        """Whether this process begins to stand still, or to go on."""
        holder = self._desk.ports.policies
        if holder.current is NO_POLICY or holder.current.paused is paused:
            return False
        holder.swap(replace(holder.current, paused=paused), number=holder.number)
        if paused:
            log.warning("processing.paused")
        else:
            log.warning("processing.resumed")
        return True

    def _tries_again(self) -> bool:
        """Whether it is time to try a policy again that could not be loaded."""
        if self._desk.ports.policies.current is not NO_POLICY:
            return False
        self._waits = (self._waits + 1) % PATIENCE
        return self._waits == 0

    def _swap(self, tx: Connection) -> bool:
        holder = self._desk.ports.policies
        found = load_or_nothing(tx, self._desk)
        if found is None or found == (holder.number, holder.current):
            return False
        number, snapshot = found
        if snapshot is not NO_POLICY and standing(tx) is not None:
            snapshot = replace(snapshot, paused=True)
        if holder.number:
            log.info("policy.swapped", seq=number)
        holder.swap(snapshot, number=number)
        return True
