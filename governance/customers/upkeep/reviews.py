"""The quarterly review of the register: tasks by owner of fields, and what is behind each.

A task names a topic and how much was found when it was made; the list behind it is read anew
when somebody looks, as row ids without a value.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select, update

from governance.core.errors import GovernanceError, NotFoundError
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RowId
from governance.customers.catalogue import catalogue
from governance.customers.imports import ASIDE
from governance.customers.quality import FRESH_FOR
from governance.customers.store import TABLES
from governance.customers.upkeep.candidates import DUPLICATE, PairKind, open_pairs
from governance.customers.upkeep.measures import COMPLETE, REACHABLE, last_confirmed
from governance.customers.upkeep.models import ReviewTaskRow
from governance.db.types import insert_ignore, table_of

TASK = table_of(ReviewTaskRow)
TIME = timedelta(days=30)  # from the quarter's first day; then the task is overdue
PERSON, COMPANY = TABLES["person"], TABLES["company"]


class Topic(StrEnum):
    """What a review looks at."""

    DUPLICATES = "duplicates"  # pairs that wait for a decision
    PROBLEMS = "problems"  # rows whose input problems are not mended
    QUARANTINE = "quarantine"  # rows of files that wait for correction
    INCOMPLETE = "incomplete"  # rows without what a register row should hold
    UNREACHABLE = "unreachable"  # rows without any way to reach the person
    STALE = "stale"  # rows neither confirmed nor changed within a year
    COMPANIES = "companies"  # companies without number, address or telephone
    COMPANY_DUPLICATES = "company_duplicates"  # pairs of companies that wait for a decision

    @property
    def text_key(self) -> str:
        """Catalogue key of what is to be done."""
        return f"customers.review.{self.value}"


OF_COMPANIES = (Topic.COMPANIES, Topic.COMPANY_DUPLICATES)
TABLE_OF = dict.fromkeys(Topic, "person") | dict.fromkeys(OF_COMPANIES, "company")


class TaskUnknownError(NotFoundError):
    """There is no such task; nothing changed."""

    code = "quality_task_unknown"


class TaskDoneError(GovernanceError):
    """Somebody has done this task already; nothing changed."""

    code, status = "quality_task_done", 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task of one quarter for one owner."""

    id: RowId
    quarter: str
    owner: str
    topic: Topic
    found: int
    due_on: date
    assignee: ActorId | None  # who has it in hand
    done: bool
    done_by: ActorId | None
    done_at: datetime | None
    comment: bytes | None  # sealed under the installation's key

    def overdue(self, *, on: date) -> bool:
        """Open after its day."""
        return not self.done and on > self.due_on

    def as_json(self, *, on: date) -> dict[str, object]:
        """The task for programs, as it stands on a day."""
        return {
            "id": self.id,
            "quarter": self.quarter,
            "owner": self.owner,
            "topic": self.topic.value,
            "found": self.found,
            "due_on": self.due_on.isoformat(),
            "assignee": self.assignee,
            "done": self.done,
            "done_by": self.done_by,
            "done_at": self.done_at.isoformat() if self.done_at else None,
            "overdue": self.overdue(on=on),
        }


def quarter_of(day: date) -> str:
    """2026Q4 for a day in October 2026."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def first_day(day: date) -> date:
    """The first day of the quarter."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def owner_of(topic: Topic) -> str:
    """Who owns the fields that the topic is about: most fields of its table."""
    fields = catalogue().table(TABLE_OF[topic]).fields
    owners = [field.owner for field in fields]
    return max(sorted(set(owners)), key=owners.count)


Behind = Callable[[date], tuple[Any, Any]]  # (id column, condition) on a day


def _duplicates(_: date) -> tuple[Any, Any]:
    return DUPLICATE.c.left_id, open_pairs(PairKind.PERSON)


def _company_duplicates(_: date) -> tuple[Any, Any]:
    return DUPLICATE.c.left_id, open_pairs(PairKind.COMPANY)


def _problems(_: date) -> tuple[Any, Any]:
    return PERSON.c.id, PERSON.c.problems > 0


def _quarantine(_: date) -> tuple[Any, Any]:
    return ASIDE.c.id, ASIDE.c.id.is_not(None)


def _incomplete(_: date) -> tuple[Any, Any]:
    return PERSON.c.id, or_(*(PERSON.c[name].is_(None) for name in COMPLETE))


