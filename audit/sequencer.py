"""Gives committed events their dense places in the tree: one sequencer at a time.

A batch is one transaction that holds the tree's state row, so two sequencers cannot both grow
the tree; lease and fence keep them from taking turns needlessly. The checkpoint is signed after
the commit, over what a reader sees, so it never covers a leaf that could still vanish. The
first event of a month is placed behind an entry that commits to the checkpoint before it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, case, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from audit.actions import EventCode
from audit.anchor import advance_anchor, anchored
from audit.errors import (
    EventNotFoundError,
    FenceLostError,
    NotSequencedError,
    TreeForkedError,
    TreeRolledBackError,
)
from audit.leaf import leaves_of
from audit.log import AuditLog
from audit.models import CHECKPOINTS, PENDING, STATE, TILES
from audit.note import Checkpoint, VerifierKey, sign_checkpoint, vkeys_of
from audit.placing import ID, waiting_event, waiting_events, write_leaves
from audit.proofs import root_at
from audit.shards.opening import TurnUnsignedError, open_shard, turned
from audit.store import frontier_of, nodes_in, seq_of
from audit.tiles import grown, open_tiles
from audit.tree import Frontier
from audit.types import EventDraft, Outcome
from governance.core.terms import ActorId, EventId
from governance.crypto.signing import Signer
from governance.db.engine import Database
from governance.db.types import insert_ignore

BATCH = 1_000  # events in one transaction; about 10 ms of writing
PASS = 5_000  # events under one checkpoint; a signature costs as much as placing a hundred
LEASE = timedelta(seconds=10)
CLOCK_STEP = timedelta(seconds=1)  # a larger step back is recorded as an anomaly
STRICT_PASSES = 100
STATE_ID = 1


class Turn(Enum):
    """Whether a sequencer waits for its lease or must have its batch now."""

    LEASE = "lease"
    STRICT = "strict"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKeys:
    """Who signs the tree, under which name, and where the last checkpoint is kept outside."""

    origin: str  # C2SP origin and key name, for instance "log.example.com/sekisho"
    ed25519: Signer
    mldsa44: Signer | None
    anchor: Path

    @property
    def verifier_keys(self) -> tuple[VerifierKey, ...]:
        """The public keys, for auditors to pin."""
        public = None if self.mldsa44 is None else self.mldsa44.public_key
        return vkeys_of(self.origin, ed25519=self.ed25519.public_key, mldsa44=public)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequenced:
    """What one pass did: events placed, the tree's size and its newest note."""

    placed: int
    size: int
    note: str | None
    held: bool = False  # another process has the lease


_ANY_WAITING = select(PENDING.c.event_id).limit(1)
_LOCK_STATE = update(STATE).where(STATE.c.id == STATE_ID).values(fence=STATE.c.fence + 1)


def sequence_once(
    db: Database,
    keys: LogKeys,
    log: AuditLog,
    *,
    at: datetime,
    limit: int = PASS,
    turn: Turn = Turn.LEASE,
) -> Sequenced:
    """Up to `limit` waiting events stand in the tree, and a signed checkpoint covers them.

    Raises TreeRolledBackError or TreeForkedError when the database contradicts the checkpoint
    kept outside it; nothing is then written.
    """
    placed, held, begun = 0, False, time.monotonic()
    while placed < limit and not held and _any_waiting(db):
        many = min(BATCH, limit - placed)

        def place(tx: Connection, *, many: int = many) -> int | None:
            waited = timedelta(seconds=time.monotonic() - begun)  # for the lock, since `at`
            return place_waiting(tx, keys, log, at=at, waited=waited, limit=many, turn=turn)

        try:
            found = db.write(place, batch=turn is Turn.LEASE)
        except TurnUnsignedError:  # the first entry of a month commits to a signed tree
            sign_tree(db, keys, at=at)
            continue
        held = found is None
        placed += found or 0
        if found is None or found < many:
            break
    if held and not placed:
        return Sequenced(placed=0, size=0, note=None, held=True)
    size, note = sign_tree(db, keys, at=at)
    return Sequenced(placed=placed, size=size, note=note)


