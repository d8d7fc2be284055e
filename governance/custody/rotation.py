"""The rotation of subject keys, online: safe to be killed anywhere and to be run again.

renew   fresh keys are current, the old ones open and never seal
move    every frame under an old key is sealed anew, place by place
wait    old keys stay until their day: older backups open with them, and a transaction that
        sealed just before the renewal may still be on its way
prove   every place is read once more; only keys that no frame names are destroyed

Each step of the first two commits its frames, the counts and the cursor together. Keys of
persons who were erased meanwhile are not made again, and their frames are left to the erasure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, assert_never

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.sequencer import LogKeys, integrate_now
from audit.types import EventDraft, Outcome
from governance.core.terms import ActorId, EventId, KeyClass, RowId, SubjectId
from governance.custody import store, sweep
from governance.custody.errors import ColumnsUndeclaredError, KeyTaskHeldElsewhereError
from governance.custody.types import Phase, Task, TaskState
from governance.customers.ports import Ports
from governance.jobs import ledger
from governance.jobs.runner import Worker
from governance.jobs.types import Claim, Slot, Step
from governance.keys.epochs import promised_day
from governance.keys.places import Places, SealedPlace
from governance.keys.renewal import end, holders, renew, retired_keys
from governance.keys.store import current_epoch

LEASE: Final = timedelta(seconds=120)
PERSONS: Final = 200  # keys made in one transaction of the key store
ROWS: Final = 200  # rows looked at in one step; few milliseconds of the writer
SETTLE: Final = timedelta(minutes=10)  # longer than a transaction that seals and stores can last
BEGINNING: Final = sweep.Position()


@dataclass(frozen=True, slots=True, kw_only=True)
class Custodian:
    """What work on keys needs: the use cases' ports, every place of frames, who signs the log."""

    ports: Ports
    places: Places
    log_keys: LogKeys
    keep_days: int  # after these days an ended key is unreadable in every copy


@dataclass(slots=True, kw_only=True)
class Drive:
    """One call of a task; the claim is replaced at each step."""

    by: Custodian
    task: Task
    worker: Worker
    claim: Claim

    def note(self, cursor: str | None, values: dict[str, object], **counts: int) -> None:
        """Cursor and counts are stored under the fence."""

        def write(tx: Connection) -> Claim:
            return self.moved_on(tx, cursor, values, **counts)

        self.claim = self.by.ports.database.write(write, batch=True)

    def moved_on(
        self, tx: Connection, cursor: str | None, values: dict[str, object], **counts: int
    ) -> Claim:
        """The claim after this step, in the transaction of the step's effects."""
        store.count(tx, self.task.id, **counts)
        if values:
            store.change(tx, self.task.id, values)
        step = Step(done=counts.get("done", 0), cursor=cursor, finished=False)
        return ledger.advance(tx, self.claim, step, at=self.worker.clock(), lease=LEASE)

    def beat(self) -> None:
        """The lease lasts again."""
        at = self.worker.clock()
        self.claim = self.by.ports.database.write(
            lambda tx: ledger.heartbeat(tx, self.claim, at=at, lease=LEASE)
        )

    def again(self) -> None:
        """The task as it is stored now."""
        with self.by.ports.database.read() as tx:
            self.task = store.by_id(tx, self.task.id)


def claimed(by: Custodian, task: Task, worker: Worker) -> Drive:
    """The right to drive this task; raises KeyTaskHeldElsewhereError."""
    slot, at = Slot(job=f"keys:{task.id}", scheduled_for=task.started_at), worker.clock()
    claim = by.ports.database.write(
        lambda tx: ledger.claim(tx, slot, owner=worker.owner, at=at, lease=LEASE)
    )
    if claim is None:
        raise KeyTaskHeldElsewhereError(task=task.id)
    return Drive(by=by, task=task, worker=worker, claim=claim)


def let_go(drive: Drive) -> None:
    """Any process may go on with the task at once."""
    at = drive.worker.clock()
    drive.by.ports.database.write(lambda tx: ledger.release(tx, drive.claim, at=at))


