"""Work on keys as use cases: begun by one, ended by two, driven by any process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, assert_never

from sqlalchemy import Connection

from governance.approvals.executors import Executor
from governance.approvals.service import Approvals
from governance.approvals.store import waiting
from governance.approvals.types import Approval, ApprovalKind, Consumed
from governance.core.ids import new_row_id
from governance.core.terms import KeyClass, RowId, SubjectId
from governance.crypto.providers.types import EpochId
from governance.custody import store
from governance.custody.clear import seal_column
from governance.custody.ending import check_epoch, check_subject, end_one_epoch, end_subject
from governance.custody.errors import KeyActForbiddenError, KeySubjectUnknownError
from governance.custody.rotation import Custodian, Drive, claimed, let_go, rotate
from governance.custody.types import Phase, Task, TaskKind, TaskState
from governance.http.principal import Principal
from governance.jobs.runner import Worker
from governance.keys.renewal import count_holders
from governance.keys.store import current_keys
from governance.keys.types import KeyState
from policies.actions import Action
from policies.actors import may

KEY_BLOB: Final = "key_end"
TASK_PREFIX: Final = "key_task:"
KEEP_OLD: Final = timedelta(days=30)  # retired keys: data backups of these days still open
OF_KEYS: Final = frozenset({Action.KEY_ROTATE, Action.KEY_DESTROY})
OF_PERSONS: Final = OF_KEYS | {Action.ERASURE_REQUEST}


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What is to end."""

    epoch: EpochId | None = None
    subject: SubjectId | None = None
    key_class: KeyClass | None = None

    @property
    def reference(self) -> str:
        """How the approval names it."""
        if self.epoch is not None:
            return f"epoch:{self.epoch}"
        kind = "" if self.key_class is None else self.key_class.value
        return f"key:{kind}:{self.subject}"

    def sealed(self) -> bytes:
        """What both persons decide about, as bytes."""
        shape: Mapping[str, str | None] = {
            "epoch": self.epoch,
            "subject": self.subject,
            "class": None if self.key_class is None else self.key_class.value,
        }
        return json.dumps(shape, sort_keys=True).encode()


def _require(by: Custodian, principal: Principal, actions: frozenset[Action]) -> None:
    """Fails closed: only a role that holds one of the actions."""
    policy = by.ports.policies.current
    if not any(may(principal, action, policy) for action in actions):
        raise KeyActForbiddenError(action=min(actions).value)


def begin_rotation(
    by: Custodian,
    principal: Principal,
    *,
    subject: SubjectId | None,
    key_class: KeyClass,
    keep_old: timedelta = KEEP_OLD,
    at: datetime,
) -> Task:
    """The rotation that was begun now, or the one of the same persons that is under way.

    Raises KeySubjectUnknownError for a person without a living key of the class.
    """
    _require(by, principal, frozenset({Action.KEY_ROTATE}))
    if subject is not None:
        with by.ports.vault.ring.db.read() as keys:
            found = next(current_keys(keys, [subject], key_class), None)
        if found is None or found.state is not KeyState.ACTIVE:
            raise KeySubjectUnknownError
    total = 1 if subject is not None else count_holders(by.ports.vault.ring, key_class)

    def write(tx: Connection) -> Task:
        open_now = [
            task
            for task in store.unfinished(tx, TaskKind.SUBJECTS)
            if task.key_class is key_class and task.subject in (None, subject)
        ]
        for task in open_now:
            if task.subject == subject and task.phase in {Phase.RENEW, Phase.MOVE}:
                return task
        kept = [at + keep_old, *(task.end_after for task in open_now if task.end_after)]
        task = replace(
            _new(TaskKind.SUBJECTS, subject, key_class, by=principal, at=at),
            phase=Phase.RENEW,
            end_after=max(kept),  # no rotation ends what an earlier one still keeps
            total=total,
        )
        store.add(tx, task)
        return task

    return by.ports.database.write(write)


def begin_sealing(by: Custodian, principal: Principal, field: str, *, at: datetime) -> Task:
    """The sealing of a column that stands in clear, begun now or under way."""
    _require(by, principal, frozenset({Action.KEY_ROTATE}))

    def write(tx: Connection) -> Task:
        for task in store.unfinished(tx, TaskKind.SEAL):
            if task.target == field:
                return task
        task = _new(TaskKind.SEAL, field, None, by=principal, at=at)
        store.add(tx, task)
        return task

    return by.ports.database.write(write)


