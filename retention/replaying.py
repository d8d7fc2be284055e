"""Erasures of the control journal, done again in an older database: one plan, one run.

The run is the machine that erased before, so it can be killed anywhere and goes on; its plan is
the list of persons whom the journal names, and its events say that it is a restore.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, or_, select

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.ids import new_row_id
from governance.core.terms import RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import SUBJECT
from governance.customers.subjects import SubjectState
from governance.http.principal import Principal
from governance.jobs.runner import Worker
from policies.actions import Action
from retention import plans, purge, store
from retention.access import require, today
from retention.key_ends import KEY
from retention.plans import Ground, Item, Plan
from retention.purge import RunReport
from retention.reapplying import Outstanding, outstanding
from retention.types import RESTORED, DecisionKind

IN_LIMIT: Final = 500  # values in one IN list


def erase_again(
    ports: Ports, principal: Principal, found: Outstanding, *, worker: Worker
) -> tuple[RunReport, ...]:
    """`run_again`, for whoever may."""
    require(ports, principal, Action.BACKUP_RESTORE)
    return run_again(ports, principal, found, worker=worker)


def run_again(
    ports: Ports, principal: Principal, found: Outstanding, *, worker: Worker
) -> tuple[RunReport, ...]:
    """The persons are erased as they were before; a run that was cut short is at its end first.

    Raises ResidueError, RunHeldElsewhereError.
    """
    with ports.database.read() as tx:
        begun = [run.id for run in store.open_runs(tx, Ground.RESTORE)]
    done = [purge.run(ports, run, worker=worker) for run in begun]
    with ports.database.read() as tx:
        to_do = outstanding(tx, ports) if begun else found
        left = _fences(tx, to_do.erasures)
    if left:
        rules = {one: KEY + rule for one, rule in to_do.key_ends.items()}
        at = worker.clock()
        run = ports.database.write(lambda tx: _begin(tx, ports, principal, left, rules, at=at))
        done.append(purge.run(ports, run, worker=worker))
    return tuple(done)


def _fences(tx: Connection, subjects: Sequence[SubjectId]) -> dict[SubjectId, int]:
    """Those of them of whom something is here, with their fences."""
    found: dict[SubjectId, int] = {}
    left = or_(SUBJECT.c.state != SubjectState.ERASED.value, SUBJECT.c.kept_by_law.is_not(None))
    for start in range(0, len(subjects), IN_LIMIT):
        part = subjects[start : start + IN_LIMIT]
        rows = tx.execute(select(SUBJECT.c.id, SUBJECT.c.fence).where(SUBJECT.c.id.in_(part), left))
        found.update((SubjectId(row.id), row.fence) for row in rows)
    return found


def _begin(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    fences: Mapping[SubjectId, int],
    rules: Mapping[SubjectId, str],
    *,
    at: datetime,
) -> RowId:
    """The run of a plan that is the list of these persons."""
    made = _plan(tx, principal, fences, rules, at=at)
    store.add_plan(tx, made)
    run = store.add_run(
        tx, made.id, approval=None, requested_by=principal.id, approved_by=None, at=at
    )
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.ERASURE_PLANNED,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="retention_plan",
            object_id=made.id,
            outcome=Outcome.DONE,
            reasons=("restore",),
            counts=((DecisionKind.DUE.value, len(fences)),),
            refs=(f"sha256:{made.digest}", f"schedule:{made.schedule_digest}"),
        ),
    )
    return run


def _plan(
    tx: Connection,
    principal: Principal,
    fences: Mapping[SubjectId, int],
    rules: Mapping[SubjectId, str],
    *,
    at: datetime,
) -> Plan:
    schedule, cutoff = store.in_force(tx), today(at)
    items = tuple(
        Item(
            id=new_row_id(),
            subject=subject,
            decision=DecisionKind.DUE,
            rule=rules.get(subject, RESTORED),  # where the key alone ended: by which rule
            basis=None,
            due_on=cutoff,
            ledger_until=None,
            fence=fence,
        )
        for subject, fence in sorted(fences.items())
    )
    counts = plans.counted([(DecisionKind.DUE, item.rule) for item in items])
    return Plan(
        id=new_row_id(),
        ground=Ground.RESTORE,
        schedule_name=schedule.name,
        schedule_version=schedule.version,
        schedule_digest=schedule.digest,
        cutoff=cutoff,
        persons=len(items),
        counts=counts,
        items=items,
        digest=plans.digest_of(
            ground=Ground.RESTORE,
            schedule_digest=schedule.digest,
            cutoff=cutoff,
            persons=len(items),
            counts=counts,
            items=items,
        ),
        second_person=(),
        made_by=principal.id,
        made_at=at,
    )
