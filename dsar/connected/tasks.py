"""What colleagues are asked about connected systems, as use cases: list, show, answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import Outcome as AuditOutcome
from dsar.case import Case
from dsar.fulfilment import owner_of
from dsar.records import draft
from dsar.store import case_by_id
from governance.connectors import said, tasks
from governance.connectors.errors import TaskAnsweredError, TaskAnswerError, TaskUnknownError
from governance.connectors.tasks import FITTING, Task, TaskAnswer
from governance.core.terms import KeyClass, RowId
from governance.customers.ports import Ports
from governance.gateway.intake.screening import without_numbers
from governance.http.principal import Principal
from policies.actions import Action
from policies.actors import may
from policies.api import ensure

REASONED: Final = frozenset({TaskAnswer.CANNOT, TaskAnswer.KEPT})
COUNTED: Final = frozenset({TaskAnswer.ERASED, TaskAnswer.KEPT})
MOST_RECORDS: Final = 1_000_000
LONGEST: Final = 2_000  # characters of a reason
OUTCOMES: Final[Mapping[TaskAnswer, AuditOutcome]] = MappingProxyType(
    {TaskAnswer.CANNOT: AuditOutcome.FAILED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAnswer:
    """What a colleague says of a task."""

    answer: TaskAnswer
    reason: str = ""
    export: str = ""
    records: int = 0
    until: date | None = None

    def __repr__(self) -> str:
        return f"NewAnswer({self.answer.value})"


def waiting(tx: Connection, ports: Ports, principal: Principal) -> tuple[Task, ...]:
    """Tasks without an answer, the most urgent first."""
    ensure(principal, Action.CONNECTOR_RUN, ports.policies.current)
    return tasks.listed(tx, waiting=True)


def task_with_case(
    tx: Connection, ports: Ports, principal: Principal, task: RowId
) -> tuple[Task, Case]:
    """One task and the request that it belongs to; 404 before 403."""
    policy = ports.policies.current
    found = tasks.by_id(tx, task)
    if found is None or not may(principal, Action.CONNECTOR_RUN, policy):
        raise TaskUnknownError
    return found, case_by_id(tx, found.request)


def answer_task(
    ports: Ports, principal: Principal, task: RowId, new: NewAnswer, *, at: datetime
) -> None:
    """The answer stands, once; what was attached is sealed under the record key of the request."""
    with ports.database.read() as tx:
        found, case = task_with_case(tx, ports, principal, task)
    if not found.open:
        raise TaskAnsweredError
    _check(found, new)
    whole = said.Said(
        reason=without_numbers(new.reason.strip())[0],
        export=without_numbers(new.export.strip())[0],
    )
    records = new.records
    if new.answer is TaskAnswer.FOUND:
        records = len(said.records_of(found.connector, whole.export))
    sealed = ports.vault.seal_part(
        owner_of(case), found.id, said.to_bytes(whole), key_class=KeyClass.RECORD
    )

    def work(tx: Connection) -> None:
        if not tasks.answered(
            tx,
            found.id,
            answer=new.answer,
            records=records,
            until=new.until,
            said=sealed,
            by=principal.id,
            at=at,
        ):
            raise TaskAnsweredError
        told = draft(
            ports,
            principal,
            case,
            EventCode.CONNECTOR_ANSWERED,
            at=at,
            outcome=OUTCOMES.get(new.answer, AuditOutcome.DONE),
            reasons=(found.act.value, new.answer.value),
            counts=(("records", records),),
            refs=(f"connector:{found.connector}", f"task:{found.id}"),
        )
        ports.audit.append(tx, told)

    ports.database.write(work)


def _check(task: Task, new: NewAnswer) -> None:
    """The answer fits what was asked and is whole."""
    if new.answer not in FITTING[task.act]:
        raise TaskAnswerError(field="answer")
    if len(new.reason) > LONGEST or (new.answer in REASONED and not new.reason.strip()):
        raise TaskAnswerError(field="reason")
    if (new.answer is TaskAnswer.FOUND) != bool(new.export.strip()):
        raise TaskAnswerError(field="export")
    counted = new.answer in COUNTED
    if counted != (1 <= new.records <= MOST_RECORDS):
        raise TaskAnswerError(field="records")
    if new.until is not None and new.answer is not TaskAnswer.KEPT:
        raise TaskAnswerError(field="until")
