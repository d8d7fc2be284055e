"""The job ledger: who runs which slot, how far it came, and who may still change it.

A slot is taken by inserting its row; the unique key says that it is taken, whoever comes
later. A lease that ended is taken over by raising the fence, and every change of a run
carries `WHERE fence = mine`, so a process that slept through its lease changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, or_, select

from governance.core.ids import new_row_id
from governance.core.terms import RowId
from governance.db.keyed import PreparedChange
from governance.db.types import insert_ignore, table_of
from governance.jobs.errors import FenceLostError
from governance.jobs.models import JobRunRow
from governance.jobs.rules import retry_delay
from governance.jobs.types import Claim, JobRun, JobState, LedgerState, Schedule, Slot, Step

RUNS = table_of(JobRunRow)
UNFINISHED = (JobState.RUNNING.value, JobState.WAITING.value)


def claim(
    tx: Connection, slot: Slot, *, owner: str, at: datetime, lease: timedelta
) -> Claim | None:
    """The right to run this slot, fresh or resumed from its cursor; None if it is not free."""
    taken = Claim(
        run=new_row_id(),
        job=slot.job,
        scheduled_for=slot.scheduled_for,
        owner=owner,
        fence=1,
        lease_until=at + lease,
        cursor=None,
        done=0,
        batches=0,
        failures=0,
    )
    inserted = tx.execute(
        insert_ignore(RUNS, tx.dialect.name)
        .values(
            id=taken.run,
            job=slot.job,
            scheduled_for=slot.scheduled_for,
            state=JobState.RUNNING.value,
            coalesced=slot.coalesced,
            lease_owner=owner,
            lease_until=taken.lease_until,
            started_at=at,
            done=0,
            batches=0,
            fence=1,
            failures=0,
        )
        .returning(RUNS.c.id)
    ).one_or_none()
    return taken if inserted is not None else _resume(tx, slot, owner=owner, at=at, lease=lease)


def _resume(
    tx: Connection, slot: Slot, *, owner: str, at: datetime, lease: timedelta
) -> Claim | None:
    """The slot's run under a raised fence if its lease ended or its waiting time is over."""
    free = or_(
        and_(RUNS.c.state == JobState.RUNNING.value, RUNS.c.lease_until <= at),
        and_(RUNS.c.state == JobState.WAITING.value, RUNS.c.next_at <= at),
    )
    row = tx.execute(
        RUNS.update()
        .where(RUNS.c.job == slot.job, RUNS.c.scheduled_for == slot.scheduled_for, free)
        .values(
            fence=RUNS.c.fence + 1,
            state=JobState.RUNNING.value,
            lease_owner=owner,
            lease_until=at + lease,
            next_at=None,
        )
        .returning(*RUNS.c)
    ).one_or_none()
    if row is None:
        return None
    return Claim(
        run=RowId(row.id),
        job=row.job,
        scheduled_for=row.scheduled_for,
        owner=owner,
        fence=row.fence,
        lease_until=row.lease_until,
        cursor=row.cursor,
        done=row.done,
        batches=row.batches,
        failures=row.failures,
    )


def heartbeat(tx: Connection, claim: Claim, *, at: datetime, lease: timedelta) -> Claim:
    """The claim with its lease renewed from now; raises FenceLostError."""
    _change(tx, claim, lease_until=at + lease)
    return replace(claim, lease_until=at + lease)


def advance(tx: Connection, claim: Claim, step: Step, *, at: datetime, lease: timedelta) -> Claim:
    """The claim moved to the step's cursor, failures forgotten; raises FenceLostError.

    In the transaction of the step's own effects: a lost fence undoes them too.
    """
    moved = replace(
        claim,
        cursor=step.cursor,
        done=claim.done + step.done,
        batches=claim.batches + 1,
        failures=0,
        lease_until=at + lease,
    )
    _change(
        tx,
        claim,
        cursor=moved.cursor,
        done=moved.done,
        batches=moved.batches,
        failures=0,
        lease_until=moved.lease_until,
    )
    return moved


def finish(tx: Connection, claim: Claim, *, at: datetime) -> None:
    """The run is finished and its slot never runs again; raises FenceLostError."""
    _change(tx, claim, state=JobState.FINISHED.value, finished_at=at, lease_until=None)


def release(tx: Connection, claim: Claim, *, at: datetime) -> None:
    """The run waits for any process to resume it at once; raises FenceLostError."""
    _change(tx, claim, state=JobState.WAITING.value, next_at=at, lease_until=None)


def fail(
    tx: Connection, claim: Claim, *, error_code: str, schedule: Schedule, at: datetime
) -> JobState:
    """WAITING for another try, or FAILED after too many without progress; raises FenceLostError."""
    failures = claim.failures + 1
    ended = failures >= schedule.max_failures
    state = JobState.FAILED if ended else JobState.WAITING
    _change(
        tx,
        claim,
        state=state.value,
        failures=failures,
        error_code=error_code,
        lease_until=None,
        next_at=None if ended else at + retry_delay(schedule, failures),
        finished_at=at if ended else None,
    )
    return state


