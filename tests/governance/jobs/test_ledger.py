import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, Table, select

from governance.core.errors import GovernanceError
from governance.db.engine import Database
from governance.jobs import ledger
from governance.jobs.errors import FenceLostError, JobUnknownError
from governance.jobs.ledger import RUNS
from governance.jobs.registry import InTransaction, Open
from governance.jobs.rules import due_slots
from governance.jobs.runner import CRASHED, Worker, run_job
from governance.jobs.types import (
    Claim,
    Daily,
    EveryMinutes,
    JobState,
    Missed,
    Schedule,
    Slot,
    Step,
)

NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)
SLOT = Slot(job="purge", scheduled_for=NOW, coalesced=2)
SCHEDULE = Schedule(job="purge", rule=Daily(at=time(12)), lease=LEASE, max_failures=2)
LATER = NOW + 2 * LEASE


class BrokenError(GovernanceError):
    code, status = "test_broken", 500


def taken(db: Database, owner: str, at: datetime = NOW) -> Claim | None:
    return db.write(lambda tx: ledger.claim(tx, SLOT, owner=owner, at=at, lease=LEASE))


def mine(db: Database, owner: str, at: datetime = NOW) -> Claim:
    claim = taken(db, owner, at)
    assert claim is not None
    return claim


def worker(clock: Callable[[], datetime], stopping: Callable[[], bool] = lambda: False) -> Worker:
    return Worker(owner="a", clock=clock, pause=lambda _: None, stopping=stopping)


def counting(total: int) -> Callable[..., Step]:
    def step(_: object, /, *, cursor: str | None, limit: int, **_rest: object) -> Step:
        start = int(cursor or 0)
        end = min(start + limit, total)
        return Step(done=end - start, cursor=str(end), finished=end == total)

    return step


def test_four_threads_claim_the_same_slot_and_one_gets_it(database: Database) -> None:
    gate = threading.Barrier(4)

    def contend(owner: str) -> Claim | None:
        gate.wait()
        return taken(database, owner)

    with ThreadPoolExecutor(4) as pool:
        claims = list(pool.map(contend, "abcd"))
    assert sum(claim is not None for claim in claims) == 1


def test_expired_lease_is_resumed_once_with_a_higher_fence_from_the_cursor(
    database: Database,
) -> None:
    first = mine(database, "a")
    step = Step(done=7, cursor="k7", finished=False)
    database.write(lambda tx: ledger.advance(tx, first, step, at=NOW, lease=LEASE))
    assert taken(database, "b", NOW + LEASE / 2) is None
    with ThreadPoolExecutor(4) as pool:
        claims = [c for c in pool.map(lambda o: taken(database, o, LATER), "bcde") if c]
    assert [(c.fence, c.cursor, c.done, c.batches) for c in claims] == [(2, "k7", 7, 1)]


def test_old_fence_is_refused_and_its_effects_are_undone(database: Database) -> None:
    old = mine(database, "a")
    mine(database, "b", LATER)

    def zombie(tx: Connection) -> None:
        tx.execute(RUNS.update().values(error_code="zombie"))
        ledger.advance(tx, old, Step(done=1, cursor="x", finished=False), at=LATER, lease=LEASE)

    for change in (
        zombie,
        lambda tx: ledger.finish(tx, old, at=LATER),
        lambda tx: ledger.release(tx, old, at=LATER),
        lambda tx: ledger.fail(tx, old, error_code="x", schedule=SCHEDULE, at=LATER),
        lambda tx: ledger.heartbeat(tx, old, at=LATER, lease=LEASE),
    ):
        with pytest.raises(FenceLostError):
            database.write(change)
    with database.read() as tx:
        assert tx.execute(select(RUNS.c.error_code, RUNS.c.fence)).one() == (None, 2)


def test_heartbeat_keeps_the_slot(database: Database) -> None:
    claim = mine(database, "a")
    database.write(lambda tx: ledger.heartbeat(tx, claim, at=NOW + LEASE / 2, lease=LEASE))
    assert taken(database, "b", NOW + LEASE) is None


