"""kill -9 at random moments of purges, and of erasures done again after a restore.

Exact sets, holds kept and placed once, one tombstone and one line for connected systems a
person, a whole log.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from audit.models import EVENTS, PARTS
from audit.sequencer import Turn, sequence_once
from audit.types import Verdict
from audit.verify import verify_log
from governance.connectors.types import KeyKind
from governance.core.terms import RowId
from governance.customers.store import HOLD
from governance.jobs.journal_record import JournalKind
from retention import store, tombstones
from retention.outside import PERSON, opened
from retention.parts.outside import waiting
from retention.plans import RunState
from retention.reapplying import outstanding
from tests.audit.worker import keys_at
from tests.forking import Forked
from tests.retention.town import NOW, Town

KILLS = 100 if "SEKISHO_SOAK" in os.environ else 2
PERSONS = 40 if "SEKISHO_SOAK" in os.environ else 8  # of a round
SEED = 20261126
VICTIM = "tests.retention.worker"
ERASING = ("retention.purged", "erasure.executed")


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a process is to carry out: a purge run, or all that the journal says."""

    run: RowId | None
    done: Callable[[], bool]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("what", ["purge", "replay"])
def test_no_death_loses_or_doubles_anything(town: Town, tmp_path: Path, what: str) -> None:
    rng = random.Random(SEED)  # noqa: S311 # moments of death, not secrets
    begin = {"purge": purge, "replay": replay}[what]
    town.adopt()
    usual, minutes = to_its_end(town, tmp_path, begin(town, 0), minutes=0)
    kills, rounds = 0, 1
    while kills < KILLS:
        town.now = NOW + timedelta(minutes=minutes)
        work = begin(town, rounds)
        while kills < KILLS and not work.done():
            minutes += 5  # past the lease of the one before
            with working(town, tmp_path, work, minutes) as process:
                process.stdout.readline()
                time.sleep(rng.uniform(0, usual))
                kills += process.poll() is None
                process.kill()
        _, minutes = to_its_end(town, tmp_path, work, minutes=minutes)
        rounds += 1
    exact(town, tmp_path)
    with town.ports.database.read() as tx:
        holds = Counter(tx.execute(select(HOLD.c.subject_id)).scalars())
    assert holds == Counter(s for name, s in town.people.items() if name.startswith("held"))


def purge(town: Town, number: int) -> Work:
    """One in four is under a hold, one in four bought what a law keeps."""
    for n in range(PERSONS):
        kept = {"purchases": ({"purchased_on": date(2021, 3, 1)},)} if n % 4 == 1 else {}
        town.settle(
            f"{'held' if n % 4 == 0 else 'gone'}-{number}-{n}",
            status="withdrawn",
            withdrawn=date(2020, 1, 1),
            held=n % 4 == 0,
            **kept,
        )
    run = town.start(town.plan())

    def done() -> bool:
        with town.ports.database.read() as tx:
            return store.run_by_id(tx, run).state is RunState.DONE

    return Work(run=run, done=done)


def replay(town: Town, number: int) -> Work:
    """The older database knows everyone, and none of what the journal says of them."""
    names = [f"{'held' if n % 4 == 0 else 'gone'}-{number}-{n}" for n in range(PERSONS)]
    for name, subject in zip(names, town.settle_all(names), strict=True):
        if name.startswith("held"):
            town.journalled(subject, JournalKind.HOLD, scope="suit:1")
        else:
            town.journalled(subject, JournalKind.WITHDRAWAL, JournalKind.ERASURE)

    def done() -> bool:
        with town.ports.database.read() as tx:
            return not outstanding(tx, town.ports)

    return Work(run=None, done=done)


def working(town: Town, folder: Path, work: Work, minutes: int) -> Forked:
    url = town.ports.database.engine.url.render_as_string(hide_password=False)
    return Forked(VICTIM, url, str(folder), work.run or "", str(minutes), quiet=True)


def to_its_end(town: Town, folder: Path, work: Work, *, minutes: int) -> tuple[float, int]:
    """How long a process that nobody killed worked on it, and at which minute it was done."""
    took = 0.0
    while not work.done():
        minutes += 5
        with working(town, folder, work, minutes) as process:
            process.stdout.readline()
            began = time.monotonic()
        took = time.monotonic() - began
    return took, minutes


def exact(town: Town, folder: Path) -> None:
    """Who should be gone is gone once, held people are whole, and the log tells of each."""
    gone = {subject for name, subject in town.people.items() if name.startswith("gone")}
    assert town.present() == {name for name in town.people if name.startswith("held")}
    with town.ports.database.read() as tx:
        stones = tombstones.tombstones(tx)
        told = tx.execute(select(EVENTS.c.id).where(EVENTS.c.action.in_(ERASING)))
        events = set(told.scalars())
        lost = tx.execute(select(PARTS.c.destroyed_by).where(PARTS.c.payload.is_(None))).scalars()
        assert set(lost) <= events
        runs = store.runs(tx, limit=1_000)
        waits = waiting(tx, limit=10_000, table=PERSON)
    assert Counter(stone.subject for stone in stones) == Counter(gone)
    assert Counter(one.subject for one in waits) == Counter(gone), "connected systems hear of each"
    names = {subject: name for name, subject in town.people.items()}
    for one in waits:
        known = opened(town.ports.vault, one.id, one.sealed or b"")
        assert known[KeyKind.EMAIL] == (f"marked-{names[one.subject]}@example.com",)
    assert all(stone.keys_ended_at is not None for stone in stones)
    assert sum(run.erased for run in runs) == len(gone)
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
