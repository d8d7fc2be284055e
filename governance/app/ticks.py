"""The jobs of an installation by the ledger: when each is due, what it does, and who runs it now.

What is due follows from the schedules and the ledger alone, so a night that was missed is caught
up by the next tick of any process, and a slot that two processes see is run by the one that claims
it. Each job has a thread of its own: a purge of hours holds up neither the keys nor the log.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Final, Protocol

from sqlalchemy import Connection

from consent.notices.service import take_effect
from governance.app.alarms import watch_step
from governance.app.backup_jobs import BACKUP_SCHEDULES, backup_jobs
from governance.app.checkpoint_copies import letter_step
from governance.app.coming_due import come_of_age_step, end_consents_step
from governance.app.dataset_jobs import DATASET_SCHEDULES, dataset_jobs
from governance.app.due_dates import DUE_DATES, DUE_DATES_JOB, DUE_DATES_SCHEDULE
from governance.app.duplicates import JOB as DUPLICATES
from governance.app.duplicates import NIGHTLY, Searching
from governance.app.hold_jobs import HOLD_SCHEDULES, hold_jobs
from governance.app.indexing import ROWS, follow_step, rotations_step
from governance.app.keys import custodian_of
from governance.app.log_life import expiry_step, proposal_step
from governance.app.my_number_jobs import MY_NUMBER_SCHEDULES, my_number_jobs
from governance.app.purged_jobs import PURGED_SCHEDULES, purged_jobs
from governance.app.purging import PURGE_SCHEDULES, STARTING, beating, purge_jobs
from governance.app.quality import measure_step, review_step
from governance.app.request_jobs import REQUEST_SCHEDULES, request_jobs
from governance.app.simulating import SIMULATION_SCHEDULES, simulation_jobs
from governance.app.staff_jobs import STAFF_SCHEDULES, staff_jobs
from governance.app.stamping import stamp_step
from governance.app.webhooks.store import forget_deliveries
from governance.app.wiring import SYSTEM, Wiring
from governance.core.clock import JST
from governance.core.errors import GovernanceError
from governance.core.logging import logger
from governance.custody import service as custody
from governance.custody.errors import KeyTaskHeldElsewhereError
from governance.custody.rolling import roll_today
from governance.custody.store import forget as forget_tasks
from governance.db.engine import Database
from governance.discovery.store import forget_scans
from governance.gateway.search_saved import forget_searches
from governance.gateway.writing.store import forget_requests
from governance.jobs import ledger, outbox
from governance.jobs.registry import InTransaction, Job, Open
from governance.jobs.rules import due_slots
from governance.jobs.runner import Worker, run_job
from governance.jobs.types import Daily, EveryMinutes, RunReport, Schedule, Slot, Step
from governance.keys.epochs import status
from governance.keys.types import RollReport
from governance.registers.provisions.service import purge as purge_provisions
from policies.admin import shadow
from retention.service import forget

LOOK_BACK: Final = timedelta(days=1)  # an empty ledger owes the latest slot of each job, no more
SENT_KEPT: Final = timedelta(days=30)  # acknowledged messages, without their content
TOLD_KEPT: Final = timedelta(days=90)  # lines of the delivery log of webhooks
RUNS_KEPT: Final = timedelta(days=30)  # ended runs of the ledger; each job keeps its latest
BATCH: Final = 500  # rows of one transaction of the housekeeping
ROLL: Final = "keys.roll"
STAMP: Final = "audit.stamp"
LETTER: Final = "audit.letter"
WATCH: Final = "audit.watch"
EXPIRE: Final = "audit.expire"
PROPOSE: Final = "audit.propose_expiry"
MEASURE: Final = "quality.measure"
COME_OF_AGE: Final = "subject.come_of_age"
REVIEW: Final = "quality.review"
RESUME_KEYS: Final = "keys.resume"
FORGET_TASKS: Final = "keys.forget_tasks"
FORGET_SENT: Final = "outbox.forget_sent"
FORGET_RUNS: Final = "jobs.forget_runs"
FORGET_STONES: Final = "retention.forget_tombstones"
FORGET_ONCE: Final = "register.forget_requests"
INDEX: Final = "search.index"
REINDEX: Final = "search.rotate"
FORGET_SEARCHES: Final = "search.forget_saved"
FORGET_SCANS: Final = "pii.forget_scans"
PROVISIONS: Final = "registers.purge_provisions"
NOTICES: Final = "notice.take_effect"
END_CONSENTS: Final = "consent.expire"
SHADOW: Final = "policy.shadow"
# What a pause of all processing never stops: keys, the log, what narrows and who comes of age
ALWAYS: Final = frozenset({ROLL, RESUME_KEYS, STAMP, WATCH, NOTICES, END_CONSENTS, COME_OF_AGE})
SCHEDULES: Final = {
    schedule.job: schedule
    for schedule in (
        Schedule(job=ROLL, rule=Daily(at=time(0, 5)), lease=timedelta(minutes=15)),
        Schedule(job=STAMP, rule=Daily(at=time(0, 15))),
        Schedule(job=LETTER, rule=Daily(at=time(0, 20))),
        Schedule(job=WATCH, rule=EveryMinutes(minutes=10)),
        DUE_DATES_SCHEDULE,
        Schedule(job=RESUME_KEYS, rule=EveryMinutes(minutes=5)),
        Schedule(job=INDEX, rule=EveryMinutes(minutes=1)),
        Schedule(job=REINDEX, rule=EveryMinutes(minutes=5)),
        Schedule(job=FORGET_SEARCHES, rule=EveryMinutes(minutes=60)),
        Schedule(job=FORGET_SCANS, rule=Daily(at=time(1, 45))),
        Schedule(job=FORGET_TASKS, rule=Daily(at=time(1, 35))),
        Schedule(job=FORGET_SENT, rule=Daily(at=time(1, 20))),
        Schedule(job=FORGET_RUNS, rule=Daily(at=time(1, 30))),
        Schedule(job=FORGET_STONES, rule=Daily(at=time(1, 40))),
        Schedule(job=FORGET_ONCE, rule=Daily(at=time(1, 50))),
        Schedule(job=PROVISIONS, rule=Daily(at=time(1, 55))),
        NIGHTLY,
        *REQUEST_SCHEDULES,
        *BACKUP_SCHEDULES,
        *PURGE_SCHEDULES,
        *SIMULATION_SCHEDULES,
        *DATASET_SCHEDULES,
        *HOLD_SCHEDULES,
        *MY_NUMBER_SCHEDULES,
        *PURGED_SCHEDULES,
        Schedule(job=MEASURE, rule=Daily(at=time(2, 0))),
        Schedule(job=NOTICES, rule=Daily(at=time(0, 0))),
        Schedule(job=COME_OF_AGE, rule=Daily(at=time(0, 10))),
        Schedule(job=END_CONSENTS, rule=Daily(at=time(0, 30))),
        Schedule(job=REVIEW, rule=Daily(at=time(2, 10))),
        Schedule(job=EXPIRE, rule=EveryMinutes(minutes=15)),
        Schedule(job=SHADOW, rule=EveryMinutes(minutes=1)),
        Schedule(job=PROPOSE, rule=Daily(at=time(2, 20))),
        *STAFF_SCHEDULES,
    )
}
log = logger()


class Forgets(Protocol):
    """Deletes at most `limit` rows that are over at a moment."""

    def __call__(self, tx: Connection, /, *, at: datetime, limit: int) -> int:
        """How many rows went."""
        ...


def jobs_of(wiring: Wiring, worker: Worker) -> Mapping[str, Job]:
    """What each schedule of this installation runs."""
    return {
        **request_jobs(wiring, worker),
        **backup_jobs(wiring, worker),
        **purge_jobs(wiring, worker),
        **simulation_jobs(wiring, worker),
        **dataset_jobs(wiring),
        **hold_jobs(wiring),
        **my_number_jobs(wiring),
        **purged_jobs(wiring, worker),
        ROLL: Open(step=partial(_roll, wiring), limit=1),
        STAMP: Open(step=partial(stamp_step, wiring), limit=1),
        LETTER: Open(step=partial(letter_step, wiring), limit=1),
        WATCH: Open(step=partial(watch_step, wiring), limit=1),
        DUE_DATES: DUE_DATES_JOB,
        RESUME_KEYS: Open(step=partial(_resume_keys, wiring, worker), limit=1),
        INDEX: Open(step=partial(follow_step, wiring, worker), limit=ROWS),
        REINDEX: Open(step=partial(rotations_step, wiring, worker), limit=1),
        FORGET_SEARCHES: InTransaction(step=partial(_forget, forget_searches), limit=BATCH),
        FORGET_SCANS: InTransaction(step=partial(_forget, forget_scans), limit=BATCH),
        FORGET_TASKS: InTransaction(step=partial(_forget, _tasks), limit=BATCH),
        FORGET_SENT: InTransaction(step=partial(_forget, _sent), limit=BATCH),
        FORGET_RUNS: InTransaction(step=partial(_forget, _runs), limit=BATCH),
        FORGET_STONES: InTransaction(step=_forget_stones, limit=BATCH),
        FORGET_ONCE: InTransaction(step=partial(_forget, forget_requests), limit=BATCH),
        PROVISIONS: InTransaction(step=partial(_forget, purge_provisions), limit=BATCH),
        DUPLICATES: Open(step=Searching(wiring=wiring, stopping=worker.stopping).step, limit=1),
        MEASURE: InTransaction(step=measure_step, limit=1),
        COME_OF_AGE: InTransaction(step=partial(come_of_age_step, wiring), limit=BATCH),
        END_CONSENTS: InTransaction(step=partial(end_consents_step, wiring), limit=BATCH),
        NOTICES: InTransaction(step=partial(_notices, wiring), limit=BATCH),
        REVIEW: InTransaction(step=review_step, limit=1),
        **staff_jobs(wiring),
        SHADOW: Open(step=partial(shadow.count_step, wiring.policy_desk), limit=shadow.BATCH),
        EXPIRE: Open(step=partial(expiry_step, wiring, worker), limit=1),
        PROPOSE: InTransaction(step=partial(proposal_step, wiring), limit=1),
    }


@dataclass(slots=True, kw_only=True)
class Runs:
    """The jobs at work in this process: at most one run of each."""

    wiring: Wiring
    worker: Worker
    registry: Mapping[str, Job]
    schedules: Mapping[str, Schedule] = field(default_factory=lambda: SCHEDULES)
    _pool: ThreadPoolExecutor = field(init=False)
    _at_work: dict[str, Future[None]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=len(self.schedules), thread_name_prefix="job")

    def tick(self) -> tuple[Future[None], ...]:
        """Every due slot whose job is idle here has begun, in a thread of its own."""
        begun = []
        for slot in due(self.wiring, self.schedules, at=self.worker.clock()):
            held = self._at_work.get(slot.job)
            if self.worker.stopping() or (held is not None and not held.done()):
                continue
            if slot.job not in ALWAYS and self.wiring.policies.current.paused:
                continue
            self._at_work[slot.job] = self._pool.submit(guarded, slot.job, partial(self._run, slot))
            begun.append(self._at_work[slot.job])
        return tuple(begun)

    def stop(self) -> None:
        """Every run is at an end or released; the worker was told to stop before."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, slot: Slot) -> None:
        report = run_job(
            self.wiring.database,
            slot,
            registry=self.registry,
            schedule=self.schedules[slot.job],
            worker=self.worker if slot.job in ALWAYS else paused_with(self.wiring, self.worker),
        )
        _tell(report)


