"""Running one slot from claim to end; safe to be called by any number of processes at once."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from sqlalchemy import Connection

from governance.core.clock import Clock
from governance.core.errors import GovernanceError
from governance.db.engine import Database
from governance.jobs import ledger
from governance.jobs.errors import FenceLostError, JobUnknownError
from governance.jobs.registry import InTransaction, Job, Open
from governance.jobs.rules import next_limit
from governance.jobs.types import (
    Claim,
    JobState,
    RunReport,
    Schedule,
    Slot,
    Step,
)

CRASHED = "job_crashed"  # an exception that is no GovernanceError; its text may hold values


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """The process that drives: its name, clock, how it pauses, and whether it is to stop."""

    owner: str
    clock: Clock
    pause: Callable[[timedelta], None]
    stopping: Callable[[], bool]


def worker_of(owner: str, clock: Clock, stop: threading.Event, *, hurried: bool = False) -> Worker:
    """A worker that pauses between batches and stops as soon as the event is set.

    A hurried one pauses for nobody: for work while nobody else is served.
    """
    return Worker(
        owner=owner,
        clock=clock,
        pause=lambda rest: None if hurried else _ignore(stop.wait(rest.total_seconds())),
        stopping=stop.is_set,
    )


def run_job(
    db: Database,
    slot: Slot,
    *,
    registry: Mapping[str, Job],
    schedule: Schedule,
    worker: Worker,
) -> RunReport:
    """The slot's outcome: run here to its end, resumed here, or left to whoever holds it."""
    job = registry.get(slot.job)
    if job is None:
        raise JobUnknownError(job=slot.job)
    at = worker.clock()
    claim = db.write(
        lambda tx: ledger.claim(tx, slot, owner=worker.owner, at=at, lease=schedule.lease)
    )
    if claim is None:
        return RunReport(
            job=slot.job, scheduled_for=slot.scheduled_for, state=None, done=0, batches=0
        )
    return _Drive(db=db, job=job, schedule=schedule, worker=worker, claim=claim).to_the_end()


@dataclass(slots=True, kw_only=True)
class _Drive:
    """One run in this process; the claim is replaced at each step."""

    db: Database
    job: Job
    schedule: Schedule
    worker: Worker
    claim: Claim
    limit: int = 0

    def to_the_end(self) -> RunReport:
        """The report of a run that finished, was released, failed or was lost."""
        self.limit = self.job.limit
        try:
            while not self.worker.stopping():
                if self._step().finished:
                    self.db.write(lambda tx: ledger.finish(tx, self.claim, at=self.worker.clock()))
                    return self._report(JobState.FINISHED)
            self.db.write(lambda tx: ledger.release(tx, self.claim, at=self.worker.clock()))
            return self._report(JobState.WAITING)
        except FenceLostError as lost:
            return self._report(None, lost.code)
        except GovernanceError as error:
            return self._failed(error.code)
        except Exception:  # noqa: BLE001 - process edge: one broken job must not stop the clock
            return self._failed(CRASHED)

    def _step(self) -> Step:
        match self.job:
            case InTransaction():
                return self._transaction_step(self.job)
            case Open():
                return self._open_step(self.job)
            case _:
                assert_never(self.job)

    def _transaction_step(self, job: InTransaction) -> Step:
        claim, lease = self.claim, self.schedule.lease

        def batch(tx: Connection) -> tuple[Step, Claim, timedelta]:
            began = self.worker.clock()
            step = job.step(tx, cursor=claim.cursor, limit=self.limit, at=began)
            moved = ledger.advance(tx, claim, step, at=began, lease=lease)
            return step, moved, self.worker.clock() - began

        step, self.claim, took = self.db.write(batch, batch=True)
        if job.aim is not None and not step.finished:
            self.limit = next_limit(self.limit, took=took, aim=job.aim, most=job.limit)
            self.worker.pause(min(max(took, timedelta(0)), lease / 4))
        return step

    def _open_step(self, job: Open) -> Step:
        step = job.step(
            self.db,
            cursor=self.claim.cursor,
            limit=self.limit,
            at=self.worker.clock(),
            heartbeat=self._heartbeat,
        )
        at, lease = self.worker.clock(), self.schedule.lease
        self.claim = self.db.write(
            lambda tx: ledger.advance(tx, self.claim, step, at=at, lease=lease)
        )
        return step

    def _heartbeat(self) -> None:
        at, lease = self.worker.clock(), self.schedule.lease
        renewed = self.db.write(lambda tx: ledger.heartbeat(tx, self.claim, at=at, lease=lease))
        self.claim = replace(self.claim, lease_until=renewed.lease_until)

    def _failed(self, code: str) -> RunReport:
        try:
            state = self.db.write(
                lambda tx: ledger.fail(
                    tx,
                    self.claim,
                    error_code=code,
                    schedule=self.schedule,
                    at=self.worker.clock(),
                )
            )
        except GovernanceError:  # lost, or no database: the lease ends by itself
            return self._report(None, code)
        return self._report(state, code)

    def _report(self, state: JobState | None, code: str | None = None) -> RunReport:
        return RunReport(
            job=self.claim.job,
            scheduled_for=self.claim.scheduled_for,
            state=state,
            done=self.claim.done,
            batches=self.claim.batches,
            error_code=code,
        )


def _ignore(_: object) -> None:
    return None
