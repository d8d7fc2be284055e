"""Ends a range of the log: named by an event in the tree first, then removed in whole events.

Every step is one transaction and follows from what is in the database, so whoever was stopped
anywhere goes on with the same call, and what is there verifies at every moment.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, literal, select

from audit.actions import EventCode
from audit.decisions.models import DECISIONS
from audit.decisions.store import batch_of
from audit.expiry.models import EXPIRED_NUMBERS, EXPIRED_PARTS, EXPIRIES, EXPIRING
from audit.expiry.store import STAYING, Kind, announced, numbers_digest, numbers_of, staying
from audit.log import AuditLog
from audit.models import EVENTS, LEAVES, PARTS
from audit.proofs import root_at
from audit.shards.claims import Claim, Shard, of_action
from audit.shards.store import claims_in, there
from audit.store import nodes_in
from audit.types import EventDraft, Outcome
from governance.core.terms import ActorId, EventId
from governance.db.engine import Database

BATCH = 400  # events of one transaction; some milliseconds, so that writers do not wait

_NEXT = (
    select(LEAVES.c.event_id)
    .join(EVENTS, EVENTS.c.id == LEAVES.c.event_id)
    .where(
        LEAVES.c.seq >= bindparam("start"),
        LEAVES.c.seq < bindparam("below"),
        EVENTS.c.action.not_in(STAYING),
    )
    .order_by(LEAVES.c.seq)
    .limit(BATCH)
)
_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_RESTING = tuple(  # of what an event of the batch destroyed though it stands behind it
    select(table.c.event_id)
    .where(table.c.destroyed_by.in_(_IDS), table.c.event_id.not_in(_IDS))
    .distinct()
    for table in (PARTS, DECISIONS)
)
_DESTROYED_PARTS = select(
    PARTS.c.id.label("part_id"), literal(Kind.PART.value).label("kind"), PARTS.c.destroyed_by
).where(
    PARTS.c.event_id.in_(_IDS),
    PARTS.c.destroyed_by.is_not(None),
    PARTS.c.destroyed_by.not_in(_IDS),
)
_BATCHES = select(EVENTS.c.id, EVENTS.c.object_id, EVENTS.c.counts, EVENTS.c.refs).where(
    EVENTS.c.id.in_(_IDS), EVENTS.c.action == EventCode.DECISIONS_RECORDED.value
)
_OF_BATCH = (
    DECISIONS.c.stream == bindparam("stream"),
    DECISIONS.c.n.between(bindparam("first"), bindparam("last")),
)
_UNLINKED = select(
    DECISIONS.c.id.label("part_id"),
    literal(Kind.DECISION.value).label("kind"),
    DECISIONS.c.destroyed_by,
).where(*_OF_BATCH, DECISIONS.c.destroyed_by.is_not(None), DECISIONS.c.destroyed_by.not_in(_IDS))


def announce(
    tx: Connection,
    log: AuditLog,
    going: Sequence[Shard],
    *,
    by: ActorId,
    os_user: str | None,
    approval: str,
    at: datetime,
) -> EventId:
    """The event that names the range, its root and counts waits for its place in the tree."""
    start, below = going[0].first, going[-1].below
    numbers = numbers_of(tx, start, below)
    kept, rows = staying(tx, start, below), there(tx, start, below)
    event = log.append(
        tx,
        EventDraft(
            action=EventCode.LOG_SHARD_EXPIRED,
            occurred_at=at,
            actor=by,
            actor_os=os_user,
            object_type="shard",
            object_id=going[-1].name,
            outcome=Outcome.DONE,
            counts=(("removed", rows - kept), ("kept", kept), ("months", len(going))),
            refs=(
                f"from:{start}",
                f"tree:{below}",
                f"root:{root_at(below, nodes_in(tx)).hex()}",
                f"kept:{kept}",
                f"numbers:{numbers_digest(numbers)}",
                f"approval:{approval}",
            ),
        ),
    )
    if numbers:
        tx.execute(
            insert(EXPIRED_NUMBERS),
            [
                {"event_id": event, "process_id": process_id, "numbers": spelled}
                for process_id, spelled in numbers
            ],
        )
    return event


def unfinished(tx: Connection) -> tuple[Claim, ...]:
    """The ranges that an event in the tree names and whose rows are still to go."""
    named = of_action(claims_in(tx), EventCode.LOG_SHARD_EXPIRED)
    return tuple(claim for claim in named if there(tx, claim.start, claim.size) > claim.kept)


def remove_some(db: Database, claim: Claim) -> int:
    """Up to a batch of the range's events is gone, whole; 0 when none is left."""

    def step(tx: Connection) -> int:
        if not announced(tx, claim.event_id):
            row = {"event_id": claim.event_id, "start": claim.start, "below": claim.size}
            tx.execute(insert(EXPIRIES).values(row))
        span = {"start": claim.start, "below": claim.size}
        return _remove(tx, list(tx.execute(_NEXT, span).scalars()))

    return db.write(step, batch=True)


def _remove(tx: Connection, ids: list[str]) -> int:
    """These events are gone with their parts and leaves, and what rests on them."""
    while ids and (more := _resting(tx, ids)):
        ids += more
    if not ids:
        return 0
    known = {"ids": ids}
    tx.execute(insert(EXPIRING), [{"event_id": event_id} for event_id in ids])
    batches = [
        {"stream": batch.stream, "first": batch.first, "last": batch.last}
        for row in tx.execute(_BATCHES, known)
        if (batch := batch_of(row)) is not None
    ]
    destroyed = [row._asdict() for row in tx.execute(_DESTROYED_PARTS, known)]
    for span in batches:
        destroyed += [row._asdict() for row in tx.execute(_UNLINKED, known | span)]
    if destroyed:
        tx.execute(insert(EXPIRED_PARTS), destroyed)
    if batches:
        tx.execute(delete(DECISIONS).where(*_OF_BATCH), batches)
    tx.execute(delete(PARTS).where(PARTS.c.event_id.in_(_IDS)), known)
    tx.execute(delete(EXPIRED_PARTS).where(EXPIRED_PARTS.c.destroyed_by.in_(_IDS)), known)
    tx.execute(delete(LEAVES).where(LEAVES.c.event_id.in_(_IDS)), known)
    tx.execute(delete(EVENTS).where(EVENTS.c.id.in_(_IDS)), known)
    tx.execute(delete(EXPIRING))
    return len(ids)


def _resting(tx: Connection, ids: Sequence[str]) -> list[str]:
    """Events that must go with these."""
    found = {
        event_id for query in _RESTING for event_id in tx.execute(query, {"ids": ids}).scalars()
    }
    return sorted(found)
