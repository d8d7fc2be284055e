"""A newcomer's first week: what to do in which order, and what of it is done; pure.

A step is done when the log has the newcomer's own act, so that nothing is ticked off by hand.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from audit.actions import EventCode
from policies.actions import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to do: where, by which act it is seen to be done, who can do it."""

    key: str  # of its words
    href: str
    done_by: frozenset[EventCode]
    needs: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A task as the page shows it."""

    key: str
    href: str
    done_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The tasks of one day."""

    key: str
    tasks: tuple[Shown, ...]


def _task(key: str, href: str, needs: Action, *codes: EventCode) -> Task:
    return Task(key=key, href=href, done_by=frozenset(codes), needs=needs)


WEEK: Final = (
    (
        "one",
        (
            _task("log", "/console/audit", Action.AUDIT_READ, EventCode.LOG_READ),
            _task("person", "/console/persons", Action.PERSON_SEARCH, EventCode.PERSON_READ),
            _task("check", "/console/persons", Action.PERSON_SEARCH, EventCode.POLICY_DRY_RUN),
            _task(
                "training", "/console/training", Action.TRAINING_READ, EventCode.TRAINING_COMPLETED
            ),
        ),
    ),
    (
        "two",
        (
            _task("enter", "/console/requests/new", Action.DSAR_WRITE, EventCode.REQUEST_RECEIVED),
            _task(
                "identity",
                "/console/requests",
                Action.DSAR_WRITE,
                EventCode.REQUEST_IDENTITY_PROVED,
            ),
            _task("decide", "/console/requests", Action.DSAR_EXECUTE, EventCode.REQUEST_DECIDED),
        ),
    ),
    (
        "three",
        (
            _task("proof", "/console/consents", Action.CONSENT_READ, EventCode.CONSENT_PROOF_READ),
            _task(
                "withdraw", "/console/consents", Action.CONSENT_READ, EventCode.CONSENT_WITHDRAWN
            ),
            _task("provision", "/console/provisions", Action.REGISTER_READ,
                  EventCode.PROVISION_SHOWN),
        ),
    ),
    (
        "four",
        (
            _task("plan", "/console/retention", Action.RETENTION_READ, EventCode.RETENTION_PLANNED),
            _task("hold", "/console/holds", Action.HOLD_READ, EventCode.HOLD_PLACED),
            _task("policy", "/console/policies", Action.POLICY_READ, EventCode.APPROVAL_REQUESTED),
        ),
    ),
    (
        "five",
        (
            _task("review", "/console/audit", Action.AUDIT_READ, EventCode.LOG_REVIEWED),
            _task("report", "/console/reports", Action.REPORT_READ, EventCode.REPORT_CREATED),
        ),
    ),
)  # fmt: skip
CODES: Final = frozenset(code for _, tasks in WEEK for task in tasks for code in task.done_by)


def week_of(done: Mapping[EventCode, datetime], may: Callable[[Action], bool]) -> tuple[Day, ...]:
    """The days with the tasks that this reader can do; a day without any is left out."""
    days = (
        Day(
            key=key,
            tasks=tuple(
                Shown(key=task.key, href=task.href, done_at=_first(task, done))
                for task in tasks
                if may(task.needs)
            ),
        )
        for key, tasks in WEEK
    )
    return tuple(day for day in days if day.tasks)


def _first(task: Task, done: Mapping[EventCode, datetime]) -> datetime | None:
    return min((done[code] for code in task.done_by if code in done), default=None)
