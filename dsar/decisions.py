"""Decisions on requests: on legal grounds, and confirmed by a second person under an approval."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import canonical_json
from dsar.case import Actor, Case, Decision, WithheldItem
from dsar.errors import RequestChangedError, RequestNotAllowedError, RequestStepError
from dsar.execution.agreeing import WAIT_DAYS, agree
from dsar.execution.planning import (
    file_plan,
    kept_fields,
    parameters_of,
    plan_execution,
    refused_fields,
)
from dsar.execution.store import execution_of
from dsar.execution.types import Execution, Measure
from dsar.identity.guardians import Concern
from dsar.identity.hearing import open_concerns
from dsar.records import actor_of, changed, demand_possible, write_down
from dsar.rules import decidable
from dsar.stepping import take_step
from dsar.store import add_items, case_by_id
from dsar.types import Event, Ground, Mark, Outcome, Refusal
from governance.approvals.executors import Executor
from governance.approvals.rules import standing
from governance.approvals.service import Approvals
from governance.approvals.store import find as find_approval
from governance.approvals.types import ApprovalId, ApprovalKind, ApprovalState, Consumed
from governance.core.terms import RequestId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The case with its decision, and the approval that a grant waits for."""

    case: Case
    approval: ApprovalId | None
    digest: str | None  # what the second person confirms


def decide(
    tx: Connection,
    ports: Ports,
    approvals: Approvals,
    principal: Principal,
    request: RequestId,
    *,
    outcome: Outcome,
    grounds: Iterable[Ground],
    items: Iterable[WithheldItem] = (),
    measure: Measure | None = None,
    at: datetime,
) -> Decided:
    """The decision is on file with its grounds; unless it refuses, it waits for a second person.

    What the review excepted or a law keeps is left out; `items` come to it without a review.
    """
    case = case_by_id(tx, request)
    actor = actor_of(principal, ports.policies.current, case)
    outcome, kept = _but_kept(tx, case, actor, outcome, measure, at=at)
    decision = Decision(
        outcome=outcome,
        grounds=tuple(grounds),
        decided_by=principal.id,
        decided_at=at,
        items=(*_excepted(case, outcome), *refused_fields(tx, request), *kept, *items)
        if outcome is not Outcome.REFUSE
        else tuple(items),
    )
    demand_possible(decidable(case, decision, actor=actor), case)
    _demand_heard(tx, case, outcome, at=at)
    if case.decision is not None and case.decision.approval is not None:
        _supersede(tx, approvals, ApprovalId(case.decision.approval), principal, at=at)
    planned = plan_execution(tx, case, decision, measure, at=at)
    waiting = None
    if outcome is not Outcome.REFUSE:
        waiting = approvals.request(
            tx,
            ApprovalKind.REQUEST_DECISION,
            object_ref=f"request:{request}",
            sealed=_parameters(case, decision, planned),
            by=principal,
            at=at,
        )
        decision = replace(decision, approval=waiting.id)
    file_plan(tx, request, planned)
    filed = file_decision(tx, ports, principal, case, decision, at=at)
    if waiting is None:
        return Decided(case=filed, approval=None, digest=None)
    return Decided(case=filed, approval=waiting.id, digest=waiting.digest)


def _but_kept(
    tx: Connection,
    case: Case,
    actor: Actor,
    outcome: Outcome,
    measure: Measure | None,
    *,
    at: datetime,
) -> tuple[Outcome, tuple[WithheldItem, ...]]:
    """What an erasure leaves because a law keeps it; a whole grant is then a partial one."""
    if Action.DSAR_DECIDE not in actor.actions:  # who may not decide learns nothing of the plan
        return outcome, ()
    kept = kept_fields(tx, case, outcome, measure, at=at)
    return Outcome.PARTIAL if kept and outcome is Outcome.GRANT else outcome, kept


def _excepted(case: Case, outcome: Outcome) -> tuple[WithheldItem, ...]:
    """What the ended review leaves out of an answer that gives something."""
    gives = outcome in {Outcome.GRANT, Outcome.PARTIAL}
    return case.reviewed.items if gives and case.reviewed is not None else ()


