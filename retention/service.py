"""Use cases of retention: plan, start with a second principal where needed, look at what stands.

A plan is a dry run; what `start` begins and `purge.run` carries out is the same stored object,
and its hash stands in every audit event of the run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.approvals.executors import Executor
from governance.approvals.service import Approvals
from governance.approvals.store import waiting
from governance.approvals.types import Approval, ApprovalId, ApprovalKind, Consumed
from governance.core.terms import ActorId, RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.subjects import SubjectState
from governance.customers.upkeep.merges import survivor_of
from governance.http.principal import Principal
from policies.actions import Action
from retention import outside, plans, rules, store, tombstones
from retention.access import require, require_approver, today
from retention.erasure import end_suppression
from retention.errors import (
    PlanChangedError,
    PlanStaleError,
    SubjectNotErasableError,
    SubjectUnknownError,
)
from retention.facts import facts_of
from retention.planning import Drawn, digest, drawn_up, item_of, stored
from retention.plans import Ground, Plan
from retention.store import Run
from retention.types import DecisionKind, Due, PersonFacts, Schedule

PLAN_LIFETIME = timedelta(days=7)  # an older dry run no longer says what would go today
PURGE_BLOB = "purge_plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The run may be driven now."""

    run: RowId


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A second principal must agree first, to exactly this digest."""

    approval: ApprovalId
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What `sekisho retention status` tells."""

    schedule: Schedule
    adopted: int  # schedules that two principals adopted; 0 = the shipped one stands
    plan: Plan | None  # without its items
    runs: tuple[Run, ...]
    tombstones: int
    keys_waiting: int  # erased persons whose data keys are not known to be gone


def plan(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    *,
    at: datetime,
    on: date | None = None,
    schedule: Schedule | None = None,
) -> Plan:
    """What would go on this day under the schedule in force (or, to look only, another one)."""
    require(ports, principal, Action.RETENTION_PLAN)
    used = schedule or store.in_force(tx)
    drawn = drawn_up(tx, used, on=on or today(at))
    return stored(tx, ports, principal, drawn, Ground.SCHEDULE, at=at)


def plan_erasure(
    tx: Connection, ports: Ports, principal: Principal, subject: SubjectId, *, at: datetime
) -> Plan:
    """The plan that erases one person who asked for it (APPI 35(5), GDPR 17).

    Raises SubjectUnknownError, SubjectNotErasableError.
    """
    require(ports, principal, Action.ERASURE_REQUEST)
    return plan_agreed(tx, ports, principal, subject, at=at)


def plan_agreed(
    tx: Connection, ports: Ports, principal: Principal, subject: SubjectId, *, at: datetime
) -> Plan:
    """The same plan, for an erasure that two persons agreed to with the decision on a request."""
    used, cutoff = store.in_force(tx), today(at)
    found = facts_of(tx, [survivor_of(tx, subject)], at=cutoff)
    if not found:
        raise SubjectUnknownError
    (facts,) = found
    decision = rules.requested(facts, used, at=cutoff)
    if facts.state is SubjectState.ERASED or not isinstance(decision, Due):
        raise SubjectNotErasableError(rule=decision.rule)
    drawn = Drawn(
        schedule=used,
        cutoff=cutoff,
        items=(item_of(facts, decision, used, at=cutoff),),
        counts=plans.counted([(decision.kind, decision.rule)]),
    )
    return stored(tx, ports, principal, drawn, Ground.REQUEST, at=at)


def plan_decided(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    ground: Ground,
    decided: Sequence[tuple[PersonFacts, Due]],
    *,
    at: datetime,
) -> Plan:
    """The plan of persons whose erasure waited for a hold, with what is due of each today."""
    used, cutoff = store.in_force(tx), today(at)
    items = [item_of(facts, decision, used, at=cutoff) for facts, decision in decided]
    drawn = Drawn(
        schedule=used,
        cutoff=cutoff,
        items=tuple(sorted(items, key=lambda one: one.id)),
        counts=plans.counted([(decision.kind, decision.rule) for _, decision in decided]),
    )
    return stored(tx, ports, principal, drawn, ground, at=at)


def start(
    tx: Connection,
    ports: Ports,
    approvals: Approvals,
    principal: Principal,
    plan_id: RowId,
    *,
    at: datetime,
) -> Started | Waiting:
    """The run of this plan, or the approval that it waits for; twice equals once."""
    kept = store.plan_by_id(tx, plan_id)
    asked = kept.ground is Ground.REQUEST
    require(ports, principal, Action.ERASURE_REQUEST if asked else Action.RETENTION_RUN)
    return set_going(tx, ports, approvals, principal, kept, at=at)


