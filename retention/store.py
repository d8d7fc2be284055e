"""Schedules, plans and runs in and out."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RowId, SubjectId
from governance.db.fetching import PreparedSelect
from governance.db.keyed import PreparedChange
from governance.db.prepared import PreparedInsert
from governance.db.types import insert_ignore, table_of
from retention.errors import PlanNotFoundError, PlanStaleError, RunNotFoundError
from retention.models import BatchRow, ItemRow, PlanRow, RunRow, ScheduleRow
from retention.parts.store import parts_of
from retention.plans import (
    Ground,
    Item,
    ItemState,
    Plan,
    RunState,
    SecondPerson,
    counts_json,
    counts_of,
    keeps_json,
    keeps_of,
)
from retention.schedules import default_schedule, read_schedule, shipped_by_digest
from retention.types import DecisionKind, Schedule

SCHEDULE, PLAN, ITEM = table_of(ScheduleRow), table_of(PlanRow), table_of(ItemRow)
RUN, BATCH = table_of(RunRow), table_of(BatchRow)
CHUNK = 500
NO_KEEPS = json.dumps(keeps_json(()))
_BATCHES = PreparedInsert(BATCH)
_ITEMS = PreparedInsert(ITEM)
_NEXT = PreparedSelect(
    select(ITEM)
    .where(
        ITEM.c.plan_id == bindparam("plan"),
        ITEM.c.decision == DecisionKind.DUE.value,
        ITEM.c.state == ItemState.PLANNED.value,
        ITEM.c.id > bindparam("after"),
    )
    .order_by(ITEM.c.id)
    .limit(bindparam("most"))
)
_LAST_BATCH = PreparedSelect(
    select(func.max(BATCH.c.n).label("last")).where(BATCH.c.run_id == bindparam("run"))
)
_COUNTED = PreparedChange(
    lambda ids: (
        update(RUN)
        .where(RUN.c.id.in_(ids))
        .values(
            erased=RUN.c.erased + bindparam("more_persons"),
            skipped=RUN.c.skipped + bindparam("more_skipped"),
            rows=RUN.c.rows + bindparam("more_rows"),
        )
    )
)
_MARKED = PreparedChange(
    lambda ids: (
        update(ITEM)
        .where(ITEM.c.id.in_(ids))
        .values(state=bindparam("now"), skipped_because=bindparam("because"))
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One purge run."""

    id: RowId
    plan: RowId
    state: RunState
    approval: str | None
    requested_by: ActorId
    approved_by: ActorId | None
    started_at: datetime
    finished_at: datetime | None
    erased: int
    skipped: int
    rows: int
    wal_pages: int | None


# Schedules


def in_force(tx: Connection) -> Schedule:
    """The newest adopted schedule, or the shipped one."""
    newest = select(SCHEDULE.c.content).order_by(SCHEDULE.c.version.desc()).limit(1)
    content = tx.execute(newest).scalar()
    return default_schedule() if content is None else read_schedule(content)


def schedule_by_digest(tx: Connection, digest: str) -> Schedule:
    """An adopted or shipped schedule; raises PlanStaleError for one that is neither."""
    content = tx.execute(select(SCHEDULE.c.content).where(SCHEDULE.c.digest == digest)).scalar()
    if content is not None:
        return read_schedule(content)
    if (known := shipped_by_digest().get(digest)) is not None:
        return known
    raise PlanStaleError(reason="schedule_unknown")


def add_schedule(
    tx: Connection,
    schedule: Schedule,
    *,
    approval: str,
    proposed_by: ActorId,
    approved_by: ActorId,
    at: datetime,
) -> int:
    """The version under which the schedule is in force from now on."""
    last = tx.execute(select(func.max(SCHEDULE.c.version))).scalar()
    version = int(last or 0) + 1
    tx.execute(
        insert(SCHEDULE).values(
            version=version,
            name=schedule.name,
            digest=schedule.digest,
            content=schedule.text,
            approval_id=approval,
            proposed_by=proposed_by,
            approved_by=approved_by,
            adopted_at=at,
        )
    )
    return version


def count_schedules(tx: Connection) -> int:
    """How many schedules two principals have adopted."""
    return int(tx.execute(select(func.count()).select_from(SCHEDULE)).scalar_one())


# Plans


