"""Carries out a plan in batches; safe to be killed anywhere and to be run again.

Each batch: the control journal first (fsynced), then one transaction with the rows, the audit
event that names the destroyed parts, the tombstones, the counts and the cursor, then the end
of the data keys. What the transaction finds changed since the plan is left alone.
"""

import sqlite3
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.clock import JST
from governance.core.terms import ActorId, EventId, KeyClass, RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.upkeep.merges import absorbed_by
from governance.jobs import ledger
from governance.jobs.journal_record import JournalEntry, JournalKind
from governance.jobs.rules import next_limit
from governance.jobs.runner import Worker
from governance.jobs.types import Claim, Slot, Step
from retention import store, tombstones
from retention.duties import after
from retention.erasure import Doomed, erase, lock, residue
from retention.errors import ResidueError, RunHeldElsewhereError
from retention.fit import Fitting, fitting, open_keys
from retention.plans import Ground, Item, ItemState, Plan, RunState, keep_lines
from retention.store import Run
from retention.tombstones import Tombstone
from retention.types import Schedule

LEASE = timedelta(seconds=120)
FIRST, LEAST, MOST = 10, 8, 400  # persons in a batch; the event that names them has a size limit
KEYS_TOGETHER = 200  # persons whose keys end in one transaction of the key store
APPENDERS = 8  # threads whose journal entries share an fsync
AIM = {"sqlite": timedelta(milliseconds=10), "postgresql": timedelta(milliseconds=50)}
CHECKPOINT_TRIES = 40  # a reader that looks at an old state keeps SQLite's log; wait 2 s for it
CHECKPOINT_PAUSE = timedelta(milliseconds=50)
UNKNOWN_PAGES = 1  # not known to be none


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


@dataclass(slots=True, kw_only=True)
class _Drive:
    """One call of a run; the claim is replaced at each batch."""

    ports: Ports
    run: Run
    plan: Plan
    schedule: Schedule
    worker: Worker
    claim: Claim
    limit: int = FIRST


def run(ports: Ports, run_id: RowId, *, worker: Worker) -> RunReport:
    """The run's end, or as far as the worker lets it go; a finished run changes nothing.

    Raises RunHeldElsewhereError, ResidueError.
    """
    with ports.database.read() as tx:
        found = store.run_by_id(tx, run_id)
        plan = store.plan_by_id(tx, found.plan, items=False)
        schedule = store.schedule_by_digest(tx, plan.schedule_digest)
    if found.state is RunState.DONE:
        return _again(ports, found, worker)
    slot = Slot(job=f"purge:{run_id}", scheduled_for=found.started_at)
    at = worker.clock()
    claim = ports.database.write(
        lambda tx: ledger.claim(tx, slot, owner=worker.owner, at=at, lease=LEASE)
    )
    if claim is None:
        raise RunHeldElsewhereError(run=run_id)
    drive = _Drive(ports=ports, run=found, plan=plan, schedule=schedule, worker=worker, claim=claim)
    if plan.ground is Ground.RESTORE:  # nobody is served meanwhile
        drive.limit = MOST
    try:
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
    _end_keys(drive)  # what a killed call left between its commit and the keys
    waiting = 0
    while not drive.worker.stopping():
        with drive.ports.database.read() as tx:
            items = store.next_items(tx, drive.plan.id, after=drive.claim.cursor, limit=drive.limit)
        if not items:
            _end_keys(drive)
            return _finish(drive)
        _batch(drive, items)
        waiting += len(items)
        if waiting >= KEYS_TOGETHER:
            _end_keys(drive)
            waiting = 0
    _end_keys(drive)
    _let_go(drive)
    return _report(drive.ports, drive.run.id)


