"""Carries out a plan in batches; safe to be killed anywhere and to be run again.

Some persons at a time: the control journal first (fsynced), then one transaction with the rows,
the audit event that names the destroyed parts, the tombstones, the counts and the cursor
(retention/batch.py), then the end of their data keys, and of many persons the tokens that found
them (retention/trailing.py). What the transaction finds changed since the plan is left alone.
Between transactions others have their turn (retention/yielding.py).
"""

import sqlite3
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.terms import KeyClass, RowId, SubjectId
from governance.customers.ports import Ports
from governance.gateway.intake.collecting import rare_collections
from governance.jobs import ledger
from governance.jobs.runner import Worker
from governance.jobs.types import Claim, Slot, Step
from governance.keys.types import Destroyed
from policies.pause import refuse_paused
from retention import outside, store, tombstones, trailing
from retention.announcing import announce, lift
from retention.batch import Removed, Work, fitting_now, remove
from retention.budget import UNLIMITED, Budget, budget_of
from retention.duties import ready
from retention.erasure import Doomed, residue
from retention.errors import ResidueError, RunHeldElsewhereError
from retention.fit import Seen, open_keys
from retention.pace import MOST, Pace
from retention.parts import driving
from retention.plans import Ground, Item, RunState
from retention.store import Run
from retention.tombstones import Tombstone
from retention.weighing import weights
from retention.yielding import Yielding

