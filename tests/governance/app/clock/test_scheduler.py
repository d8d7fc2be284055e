"""The clock: every slot once whatever process ticks, missed nights caught up, nothing stopped."""

import threading
import time as wall
from concurrent.futures import wait
from dataclasses import replace
from datetime import datetime, time, timedelta
from threading import Event

import pytest
import structlog
from sqlalchemy import Connection

from governance.app import purging, scheduler
from governance.app.purging import RESUME
from governance.app.ticks import ROLL, SCHEDULES, Runs, jobs_of, roll_if_missing
from governance.core.clock import JST
from governance.core.errors import GovernanceError
from governance.core.settings import SettingsError
from governance.db.types import table_of
from governance.jobs import ledger, outbox
from governance.jobs.models import JobRunRow
from governance.jobs.registry import InTransaction, Job
from governance.jobs.types import Daily, JobRun, JobState, Schedule, Step
from governance.keys.epochs import status
from retention.errors import RunHeldElsewhereError
from tests.governance.app.clock.conftest import House
from tests.governance.app.clock.test_deliveries import asked, rows

RUNS = table_of(JobRunRow)
NIGHT = Schedule(job="night", rule=Daily(at=time(0, 5)))


class BrokenError(GovernanceError):
    code, status = "test_broken_tick", 503


def ticked(runs: Runs) -> int:
    """How many runs one tick began; they are at an end now."""
    begun = runs.tick()
    wait(begun, timeout=60)
    return len(begun)


def runs_of(house: House, name: str = "one", **jobs: Job) -> Runs:
    """A process that ticks: the jobs of the installation, or only these."""
    worker = house.worker(name)
    if not jobs:
        return Runs(wiring=house.wiring, worker=worker, registry=jobs_of(house.wiring, worker))
    schedules = {job: replace(NIGHT, job=job) for job in jobs}
    return Runs(wiring=house.wiring, worker=worker, registry=jobs, schedules=schedules)


def history(house: House, job: str | None = None) -> tuple[JobRun, ...]:
    with house.wiring.database.read() as tx:
        return ledger.recent_runs(tx, job=job)


def counting(calls: list[datetime]) -> InTransaction:
    """A job that notes when it ran."""

    def step(tx: Connection, /, *, cursor: str | None, limit: int, at: datetime) -> Step:
        assert tx is not None
        assert limit == 1
        calls.append(at)
        wall.sleep(0.05)
        return Step(done=1, cursor=cursor, finished=True)

    return InTransaction(step=step, limit=1)


def breaking(error: Exception) -> InTransaction:
    """A job that never succeeds."""

    def step(_tx: Connection, /, *, cursor: str | None, limit: int, at: datetime) -> Step:
        raise error

    return InTransaction(step=step, limit=1)


def epoch_age(house: House) -> int:
    day = house.now.astimezone(JST).date()
    return status(house.wiring.vault.ring, day=day).current_age_days


def test_every_job_of_the_schedules_is_registered(house: House) -> None:
    registry = jobs_of(house.wiring, house.worker())
    assert set(registry) == set(SCHEDULES)
    assert all(name == schedule.job for name, schedule in SCHEDULES.items())


def test_the_first_tick_runs_every_job_once_and_the_second_none(house: House) -> None:
    runs = runs_of(house)
    assert ticked(runs) == len(SCHEDULES)
    assert ticked(runs) == 0
    assert {run.job for run in history(house)} == set(SCHEDULES)
    assert {run.state for run in history(house)} == {JobState.FINISHED}
    runs.stop()


def test_missed_nights_are_caught_up_by_one_run(house: House) -> None:
    runs = runs_of(house)
    ticked(runs)
    house.later(days=3)
    assert epoch_age(house) == 3
    ticked(runs)
    assert epoch_age(house) == 0
    newest, _first = history(house, ROLL)
    assert newest.coalesced == 2
    runs.stop()


def test_today_has_its_epoch_after_a_start_whatever_the_ledger_says(house: House) -> None:
    ticked(runs := runs_of(house))
    house.later(hours=11, minutes=55)  # 23:55 in Tokyo
    house.later(minutes=8)
    assert epoch_age(house) == 1
    roll_if_missing(house.wiring)
    assert epoch_age(house) == 0
    roll_if_missing(house.wiring)
    runs.stop()


