"""Who acts on a request, and how every change is written down: history and audit in one place."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network
from audit.types import Outcome as AuditOutcome
from dsar.case import Actor, Case, Move, Refused
from dsar.errors import RequestNotAllowedError, RequestStepError
from dsar.store import append_event, save_case
from dsar.types import Event, Mark, Refusal, Requester
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action
from policies.actors import may
from policies.snapshot import PolicySnapshot

DSAR_ACTIONS: Final = (
    *(Action.DSAR_READ, Action.DSAR_WRITE, Action.DSAR_DECIDE),
    *(Action.DSAR_APPROVE, Action.DSAR_EXECUTE),
)


def actor_of(principal: Principal, policy: PolicySnapshot, case: Case | None = None) -> Actor:
    """What the policy in force lets this principal do to requests; nothing without a policy."""
    return Actor(
        id=principal.id,
        actions=frozenset(action for action in DSAR_ACTIONS if may(principal, action, policy)),
        is_requester=case is not None and is_own(principal, case),
    )


def is_own(principal: Principal, case: Case) -> bool:
    """Whether the case is this person's; of a child acted for, only what a guardian asked.

    What a child asked alone is between the child and us.
    """
    if case.subject is None or principal.person != case.subject:
        return False
    return principal.acts_for is None or case.requester is Requester.STATUTORY_AGENT


def demand(actor: Actor, action: Action) -> None:
    """Fails closed: raises RequestNotAllowedError without the action."""
    if action not in actor.actions:
        raise RequestNotAllowedError(action=action.value)


def demand_possible(answer: object, case: Case) -> None:
    """Raises RequestStepError with the reason of a refusal."""
    if isinstance(answer, Refused):
        law = answer.law.value if answer.law else "-"
        raise RequestStepError(request=case.id, reason=answer.reason.value, law=law)


def demand_open(case: Case) -> None:
    """Raises RequestStepError where nothing is left to do."""
    if case.closed:
        raise RequestStepError(request=case.id, reason=Refusal.NO_SUCH_STEP.value, law="-")


def changed(case: Case, *, at: datetime) -> Case:
    """The case one version later, its history ending at this moment; never before its last."""
    return replace(case, last_at=max(at, case.last_at), version=case.version + 1)


def write_down(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    what: Event | Mark,
    code: EventCode,
    *,
    at: datetime,
    before: int,
    moves: Sequence[Move] = (),
    ground: str | None = None,
    outcome: AuditOutcome = AuditOutcome.DONE,
    reasons: tuple[str, ...] = (),
    counts: tuple[tuple[str, int], ...] = (),
    refs: tuple[str, ...] = (),
) -> Case:
    """The changed case is stored over version `before`, with its history line and audit event."""
    save_case(tx, case, expected=before)
    append_event(
        tx,
        case.id,
        event=what.value,
        at=case.last_at,
        actor=principal.id,
        moves=moves,
        ground=ground,
    )
    ports.audit.append(
        tx,
        draft(
            ports,
            principal,
            case,
            code,
            at=at,
            outcome=outcome,
            reasons=(what.value, *reasons),
            counts=counts,
            refs=refs,
        ),
    )
    return case


def draft(
    ports: Ports,
    principal: Principal,
    case: Case,
    code: EventCode,
    *,
    at: datetime,
    outcome: AuditOutcome = AuditOutcome.DONE,
    reasons: tuple[str, ...] = (),
    counts: tuple[tuple[str, int], ...] = (),
    refs: tuple[str, ...] = (),
) -> EventDraft:
    """The audit event of something that happened to a request: codes, counts and references."""
    return EventDraft(
        action=code,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="request",
        object_id=case.id,
        subject=case.subject,
        outcome=outcome,
        reasons=reasons,
        policy_version=ports.policies.current.version or None,
        network=Network(principal.network) if principal.network else None,
        counts=counts,
        refs=(f"request:{case.id}", *refs),
    )
