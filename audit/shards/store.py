"""Reads which months the log has, and what events say of trees."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from audit.actions import EventCode
from audit.models import EVENTS, LEAVES, STATE
from audit.shards.claims import CLAIMING, Claim, Shard, claim_of, of_action, shard_at

_CLAIMS = (
    select(
        LEAVES.c.seq,
        EVENTS.c.id.label("event_id"),
        EVENTS.c.action,
        EVENTS.c.object_id,
        LEAVES.c.recorded_at.label("at"),
        EVENTS.c.refs,
    )
    .join_from(LEAVES, EVENTS, EVENTS.c.id == LEAVES.c.event_id)
    .where(EVENTS.c.action.in_(sorted(code.value for code in CLAIMING)))
    .order_by(LEAVES.c.seq)
)
_EDGE = select(STATE.c.size, STATE.c.last_recorded_at).where(STATE.c.id == 1)
_FIRST = select(LEAVES.c.recorded_at).order_by(LEAVES.c.seq).limit(1)
_THERE = (
    select(func.count())
    .select_from(LEAVES)
    .where(LEAVES.c.seq >= bindparam("start"), LEAVES.c.seq < bindparam("below"))
)


def claims_in(tx: Connection) -> tuple[Claim, ...]:
    """Everything that events in the tree say of trees, by rising place; badly said says nothing."""
    found = (claim_of(**row._mapping) for row in tx.execute(_CLAIMS))  # noqa: SLF001 # SQLAlchemy's public name for it
    return tuple(claim for claim in found if claim is not None)


def there(tx: Connection, start: int, below: int) -> int:
    """How many events of these places are in the database."""
    return int(tx.execute(_THERE, {"start": start, "below": below}).scalar_one())


def shards(tx: Connection) -> tuple[Shard, ...]:
    """The months of the log by rising place; the last one is still open."""
    edge = tx.execute(_EDGE).one_or_none()
    if edge is None or edge.size == 0:
        return ()
    claims = claims_in(tx)
    opened = of_action(claims, EventCode.LOG_SHARD_OPENED)
    expired = of_action(claims, EventCode.LOG_SHARD_EXPIRED)
    starts: list[tuple[int, str, datetime | None]] = [
        (claim.size, claim.shard, claim.at) for claim in opened
    ]
    if not starts or starts[0][0] > 0:
        starts.insert(0, (0, _beginning(tx, expired), None))
    ends = [start for start, _, _ in starts[1:]] + [edge.size]
    return tuple(
        Shard(
            name=name,
            first=first,
            below=below,
            there=there(tx, first, below),
            opened_at=at,
            expired_by=_expired_by(expired, first, below),
        )
        for (first, name, at), below in zip(starts, ends, strict=True)
    )


def _beginning(tx: Connection, expired: Sequence[Claim]) -> str:
    """What the places before the first opening are called: the month they began in."""
    for claim in expired:
        if claim.start == 0:
            return claim.shard
    return shard_at(tx.execute(_FIRST).scalar_one())


def _expired_by(expired: Sequence[Claim], first: int, below: int) -> str | None:
    for claim in expired:
        if claim.start <= first and below <= claim.size:
            return claim.event_id
    return None