def _unreachable(_: date) -> tuple[Any, Any]:
    reachable = or_(*(PERSON.c[name].is_not(None) for name in REACHABLE))
    return PERSON.c.id, ~reachable


def _stale(day: date) -> tuple[Any, Any]:
    return PERSON.c.id, last_confirmed() < day - FRESH_FOR


def _companies(_: date) -> tuple[Any, Any]:
    missing = (COMPANY.c.corporate_number, COMPANY.c.address, COMPANY.c.phone)
    return COMPANY.c.id, or_(*(column.is_(None) for column in missing))


BEHIND: Mapping[Topic, Behind] = {
    Topic.DUPLICATES: _duplicates,
    Topic.PROBLEMS: _problems,
    Topic.QUARANTINE: _quarantine,
    Topic.INCOMPLETE: _incomplete,
    Topic.UNREACHABLE: _unreachable,
    Topic.STALE: _stale,
    Topic.COMPANIES: _companies,
    Topic.COMPANY_DUPLICATES: _company_duplicates,
}


def behind(tx: Connection, topic: Topic, *, on: date, limit: int) -> tuple[RowId, ...]:
    """Ids of what the topic is about now, in id order."""
    column, condition = BEHIND[topic](on)
    rows = tx.execute(select(column).where(condition).order_by(column).limit(limit))
    return tuple(RowId(row) for row in rows.scalars())


def make_tasks(tx: Connection, *, on: date, at: datetime) -> int:
    """The quarter's tasks exist; twice equals once. How many are new."""
    before = _count(tx, quarter_of(on))
    for topic in Topic:
        _, condition = BEHIND[topic](on)
        found = int(tx.execute(select(func.count()).where(condition)).scalar_one())
        row = {
            "id": new_row_id(),
            "quarter": quarter_of(on),
            "owner": owner_of(topic),
            "topic": topic.value,
            "found": found,
            "due_on": first_day(on) + TIME,
            "state": "open",
            "version": 1,
            "made_at": at,
        }
        tx.execute(insert_ignore(TASK, tx.dialect.name).values(**row))
    return _count(tx, quarter_of(on)) - before


def _count(tx: Connection, quarter: str) -> int:
    made = select(func.count()).where(TASK.c.quarter == quarter)
    return int(tx.execute(made).scalar_one())


def tasks(tx: Connection, *, every: bool = False) -> tuple[Task, ...]:
    """Open tasks, the earliest day first; with `every`, done ones too."""
    wanted = select(TASK).order_by(TASK.c.due_on, TASK.c.topic)
    if not every:
        wanted = wanted.where(TASK.c.state == "open")
    return tuple(_task(row) for row in tx.execute(wanted))


def task_by_id(tx: Connection, task: str) -> Task:
    """The task; raises TaskUnknownError."""
    row = tx.execute(select(TASK).where(TASK.c.id == task)).one_or_none()
    if row is None:
        raise TaskUnknownError
    return _task(row)


def overdue(tx: Connection, *, on: date) -> int:
    """How many tasks are open after their day."""
    late = (TASK.c.state == "open") & (TASK.c.due_on < on)
    return int(tx.execute(select(func.count()).where(late)).scalar_one())


def assign(tx: Connection, task: RowId, *, to: ActorId) -> None:
    """The task is in this one's hands; raises TaskDoneError."""
    mine = update(TASK).where(TASK.c.id == task, TASK.c.state == "open")
    if tx.execute(mine.values(assignee=to, version=TASK.c.version + 1)).rowcount != 1:
        raise TaskDoneError


def finish(tx: Connection, task: RowId, *, by: ActorId, comment: bytes, at: datetime) -> None:
    """The task is done, with the comment of who did it; raises TaskDoneError."""
    mine = update(TASK).where(TASK.c.id == task, TASK.c.state == "open")
    values = {"state": "done", "done_by": by, "done_at": at, "comment": comment}
    if tx.execute(mine.values(**values, version=TASK.c.version + 1)).rowcount != 1:
        raise TaskDoneError


def _task(row: Row[Any]) -> Task:
    return Task(
        id=RowId(row.id),
        quarter=row.quarter,
        owner=row.owner,
        topic=Topic(row.topic),
        found=row.found,
        due_on=row.due_on,
        assignee=None if row.assignee is None else ActorId(row.assignee),
        done=row.state == "done",
        done_by=None if row.done_by is None else ActorId(row.done_by),
        done_at=row.done_at,
        comment=None if row.comment is None else bytes(row.comment),
    )