def paused_with(wiring: Wiring, worker: Worker) -> Worker:
    """The same worker, which also stops between two batches when all processing is paused."""
    return replace(worker, stopping=lambda: worker.stopping() or wiring.policies.current.paused)


def due(wiring: Wiring, schedules: Mapping[str, Schedule], *, at: datetime) -> tuple[Slot, ...]:
    """Slots that some process should run now."""
    with wiring.database.read() as tx:
        state = ledger.ledger_state(tx, schedules)
    return due_slots(schedules.values(), state, since=at - LOOK_BACK, at=at)


def roll_if_missing(wiring: Wiring) -> None:
    """Today has its epoch, whatever the ledger says: a key store may have been put back."""
    at = wiring.clock()
    if status(wiring.vault.ring, day=at.astimezone(JST).date()).current_age_days > 0:
        log.info("keys.rolled", count=_rolled(wiring, at=at).rewrapped)


def guarded(name: str, act: Callable[[], object]) -> None:
    """The act was tried; what it raises is logged by code and stops no clock."""
    try:
        act()
    except GovernanceError as error:
        log.warning("tick.failed", job=name, code=error.code)
    except Exception as error:  # noqa: BLE001 - process edge: a broken tick stops no clock
        kind = type(error).__name__  # a trace could quote a value
        log.error("tick.failed", job=name, kind=kind)  # noqa: TRY400 # the same


