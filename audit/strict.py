"""Events that must be in a signed checkpoint before the answer leaves: keys, policy, erasure.

Whoever answers remembers how many such events the log had before the act, and waits afterwards
for all that came since. That may take in one of a neighbour's, which does no harm.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from audit.errors import NotIntegratedError
from audit.log import AuditLog
from audit.models import CHECKPOINTS, EVENTS, LEAVES
from audit.sequencer import STRICT_PASSES, LogKeys, integrate_now
from governance.core.clock import Clock
from governance.core.errors import GovernanceError
from governance.core.terms import EventId
from governance.db.engine import Database

IN_LIMIT = 500  # values in one IN list


def settle_since(db: Database, keys: LogKeys, log: AuditLog, mark: int, *, clock: Clock) -> int:
    """Every strict event since the mark is in a signed checkpoint; how many there were.

    Raises NotIntegratedError: what was done is committed and recorded, and will be integrated
    when the sequencer works again; the caller must not say that all is well.
    """
    if log.strict_mark == mark:
        return 0
    owed = log.strict_since(mark)
    try:
        with db.read() as tx:
            committed = _among(tx, owed)
        for _ in range(STRICT_PASSES):
            if not committed:
                return len(owed)
            integrate_now(db, keys, log, committed[-1], at=clock())
            with db.read() as tx:
                committed = _uncovered(tx, committed)
    except (GovernanceError, DBAPIError, OSError) as error:
        raise NotIntegratedError(events=len(owed)) from error
    raise NotIntegratedError(events=len(owed))  # fails closed


def _among(tx: Connection, events: Sequence[EventId]) -> list[EventId]:
    """Those that were committed, in the order of their places; a rolled-back one owes nothing."""
    found: list[EventId] = []
    for start in range(0, len(events), IN_LIMIT):
        query = select(EVENTS.c.id).where(EVENTS.c.id.in_(events[start : start + IN_LIMIT]))
        found += [EventId(event) for event in tx.execute(query).scalars()]
    return sorted(found)


def _uncovered(tx: Connection, events: Sequence[EventId]) -> list[EventId]:
    """Those that no signed checkpoint covers yet."""
    signed = tx.execute(select(func.max(CHECKPOINTS.c.size))).scalar() or 0
    covered: set[str] = set()
    for start in range(0, len(events), IN_LIMIT):
        some = events[start : start + IN_LIMIT]
        query = select(LEAVES.c.event_id).where(LEAVES.c.event_id.in_(some), LEAVES.c.seq < signed)
        covered.update(tx.execute(query).scalars())
    return [event for event in events if event not in covered]
