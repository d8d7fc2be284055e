"""Simulations: asked for, driven page by page by anybody, and made a plan where one can run.

The plan is the object that a run carries out; its hash stands in every event of the run.
No transaction is open between two pages, so that a large town holds nobody up; whoever is killed
leaves a lease that ends, and the next driver goes on where the figures stand.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.ids import new_row_id
from governance.core.terms import RowId
from governance.customers.ports import Ports
from governance.db.engine import Database
from governance.http.principal import Principal
from governance.jobs.runner import Worker
from policies.actions import Action
from retention import store as plans_store
from retention.access import require, today
from retention.facts import PAGE
from retention.service import plan
from retention.simulation import store
from retention.simulation.errors import SimulationDayError, SimulationNotPlannableError
from retention.simulation.folding import added, figures_json
from retention.simulation.reading import Look, next_figures
from retention.simulation.types import Figures, Simulation, SimulationState
from retention.types import Schedule

LEASE: Final = timedelta(seconds=60)
LONGEST: Final = timedelta(days=366 * 50)  # a later day is a slip of the pen
KEPT: Final = timedelta(days=30)  # a simulation says what was known then


def ask(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    *,
    at: datetime,
    on: date | None = None,
    schedule: Schedule | None = None,
    against: Schedule | None = None,
) -> RowId:
    """The simulation of a schedule on a day; another than that in force is compared with it.

    Or with the one that `against` says.

    Raises SimulationDayError.
    """
    require(ports, principal, Action.RETENTION_PLAN)
    day = checked_day(on, at=at)
    in_force = plans_store.in_force(tx)
    used = schedule or in_force
    other = against or in_force
    compared = None if used.digest == other.digest else other
    store.forget(tx, before=at - KEPT)
    made = store.add(tx, used, on=day, against=compared, by=principal.id, at=at)
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.JOB_RUN,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="retention_simulation",
            object_id=made,
            outcome=Outcome.DONE,
            refs=(f"schedule:{used.digest}",),
        ),
    )
    return made


def checked_day(on: date | None, *, at: datetime) -> date:
    """The day to simulate, today when none is given; raises SimulationDayError."""
    standing = today(at)
    if on is not None and not standing <= on <= standing + LONGEST:
        raise SimulationDayError
    return on or standing


def look_of(found: Simulation) -> Look:
    """What the simulation looks at."""
    return Look(
        schedule=found.schedule,
        on=found.on,
        today=today(found.asked_at),
        against=found.against,
    )


def simulated(
    ports: Ports,
    principal: Principal,
    *,
    at: datetime,
    on: date | None = None,
    schedule: Schedule | None = None,
) -> tuple[Look, Figures]:
    """A simulation for whoever waits for it; nothing of it is stored.

    Raises SimulationDayError.
    """
    require(ports, principal, Action.RETENTION_PLAN)
    day = checked_day(on, at=at)
    with ports.database.read() as tx:
        in_force = plans_store.in_force(tx)
    used = schedule or in_force
    against = None if used.digest == in_force.digest else in_force
    look = Look(schedule=used, on=day, today=today(at), against=against)
    return look, figures_now(ports.database, look)


def figures_now(
    database: Database, look: Look, *, told: Callable[[int], None] = lambda _: None
) -> Figures:
    """The figures over everybody, read page by page; nothing is stored."""
    figures, after = Figures(), None
    while True:
        with database.read() as tx:
            more, after = next_figures(tx, look, after=after)
        if after is None:
            return figures
        figures = added(figures, more)
        told(figures.persons)


def plan_from(
    tx: Connection, ports: Ports, principal: Principal, id_: RowId, *, at: datetime
) -> RowId:
    """The plan of the counted simulation; twice equals once.

    Raises SimulationUnknownError, SimulationNotPlannableError.
    """
    require(ports, principal, Action.RETENTION_PLAN)
    found = store.find(tx, id_)
    if found.plan is not None:
        return found.plan
    if (reason := not_plannable(tx, found, at=at)) is not None:
        raise SimulationNotPlannableError(reason=reason)
    made = plan(tx, ports, principal, at=at, on=found.on)
    store.name_plan(tx, id_, made.id)
    return made.id


def not_plannable(tx: Connection, found: Simulation, *, at: datetime) -> str | None:
    """Why no plan can be made of it; a plan is what can run today."""
    if not found.counted:
        return "counting"
    if found.on > today(at):
        return "future"
    if plans_store.in_force(tx).digest != found.schedule.digest:
        return "schedule"
    return None


def drive(ports: Ports, id_: RowId, *, worker: Worker, page: int = PAGE) -> Simulation:
    """The simulation at its end, or as far as the worker lets it go."""
    driver, at = new_row_id(), worker.clock()
    database = ports.database
    if not database.write(lambda tx: store.claim(tx, id_, driver=driver, at=at, lease=LEASE)):
        return _found(database, id_)  # at its end, or somebody else's
    found = _found(database, id_)
    try:
        _count(ports, found, driver, worker, page=page)
    finally:
        database.write(lambda tx: store.move(tx, id_, driver=driver, lease_until=None))
    return _found(database, id_)


def _found(database: Database, id_: RowId) -> Simulation:
    with database.read() as tx:
        return store.find(tx, id_)


def _count(ports: Ports, found: Simulation, driver: RowId, worker: Worker, *, page: int) -> None:
    """Every person is counted, or the figures stand where the worker was stopped."""
    look, figures, after = look_of(found), found.figures, found.cursor
    while not worker.stopping():
        with ports.database.read() as tx:
            more, after = next_figures(tx, look, after=after, limit=page)
        figures, now = added(figures, more), worker.clock()
        values: dict[str, object] = {"figures": figures_json(figures), "cursor": after}
        if after is None:
            values |= {"state": SimulationState.DONE.value, "finished_at": now}
        move = partial(store.move, id_=found.id, driver=driver, lease_until=now + LEASE, **values)
        if not ports.database.write(move, batch=True) or after is None:
            return
