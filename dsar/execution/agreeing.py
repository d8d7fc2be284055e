"""What happens when a second person agrees: the restriction holds, the waiting period runs."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from audit.actions import EventCode
from dsar.case import Case, Decision
from dsar.clocks import dates_of, earliest
from dsar.correspondence.types import Slot
from dsar.errors import RequestChangedError, RequestNotAllowedError
from dsar.execution.correction_store import corrections_of, digest_of
from dsar.execution.effects import take_effect
from dsar.execution.errors import (
    ErasureBlockedError,
    ExecutionChangedError,
    NothingExecutedError,
)
from dsar.execution.planning import Planned, erasure_of, kept_items
from dsar.execution.rules import execute_from
from dsar.execution.store import execution_of, move
from dsar.execution.types import Execution, Measure, Stage
from dsar.letters import tell
from dsar.recipients import plan_recipients
from dsar.records import actor_of, changed, demand, write_down
from dsar.store import add_items, answer_language, case_by_id
from dsar.types import Letter, Mark, Outcome
from governance.approvals.executors import Executor
from governance.approvals.service import Approvals
from governance.approvals.types import Approval, ApprovalKind, Consumed
from governance.core.terms import RequestId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.i18n.formats import long_day
from policies.actions import Action

WAIT_DAYS: Final = 7  # settings.erasure_wait_days
ANEW: Final = "erasure_anew:"  # before the request in what an approval names
NEXT: Final = {
    Measure.ERASE: Stage.WAITING,
    Measure.CORRECT: Stage.ROWS,
    Measure.STOP_USE: Stage.TELLING,
    Measure.STOP_PROVISION: Stage.TELLING,
    Measure.RESTRICT: Stage.TELLING,
    Measure.OBJECT: Stage.TELLING,
}  # where an execution goes when it is agreed to


def agree(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    found: Execution,
    *,
    approval: str,
    wait_days: int,
    at: datetime,
) -> Case:
    """The grant is in force: nothing is used any more, recipients are listed, the period runs.

    Raises ExecutionChangedError where the person is not what the plan says any more.
    """
    _demand_same(tx, case, found, at=at)
    entries = take_effect(tx, ports, principal, case, found.measure, at=at)
    plan_recipients(tx, case, by=principal.id, at=at)
    starts = _starts(case, found, wait_days=wait_days, at=at)
    moved = move(
        tx,
        found,
        NEXT[found.measure],
        agreed_at=at,
        execute_from=starts,
        approval_id=approval,
    )
    if moved is None:
        raise RequestChangedError(request=case.id)
    refs = tuple(f"choice:{entry}" for entry in entries)
    if starts is not None and starts > at:
        lang = answer_language(tx, case.id)
        given = {Slot.DUE: long_day(starts, lang)}
        refs += tell(tx, ports, case, Letter.ERASURE_WAITING, lang=lang, at=at, given=given)
    plan = (f"sha256:{found.plan}",) if found.plan else ()
    return write_down(
        tx,
        ports,
        principal,
        changed(case, at=at),
        Mark.AGREED,
        EventCode.REQUEST_CHANGED,
        at=at,
        before=case.version,
        ground=found.measure.value,
        reasons=(found.measure.value,),
        refs=(f"approval:{approval}", *plan, *refs),
    )


def _starts(case: Case, found: Execution, *, wait_days: int, at: datetime) -> datetime | None:
    """When an erasure may begin; nothing else waits."""
    if found.measure is not Measure.ERASE:
        return None
    due = earliest(case, {track.law: dates_of(case, track, at=at) for track in case.tracks})
    return execute_from(at, days=wait_days, answer_by=due)


def _demand_same(tx: Connection, case: Case, found: Execution, *, at: datetime) -> None:
    """Fails closed: two persons agree to exactly what is erased or corrected."""
    if found.measure is Measure.CORRECT and digest_of(corrections_of(tx, case.id)) != found.plan:
        raise ExecutionChangedError(request=case.id)
    if found.measure is not Measure.ERASE:
        return
    if case.subject is None:
        raise ExecutionChangedError(request=case.id)
    planned = erasure_of(tx, case.subject, at=at)
    if planned.plan.blocked is not None:
        raise ErasureBlockedError(request=case.id, rule=planned.plan.blocked)
    if planned.digest != found.plan:
        raise ExecutionChangedError(request=case.id)


def ask_anew(
    tx: Connection,
    ports: Ports,
    approvals: Approvals,
    principal: Principal,
    request: RequestId,
    *,
    at: datetime,
) -> Approval:
    """A second person is asked to agree to what would be erased now, after the person changed."""
    case, found = case_by_id(tx, request), execution_of(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_DECIDE)
    if found is None or found.stage is not Stage.CHANGED or case.subject is None:
        raise NothingExecutedError
    planned = erasure_of(tx, case.subject, at=at)
    if planned.plan.blocked is not None:
        raise ErasureBlockedError(request=request, rule=planned.plan.blocked)
    return approvals.request(
        tx,
        ApprovalKind.ERASURE,
        object_ref=f"{ANEW}{request}",
        sealed=_parameters(request, planned.digest),
        by=principal,
        at=at,
    )


def _anew(tx: Connection, case: Case, planned: Planned) -> Decision | None:
    """The decision with what the plan of today keeps; that makes a whole grant a partial one."""
    decision = case.decision
    if decision is None:
        return None
    known = {item.field for item in decision.items}
    more = tuple(item for item in kept_items(case, planned.plan) if item.field not in known)
    if not more:
        return decision
    add_items(tx, case.id, replace(decision, items=more))
    partial = Outcome.PARTIAL if decision.outcome is Outcome.GRANT else decision.outcome
    return replace(decision, outcome=partial, items=(*decision.items, *more))


def _parameters(request: RequestId, digest: str) -> bytes:
    return json.dumps({"request": request, "plan": digest}, sort_keys=True).encode()


def anew_executor(ports: Ports) -> Executor:
    """Lets a changed erasure go on as two persons agreed anew (part of ApprovalKind.ERASURE)."""

    def execute(tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime) -> str:
        approval = consumed.approval
        told: dict[str, Any] = json.loads(consumed.sealed)
        request = RequestId(told["request"])
        case, found = case_by_id(tx, request), execution_of(tx, request)
        if by.id == approval.decided_by:
            demand(actor_of(by, ports.policies.current, case), Action.DSAR_APPROVE)
        else:  # fails closed: what was agreed to is carried out by who agreed
            raise RequestNotAllowedError(action=Action.DSAR_APPROVE.value)
        if found is None or found.stage is not Stage.CHANGED or case.subject is None:
            raise NothingExecutedError
        planned = erasure_of(tx, case.subject, at=at)
        if planned.plan.blocked is not None or planned.digest != told["plan"]:
            raise ExecutionChangedError(request=request)
        moved = move(
            tx,
            found,
            Stage.WAITING,
            plan_digest=planned.digest,
            approval_id=approval.id,
            changed_because=None,
        )
        if moved is None:
            raise RequestChangedError(request=request)
        write_down(
            tx,
            ports,
            by,
            replace(changed(case, at=at), decision=_anew(tx, case, planned)),
            Mark.AGREED,
            EventCode.REQUEST_CHANGED,
            at=at,
            before=case.version,
            reasons=("agreed_anew",),
            refs=(f"approval:{approval.id}", f"sha256:{planned.digest}"),
        )
        return f"request:{request}"

    return execute