def _batch(drive: _Drive, items: Sequence[Item]) -> None:
    """One batch from the journal to the commit."""
    at = drive.worker.clock()
    doomed = _looked_at(drive, items, at=at)
    if drive.plan.ground is not Ground.RESTORE:  # those are what the journal says already
        _announce(drive, JournalKind.ERASURE, doomed, at=at)
    journaled = frozenset(item.id for item, _ in doomed)

    def commit(tx: Connection) -> tuple[Claim, timedelta, frozenset[RowId]]:
        began = drive.worker.clock()
        gone = _remove(tx, drive, items, journaled, at=at)
        step = Step(done=len(items), cursor=items[-1].id, finished=False)
        moved = ledger.advance(tx, drive.claim, step, at=began, lease=LEASE)
        return moved, drive.worker.clock() - began, gone

    drive.claim, took, gone = drive.ports.database.write(commit, batch=True)
    if drive.plan.ground is Ground.RESTORE:
        return
    stayed = [(item, one) for item, one in doomed if item.id not in gone]
    _announce(drive, JournalKind.ERASURE_LIFTED, stayed, at=at)
    aim = AIM[drive.ports.database.dialect]
    drive.limit = max(LEAST, next_limit(drive.limit, took=took, aim=aim, most=MOST))
    drive.worker.pause(min(max(took, timedelta(0)), LEASE / 4))


def _looked_at(
    drive: _Drive, items: Sequence[Item], *, at: datetime
) -> tuple[tuple[Item, Doomed], ...]:
    """Who goes as it looks before the commit; what a law keeps of them has a key to go under.

    Nobody, where the journal named them all and nothing of theirs is to be sealed anew.
    """
    vault, subjects = drive.ports.vault, [item.subject for item in items]
    if drive.plan.ground is Ground.RESTORE and not open_keys(vault.ring, subjects):
        return ()
    with drive.ports.database.read() as tx:
        doomed = _fitting(tx, drive, items, at=at).goes
    vault.ensure_keys(
        (one.subject for _, one in doomed if one.keeps and one.readable), KeyClass.KEPT
    )
    return doomed


def _announce(
    drive: _Drive, kind: JournalKind, doomed: Sequence[tuple[Item, Doomed]], *, at: datetime
) -> None:
    """Every erasure of the batch, or that it did not come to it, is on stable storage."""
    if not doomed:
        return
    entries = [
        JournalEntry(
            kind=kind,
            subject=one.subject,
            scope=f"plan:{drive.plan.id}",
            event=EventId(item.id),
            consent_seq=None,
            at=at,
        )
        for item, one in doomed
    ]
    with ThreadPoolExecutor(max_workers=APPENDERS) as pool:
        deque(pool.map(drive.ports.journal.append, entries), maxlen=0)  # raises what one raised


def _remove(
    tx: Connection,
    drive: _Drive,
    items: Sequence[Item],
    journaled: frozenset[RowId],
    *,
    at: datetime,
) -> frozenset[RowId]:
    """Rows, audit event, tombstones, marks and counts of one batch; which items went."""
    subjects = [item.subject for item in items]
    lock(tx, [*subjects, *absorbed_by(tx, subjects)])
    found = _fitting(tx, drive, items, at=at)
    doomed, skipped = list(found.goes), found.skipped
    unannounced = [item.id for item, _ in doomed if item.id not in journaled]
    if (
        unannounced and drive.plan.ground is not Ground.RESTORE
    ):  # a hold ended between: fails closed, the next plan finds the person
        skipped.setdefault("held", []).extend(unannounced)
        doomed = [(item, one) for item, one in doomed if item.id in journaled]
    rows, event = 0, None
    if doomed:
        counts = erase(tx, drive.ports.vault, [one for _, one in doomed], at=at)
        rows = sum(counts.values())
        event = drive.ports.audit.erase(tx, _event(drive, [one for _, one in doomed], rows, at=at))
        tombstones.bury(tx, [_stone(drive, item, one, at=at) for item, one in doomed])
        store.mark_items(tx, [item.id for item, _ in doomed], ItemState.ERASED)
    planned = {item.id for item in items}
    persons = sum(item.id in planned for item, _ in doomed)
    for reason, ids in skipped.items():
        store.mark_items(tx, ids, ItemState.SKIPPED, because=reason)
    store.count_batch(
        tx,
        drive.run.id,
        {
            "first_key": items[0].id,
            "last_key": items[-1].id,
            "persons": persons,
            "skipped": len(items) - persons,
            "rows": rows,
            "event_id": event,
            "at": at,
        },
    )
    return frozenset(item.id for item, _ in doomed)


