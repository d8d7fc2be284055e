"""When a lease is renewed, and when a withdrawal need not wait for a holder any more; pure.

No wall clock is compared across processes. Whoever waits sees that a holder was not renewed for
as long as a lease lasts, on its own clock; the lease was granted before that was first seen, and
its holder counts it from before it asked.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple, TypeGuard

from consent.leases.types import JOINED, LeaseRow, Terms


class Seen(NamedTuple):
    """A holder as it was first seen with this number of renewals since it joined."""

    renewals: int
    joined_at: datetime
    since: float  # on the watcher's own clock


def owed_by(row: LeaseRow, *, head: int) -> int:
    """What the holder must have applied; `head` was read after the row.

    What it was told at its last renewal: heartbeats alone keep no lease. Who was told nothing yet
    owes what stands now, when everybody can see its row: whoever commits later waits for it.
    """
    return max(row.owed, head) if row.renewals == JOINED else row.owed


def looked(seen: Mapping[str, Seen], rows: Iterable[LeaseRow], *, at: float) -> dict[str, Seen]:
    """Since when each holder was not renewed; `at` is read after the rows were."""
    found: dict[str, Seen] = {}
    for row in rows:
        known = seen.get(row.id)
        found[row.id] = known if _same(known, row) else Seen(row.renewals, row.joined_at, at)
    return found


def behind(rows: Iterable[LeaseRow], position: int) -> tuple[LeaseRow, ...]:
    """The holders that have not applied this position."""
    return tuple(row for row in rows if row.applied < position)


def has_ended(row: LeaseRow, seen: Mapping[str, Seen], terms: Terms, *, at: float) -> bool:
    """Whether the lease has ended on its holder's clock, whatever that holder does now."""
    known = seen.get(row.id)
    if not _same(known, row):
        return False  # fails closed: it may just have been renewed
    return at - known.since >= terms.ended


def _same(known: Seen | None, row: LeaseRow) -> TypeGuard[Seen]:
    """Whether the row is as it was seen; counting begins anew with who joins anew."""
    return known is not None and known[:2] == (row.renewals, row.joined_at)
