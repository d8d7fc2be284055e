"""A process that ticks by a simulated clock: it runs whatever the ledger says is due.

The clock is a file that the campaign writes: the simulated moment, and how far each process's own
clock is from it. Every effect of a job is a row in the transaction that moves its cursor.
"""

import mmap
import struct
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from datetime import time as wall
from pathlib import Path

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, UniqueConstraint

from governance.core.ids import new_row_id
from governance.db.engine import Database
from governance.db.errors import DatabaseBusyError
from governance.db.types import UtcDateTime, insert_ignore
from governance.jobs import ledger
from governance.jobs.errors import FenceLostError
from governance.jobs.registry import InTransaction, Job, Open
from governance.jobs.rules import due_slots
from governance.jobs.runner import Worker, run_job
from governance.jobs.types import (
    Daily,
    EveryMinutes,
    Missed,
    Monthly,
    Schedule,
    Slot,
    Step,
    Weekly,
)

START = datetime(2027, 12, 20, 3, tzinfo=UTC)  # a leap day and both changes of time follow
LEASE = timedelta(minutes=10)
IDLE_S, WORK_S = 0.004, 0.003
PROCESSES = 8  # places in the clock's file
STEPS = 2  # of each run, so that a run can be left halfway
SCHEDULES = {
    one.job: one
    for one in (
        Schedule(job="hourly", rule=EveryMinutes(minutes=60), lease=LEASE),
        Schedule(job="every", rule=EveryMinutes(minutes=90), missed=Missed.CATCH_UP, lease=LEASE),
        Schedule(
            job="berlin",
            rule=Daily(at=wall(2, 30), zone="Europe/Berlin"),
            missed=Missed.CATCH_UP,
            lease=LEASE,
        ),
        Schedule(
            job="lord_howe",
            rule=Daily(at=wall(2, 10), zone="Australia/Lord_Howe"),
            missed=Missed.CATCH_UP,
            lease=LEASE,
        ),
        Schedule(job="tokyo", rule=Daily(at=wall(2, 40)), lease=LEASE),
        Schedule(
            job="week",
            rule=Weekly(weekday=6, at=wall(1, 30), zone="America/New_York"),
            missed=Missed.CATCH_UP,
            lease=LEASE,
        ),
        Schedule(
            job="month_end",
            rule=Monthly(day=31, at=wall(23, 59), zone="Europe/Berlin"),
            missed=Missed.CATCH_UP,
            lease=LEASE,
        ),
        Schedule(job="outside", rule=Daily(at=wall(12)), missed=Missed.CATCH_UP, lease=LEASE),
    )
}
METADATA = MetaData()
EFFECT = Table(
    "effect",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("job", String(64)),
    Column("scheduled_for", UtcDateTime),
    Column("step", Integer),
    Column("fence", Integer),
)
OUTSIDE = Table(
    "outside",
    METADATA,
    Column("job", String(64)),
    Column("scheduled_for", UtcDateTime),
    Column("step", Integer),
    UniqueConstraint("job", "scheduled_for", "step"),
)


class Clock:
    """The simulated moment and every process's distance from it, in a file that all map."""

    def __init__(self, path: Path) -> None:
        size = 8 * (PROCESSES + 2)
        if not path.exists():
            path.write_bytes(bytes(size))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)

    def _get(self, place: int) -> float:
        return float(struct.unpack_from("d", self._map, 8 * place)[0])

    def _put(self, place: int, value: float) -> None:
        struct.pack_into("d", self._map, 8 * place, value)

    @property
    def now(self) -> datetime:
        """The true moment."""
        return START + timedelta(seconds=self._get(0))

    def set(self, moment: datetime) -> None:
        """It is this moment now."""
        self._put(0, (moment - START).total_seconds())

    def skew(self, number: int, by: timedelta) -> None:
        """The clock of one process is so far from the true one."""
        self._put(number + 2, by.total_seconds())

    def of(self, number: int) -> datetime:
        """What one process takes for the moment."""
        return self.now + timedelta(seconds=self._get(number + 2))

    @property
    def over(self) -> bool:
        """Whether the processes are to end."""
        return self._get(1) != 0

    def end(self) -> None:
        """The processes are to end."""
        self._put(1, 1.0)

    def close(self) -> None:
        """The file is mapped no more."""
        self._map.close()


def _within(job: str, slot: Slot) -> InTransaction:
    """A job whose effects stand in the transaction that moves its cursor."""

    def step(tx: Connection, /, *, cursor: str | None, limit: int, at: datetime) -> Step:
        assert limit
        assert at
        if cursor == str(STEPS):  # killed after the last step, before the run was finished
            return Step(done=0, cursor=cursor, finished=True)
        done = int(cursor or 0) + 1
        row = {"id": new_row_id(), "job": job, "scheduled_for": slot.scheduled_for}
        tx.execute(EFFECT.insert(), row | {"step": done, "fence": 0})
        time.sleep(WORK_S)
        return Step(done=1, cursor=str(done), finished=done == STEPS)

    return InTransaction(step=step, limit=1)


def _open(job: str, slot: Slot) -> Open:
    """A job that commits by itself: its effects are told apart by their place, twice is once."""

    def step(
        db: Database, /, *, cursor: str | None, limit: int, at: datetime, heartbeat: object
    ) -> Step:
        assert limit
        assert at
        assert callable(heartbeat)
        if cursor == str(STEPS):  # killed after the last step, before the run was finished
            return Step(done=0, cursor=cursor, finished=True)
        done = int(cursor or 0) + 1
        row = {"job": job, "scheduled_for": slot.scheduled_for, "step": done}
        db.write(lambda tx: tx.execute(insert_ignore(OUTSIDE, tx.dialect.name).values(**row)))
        heartbeat()
        time.sleep(WORK_S)
        return Step(done=1, cursor=str(done), finished=done == STEPS)

    return Open(step=step, limit=1)


def job_of(slot: Slot) -> Job:
    """What the slot runs."""
    return (_open if slot.job == "outside" else _within)(slot.job, slot)


def tick(db: Database, worker: Worker) -> int:
    """Every due slot was tried; how many runs this process lost to another."""
    with db.read() as tx:
        state = ledger.ledger_state(tx, SCHEDULES)
    lost = 0
    for slot in due_slots(SCHEDULES.values(), state, since=START, at=worker.clock()):
        if worker.stopping():
            break
        report = run_job(
            db,
            slot,
            registry={slot.job: job_of(slot)},
            schedule=SCHEDULES[slot.job],
            worker=worker,
        )
        lost += report.error_code == FenceLostError.code
    return lost


def main(url: str, folder: str, number: str) -> None:
    """A process of the campaign, until the clock says that it is over."""
    clock, mine = Clock(Path(folder) / "clock"), int(number)
    worker = Worker(
        owner=f"p{mine}:{new_row_id()}",
        clock=lambda: clock.of(mine),
        pause=lambda rest: time.sleep(min(rest.total_seconds(), IDLE_S)),
        stopping=lambda: clock.over,
    )
    db = Database.open(url)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    with (Path(folder) / f"lost{mine}").open("a") as losses:
        while not clock.over:
            with suppress(DatabaseBusyError):
                if lost := tick(db, worker):
                    losses.write("x" * lost)
                    losses.flush()
            time.sleep(IDLE_S)
    db.close()
    clock.close()