def _demand_heard(tx: Connection, case: Case, outcome: Outcome, *, at: datetime) -> None:
    """Fails closed: nothing is given to a guardian before the child was asked, or noted why not."""
    gives = outcome in {Outcome.GRANT, Outcome.PARTIAL}
    if gives and Concern.CHILD_HEARD in open_concerns(tx, case, at=at):
        raise RequestStepError(request=case.id, reason=Refusal.CHILD_NOT_HEARD.value, law="-")


def file_decision(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    decision: Decision,
    *,
    at: datetime,
) -> Case:
    """The case with its decision, items and record."""
    add_items(tx, case.id, decision)
    return write_down(
        tx,
        ports,
        principal,
        replace(changed(case, at=at), decision=decision),
        Mark.DECIDED,
        EventCode.REQUEST_DECIDED,
        at=at,
        before=case.version,
        ground=decision.outcome.value,
        reasons=(decision.outcome.value, *(ground.value for ground in decision.grounds)),
        counts=(("withheld", len(decision.items)),),
        refs=(f"approval:{decision.approval}",) if decision.approval else (),
    )


def _supersede(
    tx: Connection, approvals: Approvals, old: ApprovalId, by: Principal, *, at: datetime
) -> None:
    """An earlier decision that still waits is no longer offered; an expired one has ended."""
    if standing(find_approval(tx, old), at=at) is ApprovalState.REQUESTED:
        approvals.refuse(tx, old, reason_code="superseded", by=by, at=at)


def _parameters(case: Case, decision: Decision, planned: Execution | None) -> bytes:
    """What the second person confirms: codes and references, no value of the person."""
    return canonical_json(
        {
            "request": case.id,
            "decided_at": decision.decided_at.isoformat(),
            "outcome": decision.outcome.value,
            "grounds": [ground.value for ground in decision.grounds],
            "review": case.reviewed.seq if case.reviewed is not None else None,
            "items": [
                [item.field, item.row, [ground.value for ground in item.grounds]]
                for item in decision.items
            ],
            **parameters_of(planned),
        }
    )


def approve(
    tx: Connection,
    approvals: Approvals,
    principal: Principal,
    request: RequestId,
    *,
    digest: str,
    at: datetime,
) -> Case:
    """The decision stands: confirmed by a second person, who is not the one who decided."""
    case = case_by_id(tx, request)
    if case.decision is None or case.decision.approval is None:
        raise RequestStepError(request=request, reason=Refusal.DECISION_MISSING.value, law="-")
    approval = ApprovalId(case.decision.approval)
    approvals.approve_and_execute(tx, approval, digest=digest, by=principal, at=at)
    return case_by_id(tx, request)


def waiting_digest(tx: Connection, case: Case, *, at: datetime) -> str:
    """What a second person would confirm now; empty when no decision waits for one."""
    if case.decision is None or case.decision.approval is None:
        return ""
    approval = find_approval(tx, ApprovalId(case.decision.approval))
    waits = standing(approval, at=at) is ApprovalState.REQUESTED
    return approval.digest if waits else ""


def approval_executor(ports: Ports, *, wait_days: int = WAIT_DAYS) -> Executor:
    """What carries out an approved decision; register it under ApprovalKind.REQUEST_DECISION."""

    def execute(tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime) -> str:
        approval = consumed.approval
        told: dict[str, Any] = json.loads(consumed.sealed)
        request = RequestId(told["request"])
        case = case_by_id(tx, request)
        decision = case.decision
        planned = execution_of(tx, request)
        if decision is None or consumed.sealed != _parameters(case, decision, planned):
            raise RequestChangedError(request=request)  # fails closed: another decision stands
        if by.id != approval.decided_by:
            raise RequestNotAllowedError(action=Action.DSAR_APPROVE.value)
        refs = (f"approval:{approval.id}",)
        case = take_step(tx, ports, by, request, Event.APPROVE, at=at, refs=refs)
        if planned is not None:
            agree(tx, ports, by, case, planned, approval=approval.id, wait_days=wait_days, at=at)
        return f"request:{request}"

    return execute