def _fitting(tx: Connection, drive: _Drive, items: Sequence[Item], *, at: datetime) -> Fitting:
    return fitting(tx, drive.ports.vault.ring, drive.plan, drive.schedule, items, at=at)


def _event(drive: _Drive, doomed: Sequence[Doomed], rows: int, *, at: datetime) -> EventDraft:
    """What the log says of a batch: the plan's hash, the approval, the persons, the counts."""
    by_schedule = drive.plan.ground is Ground.SCHEDULE
    approval = drive.run.approval
    return EventDraft(
        action=EventCode.RETENTION_PURGED if by_schedule else EventCode.ERASURE_EXECUTED,
        occurred_at=at,
        actor=ActorId(drive.run.requested_by),
        object_type="purge_run",
        object_id=drive.run.id,
        outcome=Outcome.DONE,
        reasons=("restore",) if drive.plan.ground is Ground.RESTORE else (),
        subject=doomed[0].subject if len(doomed) == 1 else None,
        counts=(("persons", len(doomed)), ("rows", rows)),
        refs=(
            f"plan:{drive.plan.id}",
            f"sha256:{drive.plan.digest}",
            *((f"approval:{approval}",) if approval is not None else ()),
            *(f"person:{one.subject}" for one in doomed),
        ),
    )


def _stone(drive: _Drive, item: Item, one: Doomed, *, at: datetime) -> Tombstone:
    ended = one.key_class
    return Tombstone(
        id=item.id,
        subject=SubjectId(one.subject),
        run=drive.run.id,
        rule=item.rule,
        at=at,
        ends_on=after(at.astimezone(JST).date(), drive.schedule.ledger, drive.schedule.overflow),
        kept={line.duty: line.until for line in keep_lines(one.keeps)},
        key_classes=() if ended is None else (ended,),
        keys_ended_at=at if ended is None else None,
        last_epoch=None,
    )


def _end_keys(drive: _Drive) -> None:
    """The data keys of everyone whose rows are gone are destroyed, and the ledger says so."""
    with drive.ports.database.read() as tx:
        waiting = tombstones.keys_to_end(tx, drive.run.id)
    for key_class in KeyClass:
        mine = [stone for stone in waiting if key_class in stone.key_classes]
        if not mine:
            continue
        ended = drive.ports.vault.destroy_many((stone.subject for stone in mine), key_class)
        ids = [stone.id for stone in mine]
        drive.ports.database.write(
            lambda tx, ids=ids, ended=ended: tombstones.note_keys_ended(tx, ids, ended),  # type: ignore[misc] # bound now
            batch=True,
        )


def _finish(drive: _Drive) -> RunReport:
    """The run is done once nothing of a purged person is left and the log is truncated."""
    ports, worker = drive.ports, drive.worker
    with ports.database.read() as tx:
        left = residue(tx, tombstones.buried(drive.run.id))
    pages = _checkpoint(ports, worker)
    at = worker.clock()
    state = RunState.RESIDUE if left else RunState.DONE

    def end(tx: Connection) -> None:
        store.end_run(tx, drive.run.id, state, wal_pages=pages, at=at)
        if left:
            ledger.release(tx, drive.claim, at=at)
            return
        ledger.finish(tx, drive.claim, at=at)
        done = store.run_by_id(tx, drive.run.id)
        ports.audit.append(tx, _certificate_event(drive, done, at=at))

    ports.database.write(end)
    if left:
        table, rows = left.most_common(1)[0]
        raise ResidueError(run=drive.run.id, table=table, rows=rows)
    if pages == 0:
        _checkpoint(ports, worker)
    return _report(ports, drive.run.id)


def _certificate_event(drive: _Drive, done: Run, *, at: datetime) -> EventDraft:
    return EventDraft(
        action=EventCode.CERTIFICATE_ISSUED,
        occurred_at=at,
        actor=drive.run.requested_by,
        object_type="purge_run",
        object_id=drive.run.id,
        outcome=Outcome.DONE,
        counts=(("erased", done.erased), ("skipped", done.skipped), ("rows", done.rows)),
        refs=(f"plan:{drive.plan.id}", f"sha256:{drive.plan.digest}"),
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


def _report(ports: Ports, run_id: RowId) -> RunReport:
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
    )
