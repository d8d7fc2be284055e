"""Erasures that two persons agreed to and a hold stopped go on by themselves after its release."""

from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection, select

from audit.actions import EventCode
from dsar.execution.planning import erasure_of
from dsar.execution.store import EXECUTION, execution_of, move
from dsar.execution.types import Measure, Stage
from dsar.records import draft
from dsar.store import case_by_id
from governance.core.terms import RequestId
from governance.customers.ports import Ports
from governance.customers.upkeep.merges import survivor_of
from governance.http.principal import Principal
from retention.holds.deferring import waiting
from retention.holds.store import end_deferred
from retention.holds.types import DeferredGround, DeferredState
from retention.store import in_force

SKIPPED: Final = "skipped"  # the run left the person alone: a hold came between


def resume_held(ports: Ports, principal: Principal, *, at: datetime, limit: int) -> int:
    """How many go on: no hold stands, and what would be erased today is what was agreed to.

    Where it is something else, two persons agree anew, as for every change.
    """
    with ports.database.read() as tx:
        hold = in_force(tx).hold
        stopped = select(EXECUTION.c.request_id).where(
            EXECUTION.c.stage == Stage.CHANGED.value,
            EXECUTION.c.measure == Measure.ERASE.value,
            EXECUTION.c.changed_because.in_((hold, SKIPPED)),
        )
        found = list(tx.execute(stopped.order_by(EXECUTION.c.request_id).limit(limit)).scalars())
    resumed = 0
    for request in found:
        step = partial(_resume, ports=ports, principal=principal, request=RequestId(request), at=at)
        resumed += ports.database.write(step)
    return resumed


def _resume(
    tx: Connection, *, ports: Ports, principal: Principal, request: RequestId, at: datetime
) -> bool:
    found, case = execution_of(tx, request), case_by_id(tx, request)
    if found is None or found.stage is not Stage.CHANGED or case.subject is None:
        return False
    planned = erasure_of(tx, case.subject, at=at)
    if planned.plan.blocked is not None or planned.digest != found.plan:
        return False
    if move(tx, found, Stage.WAITING, changed_because=None, run_id=None) is None:
        return False
    ended = waiting(tx, subjects=[survivor_of(tx, case.subject)])
    mine = [one.id for one in ended if one.ground is DeferredGround.DECISION]
    end_deferred(tx, mine, DeferredState.RESUMED, run=None, at=at)
    reasons = ("erasure_resumed", "hold")
    told = draft(ports, principal, case, EventCode.REQUEST_CHANGED, at=at, reasons=reasons)
    ports.audit.append(tx, told)
    return True
