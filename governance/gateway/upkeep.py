"""Keeping the register accurate as use cases: figures over time, and the quarterly review."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.clock import JST
from governance.core.errors import GovernanceError
from governance.core.terms import ActorId, PurposeId, RowId
from governance.customers.ports import Ports
from governance.customers.upkeep import measures, reviews
from governance.customers.upkeep.measures import Measure
from governance.customers.upkeep.reviews import Task
from governance.http.principal import Principal
from governance.identity.rules import may_act
from governance.identity.store import staff_by_id
from policies.actions import Action
from policies.api import ensure

PURPOSE = PurposeId("data_quality")
COMMENT = "quality_task"  # kind of blob under which comments are sealed
LONGEST = 2_000  # characters of a comment
SHOWN = 500  # ids behind a task that are listed at once


class CommentError(GovernanceError):
    """A review is done with a comment of one to two thousand characters. Nothing changed."""

    code, status, exit_code = "quality_comment", 422, 2


class AssigneeError(GovernanceError):
    """Nobody of that name works here with the right to look at reviews. Nothing changed."""

    code, status, exit_code = "quality_assignee", 422, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """A task with its comment and what is behind it now."""

    task: Task
    comment: str | None
    rows: tuple[RowId, ...]


def trend(
    tx: Connection, ports: Ports, principal: Principal, *, since: date
) -> tuple[Measure, ...]:
    """Every recorded figure from a day on, oldest first."""
    ensure(principal, Action.QUALITY_READ, ports.policies.current)
    return measures.recorded(tx, since=since)


def tasks(
    tx: Connection, ports: Ports, principal: Principal, *, every: bool = False
) -> tuple[Task, ...]:
    """Review tasks, the earliest day first."""
    ensure(principal, Action.QUALITY_READ, ports.policies.current)
    return reviews.tasks(tx, every=every)


def show_task(ports: Ports, principal: Principal, wanted: str, *, at: datetime) -> TaskView:
    """The task with the ids behind its figure; raises TaskUnknownError."""
    ensure(principal, Action.QUALITY_READ, ports.policies.current)
    with ports.database.read() as tx:
        task = reviews.task_by_id(tx, wanted)
        rows = reviews.behind(tx, task.topic, on=at.astimezone(JST).date(), limit=SHOWN)
    said = None
    if task.comment is not None:
        said = ports.vault.open_blob(COMMENT, task.id, task.comment).decode()
    return TaskView(task=task, comment=said, rows=rows)


def assign_task(
    ports: Ports, principal: Principal, wanted: str, login: str, *, at: datetime
) -> Task:
    """The review is in that employee's hands, who may look at it; raises AssigneeError."""
    ensure(principal, Action.PERSON_MERGE, ports.policies.current)
    policy = ports.policies.current

    def assign(tx: Connection) -> Task:
        staff = staff_by_id(tx, ActorId(f"u:{login}"))
        if staff is None or not may_act(staff.state):
            raise AssigneeError
        if not policy.may(staff.roles, Action.QUALITY_READ):
            raise AssigneeError
        task = reviews.task_by_id(tx, wanted)
        reviews.assign(tx, task.id, to=staff.id)
        ports.audit.append(
            tx, _event(ports, principal, task, refs=(f"assigned:{staff.id}",), at=at)
        )
        return reviews.task_by_id(tx, wanted)

    return ports.database.write(assign)


def _event(
    ports: Ports, principal: Principal, task: Task, *, refs: tuple[str, ...], at: datetime
) -> EventDraft:
    """Something was done to a task: its quarter, topic and what was found."""
    return EventDraft(
        action=EventCode.QUALITY_REVIEWED,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="quality_task",
        object_id=task.id,
        purpose=PURPOSE,
        outcome=Outcome.DONE,
        policy_version=ports.policies.current.version or None,
        counts=(("found", task.found),),
        refs=(f"quarter:{task.quarter}", f"topic:{task.topic.value}", *refs),
    )


def finish_task(
    ports: Ports, principal: Principal, wanted: str, comment: str, *, at: datetime
) -> Task:
    """The review is done, with what was found and done in words; raises what forbids it."""
    ensure(principal, Action.PERSON_MERGE, ports.policies.current)
    words = comment.strip()
    if not 0 < len(words) <= LONGEST:
        raise CommentError

    def done(tx: Connection) -> Task:
        task = reviews.task_by_id(tx, wanted)
        sealed = ports.vault.seal_blob(COMMENT, task.id, words.encode())
        reviews.finish(tx, task.id, by=principal.id, comment=sealed, at=at)
        ports.audit.append(tx, _event(ports, principal, task, refs=("signed",), at=at))
        return reviews.task_by_id(tx, wanted)

    return ports.database.write(done)