def ask_end(
    by: Custodian, approvals: Approvals, principal: Principal, end: End, *, at: datetime
) -> Approval:
    """The end waits for a second person; asked twice, it is the same request."""
    _require(by, principal, OF_KEYS if end.epoch is not None else OF_PERSONS)
    _check(by, end)
    sealed = by.ports.vault.seal_blob(KEY_BLOB, end.reference, end.sealed())

    def write(tx: Connection) -> Approval:
        for known in waiting(tx, at=at):
            if known.kind is ApprovalKind.KEY_DESTRUCTION and known.object_ref == end.reference:
                return known
        return approvals.request(
            tx,
            ApprovalKind.KEY_DESTRUCTION,
            object_ref=end.reference,
            sealed=sealed,
            by=principal,
            at=at,
        )

    return by.ports.database.write(write)


def _check(by: Custodian, end: End) -> None:
    if end.epoch is not None:
        check_epoch(by, end.epoch)
    elif end.subject is not None and end.key_class is not None:
        with by.ports.database.read() as tx:
            check_subject(tx, by, end.subject, end.key_class)


def end_executor(custodian: Custodian) -> Executor:
    """Begins an approved end (for ApprovalKind.KEY_DESTRUCTION); answers `key_task:<id>`."""

    def execute(tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime) -> str:
        approval = consumed.approval
        if by.id == approval.decided_by:
            _require(custodian, by, frozenset({Action.KEY_DESTROY}))
        agreed = json.loads(
            custodian.ports.vault.open_blob(KEY_BLOB, approval.object_ref, consumed.sealed)
        )
        kind = TaskKind.END_EPOCH if agreed["epoch"] is not None else TaskKind.END_SUBJECT
        key_class = None if agreed["class"] is None else KeyClass(agreed["class"])
        target = agreed["epoch"] or agreed["subject"]
        task = _new(kind, target, key_class, by=by, at=at, approval=approval)
        store.add(tx, task, approved_by=approval.decided_by)
        return f"{TASK_PREFIX}{task.id}"

    return execute


def _new(
    kind: TaskKind,
    target: str | None,
    key_class: KeyClass | None,
    *,
    by: Principal,
    at: datetime,
    approval: Approval | None = None,
) -> Task:
    return Task(
        id=new_row_id(),
        kind=kind,
        target=target,
        key_class=key_class,
        state=TaskState.RUNNING,
        phase=None,
        end_after=None,
        total=0,
        done=0,
        renewed=0,
        moved=0,
        pinned=0,
        ended=0,
        requested_by=by.id if approval is None else approval.requested_by,
        approval=None if approval is None else RowId(approval.id),
        started_at=at,
        finished_at=None,
    )


def run(by: Custodian, task_id: RowId, *, worker: Worker) -> Task:
    """The task's end, or as far as its day and the worker let it go; a finished one stays so.

    Raises KeyTaskHeldElsewhereError, and what stopped it; then any process may go on.
    """
    with by.ports.database.read() as tx:
        task = store.by_id(tx, task_id)
    if task.state is TaskState.DONE or _early(task, worker.clock()):
        return task
    drive = claimed(by, task, worker)
    try:
        _drive(drive)
    except Exception:  # whatever stopped it, another call may go on at once
        _free(drive)
        raise
    with by.ports.database.read() as tx:
        return store.by_id(tx, task_id)


def _early(task: Task, at: datetime) -> bool:
    """Whether all that is left to do is to wait."""
    return task.phase is Phase.WAIT and task.end_after is not None and at < task.end_after


def _drive(drive: Drive) -> None:
    match drive.task.kind:
        case TaskKind.SUBJECTS:
            rotate(drive)
        case TaskKind.SEAL:
            seal_column(drive)
        case TaskKind.END_SUBJECT:
            end_subject(drive)
        case TaskKind.END_EPOCH:
            end_one_epoch(drive)
        case never:
            assert_never(never)


def _free(drive: Drive) -> None:
    try:
        let_go(drive)
    except Exception:  # noqa: BLE001 - lost, or no database: the lease ends by itself
        return


def due(by: Custodian, *, at: datetime) -> tuple[Task, ...]:
    """Tasks that some process should drive now."""
    with by.ports.database.read() as tx:
        return tuple(task for task in store.unfinished(tx) if not _early(task, at))
