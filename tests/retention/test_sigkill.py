"""kill -9 at random moments of purge runs: exact sets, holds kept, one tombstone, a whole log."""

import os
import random
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from audit.models import EVENTS, PARTS
from audit.sequencer import Turn, sequence_once
from audit.types import Verdict
from audit.verify import verify_log
from governance.core.terms import RowId
from governance.jobs.journal_record import JournalKind
from retention import store, tombstones
from retention.plans import RunState
from tests.audit.worker import keys_at
from tests.forking import Forked
from tests.retention.town import NOW, Town

KILLS = 100 if "SEKISHO_SOAK" in os.environ else 2
PERSONS = 40 if "SEKISHO_SOAK" in os.environ else 8  # of a round; one in four is under a hold
SEED = 20261126
VICTIM = "tests.retention.worker"


@pytest.mark.timeout(3600)
def test_no_death_of_a_purge_loses_or_doubles_anything(town: Town, tmp_path: Path) -> None:
    rng = random.Random(SEED)  # noqa: S311 # moments of death, not secrets
    town.adopt()
    settle(town, 0)
    usual, minutes = to_its_end(town, tmp_path, town.start(town.plan()), minutes=0)
    kills, rounds = 0, 1
    while kills < KILLS:
        settle(town, rounds)
        town.now = NOW + timedelta(minutes=minutes)
        run = town.start(town.plan())
        while kills < KILLS and not done(town, run):
            minutes += 5  # past the lease of the one before
            with purging(town, tmp_path, run, minutes) as process:
                process.stdout.readline()
                time.sleep(rng.uniform(0, usual))
                kills += process.poll() is None
                process.kill()
        _, minutes = to_its_end(town, tmp_path, run, minutes=minutes)
        rounds += 1
    exact(town, rounds, tmp_path)


def settle(town: Town, number: int) -> None:
    for n in range(PERSONS):
        kept = {"purchases": ({"purchased_on": date(2021, 3, 1)},)} if n % 4 == 1 else {}
        town.settle(
            f"{'held' if n % 4 == 0 else 'gone'}-{number}-{n}",
            status="withdrawn",
            withdrawn=date(2020, 1, 1),
            held=n % 4 == 0,
            **kept,
        )


def purging(town: Town, folder: Path, run: RowId, minutes: int) -> Forked:
    url = town.ports.database.engine.url.render_as_string(hide_password=False)
    return Forked(VICTIM, url, str(folder), run, str(minutes), quiet=True)


def to_its_end(town: Town, folder: Path, run: RowId, *, minutes: int) -> tuple[float, int]:
    """How long a process that nobody killed worked on it, and at which minute it was done."""
    took = 0.0
    while not done(town, run):
        minutes += 5
        with purging(town, folder, run, minutes) as process:
            process.stdout.readline()
            began = time.monotonic()
        took = time.monotonic() - began
    return took, minutes


def done(town: Town, run: RowId) -> bool:
    with town.ports.database.read() as tx:
        return store.run_by_id(tx, run).state is RunState.DONE


def exact(town: Town, rounds: int, folder: Path) -> None:
    """Who should be gone is gone once, held people are whole, and the log tells of each."""
    gone = {subject for name, subject in town.people.items() if name.startswith("gone")}
    assert town.present() == {name for name in town.people if name.startswith("held")}
    with town.ports.database.read() as tx:
        stones = tombstones.tombstones(tx)
        told = tx.execute(select(EVENTS.c.id).where(EVENTS.c.action == "retention.purged"))
        events = set(told.scalars())
        lost = tx.execute(select(PARTS.c.destroyed_by).where(PARTS.c.payload.is_(None))).scalars()
        assert set(lost) <= events
        runs = store.runs(tx, limit=rounds + 1)
    assert Counter(stone.subject for stone in stones) == Counter(gone)
    assert all(stone.keys_ended_at is not None for stone in stones)
    assert [run.erased for run in runs] == [PERSONS * 3 // 4] * rounds
    journal = Counter(
        record.entry.subject
        for record in town.ports.journal.replay()
        if record.entry.kind is JournalKind.ERASURE
    )
    assert set(journal) == gone
    signers = keys_at(folder / "checkpoint")
    sequence_once(town.ports.database, signers, town.ports.audit, at=town.now, turn=Turn.STRICT)
    report = verify_log(town.ports.database, keys=signers.verifier_keys)
    assert report.verdict is Verdict.VERIFIED_SELF_SIGNED