def _tell(report: RunReport) -> None:
    slot = report.scheduled_for.isoformat()
    if report.error_code is not None:
        state = report.state.value if report.state is not None else "lost"
        log.warning("job.failed", job=report.job, slot=slot, state=state, code=report.error_code)
    elif report.done:
        log.info("job.done", job=report.job, slot=slot, count=report.done)


def _roll(
    wiring: Wiring,
    _db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,  # noqa: ARG001 - the step's form; a roll takes its own batches
    at: datetime,
    heartbeat: Callable[[], None],  # noqa: ARG001 - the lease outlasts a roll
) -> Step:
    """Today's epoch wraps every living key and old epochs have ended; twice equals once."""
    return Step(done=_rolled(wiring, at=at).rewrapped, cursor=cursor, finished=True)


def _rolled(wiring: Wiring, *, at: datetime) -> RollReport:
    days = wiring.settings.key_final_days
    return roll_today(wiring.ports, wiring.log_keys, SYSTEM, keep_days=days, at=at)


def _resume_keys(
    wiring: Wiring,
    worker: Worker,
    _db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,  # noqa: ARG001 - the step's form; tasks on keys are few
    at: datetime,
    heartbeat: Callable[[], None],
) -> Step:
    """Every rotation, sealing and end of a key that nobody drives is as far as its day lets it."""
    by, driver = custodian_of(wiring), beating(worker, heartbeat)
    failed, done = list[GovernanceError](), 0
    for task in custody.due(by, at=at):
        if worker.stopping() or at - task.started_at < STARTING:
            continue
        try:
            ended = custody.run(by, task.id, worker=driver)
        except KeyTaskHeldElsewhereError:
            continue  # somebody else drives it: no failure
        except GovernanceError as error:
            failed.append(error)
            continue
        log.info("keys.resumed", state=ended.state.value, count=ended.moved)
        done += 1
    if failed:
        raise failed[0]
    return Step(done=done, cursor=cursor, finished=True)