def _any_waiting(db: Database) -> bool:
    """An idle log costs a look, no write."""
    with db.read() as tx:
        return tx.execute(_ANY_WAITING).first() is not None


def integrate_now(
    db: Database, keys: LogKeys, log: AuditLog, event_id: EventId, *, at: datetime
) -> int:
    """The place of a committed event, under a signed checkpoint when this returns (`strict`)."""
    begun = time.monotonic()
    for _ in range(STRICT_PASSES):
        found = _standing(db, event_id)
        if found is None:
            now = at + timedelta(seconds=time.monotonic() - begun)
            if not sequence_once(db, keys, log, at=now, turn=Turn.STRICT).placed:
                break
            continue
        seq, signed = found
        if not signed:  # placed by another process, whose signature is still on its way
            sign_tree(db, keys, at=at)
        return seq
    found = _standing(db, event_id)
    if found is None:
        raise NotSequencedError
    return found[0]


def _standing(db: Database, event_id: EventId) -> tuple[int, bool] | None:
    """The event's place and whether a checkpoint covers it; None while it waits."""
    with db.read() as tx:
        try:
            seq = seq_of(tx, event_id)
        except EventNotFoundError:
            return None
        covering = select(CHECKPOINTS.c.size).where(CHECKPOINTS.c.size > seq).limit(1)
        return seq, tx.execute(covering).first() is not None


def sign_tree(db: Database, keys: LogKeys, *, at: datetime) -> tuple[int, str | None]:
    """The committed tree's size and a signed note of it, stored and kept outside."""
    with db.read() as tx:
        frontier = frontier_of(tx)
        _check_anchor(tx, keys, frontier)
        known = select(CHECKPOINTS.c.note).where(CHECKPOINTS.c.size == frontier.size)
        note: str | None = tx.execute(known).scalar_one_or_none()
    if frontier.size == 0:
        return 0, None
    if note is None:
        checkpoint = Checkpoint(origin=keys.origin, size=frontier.size, root=frontier.root())
        note = sign_checkpoint(checkpoint, ed25519=keys.ed25519, mldsa44=keys.mldsa44, at=at)
        row = {
            "size": frontier.size,
            "root": frontier.root(),
            "note": note,
            "signed_at": at,
        }
        statement = insert_ignore(CHECKPOINTS, db.dialect).values(row)
        db.write(lambda tx: tx.execute(statement).rowcount)
    advance_anchor(keys.anchor, note)
    return frontier.size, note


def check_tree(db: Database, keys: LogKeys) -> None:
    """Raises unless the tree goes on from the checkpoint kept outside the database."""
    with db.read() as tx:
        _check_anchor(tx, keys, frontier_of(tx))


def _check_anchor(tx: Connection, keys: LogKeys, frontier: Frontier) -> None:
    kept = anchored(keys.anchor)
    if kept is None or kept.size == 0:
        return
    if kept.size > frontier.size:
        raise TreeRolledBackError(expected=kept.size, found=frontier.size)
    at_size = frontier.root() if kept.size == frontier.size else root_at(kept.size, nodes_in(tx))
    if at_size != kept.root:
        raise TreeForkedError(size=kept.size)