def set_going(
    tx: Connection,
    ports: Ports,
    approvals: Approvals,
    principal: Principal,
    kept: Plan,
    *,
    at: datetime,
) -> Started | Waiting:
    """The same, for whoever may, or for the house where its settings say so."""
    plan_id, asked = kept.id, kept.ground is Ground.REQUEST
    if (begun := store.run_of_plan(tx, plan_id)) is not None:
        return Started(run=begun.id)
    _runnable(tx, kept, at=at)
    if not kept.second_person:
        run = store.add_run(
            tx, plan_id, approval=None, requested_by=principal.id, approved_by=None, at=at
        )
        _record_start(tx, ports, kept, run, by=principal.id, approval=None, at=at)
        return Started(run=run)
    kind = ApprovalKind.ERASURE if asked else ApprovalKind.PURGE
    for known in waiting(tx, at=at):
        if known.kind is kind and known.object_ref == plan_id:
            return Waiting(approval=known.id, digest=known.digest)
    sealed = ports.vault.seal_blob(PURGE_BLOB, plan_id, kept.digest.encode())
    made = approvals.request(tx, kind, object_ref=plan_id, sealed=sealed, by=principal, at=at)
    return Waiting(approval=made.id, digest=made.digest)


def begin(
    tx: Connection, ports: Ports, plan_id: RowId, approval: Approval, *, by: Principal, at: datetime
) -> RowId:
    """The run of a plan that two principals agreed to, in the transaction that says so.

    For the executor of the approval: here, or of the decision on the person's own request.
    """
    kept = store.plan_by_id(tx, plan_id)
    _runnable(tx, kept, at=at)
    if approval.decided_by is None or approval.decided_by == approval.requested_by:
        raise PlanStaleError(plan=plan_id, reason="one_person")  # fails closed
    run = store.add_run(
        tx,
        kept.id,
        approval=approval.id,
        requested_by=approval.requested_by,
        approved_by=approval.decided_by,
        at=at,
    )
    _record_start(tx, ports, kept, run, by=by.id, approval=approval.id, at=at)
    return run


def purge_executor(ports: Ports) -> Executor:
    """Begins an approved run (for ApprovalKind.PURGE and ERASURE); answers `purge_run:<id>`."""

    def execute(tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime) -> str:
        approval = consumed.approval
        require_approver(ports, approval, by)
        kept = store.plan_by_id(tx, RowId(approval.object_ref))
        agreed = ports.vault.open_blob(PURGE_BLOB, approval.object_ref, consumed.sealed)
        if agreed != kept.digest.encode():
            raise PlanChangedError(plan=kept.id)
        run = begin(tx, ports, kept.id, approval, by=by, at=at)
        return f"purge_run:{run}"

    return execute


def status(tx: Connection) -> Status:
    """The schedule in force, the newest plan, the newest runs, the erasure ledger."""
    newest = store.newest_plan_or_none(tx)
    return Status(
        schedule=store.in_force(tx),
        adopted=store.count_schedules(tx),
        plan=None if newest is None else store.plan_by_id(tx, newest, items=False),
        runs=store.runs(tx),
        tombstones=tombstones.count(tx),
        keys_waiting=tombstones.count(tx, keys_waiting=True),
    )


def forget(tx: Connection, *, at: datetime) -> tuple[int, int]:
    """How many tombstones and suppression tokens went because their own time is over."""
    gone = tombstones.forget_tombstones(tx, on=today(at)), end_suppression(tx, on=today(at))
    outside.forget(tx)
    return gone


def _runnable(tx: Connection, kept: Plan, *, at: datetime) -> None:
    """Fails closed: a plan that was changed, aged, simulated or made under another schedule."""
    if digest(kept.ground, kept.schedule_digest, kept) != kept.digest:
        raise PlanChangedError(plan=kept.id)
    reason = stale_because(kept, in_force=store.in_force(tx).digest, at=at)
    if reason is not None:
        raise PlanStaleError(plan=kept.id, reason=reason)


def stale_because(kept: Plan, *, in_force: str, at: datetime) -> str | None:
    """Why the plan can be run no more under the schedule of this digest; None: it can."""
    if kept.cutoff > today(at):
        return "future"
    if at - kept.made_at > PLAN_LIFETIME:
        return "aged"
    return None if in_force == kept.schedule_digest else "schedule"


def _record_start(
    tx: Connection,
    ports: Ports,
    kept: Plan,
    run: RowId,
    *,
    by: ActorId,
    approval: str | None,
    at: datetime,
) -> None:
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.JOB_RUN,
            occurred_at=at,
            actor=by,
            object_type="purge_run",
            object_id=run,
            outcome=Outcome.PERMIT,
            counts=(("due", kept.count(DecisionKind.DUE)),),
            refs=(
                f"plan:{kept.id}",
                f"sha256:{kept.digest}",
                *((f"approval:{approval}",) if approval is not None else ()),
            ),
        ),
    )