def add_plan(tx: Connection, plan: Plan) -> None:
    """The plan and its items are stored."""
    tx.execute(
        insert(PLAN).values(
            id=plan.id,
            ground=plan.ground.value,
            schedule_name=plan.schedule_name,
            schedule_version=plan.schedule_version,
            schedule_digest=plan.schedule_digest,
            cutoff=plan.cutoff,
            persons=plan.persons,
            due=plan.count(DecisionKind.DUE),
            kept=plan.count(DecisionKind.KEPT),
            review=plan.count(DecisionKind.REVIEW),
            counts=json.dumps(counts_json(plan.counts)),
            digest=plan.digest,
            second_person=",".join(reason.value for reason in plan.second_person),
            shares=plan.shares,
            made_by=plan.made_by,
            made_at=plan.made_at,
        )
    )
    rows = [_item_values(plan.id, item) for item in plan.items]
    for start in range(0, len(rows), CHUNK):
        _ITEMS.rows(tx, rows[start : start + CHUNK])


def _item_values(plan: RowId, item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "plan_id": plan,
        "subject_id": item.subject,
        "decision": item.decision.value,
        "rule": item.rule,
        "basis": item.basis,
        "due_on": item.due_on,
        "ledger_until": item.ledger_until,
        "fence": item.fence,
        "keeps": json.dumps(keeps_json(item.keeps)) if item.keeps else NO_KEEPS,
        "state": item.state.value,
    }


def plan_by_id(tx: Connection, plan: RowId, *, items: bool = True) -> Plan:
    """The stored plan; raises PlanNotFoundError."""
    row = tx.execute(select(PLAN).where(PLAN.c.id == plan)).one_or_none()
    if row is None:
        raise PlanNotFoundError
    found = select(ITEM).where(ITEM.c.plan_id == plan).order_by(ITEM.c.id)
    return Plan(
        id=RowId(row.id),
        ground=Ground(row.ground),
        schedule_name=row.schedule_name,
        schedule_version=row.schedule_version,
        schedule_digest=row.schedule_digest,
        cutoff=row.cutoff,
        persons=row.persons,
        counts=counts_of(row.counts),
        items=tuple(item_of(one) for one in tx.execute(found)) if items else (),
        digest=row.digest,
        second_person=tuple(SecondPerson(one) for one in row.second_person.split(",") if one),
        shares=row.shares or "{}",
        made_by=ActorId(row.made_by),
        made_at=row.made_at,
        parts=parts_of(tx, plan) if items else (),
    )


def newest_plan(tx: Connection) -> RowId:
    """The plan that was made last under the schedule; raises PlanNotFoundError."""
    found = newest_plan_or_none(tx)
    if found is None:
        raise PlanNotFoundError
    return found


def newest_plan_or_none(tx: Connection) -> RowId | None:
    """The plan that was made last under the schedule, if any was."""
    newest = (
        select(PLAN.c.id)
        .where(PLAN.c.ground == Ground.SCHEDULE.value)
        .order_by(PLAN.c.made_at.desc(), PLAN.c.id.desc())
        .limit(1)
    )
    found = tx.execute(newest).scalar()
    return None if found is None else RowId(found)


def next_items(tx: Connection, plan: RowId, *, after: str | None, limit: int) -> tuple[Item, ...]:
    """The next due items that nobody has dealt with, in the order of their ids."""
    facts = {"plan": plan, "after": after or "", "most": limit}
    return tuple(item_of(row) for row in _NEXT.rows(tx, facts))


def mark_items(
    tx: Connection, items: Iterable[RowId], state: ItemState, *, because: str | None = None
) -> None:
    """What became of these items."""
    _MARKED.rows(tx, list(items), {"now": state.value, "because": because})


def cancel_items(tx: Connection, subject: SubjectId, *, because: str, but: RowId) -> int:
    """How many items of other plans about the person are off (law.md 8.1: an erasure cancels)."""
    return tx.execute(
        update(ITEM)
        .where(
            ITEM.c.subject_id == subject,
            ITEM.c.plan_id != but,
            ITEM.c.state == ItemState.PLANNED.value,
        )
        .values(state=ItemState.SKIPPED.value, skipped_because=because)
    ).rowcount


def item_of(row: Row[Any]) -> Item:
    """The item that a row stores."""
    return Item(
        id=RowId(row.id),
        subject=SubjectId(row.subject_id),
        decision=DecisionKind(row.decision),
        rule=row.rule,
        basis=row.basis,
        due_on=row.due_on,
        ledger_until=row.ledger_until,
        fence=row.fence,
        keeps=keeps_of(row.keeps),
        state=ItemState(row.state),
        skipped_because=row.skipped_because,
    )


