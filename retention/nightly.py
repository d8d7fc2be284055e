"""What is due goes each night by itself: planned always, begun where the settings say so.

The same plan, thresholds and second person as by hand; the house asks, a person agrees. Nothing is
planned while a run is at work or a plan waits for its second person, so that nobody finds more
than one to decide about.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from governance.approvals.service import Approvals
from governance.approvals.store import waiting
from governance.approvals.types import ApprovalKind
from governance.core.terms import RowId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.jobs.types import Daily
from retention import service, store
from retention.access import today
from retention.planning import drawn_up, stored
from retention.plans import Ground, Plan
from retention.service import PLAN_LIFETIME, Started
from retention.types import DecisionKind

PLANNED_AT: Final = Daily(at=time(2, 40))  # in Japan
MARGIN: Final = timedelta(days=1)  # of a plan's lifetime, so that there is always one to run


class Night(StrEnum):
    """How a night ended."""

    AT_WORK = "at_work"  # a run of before is not at its end
    WAITS = "waits"  # a second person has to agree
    NOTHING = "nothing"  # nobody is due
    PLANNED = "planned"  # a person may begin it
    BEGUN = "begun"  # the run may be driven


@dataclass(frozen=True, slots=True, kw_only=True)
class Nightly:
    """What a night came to."""

    night: Night
    plan: RowId | None = None
    run: RowId | None = None


def tonight(
    tx: Connection,
    ports: Ports,
    approvals: Approvals,
    house: Principal,
    *,
    automatic: bool,
    at: datetime,
) -> Nightly:
    """The plan of this night, and its run where the settings and the thresholds allow it."""
    if open_runs := store.open_runs(tx, Ground.SCHEDULE):
        return Nightly(night=Night.AT_WORK, run=open_runs[0].id)
    if (asked := _asked(tx, at=at)) is not None:
        return Nightly(night=Night.WAITS, plan=asked)
    plan = _fresh(tx, ports, house, at=at)
    if not plan.count(DecisionKind.DUE) and not plan.parts:
        return Nightly(night=Night.NOTHING, plan=plan.id)
    if not automatic:
        return Nightly(night=Night.PLANNED, plan=plan.id)
    begun = service.set_going(tx, ports, approvals, house, plan, at=at)
    if isinstance(begun, Started):
        return Nightly(night=Night.BEGUN, plan=plan.id, run=begun.run)
    return Nightly(night=Night.WAITS, plan=plan.id)


def _asked(tx: Connection, *, at: datetime) -> RowId | None:
    """The plan that a second person is asked about."""
    purges = (one for one in waiting(tx, at=at) if one.kind is ApprovalKind.PURGE)
    return next((RowId(one.object_ref) for one in purges), None)


def _fresh(tx: Connection, ports: Ports, house: Principal, *, at: datetime) -> Plan:
    """A plan of today that says what stands; the newest one where it says the same.

    Otherwise every night would store all who are due again, as long as nobody begins a run.
    """
    schedule, day = store.in_force(tx), today(at)
    drawn = drawn_up(tx, schedule, on=day)
    newest = store.newest_plan_or_none(tx)
    known = None if newest is None else store.plan_by_id(tx, newest)
    if (
        known is not None
        and store.run_of_plan(tx, known.id) is None
        and known.schedule_digest == schedule.digest
        and at - known.made_at < PLAN_LIFETIME - MARGIN
        and known.cutoff <= day
        and _said(known) == {(item.subject, item.rule, item.fence) for item in drawn.items}
        and {(one.subject, one.rule, one.rows) for one in known.parts}
        == {(one.subject, one.rule, one.rows) for one in drawn.parts}
    ):
        return known
    return stored(tx, ports, house, drawn, Ground.SCHEDULE, at=at)


def _said(plan: Plan) -> set[tuple[str, str, int]]:
    return {(item.subject, item.rule, item.fence) for item in plan.items}