def test_finished_slot_never_runs_again(database: Database) -> None:
    claim = mine(database, "a")
    database.write(lambda tx: ledger.finish(tx, claim, at=NOW))
    assert taken(database, "b", LATER) is None
    with pytest.raises(FenceLostError):
        database.write(lambda tx: ledger.heartbeat(tx, claim, at=NOW, lease=LEASE))


def test_ledger_state_gives_the_latest_slot_and_the_unfinished_runs(database: Database) -> None:
    mine(database, "a")
    with database.read() as tx:
        state = ledger.ledger_state(tx, ["purge", "never"])
    assert state.latest == {"purge": NOW}
    assert [(run.job, run.coalesced, run.fence) for run in state.unfinished] == [("purge", 2, 1)]
    slots = due_slots([SCHEDULE], state, since=NOW, at=LATER)
    assert slots == (SLOT,)


@pytest.mark.parametrize("kind", [InTransaction, Open])
def test_a_job_runs_to_its_end_in_batches(
    database: Database, kind: type[InTransaction] | type[Open]
) -> None:
    job = kind(step=counting(25), limit=10)
    report = run_job(
        database, SLOT, registry={"purge": job}, schedule=SCHEDULE, worker=worker(lambda: NOW)
    )
    assert (report.state, report.done, report.batches) == (JobState.FINISHED, 25, 3)
    again = run_job(
        database, SLOT, registry={"purge": job}, schedule=SCHEDULE, worker=worker(lambda: LATER)
    )
    assert again.state is None


def test_a_stopping_process_leaves_the_run_to_the_next(database: Database) -> None:
    answers = iter([False, True])
    job = InTransaction(step=counting(25), limit=10)
    registry = {"purge": job}
    stopped = run_job(
        database,
        SLOT,
        registry=registry,
        schedule=SCHEDULE,
        worker=worker(lambda: NOW, lambda: next(answers)),
    )
    resumed = run_job(
        database, SLOT, registry=registry, schedule=SCHEDULE, worker=worker(lambda: NOW)
    )
    assert (stopped.state, stopped.done) == (JobState.WAITING, 10)
    assert (resumed.state, resumed.done) == (JobState.FINISHED, 25)


@pytest.mark.parametrize(
    ("error", "code"), [(BrokenError(), "test_broken"), (ValueError("a person's value"), CRASHED)]
)
def test_a_failing_job_is_retried_later_and_then_given_up(
    database: Database, error: Exception, code: str
) -> None:
    def step(*_: object, **_rest: object) -> Step:
        raise error

    registry = {"purge": InTransaction(step=step, limit=1)}
    states = [
        run_job(
            database,
            SLOT,
            registry=registry,
            schedule=SCHEDULE,
            worker=worker(lambda at=at: at),  # type: ignore[misc] # bound now
        ).state
        for at in (NOW, NOW, NOW + timedelta(minutes=1), LATER)
    ]
    assert states == [JobState.WAITING, None, JobState.FAILED, None]
    with database.read() as tx:
        (run,) = ledger.recent_runs(tx, job="purge")
    assert run.error_code == code


def test_a_process_that_slept_past_its_lease_commits_nothing_more(
    database: Database, marks: Table
) -> None:
    def step(tx: Connection, /, **_: object) -> Step:
        tx.execute(marks.insert().values(at=1))
        ledger._resume(tx, SLOT, owner="b", at=LATER, lease=LEASE)  # the lease was taken over
        return Step(done=1, cursor="1", finished=True)

    report = run_job(
        database,
        SLOT,
        registry={"purge": InTransaction(step=step, limit=1)},
        schedule=SCHEDULE,
        worker=worker(lambda: NOW),
    )
    assert (report.state, report.error_code) == (None, "fence_lost")
    with database.read() as tx:
        assert tx.execute(select(marks)).all() == []


