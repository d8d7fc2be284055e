"""Rows of the work on keys."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from governance.core.terms import KeyClass, RowId
from governance.custody.errors import KeyTaskUnknownError
from governance.custody.models import KeyTaskRow
from governance.custody.types import Phase, Task, TaskKind, TaskState
from governance.db.types import table_of

TASK = table_of(KeyTaskRow)


def add(tx: Connection, task: Task, *, approved_by: str | None = None) -> None:
    """The task is there for whoever drives it."""
    tx.execute(
        insert(TASK).values(
            id=task.id,
            kind=task.kind.value,
            target=task.target,
            key_class=task.key_class.value if task.key_class is not None else None,
            state=task.state.value,
            phase=task.phase.value if task.phase is not None else None,
            end_after=task.end_after,
            total=task.total,
            done=0,
            renewed=0,
            moved=0,
            pinned=0,
            ended=0,
            requested_by=task.requested_by,
            approval_id=task.approval,
            approved_by=approved_by,
            started_at=task.started_at,
        )
    )


def change(tx: Connection, task: RowId, values: Mapping[str, object]) -> None:
    """The task's row has these values."""
    tx.execute(update(TASK).where(TASK.c.id == task).values(values))


def count(tx: Connection, task: RowId, **more: int) -> None:
    """The task's counts are higher by these numbers."""
    values = {name: TASK.c[name] + number for name, number in more.items() if number}
    if values:
        tx.execute(update(TASK).where(TASK.c.id == task).values(values))


def by_id(tx: Connection, task: RowId) -> Task:
    """One task; raises KeyTaskUnknownError."""
    row = tx.execute(select(TASK).where(TASK.c.id == task)).first()
    if row is None:
        raise KeyTaskUnknownError
    return _task(row)


def unfinished(tx: Connection, kind: TaskKind | None = None) -> tuple[Task, ...]:
    """Tasks that are not at their end, oldest first."""
    wanted = select(TASK).where(TASK.c.state == TaskState.RUNNING.value)
    if kind is not None:
        wanted = wanted.where(TASK.c.kind == kind.value)
    return _all(tx, wanted.order_by(TASK.c.started_at, TASK.c.id))


def newest(tx: Connection, *, limit: int) -> tuple[Task, ...]:
    """The tasks begun last, newest first."""
    return _all(tx, select(TASK).order_by(TASK.c.started_at.desc(), TASK.c.id.desc()).limit(limit))


def forget(tx: Connection, *, before: datetime, limit: int) -> int:
    """Rows deleted of tasks that ended before a moment; the log keeps what they did."""
    old = (
        select(TASK.c.id)
        .where(TASK.c.state == TaskState.DONE.value, TASK.c.finished_at < before)
        .limit(limit)
    )
    return tx.execute(TASK.delete().where(TASK.c.id.in_(old))).rowcount


def _all(tx: Connection, wanted: Select[Any]) -> tuple[Task, ...]:
    return tuple(map(_task, tx.execute(wanted)))


def _task(row: Row[Any]) -> Task:
    return Task(
        id=RowId(row.id),
        kind=TaskKind(row.kind),
        target=row.target,
        key_class=KeyClass(row.key_class) if row.key_class is not None else None,
        state=TaskState(row.state),
        phase=Phase(row.phase) if row.phase is not None else None,
        end_after=row.end_after,
        total=row.total,
        done=row.done,
        renewed=row.renewed,
        moved=row.moved,
        pinned=row.pinned,
        ended=row.ended,
        requested_by=row.requested_by,
        approval=RowId(row.approval_id) if row.approval_id is not None else None,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