def _forget(
    what: Forgets, tx: Connection, /, *, cursor: str | None, limit: int, at: datetime
) -> Step:
    """At most `limit` rows that are over are gone."""
    done = what(tx, at=at, limit=limit)
    return Step(done=done, cursor=cursor, finished=done < limit)


def _notices(
    wiring: Wiring, tx: Connection, /, *, cursor: str | None, limit: int, at: datetime
) -> Step:
    """Announced versions of notices whose day has come are in force."""
    done = take_effect(tx, wiring.ports, by=SYSTEM, at=at, limit=limit)
    return Step(done=done, cursor=cursor, finished=done < limit)


def _sent(tx: Connection, /, *, at: datetime, limit: int) -> int:
    told = forget_deliveries(tx, before=at - TOLD_KEPT, limit=limit)
    return max(told, outbox.forget_sent(tx, before=at - SENT_KEPT, limit=limit))


def _runs(tx: Connection, /, *, at: datetime, limit: int) -> int:
    return ledger.forget_runs(tx, before=at - RUNS_KEPT, limit=limit)


def _tasks(tx: Connection, /, *, at: datetime, limit: int) -> int:
    return forget_tasks(tx, before=at - RUNS_KEPT, limit=limit)


def _forget_stones(
    tx: Connection,
    /,
    *,
    cursor: str | None,
    limit: int,  # noqa: ARG001 - the step's form; a day's tombstones are few
    at: datetime,
) -> Step:
    """Tombstones and tokens of the suppression list whose time is over are gone."""
    done = sum(forget(tx, at=at))
    return Step(done=done, cursor=cursor, finished=True)
