"""Whole processes that are killed while they run a job; the ledger must come out exact."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, select

from governance.core.clock import utc_now
from governance.db.engine import Database
from governance.db.types import table_of
from governance.jobs import ledger, outbox
from governance.jobs.models import JobRunRow, OutboxRow
from governance.jobs.types import JobState

TOTAL, KILLS = 400, 4
WORKER = """
import sys, threading, time
from datetime import UTC, datetime, timedelta, time as wall
from sqlalchemy import Column, Integer, MetaData, Table
from governance.core.clock import utc_now
from governance.db.engine import Database
from governance.jobs import outbox
from governance.jobs.registry import InTransaction
from governance.jobs.runner import run_job, worker_of
from governance.jobs.types import Daily, Schedule, Slot, Step

mark = Table("mark", MetaData(), Column("n", Integer))

def step(tx, /, *, cursor, limit, at):
    start = int(cursor or 0)
    end = min(start + limit, 400)
    tx.execute(mark.insert(), [{"n": n} for n in range(start, end)])
    outbox.enqueue(tx, idem_key=f"batch/{start}", target="t", kind="mail", payload=b"", at=at)
    time.sleep(0.04)
    return Step(done=end - start, cursor=str(end), finished=end == 400)

db = Database.open(sys.argv[1])
slot = Slot(job="purge", scheduled_for=datetime(2026, 3, 10, tzinfo=UTC))
schedule = Schedule(job="purge", rule=Daily(at=wall(9)), lease=timedelta(seconds=0.2))
print("ready", flush=True)
registry = {"purge": InTransaction(step=step, limit=5)}
worker = worker_of(sys.argv[2], utc_now, threading.Event())
while True:
    run_job(db, slot, registry=registry, schedule=schedule, worker=worker)
    time.sleep(0.02)
"""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    made: str = request.getfixturevalue("new_database")(request.param)
    return made


def test_killed_processes_neither_lose_nor_double_a_batch(url: str) -> None:
    database = Database.open(url)
    mark = Table("mark", MetaData(), Column("n", Integer))
    for table in (mark, table_of(JobRunRow), table_of(OutboxRow)):
        table.create(database.writer_engine)
    root = str(Path(__file__).parents[3])

    def start(name: str) -> "subprocess.Popen[str]":
        child = subprocess.Popen(
            [sys.executable, "-c", WORKER, url, name],
            env={**os.environ, "PYTHONPATH": root},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        child.stdout.readline()
        return child

    def holder() -> str | None:
        """Who holds the lease; None once the run is finished."""
        with database.read() as tx:
            (run,) = ledger.recent_runs(tx) or (None,)
        if run is None:
            return "nobody yet"
        return run.lease_owner if run.state is not JobState.FINISHED else None

    def end(child: "subprocess.Popen[str]") -> None:
        child.send_signal(signal.SIGKILL)
        child.communicate()

    running = {"c1": start("c1")}
    kills, began = 0, time.monotonic()
    try:
        while (victim := holder()) is not None and time.monotonic() - began < 90:
            if victim in running and kills < KILLS:
                end(running.pop(victim))
                kills += 1
                running[f"c{kills + 1}"] = start(f"c{kills + 1}")
            time.sleep(0.1)
    finally:
        for each in running.values():
            end(each)
    with database.read() as tx:
        (run,) = ledger.recent_runs(tx)
        counted = tx.execute(select(func.count(), func.count(mark.c.n.distinct()))).one()
        sent = outbox.backlog(tx)
    database.close()
    assert (run.state, run.done, run.batches) == (JobState.FINISHED, TOTAL, TOTAL // 5)
    assert tuple(counted) == (TOTAL, TOTAL)
    assert sent.pending == TOTAL // 5
    assert kills == KILLS
    assert run.fence > KILLS
    assert run.finished_at is not None
    assert run.finished_at < utc_now()
