"""How much purges may write in a day: a run that spent it goes on the next day by itself.

Bytes are counted by rows: what a database writes for a row that goes was measured
(docs/decisions/0030-purge.md), and no portable question tells it exactly.
"""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from governance.core.clock import JST
from retention.plans import Ground
from retention.store import BATCH, PLAN, RUN

UNLIMITED: Final = 0
ROW_BYTES: Final = {"sqlite": 10_000, "postgresql": 1_000}  # written for a counted row, about


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What purges under the schedule wrote today and may write; 0 = without a limit."""

    daily: int
    spent: int
    row_bytes: int
    resumes_at: datetime  # the next midnight in Japan

    @property
    def spent_out(self) -> bool:
        """Whether nothing more goes before the next day."""
        return self.daily != UNLIMITED and self.spent >= self.daily

    def with_rows(self, rows: int) -> "Budget":
        """The budget after so many rows more."""
        return replace(self, spent=self.spent + rows * self.row_bytes)


def budget_of(tx: Connection, ground: Ground, daily: int, *, at: datetime) -> Budget:
    """Today's budget of a run on this ground; what a person asked for waits for no budget."""
    today = datetime.combine(at.astimezone(JST).date(), time(), tzinfo=JST)
    row_bytes = ROW_BYTES[tx.dialect.name]
    if ground is not Ground.SCHEDULE:
        daily = UNLIMITED
    spent = _rows_since(tx, today) * row_bytes if daily != UNLIMITED else 0
    return Budget(
        daily=daily, spent=spent, row_bytes=row_bytes, resumes_at=today + timedelta(days=1)
    )


def _rows_since(tx: Connection, moment: datetime) -> int:
    mine = (
        select(func.coalesce(func.sum(BATCH.c.rows), 0))
        .join(RUN, RUN.c.id == BATCH.c.run_id)
        .join(PLAN, PLAN.c.id == RUN.c.plan_id)
        .where(PLAN.c.ground == Ground.SCHEDULE.value, BATCH.c.at >= moment)
    )
    return int(tx.execute(mine).scalar_one())
