"""Erasures that a hold stopped: remembered in the transaction that left the person alone."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RowId, SubjectId
from governance.customers.holds.reading import lines_on
from governance.customers.ports import Ports
from governance.customers.upkeep.merges import survivor_of
from governance.http.principal import Principal
from policies.actions import Action
from retention.access import require
from retention.decided import of_a_request
from retention.erasure import Doomed
from retention.errors import SubjectNotErasableError
from retention.holds.errors import ErasureDeferredError
from retention.holds.sparing import stands_by_hold
from retention.holds.store import DEFERRED, parts
from retention.holds.types import Deferred, DeferredGround, DeferredState
from retention.plans import Ground, Item, Plan
from retention.service import plan_erasure
from retention.store import Run, in_force

NAMED = 200  # persons that one event of the log names
GROUNDS = {
    Ground.SCHEDULE: DeferredGround.SCHEDULE,
    Ground.REQUEST: DeferredGround.REQUEST,
    Ground.RESTORE: DeferredGround.REQUEST,  # decided before
    Ground.RELEASE: DeferredGround.REST,
}
WAITING = DEFERRED.c.state == DeferredState.WAITING.value


def note(
    tx: Connection,
    ports: Ports,
    plan: Plan,
    run: Run,
    gone: Iterable[Doomed],
    held: Sequence[Item],
    *,
    at: datetime,
) -> None:
    """Whom the run left alone for a hold, and of whom a hold kept something, is remembered."""
    rest = [one.subject for one in gone if any(map(stands_by_hold, _duties(one)))]
    ground = _ground(tx, plan, run) if held else DeferredGround.REST
    wanted = [(item.subject, ground) for item in held]
    wanted += [(subject, DeferredGround.REST) for subject in rest]
    _remember(tx, ports, wanted, plan=plan.id, by=run.requested_by, os_user=None, at=at)


def _ground(tx: Connection, plan: Plan, run: Run) -> DeferredGround:
    """Why the run was to erase; what a decision on a request began is that execution's to go on."""
    return DeferredGround.DECISION if of_a_request(tx, plan, run) else GROUNDS[plan.ground]


def _duties(one: Doomed) -> Iterable[str]:
    return (keep.duty for row in one.keeps.values() for keep in row.fields.values())


def remember(
    tx: Connection, ports: Ports, principal: Principal, subject: SubjectId, *, at: datetime
) -> None:
    """An erasure on request that a hold forbids now goes on by itself once it is released."""
    require(ports, principal, Action.ERASURE_REQUEST)
    wanted = [(survivor_of(tx, subject), DeferredGround.REQUEST)]
    _remember(tx, ports, wanted, plan=None, by=principal.id, os_user=principal.os_user, at=at)


def remember_decided(
    tx: Connection, ports: Ports, by: Principal, subject: SubjectId, *, at: datetime
) -> None:
    """An execution of a decision stands still because of a hold, if one stands."""
    wanted = [(survivor_of(tx, subject), DeferredGround.DECISION)]
    _remember(tx, ports, wanted, plan=None, by=by.id, os_user=by.os_user, at=at)


def _remember(
    tx: Connection,
    ports: Ports,
    wanted: Sequence[tuple[SubjectId, DeferredGround]],
    *,
    plan: RowId | None,
    by: ActorId,
    os_user: str | None,
    at: datetime,
) -> None:
    if not wanted:
        return
    ids = [subject for subject, _ in wanted]
    known = {(one.subject, one.ground) for one in waiting(tx, subjects=ids)}
    matters: dict[SubjectId, dict[str, None]] = {}
    for line in lines_on(tx, ids):
        matters.setdefault(line.subject, {})[line.matter] = None
    fresh = [pair for pair in dict.fromkeys(wanted) if pair not in known and pair[0] in matters]
    if not fresh:
        return
    tx.execute(
        insert(DEFERRED),
        [
            {
                "id": new_row_id(),
                "subject_id": subject,
                "ground": ground.value,
                "plan_id": plan,
                "matters": ",".join(matters[subject]),
                "state": DeferredState.WAITING.value,
                "deferred_by": by,
                "deferred_at": at,
            }
            for subject, ground in fresh
        ],
    )
    persons = list(dict.fromkeys(subject for subject, _ in fresh))
    _tell(tx, ports, persons, plan=plan, by=by, os_user=os_user, at=at)


def _tell(
    tx: Connection,
    ports: Ports,
    persons: Sequence[SubjectId],
    *,
    plan: RowId | None,
    by: ActorId,
    os_user: str | None,
    at: datetime,
) -> None:
    """The log names whose erasure waits, some hundred an event."""
    for start in range(0, len(persons), NAMED):
        some = persons[start : start + NAMED]
        ports.audit.append(
            tx,
            EventDraft(
                action=EventCode.ERASURE_DEFERRED,
                occurred_at=at,
                actor=by,
                actor_os=os_user,
                object_type="person" if plan is None else "retention_plan",
                object_id=some[0] if plan is None else plan,
                subject=some[0] if len(some) == 1 else None,
                outcome=Outcome.DONE,
                reasons=("hold",),
                counts=(("persons", len(some)),),
                refs=tuple(f"person:{one}" for one in some) if len(some) > 1 else (),
            ),
        )


def waiting(
    tx: Connection,
    *,
    subjects: Sequence[SubjectId] | None = None,
    matter: str | None = None,
) -> tuple[Deferred, ...]:
    """Deferred erasures that wait, oldest first; of some persons or one matter."""
    wanted = select(DEFERRED).where(WAITING).order_by(DEFERRED.c.id)
    if subjects is None:
        pages = [wanted]
    else:
        pages = [wanted.where(DEFERRED.c.subject_id.in_(part)) for part in parts(subjects)]
    found = [deferred_of(row) for page in pages for row in tx.execute(page)]
    return tuple(one for one in found if matter is None or matter in one.matters)


def deferred_of(row: Row[Any]) -> Deferred:
    """A stored deferral as a fact."""
    return Deferred(
        id=RowId(row.id),
        subject=SubjectId(row.subject_id),
        ground=DeferredGround(row.ground),
        plan=row.plan_id and RowId(row.plan_id),
        matters=tuple(row.matters.split(",")),
        state=DeferredState(row.state),
        by=ActorId(row.deferred_by),
        at=row.deferred_at,
        resumed_at=row.resumed_at,
        run=row.run_id and RowId(row.run_id),
    )


def plan_or_defer(ports: Ports, principal: Principal, subject: SubjectId, *, at: datetime) -> Plan:
    """The plan of an erasure on request; where a hold forbids it, it is remembered.

    Raises ErasureDeferredError, SubjectUnknownError, SubjectNotErasableError.
    """
    try:
        return ports.database.write(lambda tx: plan_erasure(tx, ports, principal, subject, at=at))
    except SubjectNotErasableError as refused:
        with ports.database.read() as tx:
            if refused.params.get("rule") != in_force(tx).hold:
                raise
        ports.database.write(lambda tx: remember(tx, ports, principal, subject, at=at))
        raise ErasureDeferredError from refused
