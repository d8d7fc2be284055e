"""Holders and a waiting withdrawal whose steps interleave at will, on clocks that run apart.

The barrier and the statements are the real ones; only time is not. Between any two steps of one
process the others may do any number of theirs, and any time may pass: that is what a pause is.
"""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from greenlet import getcurrent, greenlet  # type: ignore[import-untyped] # ships none
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, delete
from sqlalchemy.pool import StaticPool

from consent import ledger
from consent.client.lease import HolderLease
from consent.leases import store
from consent.leases.barrier import Barrier
from consent.leases.types import HolderKind, Standing, Terms
from governance.core.terms import ActorId, RowId
from governance.customers.changes import counter

EXAMPLES = int(os.environ.get("SEKISHO_SOAK", "60"))
PHASES = (Phase.reuse, Phase.generate)  # to shrink a world takes longer than any test may
AT = datetime(2026, 10, 1, 3, 0, tzinfo=UTC)
TERMS = Terms()
DRIFT = 0.02  # two clocks differ by at most 4 in 100, less than the margin allows
ACTIONS = ("apply", "ask", "decide", "sleep", "ask without applying")
PAUSES = (0.0, 0.0, 0.001, 0.01, 0.1, 0.2, 0.5, 0.9, 1.2, 1.9, 2.5)  # seconds between two steps


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """One for all worlds: every engine compiles its statements anew."""
    made = create_engine("sqlite://", poolclass=StaticPool, connect_args={"isolation_level": None})
    with made.connect() as tx:
        counter.HEAD.create(tx)
        store.LEASE.create(tx)
    yield made
    made.dispose()


class World:
    """The only true time, and a database in which nothing is yet."""

    def __init__(self, engine: Engine, pick: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.engine, self.pick, self.now, self.acknowledged = engine, pick, 0.0, 0
        with engine.connect() as tx:
            tx.execute(delete(counter.HEAD))
            tx.execute(delete(store.LEASE))
        self.holders: list[Holder] = []

    def close(self) -> None:
        """Nobody is in the middle of anything."""
        for holder in self.holders:
            holder.steps.close()

    def between(self) -> None:
        """Others act, time passes."""
        for _ in range(self.pick(st.integers(0, 3))):
            if self.holders:
                next(self.pick(st.sampled_from(self.holders)).steps)  # maybe half an asking
        self.now += self.pick(st.sampled_from(PAUSES))
        for holder in self.holders:
            holder.check()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        self.between()
        with self.engine.connect() as tx:
            yield tx

    glance = read

    def write(self, fn: Callable[[Connection], Any], **_kind: bool) -> Any:
        self.between()
        with self.engine.connect() as tx:
            return fn(tx)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.between()


@dataclass
class Slow:
    """A transaction that sees each statement's moment, as PostgreSQL's, and takes its time."""

    tx: Connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tx, name)

    def execute(self, *statement: Any) -> Any:
        getcurrent().parent.switch()
        return self.tx.execute(*statement)


@dataclass
class Holder:
    world: World
    number: int
    rate: float
    offset: float
    applied: int = 0
    given: list[int] = field(default_factory=list)  # what permits rest on

    def __post_init__(self) -> None:
        self.lease = HolderLease(clock=lambda: self.offset + self.rate * self.world.now)
        self.steps = self._live()

    def check(self) -> None:
        """No permit that rests on less than what was acknowledged stands any more."""
        for seen in self.given:
            stands = self.lease.holds() and seen == self.applied
            assert not (stands and seen < self.world.acknowledged)
        if self.lease.holds():
            assert self.applied >= self.world.acknowledged

    def _live(self) -> Generator[None]:
        world = self.world
        yield from self._ask()  # it has joined, and holds a lease unless it was paused
        yield from self._ask()
        while True:
            action = world.pick(st.sampled_from(ACTIONS))
            if action == "apply":
                with world.engine.connect() as tx:
                    head = ledger.head(tx)
                yield
                self.applied = head
            elif action == "decide":
                seen = self.applied
                yield
                if self.lease.holds():
                    self.given.append(seen)
            elif action.startswith("ask"):
                yield from self._ask()
            yield

    def _ask(self) -> Generator[None]:
        told = self.applied
        asked = self.lease.asked()
        yield
        with self.world.engine.connect() as tx:
            asking = greenlet(store.ask)  # others act between what it reads and what it writes
            answer = asking.switch(
                Slow(tx),
                RowId(f"holder-{self.number}"),
                actor=ActorId("svc:shop"),
                kind=HolderKind.CLIENT,
                applied=told,
                terms=TERMS,
                at=AT,
            )
            while not asking.dead:
                yield
                answer = asking.switch()
        yield
        if answer.standing is Standing.GRANTED:
            self.lease.granted(asked=asked, seconds=answer.seconds)


@settings(max_examples=EXAMPLES, phases=PHASES)
@given(data=st.data())
def test_nothing_stands_that_rests_on_less_than_what_was_acknowledged(
    engine: Engine, data: st.DataObject
) -> None:
    with closing(World(engine, data.draw)) as world:
        _live_and_withdraw(world, data)


def _live_and_withdraw(world: World, data: st.DataObject) -> None:
    for number in range(data.draw(st.integers(1, 3))):
        rate = data.draw(st.floats(1 - DRIFT, 1 + DRIFT))
        holder = Holder(world, number, rate, data.draw(st.floats(0, 1e6)))
        world.holders.append(holder)
        for _ in range(data.draw(st.integers(0, 6))):
            next(holder.steps)
    clock = data.draw(st.floats(1 - DRIFT, 1 + DRIFT))
    barrier = Barrier(
        database=world,  # type: ignore[arg-type] # the part of it that the barrier uses
        terms=TERMS,
        clock=lambda: clock * world.now,
        sleep=world.sleep,
    )
    for _ in range(data.draw(st.integers(1, 3))):
        for _ in range(data.draw(st.integers(0, 2))):
            world.between()
        position = world.write(lambda tx: counter.take(tx, 1))
        barrier.settle(position)
        world.acknowledged = position
        for holder in world.holders:
            holder.check()
        world.between()
