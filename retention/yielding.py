"""Transactions of a long work, at a pace that leaves others their turn."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import Connection

from governance.db.engine import Database
from governance.jobs.runner import Worker
from retention.pace import Pace, Taken, paced

T = TypeVar("T")

AIM: Final = {"sqlite": timedelta(milliseconds=5), "postgresql": timedelta(milliseconds=12)}
MOST_WAIT: Final = timedelta(seconds=30)  # well within the lease of whoever drives


@dataclass(slots=True, kw_only=True)
class Yielding:
    """One batch after the other; `pace` says how large the next one is to be."""

    database: Database
    worker: Worker
    hurried: bool = False  # nobody is served meanwhile
    pace: Pace = field(default_factory=Pace)
    released: datetime | None = None  # when the last batch let go of the lock

    def write(self, act: Callable[[Connection, datetime], T], *, rows: int) -> T:
        """What `act` returned, committed, after others had their turn."""
        self._rest()
        clock = self.worker.clock

        def commit(tx: Connection) -> tuple[T, datetime, datetime]:
            began = clock()
            return act(tx, began), began, clock()

        result, began, worked = self.database.write(commit, batch=True)
        self.released = clock()
        if not self.hurried:
            taken = Taken(rows=rows, held=self.released - began, commit=self.released - worked)
            self.pace = paced(self.pace, taken, aim=AIM[self.database.dialect])
        return result

    def _rest(self) -> None:
        """Others had their time after the last batch; what was done meanwhile counts.

        SQLite's log is written into its file then, beside the commits of others.
        """
        if self.released is None or self.hurried:
            return
        self.database.relieve()
        left = self.released + self.pace.rest - self.worker.clock()
        self.worker.pause(min(max(left, timedelta(0)), MOST_WAIT))
