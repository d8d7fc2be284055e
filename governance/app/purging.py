"""Purges by the clock: planned each night, begun where the settings say so, driven to their end."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from governance.app.approvals import approvals_of
from governance.app.examined import Examined
from governance.app.executing import HOUSE
from governance.app.wiring import Wiring
from governance.core.errors import GovernanceError
from governance.core.logging import logger
from governance.core.terms import RowId
from governance.db.engine import Database
from governance.jobs.registry import Job, Open
from governance.jobs.runner import Worker
from governance.jobs.types import EveryMinutes, Schedule, Step
from retention import purge, store
from retention.errors import RunHeldElsewhereError
from retention.nightly import PLANNED_AT, Night, tonight
from retention.plans import RunState
from retention.standing import Standing, standing

PURGE: Final = "retention.purge"
RESUME: Final = "retention.resume"
RUNS_LOOKED_AT: Final = 500  # purge runs, newest first; a retailer has some dozens a year
STARTING: Final = timedelta(minutes=1)  # whoever began a run may drive it first
LEASE: Final = timedelta(minutes=15)  # a plan of everybody lasts shorter
PURGE_SCHEDULES: Final = (
    Schedule(job=PURGE, rule=PLANNED_AT, lease=LEASE),
    Schedule(job=RESUME, rule=EveryMinutes(minutes=5)),
)
log = logger()


def purge_jobs(wiring: Wiring, worker: Worker) -> Mapping[str, Job]:
    """What these schedules run in this installation."""
    return {
        PURGE: Open(step=partial(_nightly, wiring, worker), limit=1),
        RESUME: Open(step=partial(_resume, wiring, worker), limit=RUNS_LOOKED_AT),
    }


def standing_of(wiring: Wiring, *, at: datetime) -> Standing:
    """Where purges stand in this installation."""
    settings = wiring.settings
    with wiring.database.read() as tx:
        return standing(
            tx,
            lag_days=settings.retention_lag_days,
            daily_bytes=settings.retention_daily_bytes,
            at=at,
        )


def purge_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether somebody who is due is still here, and for how long."""
    found = standing_of(wiring, at=at)
    params: dict[str, str | int] = {"count": found.due, "days": found.lag_days}
    if found.late:
        return Examined(check="purge", state="bad", key="doctor.purge_late", params=params)
    if found.second_person and found.due:
        return Examined(check="purge", state="attention", key="doctor.purge_waits", params=params)
    return Examined(check="purge", state="good", key="doctor.purge_good", params=params)


def _nightly(
    wiring: Wiring,
    worker: Worker,
    db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,  # noqa: ARG001 - the step's form; one plan is made
    at: datetime,
    heartbeat: Callable[[], None],
) -> Step:
    """Tonight's plan stands, and what may go without a second person is gone."""
    automatic, desk = wiring.settings.retention_automatic, approvals_of(wiring)
    found = db.write(
        lambda tx: tonight(tx, wiring.ports, desk, HOUSE, automatic=automatic, at=at), batch=True
    )
    if found.night is Night.WAITS:
        log.warning("retention.waits_for_second_person", reason=found.plan)
    if found.night is Night.BEGUN and found.run is not None:
        heartbeat()
        drive(wiring, found.run, beating(worker, heartbeat))
    return Step(done=int(found.night is Night.BEGUN), cursor=cursor, finished=True)


def _resume(
    wiring: Wiring,
    worker: Worker,
    db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,
    at: datetime,
    heartbeat: Callable[[], None],
) -> Step:
    """Every begun purge run that nobody drives is at its end; one that fails stops no other.

    So is a finished one of which SQLite's log still held pages, because a long reader kept them.
    """
    with db.read() as tx:
        known = store.runs(tx, limit=limit)
    open_runs = [
        run
        for run in known
        if run.state is RunState.RUNNING or (run.state is RunState.DONE and run.wal_pages)
    ]
    driver, failed, done = beating(worker, heartbeat), list[GovernanceError](), 0
    for run in open_runs:
        if worker.stopping() or at - run.started_at < STARTING:
            continue
        try:
            done += drive(wiring, run.id, driver)
        except RunHeldElsewhereError:
            continue  # somebody else drives it: no failure
        except GovernanceError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return Step(done=done, cursor=cursor, finished=True)


def drive(wiring: Wiring, run: RowId, driver: Worker) -> int:
    """Whether the run is further than before: not where the day's budget is spent."""
    daily = wiring.settings.retention_daily_bytes
    report = purge.run(wiring.ports, run, worker=driver, daily_bytes=daily)
    if report.waits_until is not None:
        log.info("retention.budget_spent", slot=report.waits_until.isoformat())
        return 0
    log.info("retention.resumed", state=report.state.value, count=report.erased)
    return 1


def beating(worker: Worker, heartbeat: Callable[[], None]) -> Worker:
    """The worker, renewing the lease of its own slot in the pauses between batches."""
    every = PURGE_SCHEDULES[1].lease / 4
    last = worker.clock()

    def pause(rest: timedelta) -> None:
        nonlocal last
        if (now := worker.clock()) - last >= every:
            heartbeat()
            last = now
        worker.pause(rest)

    return replace(worker, pause=pause)