# Runs


def add_run(
    tx: Connection,
    plan: RowId,
    *,
    approval: str | None,
    requested_by: ActorId,
    approved_by: ActorId | None,
    at: datetime,
) -> RowId:
    """The one run of this plan."""
    tx.execute(
        insert_ignore(RUN, tx.dialect.name).values(
            id=new_row_id(),
            plan_id=plan,
            state=RunState.RUNNING.value,
            approval_id=approval,
            requested_by=requested_by,
            approved_by=approved_by,
            started_at=at,
            erased=0,
            skipped=0,
            rows=0,
        )
    )
    return RowId(tx.execute(select(RUN.c.id).where(RUN.c.plan_id == plan)).scalar_one())


def run_by_id(tx: Connection, run: RowId) -> Run:
    """The run; raises RunNotFoundError."""
    row = tx.execute(select(RUN).where(RUN.c.id == run)).one_or_none()
    if row is None:
        raise RunNotFoundError
    return _run(row)


def run_of_plan(tx: Connection, plan: RowId) -> Run | None:
    """The run of a plan, if it was started."""
    row = tx.execute(select(RUN).where(RUN.c.plan_id == plan)).one_or_none()
    return None if row is None else _run(row)


def runs(tx: Connection, *, limit: int = 20) -> tuple[Run, ...]:
    """The newest runs."""
    newest = select(RUN).order_by(RUN.c.started_at.desc(), RUN.c.id.desc()).limit(limit)
    return tuple(_run(row) for row in tx.execute(newest))


def open_runs(tx: Connection, ground: Ground) -> tuple[Run, ...]:
    """Runs on this ground that are not at their end, oldest first."""
    begun = (
        select(RUN)
        .join(PLAN, PLAN.c.id == RUN.c.plan_id)
        .where(RUN.c.state == RunState.RUNNING.value, PLAN.c.ground == ground.value)
        .order_by(RUN.c.started_at, RUN.c.id)
    )
    return tuple(_run(row) for row in tx.execute(begun))


def sizes_of_runs(tx: Connection) -> tuple[int, ...]:
    """How many persons each finished run under the schedule erased."""
    done = (
        select(RUN.c.erased)
        .join(PLAN, PLAN.c.id == RUN.c.plan_id)
        .where(RUN.c.state == RunState.DONE.value, PLAN.c.ground == Ground.SCHEDULE.value)
    )
    return tuple(tx.execute(done).scalars())


def _run(row: Row[Any]) -> Run:
    return Run(
        id=RowId(row.id),
        plan=RowId(row.plan_id),
        state=RunState(row.state),
        approval=row.approval_id,
        requested_by=ActorId(row.requested_by),
        approved_by=None if row.approved_by is None else ActorId(row.approved_by),
        started_at=row.started_at,
        finished_at=row.finished_at,
        erased=row.erased,
        skipped=row.skipped,
        rows=row.rows,
        wal_pages=row.wal_pages,
    )


def count_batch(tx: Connection, run: RowId, batch: Mapping[str, Any]) -> None:
    """The batch's evidence is stored and the run's counts move on with it."""
    number = int(_LAST_BATCH.one(tx, {"run": run}) or 0)
    _BATCHES.rows(tx, [{"id": new_row_id(), "run_id": run, "n": number + 1, **batch}])
    more = {name: batch[name] for name in ("persons", "skipped", "rows")}
    _COUNTED.rows(tx, [run], {f"more_{name}": count for name, count in more.items()})


def end_run(tx: Connection, run: RowId, state: RunState, *, wal_pages: int, at: datetime) -> None:
    """The run has ended in this state."""
    tx.execute(
        update(RUN)
        .where(RUN.c.id == run)
        .values(state=state.value, finished_at=at, wal_pages=wal_pages)
    )


def batches_of(tx: Connection, run: RowId) -> int:
    """How many batches a run has committed."""
    counted = select(func.count()).select_from(BATCH).where(BATCH.c.run_id == run)
    return int(tx.execute(counted).scalar_one())


def note_pages(tx: Connection, run: RowId, pages: int) -> None:
    """How much of SQLite's log is left after another try."""
    tx.execute(update(RUN).where(RUN.c.id == run).values(wal_pages=pages))