@pytest.fixture
def marks(database: Database) -> Table:
    from sqlalchemy import Column, Integer, MetaData  # noqa: PLC0415 # this fixture only

    table = Table("mark", MetaData(), Column("at", Integer))
    table.create(database.writer_engine)
    return table


def test_batch_size_adapts_to_the_aimed_lock_time(database: Database) -> None:
    limits: list[int] = []
    moment = NOW

    def clock() -> datetime:
        nonlocal moment
        moment += timedelta(milliseconds=40)  # each batch seems to take 40 ms
        return moment

    def step(_: Connection, /, *, limit: int, **_rest: object) -> Step:
        limits.append(limit)
        return Step(done=limit, cursor="c", finished=len(limits) == 4)

    job = InTransaction(step=step, limit=1000, aim=timedelta(milliseconds=10))
    schedule = replace(SCHEDULE, lease=timedelta(hours=1))
    run_job(database, SLOT, registry={"purge": job}, schedule=schedule, worker=worker(clock))
    assert limits == [1000, 500, 250, 125]


def test_a_job_that_nobody_registered_is_refused_before_its_slot_is_taken(
    database: Database,
) -> None:
    with pytest.raises(JobUnknownError):
        run_job(database, SLOT, registry={}, schedule=SCHEDULE, worker=worker(lambda: NOW))
    assert taken(database, "a") is not None


def test_old_runs_are_forgotten_but_each_job_keeps_its_latest_slot(database: Database) -> None:
    for day in range(3):
        slot = Slot(job="purge", scheduled_for=NOW + timedelta(days=day))
        claim = database.write(partial(ledger.claim, slot=slot, owner="a", at=NOW, lease=LEASE))
        assert claim is not None
        database.write(partial(ledger.finish, claim=claim, at=NOW))
    gone = database.write(lambda tx: ledger.forget_runs(tx, before=LATER, limit=10))
    with database.read() as tx:
        left = [run.scheduled_for for run in ledger.recent_runs(tx)]
    assert (gone, left) == (2, [NOW + timedelta(days=2)])


def test_four_processes_with_kills_and_clock_jumps_run_every_slot_exactly_once(
    database: Database,
) -> None:
    schedule = Schedule(
        job="tick", rule=EveryMinutes(minutes=1), missed=Missed.CATCH_UP, lease=LEASE
    )
    jumps = [0, 3, 2, -61, 1, 4, 1, 62, 0, 5]  # minutes that the clocks move between looks
    finished: list[datetime] = []
    lock = threading.Lock()

    def look(owner: str, at: datetime) -> None:
        with database.read() as tx:
            state = ledger.ledger_state(tx, ["tick"])
        for slot in due_slots([schedule], state, since=NOW, at=at):
            take = partial(ledger.claim, slot=slot, owner=owner, at=at, lease=LEASE)
            claim = database.write(take)
            if claim is None or (claim.fence == 1 and slot.scheduled_for.minute % 5 == 0):
                continue  # somebody else's, or this process is killed here
            database.write(partial(ledger.finish, claim=claim, at=at))
            with lock:
                finished.append(slot.scheduled_for)

    at = NOW
    with ThreadPoolExecutor(4) as pool:
        for jump in (*jumps, 2, 2):
            at += timedelta(minutes=jump)
            list(pool.map(look, "abcd", [at] * 4))
    expected = [NOW + timedelta(minutes=n) for n in range(1, 22) if n != 20]  # 20 is still leased
    assert sorted(finished) == expected


def test_a_heartbeat_inside_an_open_step_renews_the_lease(database: Database) -> None:
    moments = iter(NOW + timedelta(seconds=50 * n) for n in range(20))

    def step(db: Database, /, *, heartbeat: Callable[[], None], **_: object) -> Step:
        heartbeat()
        assert taken(db, "b", NOW + LEASE) is None
        return Step(done=1, cursor=None, finished=True)

    report = run_job(
        database,
        SLOT,
        registry={"purge": Open(step=step, limit=1)},
        schedule=SCHEDULE,
        worker=worker(lambda: next(moments)),
    )
    assert report.state is JobState.FINISHED
