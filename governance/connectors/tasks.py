"""What colleagues are asked about systems that only they can look into: rows in and out."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from governance.connectors.models import ConnectorTaskRow
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RequestId, RowId
from governance.db.types import table_of

TASK = table_of(ConnectorTaskRow)
WAITING = (TASK.c.answer.is_(None), TASK.c.ended.is_(False))


class Act(StrEnum):
    """What is to be done there."""

    FIND = "find"
    ERASE = "erase"


class TaskAnswer(StrEnum):
    """What the colleague says."""

    NOTHING = "nothing"  # the system holds nothing about the person
    FOUND = "found"  # what it holds is attached
    ERASED = "erased"
    KEPT = "kept"  # a law keeps it there
    CANNOT = "cannot"


FITTING = {
    Act.FIND: frozenset({TaskAnswer.NOTHING, TaskAnswer.FOUND, TaskAnswer.CANNOT}),
    Act.ERASE: frozenset(
        {TaskAnswer.NOTHING, TaskAnswer.ERASED, TaskAnswer.KEPT, TaskAnswer.CANNOT}
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task; what the colleague said stays sealed."""

    id: RowId
    request: RequestId
    connector: str
    act: Act
    key: str
    attempt: int
    due: date
    asked_at: datetime
    reminders: int
    answer: TaskAnswer | None
    records: int
    until: date | None
    answered_at: datetime | None
    answered_by: ActorId | None
    ended: bool
    said: bytes | None = field(repr=False)

    @property
    def open(self) -> bool:
        """Whether it can be answered: not yet, or until now alone that it cannot be done."""
        return not self.ended and self.answer in {None, TaskAnswer.CANNOT}


def newest(tx: Connection, connector: str, act: Act, key: str) -> Task | None:
    """The last task under this key."""
    row = tx.execute(
        select(TASK)
        .where(TASK.c.connector == connector, TASK.c.act == act.value, TASK.c.key == key)
        .order_by(TASK.c.attempt.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _task(row)


def add(tx: Connection, task: Task, *, remind_at: datetime) -> None:
    """The task waits for its answer."""
    tx.execute(
        insert(TASK).values(
            id=task.id,
            request_id=task.request,
            connector=task.connector,
            act=task.act.value,
            key=task.key,
            attempt=task.attempt,
            due=task.due,
            asked_at=task.asked_at,
            remind_at=remind_at,
            reminders=0,
            records=0,
            ended=False,
        )
    )


def fresh(
    before: Task | None,
    *,
    request: RequestId,
    connector: str,
    act: Act,
    key: str,
    due: date,
    at: datetime,
) -> Task:
    """A task like the one before, to be answered anew."""
    return Task(
        id=new_row_id(),
        request=request,
        connector=connector,
        act=act,
        key=key,
        attempt=1 if before is None else before.attempt + 1,
        due=due,
        asked_at=at,
        reminders=0,
        answer=None,
        records=0,
        until=None,
        answered_at=None,
        answered_by=None,
        ended=False,
        said=None,
    )


def by_id(tx: Connection, task: RowId) -> Task | None:
    """The task of this id."""
    row = tx.execute(select(TASK).where(TASK.c.id == task)).one_or_none()
    return None if row is None else _task(row)


def listed(tx: Connection, *, waiting: bool, limit: int = 200) -> tuple[Task, ...]:
    """Tasks that wait, by their days; or those that were answered, newest first."""
    wanted = select(TASK).limit(limit)
    if waiting:
        wanted = wanted.where(*WAITING).order_by(TASK.c.due, TASK.c.id)
    else:
        wanted = wanted.where(TASK.c.answer.is_not(None)).order_by(TASK.c.answered_at.desc())
    return tuple(_task(row) for row in tx.execute(wanted))


def answered(
    tx: Connection,
    task: RowId,
    *,
    answer: TaskAnswer,
    records: int,
    until: date | None,
    said: bytes | None,
    by: ActorId,
    at: datetime,
) -> bool:
    """Whether this answer stands; False where another was first."""
    written = tx.execute(
        update(TASK)
        .where(
            TASK.c.id == task,
            TASK.c.ended.is_(False),
            or_(TASK.c.answer.is_(None), TASK.c.answer == TaskAnswer.CANNOT.value),
        )
        .values(
            answer=answer.value,
            records=records,
            until=until,
            said=said,
            answered_at=at,
            answered_by=by,
            remind_at=None,
        )
    )
    return written.rowcount == 1


def end(tx: Connection, task: RowId) -> None:
    """Nobody is asked or reminded any more; asking again makes a new task."""
    tx.execute(update(TASK).where(TASK.c.id == task).values(ended=True, remind_at=None))


def to_remind(tx: Connection, *, at: datetime, limit: int) -> tuple[Task, ...]:
    """Open tasks whose colleague is to be reminded."""
    rows = tx.execute(
        select(TASK)
        .where(*WAITING, TASK.c.remind_at <= at)
        .order_by(TASK.c.remind_at, TASK.c.id)
        .limit(limit)
    )
    return tuple(_task(row) for row in rows)


def reminded(tx: Connection, task: Task, *, next_at: datetime) -> bool:
    """Whether this reminder is the one that counts."""
    written = tx.execute(
        update(TASK)
        .where(TASK.c.id == task.id, TASK.c.reminders == task.reminders, TASK.c.answer.is_(None))
        .values(reminders=task.reminders + 1, remind_at=next_at)
    )
    return written.rowcount == 1


def late(tx: Connection, *, on: date) -> int:
    """How many open tasks are past their day."""
    wanted = select(func.count()).select_from(TASK)
    return int(tx.execute(wanted.where(*WAITING, TASK.c.due < on)).scalar_one())


def forget_said(tx: Connection, request: RequestId) -> None:
    """What colleagues attached for a request is gone with the copy of its answer."""
    tx.execute(update(TASK).where(TASK.c.request_id == request).values(said=None))


def _task(row: Row[Any]) -> Task:
    return Task(
        id=RowId(row.id),
        request=RequestId(row.request_id),
        connector=row.connector,
        act=Act(row.act),
        key=row.key,
        attempt=row.attempt,
        due=row.due,
        asked_at=row.asked_at,
        reminders=row.reminders,
        answer=None if row.answer is None else TaskAnswer(row.answer),
        records=row.records,
        until=row.until,
        answered_at=row.answered_at,
        answered_by=None if row.answered_by is None else ActorId(row.answered_by),
        ended=bool(row.ended),
        said=None if row.said is None else bytes(row.said),
    )
