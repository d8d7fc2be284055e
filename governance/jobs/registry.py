"""What a job is made of: bounded steps, inside the ledger's transaction or with their own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection

from governance.db.engine import Database
from governance.jobs.types import Step


class TransactionStep(Protocol):
    """One batch inside the transaction that also moves the cursor."""

    def __call__(self, tx: Connection, /, *, cursor: str | None, limit: int, at: datetime) -> Step:
        """The step's effects are in the transaction; running it twice equals running it once."""
        ...


class OpenStep(Protocol):
    """One batch that opens its own transactions, because it talks to the outside or waits."""

    def __call__(
        self,
        db: Database,
        /,
        *,
        cursor: str | None,
        limit: int,
        at: datetime,
        heartbeat: Callable[[], None],
    ) -> Step:
        """The step's effects are committed; running it twice equals running it once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class InTransaction:
    """A job whose batch and cursor commit together; `aim` adapts the batch to a lock time."""

    step: TransactionStep
    limit: int
    aim: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A job whose step manages its own transactions."""

    step: OpenStep
    limit: int


Job = InTransaction | Open
