"""What officers' pages read of plans and runs, page by page; nothing is written here."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, select

from audit.models import EVENTS
from audit.review import listed
from governance.core.terms import ActorId, RowId
from governance.customers.store import HOLD
from retention.parts.store import PART
from retention.plans import Ground, Item, ItemState, RunState, SecondPerson
from retention.store import BATCH, ITEM, PLAN, RUN, item_of
from retention.types import DecisionKind

CHUNK: Final = 500  # items of one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One plan in the list of them."""

    id: RowId
    ground: Ground
    schedule: str
    schedule_digest: str
    cutoff: date
    persons: int
    due: int
    review: int
    digest: str
    second_person: tuple[SecondPerson, ...]
    made_by: ActorId
    made_at: datetime
    run: RowId | None
    run_state: RunState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """One run in the list of them."""

    id: RowId
    plan: RowId
    ground: Ground
    state: RunState
    due: int
    erased: int
    skipped: int
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """The evidence of one batch."""

    n: int
    at: datetime
    persons: int
    skipped: int
    rows: int
    event: RowId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """Which items of a plan are asked for; empty asks nothing."""

    decision: DecisionKind | None = None
    rule: str = ""
    state: ItemState | None = None

    def of(self, plan: RowId) -> Select[Any]:
        """The statement, without order."""
        wanted = select(ITEM).where(ITEM.c.plan_id == plan)
        if self.decision is not None:
            wanted = wanted.where(ITEM.c.decision == self.decision.value)
        if self.rule:
            wanted = wanted.where(ITEM.c.rule == self.rule)
        if self.state is not None:
            wanted = wanted.where(ITEM.c.state == self.state.value)
        return wanted


def plan_lines(tx: Connection, *, before: RowId | None = None, limit: int) -> tuple[PlanLine, ...]:
    """The newest plans, or those before one; ids stand in the order of their making."""
    wanted = (
        select(PLAN, RUN.c.id.label("run"), RUN.c.state.label("run_state"))
        .join(RUN, RUN.c.plan_id == PLAN.c.id, isouter=True)
        .order_by(PLAN.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(PLAN.c.id < before)
    return tuple(_plan(row) for row in tx.execute(wanted))


def _plan(row: Row[Any]) -> PlanLine:
    return PlanLine(
        id=RowId(row.id),
        ground=Ground(row.ground),
        schedule=f"{row.schedule_name}/{row.schedule_version}",
        schedule_digest=row.schedule_digest,
        cutoff=row.cutoff,
        persons=row.persons,
        due=row.due,
        review=row.review,
        digest=row.digest,
        second_person=tuple(SecondPerson(one) for one in row.second_person.split(",") if one),
        made_by=ActorId(row.made_by),
        made_at=row.made_at,
        run=None if row.run is None else RowId(row.run),
        run_state=None if row.run_state is None else RunState(row.run_state),
    )


def count_items(tx: Connection, plan: RowId, asked: ItemFilter) -> int:
    """How many items the filter leaves."""
    counted = select(func.count()).select_from(asked.of(plan).subquery())
    return int(tx.execute(counted).scalar_one())


def some_items(
    tx: Connection, plan: RowId, asked: ItemFilter, *, after: RowId | None, limit: int
) -> tuple[Item, ...]:
    """The next items that the filter leaves, in the order of their ids."""
    wanted = asked.of(plan).order_by(ITEM.c.id).limit(limit)
    if after is not None:
        wanted = wanted.where(ITEM.c.id > after)
    return tuple(item_of(row) for row in tx.execute(wanted))


def every_item(tx: Connection, plan: RowId, asked: ItemFilter) -> Iterator[tuple[Item, ...]]:
    """All items that the filter leaves, some at a time."""
    after: RowId | None = None
    while page := some_items(tx, plan, asked, after=after, limit=CHUNK):
        yield page
        after = page[-1].id


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSum:
    """What one line about rows takes in a plan, or keeps."""

    rule: str
    action: str
    decision: DecisionKind
    persons: int
    rows: int


def part_sums(tx: Connection, plan: RowId) -> tuple[PartSum, ...]:
    """The plan's items about rows, summed by line."""
    by = PART.c.rule, PART.c.action, PART.c.decision
    summed = (
        select(*by, func.count().label("persons"), func.sum(PART.c.rows).label("summed"))
        .where(PART.c.plan_id == plan)
        .group_by(*by)
        .order_by(*by)
    )
    return tuple(
        PartSum(
            rule=row.rule,
            action=row.action,
            decision=DecisionKind(row.decision),
            persons=int(row.persons),
            rows=int(row.summed or 0),
        )
        for row in tx.execute(summed)
    )


def skipped_because(tx: Connection, plan: RowId) -> Counter[str]:
    """Why items of a plan were left alone, and how many for each reason."""
    counted = (
        select(ITEM.c.skipped_because, func.count())
        .where(ITEM.c.plan_id == plan, ITEM.c.state == ItemState.SKIPPED.value)
        .group_by(ITEM.c.skipped_because)
    )
    return Counter({str(reason): number for reason, number in tx.execute(counted)})


def run_lines(
    tx: Connection,
    *,
    before: RowId | None = None,
    state: RunState | None = None,
    limit: int,
) -> tuple[RunLine, ...]:
    """The newest runs, or those before one; of one state, if it is asked for."""
    wanted = (
        select(RUN, PLAN.c.ground, PLAN.c.due)
        .join(PLAN, PLAN.c.id == RUN.c.plan_id)
        .order_by(RUN.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(RUN.c.id < before)
    if state is not None:
        wanted = wanted.where(RUN.c.state == state.value)
    return tuple(
        RunLine(
            id=RowId(row.id),
            plan=RowId(row.plan_id),
            ground=Ground(row.ground),
            state=RunState(row.state),
            due=row.due,
            erased=row.erased,
            skipped=row.skipped,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )
        for row in tx.execute(wanted)
    )


def count_runs(tx: Connection, state: RunState) -> int:
    """How many runs are in this state."""
    counted = select(func.count()).select_from(RUN).where(RUN.c.state == state.value)
    return int(tx.execute(counted).scalar_one())


def batch_lines(tx: Connection, run: RowId, *, limit: int) -> tuple[BatchLine, ...]:
    """The newest batches of a run."""
    newest = select(BATCH).where(BATCH.c.run_id == run).order_by(BATCH.c.n.desc()).limit(limit)
    return tuple(
        BatchLine(
            n=row.n,
            at=row.at,
            persons=row.persons,
            skipped=row.skipped,
            rows=row.rows,
            event=None if row.event_id is None else RowId(row.event_id),
        )
        for row in tx.execute(newest)
    )


def named_by_hash(tx: Connection, run: RowId, digest: str) -> tuple[int, int]:
    """How many batches wrote an event, and how many of these name the plan's hash."""
    mine = BATCH.c.run_id == run
    named = listed(EVENTS.c.refs, f"sha256:{digest}")
    counted = (
        select(func.count(), func.count().filter(named))
        .select_from(EVENTS)
        .join(BATCH, BATCH.c.event_id == EVENTS.c.id)
        .where(mine)
    )
    written, right = tx.execute(counted).one()
    return int(written), int(right)


def standing_holds(tx: Connection) -> int:
    """How many legal holds stand."""
    standing = select(func.count()).select_from(HOLD).where(HOLD.c.released_at.is_(None))
    return int(tx.execute(standing).scalar_one())