def ledger_state(tx: Connection, jobs: Iterable[str]) -> LedgerState:
    """What decides which of these jobs' slots are due; feeds `rules.due_slots`."""
    latest: dict[str, datetime] = {}
    for job in jobs:
        newest = tx.execute(
            select(RUNS.c.scheduled_for)
            .where(RUNS.c.job == job)
            .order_by(RUNS.c.scheduled_for.desc())
            .limit(1)
        ).scalar_one_or_none()
        if newest is not None:
            latest[job] = newest
    unfinished = tx.execute(
        select(RUNS).where(RUNS.c.state.in_(UNFINISHED)).order_by(RUNS.c.scheduled_for, RUNS.c.id)
    )
    return LedgerState(latest=latest, unfinished=tuple(job_run(row) for row in unfinished))


def recent_runs(
    tx: Connection,
    *,
    job: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
) -> tuple[JobRun, ...]:
    """The newest runs, for the officer's page; those of slots between two moments."""
    newest = select(RUNS).order_by(RUNS.c.started_at.desc(), RUNS.c.id.desc()).limit(limit)
    if since is not None:
        newest = newest.where(RUNS.c.scheduled_for >= since)
    if until is not None:
        newest = newest.where(RUNS.c.scheduled_for < until)
    rows = tx.execute(newest if job is None else newest.where(RUNS.c.job == job))
    return tuple(job_run(row) for row in rows)


def forget_runs(tx: Connection, *, before: datetime, limit: int) -> int:
    """Rows deleted of runs that ended before a moment; each job keeps its latest slot."""
    newer = RUNS.alias()
    latest = select(func.max(newer.c.scheduled_for)).where(newer.c.job == RUNS.c.job)
    old = (
        select(RUNS.c.id)
        .where(
            RUNS.c.state.not_in(UNFINISHED),
            RUNS.c.finished_at < before,
            RUNS.c.scheduled_for < latest.scalar_subquery(),
        )
        .limit(limit)
    )
    return tx.execute(RUNS.delete().where(RUNS.c.id.in_(old))).rowcount


def job_run(row: Row[Any]) -> JobRun:
    """The fact that a ledger row stores."""
    return JobRun(
        id=RowId(row.id),
        job=row.job,
        scheduled_for=row.scheduled_for,
        state=JobState(row.state),
        cursor=row.cursor,
        done=row.done,
        batches=row.batches,
        coalesced=row.coalesced,
        fence=row.fence,
        failures=row.failures,
        lease_owner=row.lease_owner,
        lease_until=row.lease_until,
        next_at=row.next_at,
        error_code=row.error_code,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def _change(tx: Connection, claim: Claim, **values: object) -> None:
    """Fails closed: no row under my fence means that the slot is no longer mine."""
    facts = {"held": claim.fence, **{f"new_{name}": value for name, value in values.items()}}
    if _changing(tuple(values)).rows(tx, [claim.run], facts) != 1:
        raise FenceLostError(job=claim.job, fence=claim.fence)


@cache
def _changing(columns: tuple[str, ...]) -> PreparedChange:
    """Each batch of a job is one of these; they are compiled once."""
    values = {name: bindparam(f"new_{name}", type_=RUNS.c[name].type) for name in columns}
    mine = RUNS.c.fence == bindparam("held"), RUNS.c.state == JobState.RUNNING.value
    return PreparedChange(lambda ids: RUNS.update().where(RUNS.c.id.in_(ids), *mine).values(values))


def newest_runs(tx: Connection) -> Mapping[str, JobRun]:
    """The newest run of each job that ever ran."""
    latest = (
        select(RUNS.c.job, func.max(RUNS.c.scheduled_for).label("newest"))
        .group_by(RUNS.c.job)
        .subquery()
    )
    mine = and_(RUNS.c.job == latest.c.job, RUNS.c.scheduled_for == latest.c.newest)
    return {row.job: job_run(row) for row in tx.execute(select(RUNS).join(latest, mine))}


def run_by_id(tx: Connection, run: RowId) -> JobRun | None:
    """The run of this id."""
    row = tx.execute(select(RUNS).where(RUNS.c.id == run)).one_or_none()
    return None if row is None else job_run(row)


def try_again(tx: Connection, run: RowId, *, at: datetime) -> bool:
    """Whether this call let a failed run wait for its next driver, from where it stood."""
    failed = RUNS.update().where(RUNS.c.id == run, RUNS.c.state == JobState.FAILED.value)
    waits = {"state": JobState.WAITING.value, "failures": 0, "next_at": at, "finished_at": None}
    return tx.execute(failed.values(**waits)).rowcount == 1
