"""Rows of executions in and out; a stage moves only from the stage that the mover read."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, insert, or_, select, update

from dsar.execution.models import ExecutionRow, InterimRow, StoreRow
from dsar.execution.types import (
    UNDER_WAY,
    Execution,
    Measure,
    Stage,
    StoreResult,
    StoreState,
)
from dsar.store import TRACK
from dsar.types import Status
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RequestId, RowId
from governance.db.types import insert_ignore, table_of

EXECUTION, INTERIM = table_of(ExecutionRow), table_of(InterimRow)
STORE = table_of(StoreRow)


def execution_of(tx: Connection, request: RequestId) -> Execution | None:
    """How the request is carried out; None where nothing but a package answers it."""
    row = tx.execute(select(EXECUTION).where(EXECUTION.c.request_id == request)).one_or_none()
    return None if row is None else _execution(row)


def put_plan(tx: Connection, planned: Execution) -> None:
    """The plan of a decision stands in place of an earlier one that nobody agreed to."""
    values = {
        "measure": planned.measure.value,
        "stage": planned.stage.value,
        "plan_digest": planned.plan,
        "planned_at": planned.planned_at,
        "planned_by": planned.planned_by,
        "approval_id": planned.approval,
    }
    tx.execute(
        insert_ignore(EXECUTION, tx.dialect.name).values(request_id=planned.request, **values)
    )
    tx.execute(
        update(EXECUTION)
        .where(EXECUTION.c.request_id == planned.request, EXECUTION.c.stage == Stage.PLANNED.value)
        .values(**values)
    )


def drop_plan(tx: Connection, request: RequestId) -> None:
    """A plan that nobody agreed to is gone."""
    mine = EXECUTION.c.request_id == request
    tx.execute(delete(EXECUTION).where(mine, EXECUTION.c.stage == Stage.PLANNED.value))


def move(tx: Connection, found: Execution, to: Stage, /, **values: Any) -> Execution | None:
    """The execution at its next stage; None when somebody else moved it first."""
    moved = tx.execute(
        update(EXECUTION)
        .where(EXECUTION.c.request_id == found.request, EXECUTION.c.stage == found.stage.value)
        .values(stage=to.value, **values)
    )
    if moved.rowcount != 1:
        return None
    return execution_of(tx, found.request)


def at_work(tx: Connection, *, at: datetime, limit: int) -> tuple[Execution, ...]:
    """Executions for which there is something to do now, the oldest first.

    Those that are due or under way, and those whose request was taken back meanwhile.
    """
    due = (EXECUTION.c.stage == Stage.WAITING.value) & (EXECUTION.c.execute_from <= at)
    over = [Status.WITHDRAWN.value, Status.CLOSED.value]
    open_ = exists().where(
        TRACK.c.request_id == EXECUTION.c.request_id, TRACK.c.status.not_in(over)
    )
    stopped = EXECUTION.c.stage.in_([Stage.WAITING.value, Stage.CHANGED.value]) & ~open_
    wanted = or_(EXECUTION.c.stage.in_([one.value for one in UNDER_WAY]), due, stopped)
    order = (EXECUTION.c.planned_at, EXECUTION.c.request_id)
    rows = tx.execute(select(EXECUTION).where(wanted).order_by(*order).limit(limit))
    return tuple(_execution(row) for row in rows)


def to_lift(tx: Connection, *, at: datetime, limit: int) -> tuple[Execution, ...]:
    """Restrictions whose end was told and has come."""
    due = (EXECUTION.c.lift_from <= at) & EXECUTION.c.lifted_at.is_(None)
    rows = tx.execute(select(EXECUTION).where(due).order_by(EXECUTION.c.request_id).limit(limit))
    return tuple(_execution(row) for row in rows)


def set_lift(tx: Connection, request: RequestId, **values: datetime) -> None:
    """When the restriction of the request ends, or that it has ended."""
    tx.execute(update(EXECUTION).where(EXECUTION.c.request_id == request).values(**values))


def _execution(row: Row[Any]) -> Execution:
    return Execution(
        request=RequestId(row.request_id),
        measure=Measure(row.measure),
        stage=Stage(row.stage),
        plan=row.plan_digest,
        planned_at=row.planned_at,
        planned_by=ActorId(row.planned_by),
        approval=row.approval_id,
        agreed_at=row.agreed_at,
        execute_from=row.execute_from,
        undone_at=row.undone_at,
        run=RowId(row.run_id) if row.run_id else None,
        changed_because=row.changed_because,
        fates=tuple(json.loads(row.fates)) if row.fates else (),
        ended_at=row.ended_at,
        answer_to=bytes(row.answer_to) if row.answer_to is not None else None,
        lift_from=row.lift_from,
        lifted_at=row.lifted_at,
    )


# Connected systems


def note_store(tx: Connection, request: RequestId, result: StoreResult, *, at: datetime) -> None:
    """What the system answered last is on file; what it ended with is never overwritten."""
    values = {
        "state": result.state.value,
        "label_ja": result.label_ja,
        "label_en": result.label_en,
        "rows": result.rows,
        "code": result.code,
        "kept": json.dumps(list(result.kept), ensure_ascii=False, sort_keys=True),
        "at": at,
        "left_by": result.by,
    }
    row = {"id": new_row_id(), "request_id": request, "store": result.store, "tries": 0}
    tx.execute(insert_ignore(STORE, tx.dialect.name).values(**row, **values))
    open_ = [StoreState.PENDING.value, StoreState.FAILED.value, result.state.value]
    tx.execute(
        update(STORE)
        .where(
            STORE.c.request_id == request,
            STORE.c.store == result.store,
            STORE.c.state.in_(open_),
        )
        .values(**values, tries=STORE.c.tries + 1)
    )


def stores_of(tx: Connection, request: RequestId) -> tuple[StoreResult, ...]:
    """What every asked system answered, by its name."""
    rows = tx.execute(select(STORE).where(STORE.c.request_id == request).order_by(STORE.c.store))
    return tuple(
        StoreResult(
            store=row.store,
            state=StoreState(row.state),
            label_ja=row.label_ja,
            label_en=row.label_en,
            rows=row.rows,
            code=row.code,
            kept=tuple(json.loads(row.kept)),
            tries=row.tries,
            at=row.at,
            by=ActorId(row.left_by) if row.left_by else None,
        )
        for row in rows
    )


# Restrictions while something is looked into


def add_interim(tx: Connection, request: RequestId, *, by: ActorId, at: datetime) -> bool:
    """Whether the restriction is new on this request."""
    made = insert(INTERIM).values(request_id=request, asked_at=at, asked_by=by)
    if interim_of(tx, request) is not None:
        return False
    tx.execute(made)
    return True


def interim_of(tx: Connection, request: RequestId) -> Mapping[str, Any] | None:
    """The restriction while the request is looked into, if the person asked for one."""
    row = tx.execute(select(INTERIM).where(INTERIM.c.request_id == request)).one_or_none()
    return None if row is None else dict(row._mapping)  # noqa: SLF001 # SQLAlchemy's public name


def standing_interims(tx: Connection, *, limit: int) -> tuple[RequestId, ...]:
    """Requests whose interim restriction has not been lifted."""
    rows = tx.execute(
        select(INTERIM.c.request_id)
        .where(INTERIM.c.lifted_at.is_(None))
        .order_by(INTERIM.c.request_id)
        .limit(limit)
    )
    return tuple(RequestId(row) for row in rows.scalars())


def set_interim(tx: Connection, request: RequestId, **values: datetime) -> None:
    """What became of the interim restriction."""
    tx.execute(update(INTERIM).where(INTERIM.c.request_id == request).values(**values))