def test_a_slot_that_two_processes_see_runs_once(house: House) -> None:
    calls: list[datetime] = []
    both = [runs_of(house, name, night=counting(calls)) for name in ("one", "two")]
    for _ in range(5):
        house.later(days=1)
        gate = threading.Barrier(2)

        def tick(runs: Runs, gate: threading.Barrier = gate) -> None:
            gate.wait()
            ticked(runs)

        threads = [threading.Thread(target=tick, args=[runs]) for runs in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(calls) == 5
    assert [run.state for run in history(house)] == [JobState.FINISHED] * 5
    for runs in both:
        runs.stop()


def test_a_job_at_work_is_not_begun_again_and_holds_up_no_other(house: House) -> None:
    at_work, go_on, calls = Event(), Event(), list[datetime]()

    def slow(_tx: Connection, /, *, cursor: str | None, limit: int, at: datetime) -> Step:
        at_work.set()
        assert go_on.wait(30)
        return Step(done=1, cursor=cursor, finished=True)

    postgres = house.wiring.database.dialect == "postgresql"
    runs = runs_of(house, slow=InTransaction(step=slow, limit=1), night=counting(calls))
    first = runs.tick()
    assert at_work.wait(30)
    house.later(days=1)  # the lease of the slow run is over too
    if postgres:
        wait(first[1:], timeout=30)
        assert len(runs.tick()) == 1  # the other job alone
    go_on.set()
    wait(first, timeout=30)
    runs.stop()
    assert calls


@pytest.mark.parametrize("error", [BrokenError(), ValueError("person1@example.com")])
def test_a_failing_job_is_counted_told_by_code_and_tried_again(
    house: House, error: Exception
) -> None:
    calls: list[datetime] = []
    runs = runs_of(house, night=breaking(error), other=counting(calls))
    with structlog.testing.capture_logs() as logs:
        ticked(runs)
        house.later(minutes=2)
        ticked(runs)
    (run,) = history(house, "night")
    assert (run.state, run.failures) == (JobState.WAITING, 2)
    assert run.error_code == (
        "test_broken_tick" if isinstance(error, BrokenError) else "job_crashed"
    )
    told = [line for line in logs if line["event"] == "job.failed"]
    assert [line["code"] for line in told] == [run.error_code] * 2
    assert "person1" not in repr(logs)
    assert len(calls) == 1
    runs.stop()


def test_a_job_that_fails_too_often_gives_up_until_its_next_slot(house: House) -> None:
    runs = runs_of(house, night=breaking(BrokenError()))
    for _ in range(8):
        ticked(runs)
        house.later(hours=1)
    assert [run.state for run in history(house, "night")] == [JobState.FAILED]
    house.later(days=1)
    assert ticked(runs) == 1
    runs.stop()


@pytest.mark.parametrize(
    ("error", "state"),
    [(RunHeldElsewhereError(run="x"), JobState.FINISHED), (BrokenError(), JobState.WAITING)],
)
def test_a_purge_run_driven_elsewhere_is_no_failure(
    house: House, monkeypatch: pytest.MonkeyPatch, error: GovernanceError, state: JobState
) -> None:
    driven: list[str] = []
    ground = house.now - timedelta(minutes=10)

    class Begun:
        id, started_at = "run-1", ground
        state = purging.RunState.RUNNING

    def drive(_ports: object, run: str, **_more: object) -> None:
        driven.append(run)
        raise error

    monkeypatch.setattr(purging.store, "runs", lambda _tx, limit: [Begun] if limit else [])
    monkeypatch.setattr(purging.purge, "run", drive)
    runs = runs_of(house)
    ticked(runs)
    assert driven == ["run-1"]
    assert [run.state for run in history(house, RESUME)] == [state]
    runs.stop()


def test_what_was_acknowledged_long_ago_is_forgotten_and_the_rest_stays(house: House) -> None:
    asked(house)
    asked(house)
    old = house.now - timedelta(days=31)
    change = outbox.OUTBOX.update().values(state="sent", acked_at=old)
    house.wiring.database.write(
        lambda tx: tx.execute(change.where(outbox.OUTBOX.c.id == rows(house)[0].id))
    )
    runs = runs_of(house)
    ticked(runs)
    assert [row.state for row in rows(house)] == ["pending"]
    runs.stop()


def test_the_running_clock_delivers_sequences_and_runs_what_is_due(house: House) -> None:
    asked(house)
    ticking = scheduler.start(house.wiring)
    until = wall.monotonic() + 30
    whole = {(job, JobState.FINISHED) for job in SCHEDULES}
    while wall.monotonic() < until and not (
        house.mails and {(run.job, run.state) for run in history(house)} == whole
    ):
        wall.sleep(0.05)
    ticking.stop()
    assert len(house.mails) == 1
    assert {run.state for run in history(house)} == {JobState.FINISHED}


def test_a_stopped_clock_leaves_no_run_behind(house: House) -> None:
    ticking = scheduler.start(house.wiring)
    ticking.stop()
    assert JobState.RUNNING not in {run.state for run in history(house)}


def test_a_clock_that_could_not_send_does_not_start(house: House) -> None:
    settings = house.wiring.settings.model_copy(update={"mail_from": "nobody"})
    with pytest.raises(SettingsError):
        scheduler.start(replace(house.wiring, settings=settings))