LEASE = timedelta(seconds=120)
PAGE = 1_200  # persons that are read at a time
EVENT_MOST = 400  # persons in a batch; the event that names them has a size limit
KEYS = 400  # persons whose keys end together
KEYS_AT_RESTORE = 4_000  # their keys are gone already, and nobody is served meanwhile
CHECKPOINT_TRIES = 40  # a reader that looks at an old state keeps SQLite's log; wait 2 s for it
CHECKPOINT_PAUSE = timedelta(milliseconds=50)
UNKNOWN_PAGES = 1  # not known to be none
Ended = list[tuple[list[RowId], Destroyed]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What a run did in this call and in all calls before it."""

    run: RowId
    state: RunState
    erased: int
    skipped: int
    rows: int
    batches: int
    wal_pages: int  # left in SQLite's log; 0 = nothing
    waits_until: datetime | None = None  # the day's budget is spent; the run goes on then


@dataclass(slots=True, kw_only=True)
class _Drive:
    """One call of a run; the claim is replaced at each batch."""

    work: Work
    worker: Worker
    claim: Claim
    budget: Budget
    turns: Yielding
    trailing: int = 0  # persons whose tokens are still to go
    ended: list[Tombstone] = field(default_factory=list)  # rows are gone, data keys are not yet

    @property
    def ports(self) -> Ports:
        """What the run works with."""
        return self.work.ports

    @property
    def restores(self) -> bool:
        """The journal names everybody already, and nobody is served meanwhile."""
        return self.work.plan.ground is Ground.RESTORE


def run(ports: Ports, run_id: RowId, *, worker: Worker, daily_bytes: int = UNLIMITED) -> RunReport:
    """The run's end, or as far as the worker and the day's budget let it go.

    A finished run changes nothing. Raises RunHeldElsewhereError, ResidueError, PausedError.
    """
    refuse_paused(ports.policies.current)
    with ports.database.read() as tx:
        found = store.run_by_id(tx, run_id)
        plan = store.plan_by_id(tx, found.plan, items=False)
        schedule = store.schedule_by_digest(tx, plan.schedule_digest)
        left = budget_of(tx, plan.ground, daily_bytes, at=worker.clock())
        tells = outside.tells(tx, ports, plan, found)
    if found.state is RunState.DONE:
        return _again(ports, found, worker)
    if left.spent_out:
        return _report(ports, run_id, waits_until=left.resumes_at)
    slot = Slot(job=f"purge:{run_id}", scheduled_for=found.started_at)
    at = worker.clock()
    claim = ports.database.write(
        lambda tx: ledger.claim(tx, slot, owner=worker.owner, at=at, lease=LEASE)
    )
    if claim is None:
        raise RunHeldElsewhereError(run=run_id)
    ready(schedule, at=plan.cutoff)
    work = Work(ports=ports, run=found, plan=plan, schedule=schedule, tells=tells)
    turns = Yielding(database=ports.database, worker=worker)
    drive = _Drive(work=work, worker=worker, claim=claim, budget=left, turns=turns)
    if drive.restores:
        turns.hurried, turns.pace = True, Pace(rows=MOST)
    many = work.trails or drive.restores
    try:
        with rare_collections(), ports.database.relieving() if many else nullcontext():
            return _to_the_end(drive)
    except Exception:  # whatever stopped it, another call may go on at once
        _let_go(drive)
        raise


def _again(ports: Ports, found: Run, worker: Worker) -> RunReport:
    """A finished run changes nothing but a log that could not be truncated then."""
    if found.wal_pages:
        pages = _checkpoint(ports, worker)
        ports.database.write(lambda tx: store.note_pages(tx, found.id, pages))
    return _report(ports, found.id)


def _let_go(drive: _Drive) -> None:
    try:
        at = drive.worker.clock()
        drive.ports.database.write(lambda tx: ledger.release(tx, drive.claim, at=at))
    except Exception:  # noqa: BLE001 - lost, or no database: the lease ends by itself
        return


def _to_the_end(drive: _Drive) -> RunReport:
    with drive.ports.database.read() as tx:  # what a killed call left between commit and keys
        drive.ended += tombstones.keys_to_end(tx, drive.work.run.id)
    _end_keys(drive)
    while not (drive.worker.stopping() or drive.budget.spent_out):
        with drive.ports.database.read() as tx:
            items = store.next_items(tx, drive.work.plan.id, after=drive.claim.cursor, limit=PAGE)
            weigh = _weights(tx, drive.work, items)
        if not items:
            if _rows_of_who_stays(drive):
                continue
            return _finish(drive)
        _page(drive, items, weigh)
    _end_keys(drive)
    if drive.budget.spent_out:  # they are counted in what was spent
        _sweep(drive)
    _let_go(drive)
    until = drive.budget.resumes_at if drive.budget.spent_out else None
    return _report(drive.ports, drive.work.run.id, waits_until=until)


def _weights(tx: Connection, work: Work, items: Sequence[Item]) -> Counter[SubjectId]:
    """What batches are measured by; at a restore by persons alone."""
    if work.plan.ground is Ground.RESTORE:
        return Counter()
    return weights(tx, [item.subject for item in items], tokens=not work.trails)


def _rows_of_who_stays(drive: _Drive) -> bool:
    """Whether a batch of rows went whose persons stay; False: none is left."""
    work, worker = drive.work, drive.worker
    by = (work.ports, work.run, work.plan, work.schedule)
    moved = driving.next_batch(*by, drive.claim, worker=worker)
    drive.claim = moved or drive.claim
    return moved is not None


def _page(drive: _Drive, items: Sequence[Item], weigh: Mapping[SubjectId, int]) -> None:
    """These persons are dealt with, a batch at a time, and their keys ended."""
    waiting = deque(items)
    while waiting and not (drive.worker.stopping() or drive.budget.spent_out):
        batch = _next(waiting, weigh, drive.turns.pace.rows)
        removed = _batch(drive, batch, weigh)
        drive.ended += removed.stones
        if len(drive.ended) >= (KEYS_AT_RESTORE if drive.restores else KEYS):
            _end_keys(drive)
        drive.trailing += len(removed.stones) if drive.work.trails else 0
        if drive.trailing >= trailing.MOST:
            _sweep(drive)


def _sweep(drive: _Drive) -> None:
    """No token leads to a row of theirs any more."""
    if not drive.work.trails:
        return
    trailing.sweep(
        drive.ports.database,
        drive.worker,
        lambda tx, at: ledger.heartbeat(tx, drive.claim, at=at, lease=LEASE),
    )
    drive.trailing = 0


def _next(waiting: deque[Item], weigh: Mapping[SubjectId, int], rows: int) -> list[Item]:
    """The next persons, one at least, who have about so many rows together."""
    batch, total = [waiting.popleft()], 0
    total += weigh.get(batch[0].subject, 1)
    while waiting and len(batch) < EVENT_MOST:
        total += weigh.get(waiting[0].subject, 1)
        if total > rows:
            break
        batch.append(waiting.popleft())
    return batch


def _batch(drive: _Drive, items: Sequence[Item], weigh: Mapping[SubjectId, int]) -> Removed:
    """One batch is announced and committed; what stayed is lifted again."""
    at, seen = drive.worker.clock(), Seen()
    doomed = _looked_at(drive, items, seen=seen, at=at)
    if not drive.restores:  # those are what the journal says already
        announce(drive.ports.journal, drive.work.plan.id, doomed, at=at)
    journaled = {item.id: one for item, one in doomed}

    def commit(tx: Connection, began: datetime) -> tuple[Claim, Removed]:
        removed = remove(tx, drive.work, items, journaled, seen=seen, at=at)
        step = Step(done=len(items), cursor=items[-1].id, finished=False)
        return ledger.advance(tx, drive.claim, step, at=began, lease=LEASE), removed

    rows = sum(weigh.get(item.subject, 1) for item in items)
    drive.claim, removed = drive.turns.write(commit, rows=rows)
    drive.budget = drive.budget.with_rows(removed.rows)
    if drive.work.tells:  # of who stayed, or is known by nothing, there is nothing to tell
        outside.end_keys(drive.ports.vault, {*outside.concerned(doomed)} - removed.told)
    if not drive.restores:
        lift(
            drive.ports.journal,
            drive.work.plan.id,
            items,
            journaled,
            gone=(stone.id for stone in removed.stones),
            stayed=removed.stayed,
            resumed=drive.claim.fence > 1,
            at=at,
        )
    return removed


def _looked_at(
    drive: _Drive, items: Sequence[Item], *, seen: Seen, at: datetime
) -> tuple[tuple[Item, Doomed], ...]:
    """Who goes as it looks before the commit; what a law keeps of them has a key to go under.

    Nobody, where the journal named them all and nothing of theirs is to be sealed anew.
    """
    vault = drive.ports.vault
    if drive.restores and not open_keys(vault.ring, [item.subject for item in items]):
        return ()
    with drive.ports.database.read() as tx:
        doomed = fitting_now(tx, drive.work, items, seen=seen, at=at).goes
    if drive.work.tells:
        outside.ensure_keys(vault, outside.concerned(doomed))
    vault.ensure_keys(
        (one.subject for _, one in doomed if one.keeps and one.readable and not one.shreds),
        KeyClass.KEPT,
    )
    return doomed


def _end_keys(drive: _Drive) -> None:
    """The data keys of everyone whose rows are gone are destroyed, and the ledger says so."""
    if ended := _destroyed(drive):
        drive.ports.database.write(partial(_note_ended, ended=ended), batch=True)


def _destroyed(drive: _Drive) -> Ended:
    """Whose keys are gone now, which the ledger of erasures does not say yet."""
    waiting, drive.ended = drive.ended, []
    found: Ended = []
    for key_class in KeyClass:
        mine = [stone for stone in waiting if key_class in stone.key_classes]
        if mine:
            subjects = (stone.subject for stone in mine)
            ended = drive.ports.vault.destroy_many(subjects, key_class)
            found.append(([stone.id for stone in mine], ended))
    return found


def _note_ended(tx: Connection, ended: Ended) -> None:
    for stones, by in ended:
        tombstones.note_keys_ended(tx, stones, by)


def _finish(drive: _Drive) -> RunReport:
    """The run is done once nothing of a purged person is left and the log is truncated."""
    ports, worker = drive.ports, drive.worker
    _sweep(drive)
    ended = _destroyed(drive)
    with ports.database.read() as tx:
        left = residue(tx, tombstones.buried(drive.work.run.id))
    pages = _checkpoint(ports, worker)
    at = worker.clock()
    state = RunState.RESIDUE if left else RunState.DONE

    def end(tx: Connection) -> None:
        _note_ended(tx, ended)
        store.end_run(tx, drive.work.run.id, state, wal_pages=pages, at=at)
        if left:
            ledger.release(tx, drive.claim, at=at)
            return
        ledger.finish(tx, drive.claim, at=at)
        done = store.run_by_id(tx, drive.work.run.id)
        ports.audit.append(tx, _certificate_event(drive, done, at=at))

    ports.database.write(end)
    if left:
        table, rows = left.most_common(1)[0]
        raise ResidueError(run=drive.work.run.id, table=table, rows=rows)
    return _report(ports, drive.work.run.id)


def _certificate_event(drive: _Drive, done: Run, *, at: datetime) -> EventDraft:
    return EventDraft(
        action=EventCode.CERTIFICATE_ISSUED,
        occurred_at=at,
        actor=drive.work.run.requested_by,
        object_type="purge_run",
        object_id=drive.work.run.id,
        outcome=Outcome.DONE,
        counts=(("erased", done.erased), ("skipped", done.skipped), ("rows", done.rows)),
        refs=(f"plan:{drive.work.plan.id}", f"sha256:{drive.work.plan.digest}"),
    )


def _checkpoint(ports: Ports, worker: Worker) -> int:
    """Pages of SQLite's log that a long reader still holds; 0 = deleted bytes are gone."""
    pages = _pages(ports)
    for _ in range(CHECKPOINT_TRIES):
        if pages == 0:
            break
        worker.pause(CHECKPOINT_PAUSE)
        pages = _pages(ports)
    return pages


def _pages(ports: Ports) -> int:
    try:
        return ports.database.checkpoint()
    except sqlite3.OperationalError:  # a statement is open on the connection: busy, look again
        return UNKNOWN_PAGES


def _report(ports: Ports, run_id: RowId, *, waits_until: datetime | None = None) -> RunReport:
    with ports.database.read() as tx:
        found = store.run_by_id(tx, run_id)
        batches = store.batches_of(tx, run_id)
    return RunReport(
        run=found.id,
        state=found.state,
        erased=found.erased,
        skipped=found.skipped,
        rows=found.rows,
        batches=batches,
        wal_pages=found.wal_pages or 0,
        waits_until=waits_until,
    )
