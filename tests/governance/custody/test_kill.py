"""A rotation that dies anywhere is finished by the next: nothing lost, nothing doubled."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from audit.types import Verdict
from audit.verify import verify_log
from governance.core.clock import utc_now
from governance.core.terms import KeyClass
from governance.custody import reindex_runs, reindexing, store
from governance.custody.types import TaskState
from governance.db.engine import Database
from governance.keys.models import DATA_KEY
from governance.keys.types import KeyState
from tests.forking import forks
from tests.governance.custody import worker
from tests.governance.custody.world import Killed, Killer, World

STATEMENTS = 110  # changes that a rotation of these persons makes; a test says so
LONG = 50  # kills of the long campaign
KILLS = int(os.environ.get("SEKISHO_KILLS", "6"))
STEP = 1 if KILLS >= LONG else 3  # statements between two deaths
SEED = int(os.environ.get("SEKISHO_SEED", "20261125"))
PERSONS = 40


def exact(world: World) -> None:
    """Every value opens as it was said, each person has one living key of each class."""
    assert world.wrong() == []
    wanted = select(DATA_KEY.c.subject, DATA_KEY.c.key_class, func.count()).where(
        DATA_KEY.c.slot == 0,
        DATA_KEY.c.state == KeyState.ACTIVE.value,
        DATA_KEY.c.subject.in_(world.people),
    )
    with world.by.ports.vault.ring.db.read() as tx:
        rows = tx.execute(wanted.group_by(DATA_KEY.c.subject, DATA_KEY.c.key_class)).all()
    assert len(rows) == 2 * len(world.people)
    assert {row[2] for row in rows} == {1}
    gone = world.keys(KeyState.DESTROYED) | world.keys(KeyState.DESTROYED, KeyClass.RECORD)
    assert world.named() & gone == set()


def sizes(found: Mapping[tuple[str, int], frozenset[bytes]]) -> dict[str, int]:
    """How many tokens a row has in each index; one version of each is alive."""
    assert len({name for name, _ in found}) == len(found)
    return {name: len(tokens) for (name, _), tokens in found.items()}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("n", range(1, STATEMENTS, STEP))
def test_death_at_a_statement_is_recovered(world: World, n: int) -> None:
    if world.by.ports.database.dialect != "sqlite" and n % 7:
        pytest.skip("one engine dies at every statement, the other at every seventh")
    world.settle(2)
    ports = world.by.ports
    task = world.begin(key_class=KeyClass.RECORD)
    with Killer(n, ports.database, ports.vault.ring.db), contextlib.suppress(Killed):
        world.drive(task)
    world.now += timedelta(minutes=5)  # the lease of the dead ends
    done = world.drive(task, name="two")
    assert done.state is TaskState.DONE
    exact(world)
    assert world.named() & world.keys(KeyState.RETIRED, KeyClass.RECORD) == set()


def test_the_deaths_above_reach_beyond_the_last_statement(world: World) -> None:
    world.settle(2)
    killer = Killer(10_000, world.by.ports.database, world.by.ports.vault.ring.db)
    with killer:
        world.drive(world.begin(key_class=KeyClass.RECORD))
    assert 10_000 - killer.left < STATEMENTS, 10_000 - killer.left


@pytest.mark.timeout(3600)
def test_processes_killed_while_they_rotate_lose_and_double_nothing(
    world: World, keys: Database, tmp_path: Path
) -> None:
    world.settle(PERSONS)
    world.fill()
    before = {row: sizes(found) for row, found in world.index().items()}
    fork = forks()
    url, keys_url = (
        database.engine.url.render_as_string(hide_password=False)
        for database in (world.by.ports.database, keys)
    )
    chance = random.Random(SEED)  # noqa: S311 # not a secret: the campaign is to be repeatable
    sqlite = world.by.ports.database.dialect == "sqlite"
    kills, longest = (KILLS, 0.7) if sqlite else (max(KILLS // 5, 2), 2.0)  # seconds of a life
    interrupted = 0
    for generation in range(kills):
        ready = fork.Event()
        ahead = timedelta(days=generation)  # leases of the dead are over
        child = fork.Process(
            target=worker.rotate_forever, args=(url, keys_url, str(tmp_path), ahead, ready)
        )
        child.start()
        assert ready.wait(60)
        time.sleep(chance.uniform(0.0, longest))
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        assert child.exitcode == -signal.SIGKILL
        with world.by.ports.database.read() as tx:
            interrupted += bool(store.unfinished(tx) or reindex_runs.runs(tx, running=True))
    world.now = utc_now() + timedelta(days=kills + 1)
    with world.by.ports.database.read() as tx:
        left = store.unfinished(tx)
        turning, turned = reindex_runs.runs(tx, running=True), reindex_runs.runs(tx)
    for task in left:
        assert world.drive(task, name="last").state is TaskState.DONE
    for run in turning:
        assert reindexing.drive(world.by.ports, run.id, worker=world.worker(name="last")).finished
    with world.by.ports.database.read() as tx:
        begun = store.newest(tx, limit=10_000)
    assert len(turned) >= 1
    assert {row: sizes(found) for row, found in world.index().items()} == before
    assert kills < LONG or interrupted >= kills // 4  # a few may all fall between two tasks
    assert sum(task.renewed for task in begun) >= PERSONS
    exact(world)
    found = verify_log(world.by.ports.database, keys=world.by.log_keys.verifier_keys)
    assert found.verdict in {Verdict.VERIFIED_SELF_SIGNED, Verdict.INCOMPLETE}