def rotate(drive: Drive) -> None:
    """The task is at its end, or as far as the worker and its day let it go."""
    while not drive.worker.stopping():
        began = drive.worker.clock()
        match drive.task.phase:
            case Phase.RENEW:
                _renew(drive)
            case Phase.MOVE:
                _move(drive)
            case Phase.WAIT:
                if not _due(drive):
                    break
            case Phase.PROVE:
                if _prove(drive):
                    return
            case None:
                return
            case never:
                assert_never(never)
        drive.again()
        took = drive.worker.clock() - began
        drive.worker.pause(min(max(took, timedelta(0)), LEASE / 4))
    let_go(drive)


def _class(task: Task) -> KeyClass:
    return task.key_class or KeyClass.ACTIVE


def _renew(drive: Drive) -> None:
    """Fresh keys for the next persons."""
    task, ring, at = drive.task, drive.by.ports.vault.ring, drive.worker.clock()
    if task.subject is not None:
        persons: Sequence[SubjectId] = (task.subject,)
    else:
        after = SubjectId(drive.claim.cursor) if drive.claim.cursor else None
        persons = holders(ring, _class(task), after=after, limit=PERSONS)
    made = renew(ring, persons, _class(task), before=task.started_at, at=at) if persons else 0
    if task.subject is None and len(persons) == PERSONS:
        drive.note(persons[-1], {}, renewed=made)
        return
    with drive.by.ports.database.read() as tx:
        total = sweep.count_rows(tx, drive.by.places, _scope(drive))
    drive.note(str(BEGINNING), {"phase": Phase.MOVE.value, "total": total}, renewed=made)


def _scope(drive: Drive) -> sweep.Scope:
    task = drive.task
    ids = frozenset[int]()
    if task.subject is not None:
        ids = _old_keys(drive)
    return sweep.Scope(key_class=_class(task), subject=task.subject, ids=ids)


def _old_keys(drive: Drive, *, after: int | None = None, limit: int = 10_000) -> frozenset[int]:
    task = drive.task
    found = retired_keys(
        drive.by.ports.vault.ring,
        _class(task),
        subject=task.subject,
        before=task.started_at,
        after=after,
        limit=limit,
    )
    return frozenset(found)


def _movable(places: Places) -> tuple[SealedPlace, ...]:
    return tuple(place for place in places.frames if not place.fixed)


def _move(drive: Drive) -> None:
    """The next rows have no frame under an old key, as far as nobody wrote them meanwhile."""
    ports, position = drive.by.ports, sweep.Position.read(drive.claim.cursor or str(BEGINNING))
    places, scope, rows = _movable(drive.by.places), _scope(drive), 0
    with ports.database.read() as tx:
        while True:
            looked = sweep.look(tx, ports.vault, places, scope, position, limit=ROWS)
            rows += looked.rows
            if looked.position is None or looked.exchanges or rows >= ROWS:
                break
            position = looked.position  # an empty place is no step of its own
    if looked.position is None:
        _moved(drive, rows)
        return
    cursor = str(looked.position)

    def write(tx: Connection) -> Claim:
        moved = sweep.exchange(tx, looked)
        return drive.moved_on(tx, cursor, {}, done=rows, moved=moved)

    drive.claim = ports.database.write(write, batch=True)


def _moved(drive: Drive, rows: int) -> None:
    """All that could be found was sealed anew, on record; the old keys wait for their day."""
    drive.again()
    task, at = drive.task, drive.worker.clock()
    until = max(task.end_after or at, at + SETTLE)
    draft = _event(
        task,
        EventCode.KEY_ROTATED,
        at=at,
        counts=(("renewed", task.renewed), ("moved", task.moved)),
        refs=(f"end_after:{until.isoformat(timespec='seconds')}",),
    )

    def write(tx: Connection) -> tuple[Claim, EventId]:
        values: dict[str, object] = {"phase": Phase.WAIT.value, "end_after": until}
        claim = drive.moved_on(tx, None, values, done=rows)
        return claim, drive.by.ports.audit.append(tx, draft)

    drive.claim, event = drive.by.ports.database.write(write)
    _integrate(drive.by, event, at=at)


def _due(drive: Drive) -> bool:
    """Whether the old keys' day has come; then the proof begins."""
    task = drive.task
    if task.end_after is not None and drive.worker.clock() < task.end_after:
        return False
    drive.note(None, {"phase": Phase.PROVE.value})
    return True


