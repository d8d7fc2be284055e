"""Four processes tick by a simulated clock while they are killed, stopped and told wrong times.

Each tick moves the clock on, over changes of time, month ends and a leap day. A tick is over when
every slot that is due by the true time is finished; then the campaign looks whether anything ran
twice or never.
"""

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from governance.db.engine import Database
from governance.db.types import table_of
from governance.jobs import ledger
from governance.jobs.models import JobRunRow
from governance.jobs.rules import slots
from governance.jobs.types import JobState, Missed
from tests.forking import Forked
from tests.governance.jobs.campaign.worker import (
    EFFECT,
    LEASE,
    METADATA,
    OUTSIDE,
    SCHEDULES,
    START,
    STEPS,
    Clock,
)

WORKER = "tests.governance.jobs.campaign.worker"
PROCESSES = 4
SEED = int(os.environ.get("SEKISHO_SEED", "20261126"))
WHOLE = "SEKISHO_SOAK" in os.environ
TICKS = int(os.environ.get("SEKISHO_TICKS", "2000")) if WHOLE else 12
PATIENCE_S = 900.0 if WHOLE else 120.0  # real time in which a tick must come to its end
STUCK_S = 1.0  # real time after which simulated time goes on by a lease, as it would
RUNS = table_of(JobRunRow)
HOUR = timedelta(hours=1)
STEP_MINUTES = (15, 45, 90, 240, 600, 1440)


