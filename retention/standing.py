"""Where purges stand: who should be gone by now, since when, what waits, what the day may write."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from governance.db.types import table_of
from retention import store
from retention.access import today
from retention.budget import Budget, budget_of
from retention.calendar.models import DueRow
from retention.plans import Ground, ItemState, SecondPerson
from retention.store import ITEM, Run
from retention.types import DecisionKind

DUE = table_of(DueRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an officer and an alarm need to know of purges."""

    due: int  # persons whose day has come and who are still here
    oldest: date | None  # the first of their days
    lag_days: int  # how long that one is overdue
    late: bool  # longer than the settings allow
    run: Run | None  # at work, or stopped until it goes on
    budget: Budget  # of today
    plan: str | None  # the newest
    second_person: tuple[SecondPerson, ...]  # why it needs one; empty when it was run

    @property
    def resumes_at(self) -> datetime | None:
        """When a run goes on that spent the budget of its day."""
        return self.budget.resumes_at if self.run and self.budget.spent_out else None


def lag(tx: Connection, *, on: date) -> tuple[int, date | None]:
    """Persons who are due on this day, and the first day on which one of them became so.

    By the calendar of due dates; without one, by the newest plan.
    """
    mine = (
        DUE.c.part == "",
        DUE.c.decision == DecisionKind.DUE.value,
        DUE.c.due_on <= on,
    )
    count, first = tx.execute(
        select(func.count(), func.min(DUE.c.due_on, type_=DUE.c.due_on.type)).where(*mine)
    ).one()
    if count:
        return int(count), first
    if tx.execute(select(DUE.c.subject_id).limit(1)).first() is not None:
        return 0, None
    newest = store.newest_plan_or_none(tx)
    waiting = (
        ITEM.c.plan_id == newest,
        ITEM.c.decision == DecisionKind.DUE.value,
        ITEM.c.state == ItemState.PLANNED.value,
    )
    count, first = tx.execute(
        select(func.count(), func.min(ITEM.c.due_on, type_=ITEM.c.due_on.type)).where(*waiting)
    ).one()
    return int(count), first


def standing(tx: Connection, *, lag_days: int, daily_bytes: int, at: datetime) -> Standing:
    """Where purges stand now."""
    day = today(at)
    due, oldest = lag(tx, on=day)
    overdue = max((day - oldest).days, 0) if oldest is not None else 0
    begun = store.open_runs(tx, Ground.SCHEDULE)
    newest = store.newest_plan_or_none(tx)
    reasons: tuple[SecondPerson, ...] = ()
    if newest is not None and store.run_of_plan(tx, newest) is None:
        reasons = store.plan_by_id(tx, newest, items=False).second_person
    return Standing(
        due=due,
        oldest=oldest,
        lag_days=overdue,
        late=overdue > lag_days,
        run=begun[0] if begun else None,
        budget=budget_of(tx, Ground.SCHEDULE, daily_bytes, at=at),
        plan=newest,
        second_person=reasons,
    )
