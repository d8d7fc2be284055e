"""What a decision will do: the measure, and for an erasure the plan with its digest."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from dsar.case import Case, Decision, WithheldItem
from dsar.errors import RequestSubjectError
from dsar.execution.correction_store import CorrectionState, corrections_of, digest_of
from dsar.execution.errors import (
    CorrectionError,
    ErasureBlockedError,
    MeasureUnknownError,
    NothingExecutedError,
)
from dsar.execution.rules import kept_grounds, measures_of, substance
from dsar.execution.store import drop_plan, execution_of, put_plan
from dsar.execution.types import Execution, Measure, Stage
from dsar.reading import request_by_id
from dsar.records import actor_of, demand
from dsar.store import case_by_id
from dsar.types import Outcome
from governance.core.terms import FieldId, RequestId, SubjectId
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action
from retention import store as schedules
from retention.fates import ErasePlan, Fate, erase_plan

GRANTING = frozenset({Outcome.GRANT, Outcome.PARTIAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What an erasure would do to each field now, and the digest that two persons agree to."""

    plan: ErasePlan
    digest: str


def erasure_of(tx: Connection, subject: SubjectId, *, at: datetime) -> Planned:
    """The plan of erasing this person now; raises SubjectUnknownError.

    The digest is over the register: what stands beside it (proofs, the log's parts, index tokens)
    grows with every act of ours and always has the same fate.
    """
    plan = erase_plan(tx, subject, at=at)
    schedule = schedules.in_force(tx).digest
    register = catalogue().tables
    fates = (fate.as_json() for fate in plan.fates if fate.field.partition(".")[0] in register)
    return Planned(plan=plan, digest=substance(plan.subject, fates, schedule=schedule))


def plan_of_request(
    tx: Connection, ports: Ports, principal: Principal, request: RequestId, *, at: datetime
) -> Planned:
    """What an erasure of the person of this request would do, for the officer."""
    case = case_by_id(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_READ)
    if case.subject is None:
        raise RequestSubjectError
    return erasure_of(tx, case.subject, at=at)


def execution_for(
    tx: Connection, ports: Ports, principal: Principal, request: RequestId
) -> Execution:
    """How the request is carried out, for an officer or the person; raises NothingExecutedError."""
    request_by_id(tx, ports, principal, request)
    found = execution_of(tx, request)
    if found is None:
        raise NothingExecutedError
    return found


def measure_of(case: Case, outcome: Outcome, wanted: Measure | None) -> Measure | None:
    """What this decision will do; None where a package or nothing answers.

    Raises MeasureUnknownError for what the rights of the case do not come to.
    """
    possible = measures_of(case) if outcome in GRANTING else ()
    if wanted is not None and wanted not in possible:
        raise MeasureUnknownError(request=case.id, measure=wanted.value)
    return wanted or next(iter(possible), None)


def kept_fields(
    tx: Connection, case: Case, outcome: Outcome, wanted: Measure | None, *, at: datetime
) -> tuple[WithheldItem, ...]:
    """Fields that an erasure leaves because a law keeps them, with the ground under each law."""
    erases = measure_of(case, outcome, wanted) is Measure.ERASE
    if not erases or case.subject is None:
        return ()
    return kept_items(case, erasure_of(tx, case.subject, at=at).plan)


def kept_items(case: Case, plan: ErasePlan) -> tuple[WithheldItem, ...]:
    """What this plan keeps, as items of a decision; each field once."""
    grounds = kept_grounds(case.laws)
    names = dict.fromkeys(fate.field for fate in plan.fates if fate.fate is Fate.KEEP)
    return tuple(WithheldItem(field=FieldId(name), grounds=grounds) for name in names)


def plan_execution(
    tx: Connection, case: Case, decision: Decision, wanted: Measure | None, *, at: datetime
) -> Execution | None:
    """What this decision will do once agreed to; None where a package or nothing answers.

    Raises MeasureUnknownError, and ErasureBlockedError where a hold forbids the erasure.
    """
    measure = measure_of(case, decision.outcome, wanted)
    if measure is None or case.subject is None:
        return None
    digest = None
    if measure is Measure.CORRECT:
        items = corrections_of(tx, case.id)
        if not items:
            return None  # the officer proves by the event of the correction
        if any(item.state is CorrectionState.ASKED for item in items):
            raise CorrectionError(request=case.id, reason="unjudged")
        digest = digest_of(items)
    if measure is Measure.ERASE:
        planned = erasure_of(tx, case.subject, at=at)
        if planned.plan.blocked is not None:  # fails closed: what is held is not promised away
            raise ErasureBlockedError(request=case.id, rule=planned.plan.blocked)
        digest = planned.digest
    return Execution(
        request=case.id,
        measure=measure,
        stage=Stage.PLANNED,
        plan=digest,
        planned_at=at,
        planned_by=decision.decided_by,
    )


def refused_fields(tx: Connection, request: RequestId) -> tuple[WithheldItem, ...]:
    """Fields whose correction was refused, with their grounds: they make a grant a partial one."""
    return tuple(
        WithheldItem(field=item.name, grounds=item.grounds, row=item.row)
        for item in corrections_of(tx, request)
        if item.state is CorrectionState.REFUSED
    )


def file_plan(tx: Connection, request: RequestId, planned: Execution | None) -> None:
    """The plan of the newest decision stands, and no other."""
    if planned is not None:
        put_plan(tx, planned)
    elif execution_of(tx, request) is not None:
        drop_plan(tx, request)


def parameters_of(planned: Execution | None) -> dict[str, str | None]:
    """What the second person confirms besides the decision itself."""
    if planned is None:
        return {}
    return {"measure": planned.measure.value, "plan": planned.plan}
