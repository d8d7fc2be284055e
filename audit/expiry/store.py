"""Reads what stops a month of the log, and the ranges that have ended."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from itertools import zip_longest
from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from audit.actions import EventCode
from audit.decisions.models import DECISIONS
from audit.decisions.store import batch_of
from audit.expiry.models import EXPIRED_NUMBERS, EXPIRED_PARTS, EXPIRIES, SHARD_HOLDS
from audit.expiry.rules import LONGEST, Facts, Standing, in_order, stands
from audit.models import EVENTS, LEAVES, PARTS
from audit.shards.claims import STRUCTURE, Shard
from audit.shards.store import shards
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RowId, SubjectId

Span = tuple[int, int]  # both included
NUMBERS_HEADER = b"sekisho/audit/numbers\n"
IN_LIMIT = 500  # values in one IN list
STREAM: Final = "decisions/"  # and a stream: how its numbers stand beside those of processes
STAYING = tuple(sorted(code.value for code in STRUCTURE))


class Kind(StrEnum):
    """What an erasure destroyed."""

    PART = "part"
    DECISION = "decision"


_INSIDE = (LEAVES.c.seq >= bindparam("start"), LEAVES.c.seq < bindparam("below"))
_ACTIONS = (
    select(EVENTS.c.action)
    .join_from(LEAVES, EVENTS, EVENTS.c.id == LEAVES.c.event_id)
    .where(*_INSIDE)
    .distinct()
)
_STAYING = (
    select(func.count())
    .select_from(LEAVES)
    .join(EVENTS, EVENTS.c.id == LEAVES.c.event_id)
    .where(*_INSIDE, EVENTS.c.action.in_(STAYING))
)
_NUMBERS = (
    select(EVENTS.c.process_id, EVENTS.c.n, EVENTS.c.skipped)
    .join_from(LEAVES, EVENTS, EVENTS.c.id == LEAVES.c.event_id)
    .where(*_INSIDE, EVENTS.c.action.not_in(STAYING))
    .order_by(EVENTS.c.process_id, EVENTS.c.n)
)
_BATCHES = (
    select(EVENTS.c.id, EVENTS.c.object_id, EVENTS.c.counts, EVENTS.c.refs)
    .join_from(LEAVES, EVENTS, EVENTS.c.id == LEAVES.c.event_id)
    .where(*_INSIDE, EVENTS.c.action == EventCode.DECISIONS_RECORDED.value)
)
_HELD = select(SHARD_HOLDS.c.shard).where(SHARD_HOLDS.c.released_at.is_(None)).distinct()
_ERASER = LEAVES.alias()
_NEEDED = tuple(
    select(table.c.id)
    .join(_ERASER, _ERASER.c.event_id == table.c.destroyed_by)
    .join(LEAVES, LEAVES.c.event_id == table.c.event_id, isouter=True)
    .where(_ERASER.c.seq < bindparam("below"))
    .where(or_(LEAVES.c.seq.is_(None), LEAVES.c.seq >= bindparam("below")))
    .limit(1)
    for table in (PARTS, DECISIONS)
)


def standings(
    tx: Connection,
    *,
    keep_months: int,
    held: Collection[SubjectId],
    forwarded: int | None,
    at: datetime,
) -> tuple[Standing, ...]:
    """Every month that is still there, the oldest first.

    `held` are persons under a legal hold; `forwarded` is the place below which the receiver of
    the log has taken everything, None where there is no receiver.
    """
    found = [one for one in shards(tx) if one.expired_by is None]
    if not found:
        return ()
    holds = held_shards(tx)
    return in_order(
        stands(
            shard,
            None
            if later is None or later.opened_at is None
            else Facts(
                closed_at=later.opened_at,
                actions=_actions(tx, shard) if keep_months < LONGEST else frozenset(),
                held_shard=shard.name in holds,
                held_persons=_held_in(tx, shard, held) if held else 0,
                forwarded=forwarded is None or forwarded >= shard.below,
                erasure_needed=any(
                    tx.execute(query, {"below": shard.below}).first() for query in _NEEDED
                ),
            ),
            keep_months=keep_months,
            at=at,
        )
        for shard, later in zip_longest(found, found[1:])
    )


def _actions(tx: Connection, shard: Shard) -> frozenset[str]:
    return frozenset(tx.execute(_ACTIONS, _span(shard)).scalars())


def _span(shard: Shard) -> dict[str, int]:
    return {"start": shard.first, "below": shard.below}


def _held_in(tx: Connection, shard: Shard, held: Collection[SubjectId]) -> int:
    """How many of these persons the month tells of: as subject, in a part or in a reference."""
    found: set[str] = set()
    wanted = sorted(held)
    inside = select(LEAVES.c.event_id).where(
        LEAVES.c.seq >= shard.first, LEAVES.c.seq < shard.below
    )
    for start in range(0, len(wanted), IN_LIMIT):
        some = wanted[start : start + IN_LIMIT]
        subjects = select(EVENTS.c.subject).where(
            EVENTS.c.subject.in_(some), EVENTS.c.id.in_(inside)
        )
        parts = select(PARTS.c.subject).where(
            PARTS.c.subject.in_(some), PARTS.c.event_id.in_(inside)
        )
        decisions = select(DECISIONS.c.subject).where(
            DECISIONS.c.subject.in_(some), DECISIONS.c.event_id.in_(inside)
        )
        for query in (subjects, parts, decisions):
            found.update(tx.execute(query.distinct()).scalars())
    named = select(EVENTS.c.refs).where(EVENTS.c.refs.contains("person:"), EVENTS.c.id.in_(inside))
    persons = {f"person:{subject}" for subject in held}
    for refs in tx.execute(named).scalars():
        found.update(ref.removeprefix("person:") for ref in persons & set(refs.split(",")))
    return len(found)


def staying(tx: Connection, start: int, below: int) -> int:
    """How many events of the range stay when it ends: the joints of the log itself."""
    return int(tx.execute(_STAYING, {"start": start, "below": below}).scalar_one())


def numbers_of(tx: Connection, start: int, below: int) -> tuple[tuple[str, str], ...]:
    """The numbers of each process whose events of the range go, in one spelling."""
    found: defaultdict[str, list[Span]] = defaultdict(list)
    for process_id, n, skipped in tx.execute(_NUMBERS, {"start": start, "below": below}):
        spans = found[process_id]
        if spans and spans[-1][1] == n - 1:  # mostly one number follows the other
            spans[-1] = (spans[-1][0], n)
        else:
            spans.append((n, n))
        if skipped is not None:
            found[process_id] += spans_in(skipped)
    for row in tx.execute(_BATCHES, {"start": start, "below": below}):
        if (batch := batch_of(row)) is not None:
            found[STREAM + batch.stream].append((batch.first, batch.last))
    return tuple((process_id, _spelled(spans)) for process_id, spans in sorted(found.items()))


def spans_in(text: str) -> list[Span]:
    """The spans behind "5-9,12"."""
    ends = [part.partition("-") for part in text.split(",")]
    return [(int(low), int(high or low)) for low, _, high in ends]


def _spelled(spans: Iterable[Span]) -> str:
    """The numbers as text, each run once: "5-9,12"."""
    runs: list[list[int]] = []
    for low, high in sorted(spans):
        if runs and low <= runs[-1][1] + 1:
            runs[-1][1] = max(runs[-1][1], high)
        else:
            runs.append([low, high])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in runs)


def numbers_digest(rows: tuple[tuple[str, str], ...]) -> str:
    """The hash by which the event names them."""
    lines = "\n".join(f"{process_id} {numbers}" for process_id, numbers in rows)
    return sha256(NUMBERS_HEADER + lines.encode()).hexdigest()


def expired_numbers(tx: Connection) -> Iterator[tuple[str, str, str]]:
    """(event, process, numbers) of everything that has ended."""
    for row in tx.execute(
        select(EXPIRED_NUMBERS).order_by(EXPIRED_NUMBERS.c.event_id, EXPIRED_NUMBERS.c.process_id)
    ):
        yield row.event_id, row.process_id, row.numbers


def expired_parts(tx: Connection, eraser: str, kind: Kind = Kind.PART) -> tuple[str, ...]:
    """Ids of what this event destroyed and whose own events have ended."""
    query = select(EXPIRED_PARTS.c.part_id).where(
        EXPIRED_PARTS.c.destroyed_by == eraser, EXPIRED_PARTS.c.kind == kind.value
    )
    return tuple(tx.execute(query.order_by(EXPIRED_PARTS.c.part_id)).scalars())


def announced(tx: Connection, event_id: str) -> bool:
    """Whether the range of this event is open for removal."""
    query = select(EXPIRIES.c.event_id).where(EXPIRIES.c.event_id == event_id)
    return tx.execute(query).first() is not None


def held_shards(tx: Connection) -> frozenset[str]:
    """The months that a legal hold names."""
    return frozenset(tx.execute(_HELD).scalars())


def proposed(tx: Connection, reference: str) -> bool:
    """Whether the log said before that this range may go."""
    query = select(EVENTS.c.id).where(
        EVENTS.c.action == EventCode.RETENTION_PLANNED.value,
        EVENTS.c.object_type == "log",
        EVENTS.c.object_id == reference,
    )
    return tx.execute(query.limit(1)).first() is not None


def place_hold(tx: Connection, shard: str, *, matter: str, by: ActorId, at: datetime) -> RowId:
    """The month stays until the hold is released."""
    row = new_row_id()
    tx.execute(
        insert(SHARD_HOLDS).values(id=row, shard=shard, matter=matter, placed_by=by, placed_at=at)
    )
    return row


def release_holds(tx: Connection, shard: str, *, by: ActorId, at: datetime) -> int:
    """No hold names the month any more; how many did."""
    released = (
        update(SHARD_HOLDS)
        .where(SHARD_HOLDS.c.shard == shard, SHARD_HOLDS.c.released_at.is_(None))
        .values(released_by=by, released_at=at)
    )
    return tx.execute(released).rowcount
