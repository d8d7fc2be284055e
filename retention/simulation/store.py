"""Simulations in and out; whoever drives one holds its lease."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RowId, SubjectId
from governance.customers.store import SUBJECT
from governance.customers.subjects import SubjectKind
from governance.db.types import table_of
from retention.schedules import read_schedule
from retention.simulation.errors import SimulationUnknownError
from retention.simulation.folding import figures_from, figures_json
from retention.simulation.models import SimulationRow
from retention.simulation.types import Figures, Line, Simulation, SimulationState
from retention.types import Schedule

SIMULATION = table_of(SimulationRow)


def add(
    tx: Connection,
    schedule: Schedule,
    *,
    on: date,
    against: Schedule | None,
    by: ActorId,
    at: datetime,
) -> RowId:
    """The simulation waits for somebody to drive it."""
    kinds = schedule.covers | (against.covers if against is not None else frozenset())
    id_ = new_row_id()
    tx.execute(
        insert(SIMULATION).values(
            id=id_,
            state=SimulationState.COUNTING.value,
            asked_by=by,
            asked_at=at,
            on_day=on,
            schedule_name=schedule.name,
            schedule_version=schedule.version,
            schedule_digest=schedule.digest,
            content=schedule.text,
            against=None if against is None else against.text,
            figures=figures_json(Figures()),
            total=_persons(tx, kinds),
        )
    )
    return id_


def _persons(tx: Connection, kinds: Iterable[SubjectKind]) -> int:
    """About how many persons there are to look at."""
    covered = SUBJECT.c.kind.in_([kind.value for kind in kinds])
    return int(tx.execute(select(func.count()).where(covered)).scalar_one())


def find(tx: Connection, id_: RowId) -> Simulation:
    """The simulation; raises SimulationUnknownError."""
    row = tx.execute(select(SIMULATION).where(SIMULATION.c.id == id_)).one_or_none()
    if row is None:
        raise SimulationUnknownError
    return _simulation(row)


def newest(tx: Connection, *, limit: int) -> tuple[Line, ...]:
    """The simulations asked for last."""
    wanted = select(SIMULATION).order_by(SIMULATION.c.asked_at.desc(), SIMULATION.c.id.desc())
    return tuple(
        Line(
            id=RowId(row.id),
            state=SimulationState(row.state),
            asked_by=ActorId(row.asked_by),
            asked_at=row.asked_at,
            on=row.on_day,
            schedule=f"{row.schedule_name}/{row.schedule_version}",
            schedule_digest=row.schedule_digest,
            figures=figures_from(row.figures),
        )
        for row in tx.execute(wanted.limit(limit))
    )


def waiting(tx: Connection, *, at: datetime) -> tuple[RowId, ...]:
    """Those that are not at their end and that nobody drives, the oldest first."""
    wanted = select(SIMULATION.c.id).where(_free(at)).order_by(SIMULATION.c.asked_at)
    return tuple(RowId(one) for one in tx.execute(wanted).scalars())


def of_plan(tx: Connection, plan: RowId) -> RowId | None:
    """The simulation that a plan was made from."""
    found = select(SIMULATION.c.id).where(SIMULATION.c.plan_id == plan).limit(1)
    known = tx.execute(found).scalar()
    return None if known is None else RowId(known)


def of_schedule(tx: Connection, digest: str) -> Simulation | None:
    """The newest simulation of this schedule."""
    wanted = select(SIMULATION).where(SIMULATION.c.schedule_digest == digest)
    row = tx.execute(wanted.order_by(SIMULATION.c.asked_at.desc()).limit(1)).one_or_none()
    return None if row is None else _simulation(row)


def _free(at: datetime) -> Any:
    nobody = or_(SIMULATION.c.lease_until.is_(None), SIMULATION.c.lease_until <= at)
    return and_(SIMULATION.c.state == SimulationState.COUNTING.value, nobody)


def claim(tx: Connection, id_: RowId, *, driver: RowId, at: datetime, lease: timedelta) -> bool:
    """Whether the simulation is this driver's from now on."""
    taken = (
        update(SIMULATION)
        .where(SIMULATION.c.id == id_, _free(at))
        .values(driver=driver, lease_until=at + lease)
    )
    return tx.execute(taken).rowcount == 1


def move(tx: Connection, /, id_: RowId, *, driver: RowId, **values: object) -> bool:
    """Whether the change was made; not when another driver took the simulation over."""
    mine = and_(SIMULATION.c.id == id_, SIMULATION.c.driver == driver)
    return tx.execute(update(SIMULATION).where(mine).values(**values)).rowcount == 1


def name_plan(tx: Connection, id_: RowId, plan: RowId) -> None:
    """The simulation leads to its plan."""
    tx.execute(update(SIMULATION).where(SIMULATION.c.id == id_).values(plan_id=plan))


def forget(tx: Connection, *, before: datetime) -> int:
    """How many simulations went because they are old; a plan outlives its simulation."""
    return tx.execute(delete(SIMULATION).where(SIMULATION.c.asked_at < before)).rowcount


def _simulation(row: Row[Any]) -> Simulation:
    return Simulation(
        id=RowId(row.id),
        state=SimulationState(row.state),
        asked_by=ActorId(row.asked_by),
        asked_at=row.asked_at,
        on=row.on_day,
        schedule=read_schedule(row.content),
        against=None if row.against is None else read_schedule(row.against),
        figures=figures_from(row.figures),
        total=row.total,
        cursor=None if row.cursor is None else SubjectId(row.cursor),
        finished_at=row.finished_at,
        plan=None if row.plan_id is None else RowId(row.plan_id),
    )
