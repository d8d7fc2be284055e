"""Places of the tree by the time at which they were given, found with a few look-ups."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from audit.models import LEAVES


def place_at(tx: Connection, at: datetime) -> int:
    """The first place of the tree that was given at this moment or later.

    Places are given in the order of time (audit.sequencer), so that a few of them are looked at.
    """
    low, high = _ends(tx)
    while low < high:
        middle = (low + high) // 2
        placed = select(LEAVES.c.recorded_at).where(LEAVES.c.seq >= middle).order_by(LEAVES.c.seq)
        recorded = tx.execute(placed.limit(1)).scalar()
        if recorded is None or recorded >= at:
            high = middle
        else:
            low = middle + 1
    return low


def _ends(tx: Connection) -> tuple[int, int]:
    """The first place that is still held, and the one after the last."""
    first = tx.execute(select(func.min(LEAVES.c.seq))).scalar()
    last = tx.execute(select(func.max(LEAVES.c.seq))).scalar()
    return (0, 0) if first is None or last is None else (int(first), int(last) + 1)


def newest_place(tx: Connection, *, back: int) -> int:
    """The place from which the newest so many events stand; 0 where there are no more."""
    first, end = _ends(tx)
    return max(0, end - back) if end - first > back else 0


def recorded_at(tx: Connection, place: int) -> datetime | None:
    """When the first event from this place on was recorded; None where there is none."""
    placed = select(LEAVES.c.recorded_at).where(LEAVES.c.seq >= place).order_by(LEAVES.c.seq)
    found: datetime | None = tx.execute(placed.limit(1)).scalar()
    return found