@dataclass
class Campaign:
    """The processes, the clock, and what was done to them."""

    url: str
    folder: Path
    database: Database
    clock: Clock
    dice: random.Random
    running: list[Forked] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    owed: datetime = START  # every slot until this moment was waited for

    def begin(self, number: int) -> Forked:
        child = Forked(WORKER, self.url, str(self.folder), str(number), quiet=True)
        assert child.stdout.readline().strip() == "ready"
        return child

    def kill(self, number: int) -> None:
        self.running[number].kill()
        self.running[number].wait()
        self.running[number].stdout.close()
        self.running[number] = self.begin(number)
        self.done["kills"] += 1

    def stop_past_the_lease(self, number: int) -> None:
        """The process sleeps while its lease ends and others go on."""
        child = self.running[number]
        os.kill(child.pid, signal.SIGSTOP)
        try:
            self.clock.set(self.clock.now + LEASE + timedelta(minutes=1))
            time.sleep(self.dice.uniform(0.05, 0.2))
        finally:
            os.kill(child.pid, signal.SIGCONT)
        self.done["pauses"] += 1

    def disturb(self) -> None:
        """What happens to a process within a tick, if anything."""
        number = self.dice.randrange(PROCESSES)
        match self.dice.randrange(8):
            case 0:
                time.sleep(self.dice.uniform(0, 0.03))
                self.kill(number)
            case 1:
                time.sleep(self.dice.uniform(0, 0.03))
                self.stop_past_the_lease(number)
            case 2:
                self.clock.skew(number, self.dice.choice((HOUR, -HOUR)))
                self.done["jumps"] += 1
            case 3:
                self.clock.skew(number, timedelta(0))
            case _:
                return

    def tick(self) -> None:
        """Time goes on, and everything that is due by it comes to its end."""
        self.clock.set(self.clock.now + timedelta(minutes=self.dice.choice(STEP_MINUTES)))
        self.disturb()
        began = moved = time.monotonic()
        self.owed = self.clock.now  # what comes due while leases end is the next tick's
        while missing := self.open_slots(self.owed):
            assert time.monotonic() - began < PATIENCE_S, missing
            if time.monotonic() - moved > STUCK_S:
                self.clock.set(self.clock.now + LEASE / 2)
                moved = time.monotonic()
                self.done["waits"] += 1
            time.sleep(0.005)
        self.done["ticks"] += 1

    def open_slots(self, now: datetime) -> list[tuple[str, datetime]]:
        """Slots due at this moment that nobody took, and runs of such that are not finished."""
        with self.database.read() as tx:
            state = ledger.ledger_state(tx, SCHEDULES)
        found = [(run.job, run.scheduled_for) for run in state.unfinished]
        for job, schedule in SCHEDULES.items():
            after = state.latest.get(job, START)
            found += [(job, moment) for moment in slots(schedule.rule, after=after, until=now)]
        return [one for one in found if one[1] <= now]

    def end(self) -> None:
        self.clock.end()
        for child in self.running:
            child.wait(30)
            child.stdout.close()

    @property
    def lost(self) -> int:
        """How often a process found that its slot was another's by now."""
        return sum(len(path.read_text()) for path in self.folder.glob("lost*"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def campaign(
    request: pytest.FixtureRequest, new_database: Callable[..., str], tmp_path: Path
) -> Iterator[Campaign]:
    url = new_database(request.param)
    database = Database.open(url)
    RUNS.create(database.writer_engine)
    METADATA.create_all(database.writer_engine)
    clock = Clock(tmp_path / "clock")
    made = Campaign(url, tmp_path, database, clock, random.Random(SEED))  # noqa: S311 # no secret
    made.running = [made.begin(number) for number in range(PROCESSES)]
    yield made
    made.clock.end()
    for child in made.running:
        child.kill()
        child.wait(30)
        child.stdout.close()
    database.close()
    clock.close()


def doubled(tx: Connection) -> list[tuple[str, datetime, int]]:
    """Effects that stand more than once."""
    found: list[tuple[str, datetime, int]] = []
    for table in (EFFECT, OUTSIDE):
        place = table.c.job, table.c.scheduled_for, table.c.step
        rows = tx.execute(select(*place).group_by(*place).having(func.count() > 1))
        found += [(row.job, row.scheduled_for, row.step) for row in rows]
    return found


def halved(tx: Connection) -> list[tuple[str, datetime]]:
    """Finished slots of which not every step took effect; one that the end cut short is none."""
    ended = select(RUNS.c.job, RUNS.c.scheduled_for).where(RUNS.c.state == JobState.FINISHED.value)
    finished = {tuple(row) for row in tx.execute(ended)}
    found: list[tuple[str, datetime]] = []
    for table in (EFFECT, OUTSIDE):
        place = table.c.job, table.c.scheduled_for
        rows = tx.execute(select(*place).group_by(*place).having(func.count() != STEPS))
        found += [(row.job, row.scheduled_for) for row in rows if tuple(row) in finished]
    return found


def missed(tx: Connection, *, until: datetime) -> list[tuple[str, datetime]]:
    """Due slots that never ran, nor were stood for by a later one where that is the rule."""
    found: list[tuple[str, datetime]] = []
    for job, schedule in SCHEDULES.items():
        rows = tx.execute(
            select(RUNS.c.scheduled_for).where(
                RUNS.c.job == job, RUNS.c.state == JobState.FINISHED.value
            )
        )
        ran = set(rows.scalars())
        due = list(slots(schedule.rule, after=START, until=until))
        if schedule.missed is Missed.COALESCE:
            due = due[-1:] if not any(one >= due[-1] for one in ran) else []
        found += [(job, moment) for moment in due if moment not in ran]
    return found


@pytest.mark.timeout(7200)
def test_no_slot_runs_twice_or_never(campaign: Campaign) -> None:
    for _ in range(TICKS):
        campaign.tick()
    campaign.end()
    until = campaign.owed
    with campaign.database.read() as tx:
        assert doubled(tx) == []
        assert halved(tx) == []
        assert missed(tx, until=until) == []
        counted = select(func.count(), func.sum(RUNS.c.fence - 1)).select_from(RUNS)
        runs, taken_over = tx.execute(counted).one()
    told = {**campaign.done, "runs": runs, "taken over": taken_over, "fences lost": campaign.lost}
    sys.stdout.write(f"\nseed {SEED}, until {until:%Y-%m-%d}: {told}\n")  # for docs/soak.md
    assert runs >= TICKS / 2
    if WHOLE:
        assert min(campaign.done[name] for name in ("kills", "pauses", "jumps")) >= TICKS / 20
        assert campaign.lost > 0