def place_waiting(
    tx: Connection,
    keys: LogKeys,
    log: AuditLog,
    *,
    at: datetime,
    waited: timedelta,
    limit: int,
    turn: Turn,
) -> int | None:
    """How many events were placed in this transaction; None when another has the lease.

    `waited`: since `at` for this transaction; that long a wait is no step back of the clock.
    """
    state = _hold(tx, owner=log.process_id, at=at, turn=turn)
    if state is None:
        return None
    frontier = Frontier.from_bytes(state.size, state.frontier)
    kept = anchored(keys.anchor)
    if kept is not None and kept.size > frontier.size:
        raise TreeRolledBackError(expected=kept.size, found=frontier.size)
    if state.last_seen_at is not None and at + waited < state.last_seen_at - CLOCK_STEP:
        _record_anomaly(tx, log, at=at, seen=state.last_seen_at)
    recorded_at = max(at, state.last_recorded_at or at)
    waiting = waiting_events(tx, recorded_at=recorded_at, limit=limit)
    if not waiting:
        return 0
    if turned(state.last_recorded_at, recorded_at):
        opening = open_shard(tx, log, frontier, recorded_at=recorded_at, at=at)
        waiting.insert(0, waiting_event(tx, opening, recorded_at=recorded_at))
    leaves = leaves_of(waiting)
    ids = [row[ID] for row in waiting]
    write_leaves(tx, state.size, ids, leaves, recorded_at=recorded_at)
    _write_tiles(tx, state.size, leaves)
    _move_state(tx, state, frontier.extended(leaves), recorded_at=recorded_at, seen=at)
    return len(leaves)


def _hold(tx: Connection, *, owner: str, at: datetime, turn: Turn) -> Row[Any] | None:
    """The state row, locked until the end of this transaction."""
    until = at + LEASE
    if turn is Turn.STRICT:
        taken = _LOCK_STATE
    else:
        free = or_(
            STATE.c.owner.is_(None),
            STATE.c.owner == owner,
            STATE.c.lease_until <= at,
            STATE.c.lease_until > at + 2 * LEASE,  # left behind by a clock that ran ahead
        )
        raised = STATE.c.fence + case((STATE.c.owner == owner, 0), else_=1)
        taken = (
            update(STATE)
            .where(STATE.c.id == STATE_ID, free)
            .values(owner=owner, lease_until=until, fence=raised)
        )
    if tx.execute(taken).rowcount == 0:
        first = {"id": STATE_ID, "fence": 0, "size": 0, "frontier": b""}
        tx.execute(insert_ignore(STATE, tx.dialect.name).values(first))
        if tx.execute(taken).rowcount == 0:
            return None
    return tx.execute(select(STATE).where(STATE.c.id == STATE_ID)).one()


def _write_tiles(tx: Connection, size: int, leaves: Sequence[bytes]) -> None:
    edge = {}
    for level, n in open_tiles(size):
        query = select(TILES.c.hashes).where(TILES.c.level == level, TILES.c.n == n)
        edge[level] = bytes(tx.execute(query).scalar_one())
    rows = [
        {"level": tile.level, "n": tile.n, "width": tile.width, "hashes": tile.hashes}
        for tile in grown(size, leaves, edge)
    ]
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(TILES)
    wider = {"width": statement.excluded.width, "hashes": statement.excluded.hashes}
    tx.execute(statement.on_conflict_do_update(index_elements=["level", "n"], set_=wider), rows)


def _move_state(
    tx: Connection, state: Row[Any], frontier: Frontier, *, recorded_at: datetime, seen: datetime
) -> None:
    moved = (
        update(STATE)
        .where(STATE.c.id == STATE_ID, STATE.c.fence == state.fence, STATE.c.size == state.size)
        .values(
            size=frontier.size,
            frontier=frontier.to_bytes(),
            last_recorded_at=recorded_at,
            last_seen_at=seen,
        )
    )
    if tx.execute(moved).rowcount != 1:
        raise FenceLostError  # fails closed: the batch rolls back


def _record_anomaly(tx: Connection, log: AuditLog, *, at: datetime, seen: datetime) -> None:
    """The step back of the clock is an event of its own, in this batch."""
    log.append(
        tx,
        EventDraft(
            action=EventCode.CLOCK_ANOMALY,
            occurred_at=at,
            actor=ActorId("svc:sequencer"),
            object_type="clock",
            object_id=log.process_id,
            outcome=Outcome.FAILED,
            counts=(("milliseconds_back", int((seen - at) / timedelta(milliseconds=1))),),
        ),
    )
