"""The log carried to a SIEM: in order, at least once, as far as the receiver has taken it.

The receiver's place moves after it took a batch, never before. Whoever dies in between sends the
batch again; each message carries the event's id, by which the receiver knows a double.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select, update

from audit.forms.rows import found
from audit.forwarding.models import FORWARDS
from audit.models import LEAVES
from audit.review import EventFilter, RecordedEvent
from governance.core.errors import GovernanceError
from governance.db.engine import Database
from governance.db.types import insert_ignore

BATCH: Final = 200
FIRST_PAUSE: Final = timedelta(seconds=10)
LONGEST_PAUSE: Final = timedelta(minutes=15)
DOUBLINGS: Final = 7

Carry = Callable[[Sequence[RecordedEvent]], None]  # raises GovernanceError unless all were taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """How a receiver stands."""

    receiver: str
    below: int
    behind: int  # events in the tree that it has not taken
    failures: int = 0
    reason: str | None = None
    tried_at: datetime | None = None
    delivered_at: datetime | None = None

    def pauses(self, at: datetime) -> bool:
        """Whether the next try is later: each failure in a row doubles the pause."""
        if self.failures == 0 or self.tried_at is None:
            return False
        doubled: int = 2 ** min(self.failures - 1, DOUBLINGS)
        pause = min(FIRST_PAUSE * doubled, LONGEST_PAUSE)
        return self.tried_at <= at < self.tried_at + pause


def served(tx: Connection, receiver: str) -> Served:
    """How far this receiver is; a new one begins at the first event."""
    size = tx.execute(select(func.max(LEAVES.c.seq) + 1)).scalar() or 0
    row = tx.execute(select(FORWARDS).where(FORWARDS.c.receiver == receiver)).one_or_none()
    if row is None:
        return Served(receiver=receiver, below=0, behind=size)
    return Served(
        receiver=receiver,
        below=row.below,
        behind=size - row.below,
        failures=row.failures,
        reason=row.reason,
        tried_at=row.tried_at,
        delivered_at=row.delivered_at,
    )


def carry_once(db: Database, receiver: str, carry: Carry, *, at: datetime) -> int:
    """How many events the receiver took in this step; 0 when nothing waits, or it pauses.

    A failure is kept with its code and lengthens the pause; nothing is lost by it.
    """
    with db.read() as tx:
        stands = served(tx, receiver)
        if stands.behind == 0 or stands.pauses(at):
            return 0
        batch = _batch(tx, stands)
    try:
        carry(batch)
    except GovernanceError as error:
        code = error.code
        db.write(lambda tx: _failed(tx, stands, code, at=at))
        return 0
    below = batch[-1].seq + 1
    db.write(lambda tx: _taken(tx, stands, below, at=at))
    return len(batch)


def _batch(tx: Connection, stands: Served) -> tuple[RecordedEvent, ...]:
    below = stands.below + min(BATCH, stands.behind)
    return tuple(found(tx, EventFilter(), start=stands.below, below=below))


def _taken(tx: Connection, stands: Served, below: int, *, at: datetime) -> None:
    """The place moves forward, unless another process has moved it further."""
    _begin(tx, stands, at=at)
    values = {
        "below": below,
        "failures": 0,
        "reason": None,
        "tried_at": at,
        "delivered_at": at,
    }
    mine = FORWARDS.c.receiver == stands.receiver, FORWARDS.c.below < below
    tx.execute(update(FORWARDS).where(*mine).values(values))


def _failed(tx: Connection, stands: Served, reason: str, *, at: datetime) -> None:
    _begin(tx, stands, at=at)
    values = {"failures": FORWARDS.c.failures + 1, "reason": reason, "tried_at": at}
    tx.execute(update(FORWARDS).where(FORWARDS.c.receiver == stands.receiver).values(values))


def _begin(tx: Connection, stands: Served, *, at: datetime) -> None:
    first = {"receiver": stands.receiver, "below": 0, "failures": 0, "tried_at": at}
    tx.execute(insert_ignore(FORWARDS, tx.dialect.name).values(first))