def _prove(drive: Drive) -> bool:
    """Old keys that no frame names have ended; False if a frame had to be moved first."""
    ports, places, scope = drive.by.ports, drive.by.places, _scope(drive)
    _all_declared(drive)
    position: sweep.Position | None = BEGINNING
    pinned: set[int] = set()
    late = 0
    while position is not None:
        if drive.worker.stopping():
            return False
        with ports.database.read() as tx:
            looked = sweep.look(tx, ports.vault, places.frames, scope, position, limit=ROWS)
        if looked.exchanges:
            late += ports.database.write(
                lambda tx, looked=looked: sweep.exchange(tx, looked),  # type: ignore[misc] # bound now
                batch=True,
            )
        pinned |= looked.named
        position = looked.position
        drive.beat()
    if late:
        until = drive.worker.clock() + SETTLE
        values: dict[str, object] = {"phase": Phase.WAIT.value, "end_after": until}
        drive.note(None, values, moved=late)
        return False
    _end(drive, frozenset(pinned))
    return True


def _all_declared(drive: Drive) -> None:
    """Fails closed: a column that nobody declared may hold frames under an old key."""
    with drive.by.ports.database.read() as tx:
        unknown = drive.by.places.undeclared(sweep.stored_bytes(tx))
    if unknown:
        raise ColumnsUndeclaredError(columns=", ".join(unknown))


def _end(drive: Drive, pinned: frozenset[int]) -> None:
    """The keys that nothing names are destroyed, and the task is done and on record."""
    ports, at = drive.by.ports, drive.worker.clock()
    ring, after = ports.vault.ring, None
    while ids := sorted(_old_keys(drive, after=after, limit=PERSONS), key=_stored_order):
        ended = end(ring, [dek_id for dek_id in ids if dek_id not in pinned], at=at)
        after = ids[-1]
        drive.note(None, {"pinned": len(pinned)}, ended=ended)
    drive.again()
    ring.db.checkpoint()  # the log keeps no wrapped key that the tables have overwritten
    with ring.db.read() as tx:
        final = promised_day(ring, current_epoch(tx).epoch, keep_days=drive.by.keep_days)
    finish(
        drive,
        EventCode.KEY_DESTROYED if drive.task.ended else EventCode.KEY_ROTATED,
        counts=(("ended", drive.task.ended), ("pinned", len(pinned))),
        refs=(f"final_at:{'never' if final is None else final.isoformat()}",),
    )


def _stored_order(dek_id: int) -> int:
    """The order in which the key store has its ids: as signed numbers."""
    return dek_id - (1 << 64) if dek_id >> 63 else dek_id


def finish(
    drive: Drive,
    code: EventCode,
    *,
    counts: tuple[tuple[str, int], ...],
    refs: tuple[str, ...],
    also: Callable[[Connection], object] = lambda _tx: None,
) -> None:
    """The task is done, with the event that says what ended; its pseudonym is forgotten."""
    at, task = drive.worker.clock(), drive.task
    draft = _event(task, code, at=at, counts=counts, refs=refs)
    done: dict[str, object] = {"state": TaskState.DONE.value, "finished_at": at, "phase": None}
    if task.subject is not None:
        done["target"] = None

    def write(tx: Connection) -> EventId:
        also(tx)
        store.change(tx, task.id, done)
        ledger.finish(tx, drive.claim, at=at)
        return drive.by.ports.audit.append(tx, draft)

    event = drive.by.ports.database.write(write)
    _integrate(drive.by, event, at=at)
    drive.by.ports.database.checkpoint()


def _event(
    task: Task,
    code: EventCode,
    *,
    at: datetime,
    counts: tuple[tuple[str, int], ...],
    refs: tuple[str, ...],
) -> EventDraft:
    about = (f"class:{task.key_class.value}",) if task.key_class is not None else ()
    approval = (f"approval:{task.approval}",) if task.approval is not None else ()
    return EventDraft(
        action=code,
        occurred_at=at,
        actor=ActorId(task.requested_by),
        object_type=f"key_task.{task.kind.value}",
        object_id=task.id if task.subject is not None or task.target is None else task.target,
        subject=task.subject,
        outcome=Outcome.DONE,
        counts=counts,
        refs=(f"task:{task.id}", *about, *approval, *refs),
    )


def _integrate(by: Custodian, event: EventId, *, at: datetime) -> None:
    integrate_now(by.ports.database, by.log_keys, by.ports.audit, event, at=at)


def started(by: Custodian, task: RowId) -> Task:
    """The task as it is stored."""
    with by.ports.database.read() as tx:
        return store.by_id(tx, task)
