"""Who is waited for before an acknowledgement, and until when; on both engines."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consent.leases import store
from consent.leases.barrier import Barrier, NotYetEverywhereError
from consent.leases.desk import Desk
from consent.leases.types import Answer, HolderKind, Standing, Terms, terms_of
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RowId
from governance.customers.changes import counter
from governance.db.engine import Database

AT = datetime(2026, 10, 1, 3, 0, tzinfo=UTC)
SHOP, OTHER = ActorId("svc:shop"), ActorId("svc:other")
TERMS = Terms()


@dataclass
class Scene:
    """A database, and a clock that only moves when somebody sleeps."""

    database: Database
    now: float = 0.0
    slept: Callable[[], object] = lambda: None

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept()

    def barrier(self) -> Barrier:
        return Barrier(
            database=self.database, terms=TERMS, clock=lambda: self.now, sleep=self.sleep
        )

    def ask(
        self, holder: RowId, *, applied: int, actor: ActorId = SHOP, at: datetime = AT
    ) -> Answer:
        desk = Desk(self.database, TERMS)
        return desk.ask(holder, actor=actor, kind=HolderKind.CLIENT, applied=applied, at=at)

    def change(self) -> int:
        return self.database.write(counter.take)

    def head(self) -> int:
        with self.database.read() as tx:
            return counter.head(tx)

    def joined(self) -> RowId:
        holder = new_row_id()
        assert self.ask(holder, applied=0).standing is Standing.JOINED
        return holder

    def granted(self) -> RowId:
        holder = self.joined()
        assert self.ask(holder, applied=self.head())
        return holder

    def holders(self) -> set[str]:
        with self.database.read() as tx:
            return {row.id for row in store.holders(tx)}


@pytest.fixture
def scene(database: Database) -> Scene:
    return Scene(database)


@pytest.fixture
def postgres_scene(scene: Scene) -> Scene:
    """Where changes wait for one row; SQLite has one writer, who takes leases first."""
    if scene.database.dialect != "postgresql":
        pytest.skip("of PostgreSQL's locks")
    return scene


def test_nobody_is_waited_for_without_a_lease(scene: Scene) -> None:
    scene.barrier().settle(scene.change())
    assert scene.now == 0


@pytest.mark.parametrize("told", [False, True])
def test_who_joins_has_a_moment_and_holds_nothing_after_it(scene: Scene, *, told: bool) -> None:
    before = scene.change()
    holder = scene.joined()
    if told:
        assert scene.ask(holder, applied=0).owed == before
    position = scene.change()
    scene.barrier().settle(position)
    assert scene.now < TERMS.grace + 0.1
    assert scene.ask(holder, applied=before).standing is Standing.BEHIND
    assert scene.ask(holder, applied=position).standing is Standing.GRANTED


def test_the_first_lease_rests_on_what_was_committed_after_joining(scene: Scene) -> None:
    before, holder = scene.change(), new_row_id()
    joined = scene.ask(holder, applied=0)
    assert (joined.standing, joined.owed) == (Standing.JOINED, before)
    position = scene.change()
    told = scene.ask(holder, applied=position - 1)
    assert (told.standing, told.owed) == (Standing.BEHIND, position)
    assert scene.ask(holder, applied=position - 1).standing is Standing.BEHIND
    assert scene.ask(holder, applied=position)


def test_who_comes_back_need_not_wait_for_changes_that_wait_for_each_other(
    postgres_scene: Scene,
) -> None:
    scene = postgres_scene
    scene.change()
    with scene.database.engine.begin() as tx:
        counter.take(tx)  # the row that every change locks
        scene.granted()


def test_leases_are_renewed_while_every_writer_waits(postgres_scene: Scene) -> None:
    scene, many = postgres_scene, 40
    scene.change()
    holder = scene.granted()
    with ThreadPoolExecutor(many) as pool:
        with scene.database.engine.begin() as tx:
            counter.take(tx)
            waiting = [pool.submit(scene.change) for _ in range(many)]
            wait(waiting, timeout=0.5)
            assert scene.ask(holder, applied=scene.head())
            assert not any(one.done() for one in waiting)
        assert len({one.result() for one in waiting}) == many


def test_a_holder_that_applied_is_not_waited_for(scene: Scene) -> None:
    holder, position = scene.granted(), scene.change()
    assert scene.ask(holder, applied=position)
    scene.barrier().settle(position)
    assert scene.now == 0


def test_a_silent_holder_is_waited_for_until_its_lease_has_ended(scene: Scene) -> None:
    holder, position = scene.granted(), scene.change()
    scene.barrier().settle(position)
    assert TERMS.ended <= scene.now < TERMS.ended + 0.1
    assert scene.holders() == set()
    assert scene.ask(holder, applied=position).standing is Standing.JOINED


def test_who_joins_anew_is_waited_for_although_renewed_as_often_as_before(scene: Scene) -> None:
    barrier, holder = scene.barrier(), scene.granted()
    barrier.sweep()  # has seen it
    scene.now += TERMS.ended
    with scene.database.read() as tx:
        (row,) = store.holders(tx)
    assert scene.database.write(lambda tx: store.end(tx, row))  # by another process
    later = AT + timedelta(seconds=TERMS.ended)
    assert scene.ask(holder, applied=0, at=later).standing is Standing.JOINED
    assert scene.ask(holder, applied=scene.head(), at=later)
    assert not scene.database.write(lambda tx: store.end(tx, row))  # by one that looked before
    position, begun = scene.change(), scene.now
    barrier.settle(position)
    assert scene.now - begun >= TERMS.ended


def test_a_holder_that_applies_meanwhile_ends_the_wait(scene: Scene) -> None:
    holder, position = scene.granted(), scene.change()
    scene.slept = lambda: scene.ask(holder, applied=position)
    scene.barrier().settle(position)
    assert scene.now < TERMS.grace


def test_a_holder_that_only_heartbeats_is_not_renewed_and_waited_for_no_longer(
    scene: Scene,
) -> None:
    holder = scene.granted()
    applied = scene.change()
    assert scene.ask(holder, applied=applied)
    position = scene.change()
    told: list[Standing] = []
    scene.slept = lambda: told.append(scene.ask(holder, applied=applied).standing)
    scene.barrier().settle(position)
    assert Standing.BEHIND in told
    assert scene.now < TERMS.grace + TERMS.ended + 0.1
    assert scene.holders() == set()


def test_a_lease_of_another_system_cannot_be_renewed(scene: Scene) -> None:
    holder = scene.granted()
    assert scene.ask(holder, applied=10, actor=OTHER).standing is Standing.BEHIND


def test_a_lease_that_was_given_back_is_waited_for_no_more(scene: Scene) -> None:
    holder, position = scene.granted(), scene.change()
    scene.database.write(lambda tx: store.give_back(tx, holder, actor=OTHER))
    assert scene.holders() == {holder}
    scene.database.write(lambda tx: store.give_back(tx, holder, actor=SHOP))
    scene.barrier().settle(position)
    assert scene.now == 0


def test_a_dead_holder_is_swept_before_anybody_waits_for_it(scene: Scene) -> None:
    scene.granted()
    barrier = scene.barrier()
    assert barrier.sweep() == 0
    scene.now += TERMS.ended
    assert barrier.sweep() == 1
    barrier.settle(scene.change())
    assert scene.now == TERMS.ended


def test_a_holder_that_was_renewed_is_not_ended(scene: Scene) -> None:
    holder = scene.granted()
    with scene.database.read() as tx:
        (row,) = store.holders(tx)
    assert scene.ask(holder, applied=scene.head())
    assert not scene.database.write(lambda tx: store.end(tx, row))


class Silent:
    """A database that answers reads and takes no write."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def read(self) -> Any:
        with self._database.read() as tx:
            yield tx

    glance = read

    def write(self, _fn: object, **_kind: bool) -> Any:
        return frozenset()


def test_what_cannot_be_confirmed_is_not_acknowledged(scene: Scene) -> None:
    scene.granted()
    position = scene.change()
    barrier = scene.barrier()
    barrier.database = Silent(scene.database)  # type: ignore[assignment] # the part that is used
    with pytest.raises(NotYetEverywhereError):
        barrier.settle(position)


def test_the_terms_follow_the_length_of_the_lease() -> None:
    assert terms_of(2.0) == TERMS
    assert terms_of(4.0).heartbeat == 1.0
