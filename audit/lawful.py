"""What events in the tree excuse: rows of months that ended, a range that a restore lost.

Each such event names a tree by size and root; that it is the tree of the rows is compared on the
walk over them (audit/verify.py). Here stands what else each kind must be.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from audit.actions import ERASING, EventCode
from audit.expiry.store import expired_numbers, expired_parts, numbers_digest
from audit.findings import Finding, FoundError, Restored
from audit.leaf import destroyed_digest
from audit.models import CHECKPOINTS, EVENTS, LEAVES, PARTS, PENDING
from audit.note import parse_checkpoint, parse_note
from audit.shards.claims import Claim, of_action, shard_at
from audit.shards.store import claims_in, there
from audit.types import Verdict

AnyRow = Row[*tuple[Any, ...]]

_AT = select(LEAVES.c.recorded_at).where(LEAVES.c.seq == bindparam("seq"))
_DESTROYED = (
    select(PARTS.c.id, PARTS.c.subject, PARTS.c.destroyed_by, LEAVES.c.seq)
    .join_from(PARTS, LEAVES, LEAVES.c.event_id == PARTS.c.event_id, isouter=True)
    .where(PARTS.c.payload.is_(None))
)
_ERASER = (
    select(EVENTS.c.action, EVENTS.c.subject, EVENTS.c.refs, LEAVES.c.seq, PENDING.c.event_id)
    .join_from(EVENTS, LEAVES, LEAVES.c.event_id == EVENTS.c.id, isouter=True)
    .join(PENDING, PENDING.c.event_id == EVENTS.c.id, isouter=True)
    .where(EVENTS.c.id == bindparam("id"))
)
_NOTE = select(CHECKPOINTS.c.note).where(CHECKPOINTS.c.size == bindparam("size"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lawful:
    """Everything that the log says of its own structure."""

    claims: tuple[Claim, ...] = ()

    @property
    def expired(self) -> tuple[Claim, ...]:
        """The ranges that have ended."""
        return of_action(self.claims, EventCode.LOG_SHARD_EXPIRED)

    @property
    def restored(self) -> tuple[Restored, ...]:
        """The declared restores."""
        return tuple(
            Restored(
                seq=claim.seq,
                size=claim.size,
                lost=claim.lost,
                at=claim.at,
                event_id=claim.event_id,
            )
            for claim in of_action(self.claims, EventCode.LOG_RESTORED)
        )

    def may_be_gone(self, seq: int) -> bool:
        """Whether the event of this place may have ended."""
        return any(claim.start <= seq < claim.size for claim in self.expired)


def lawful(tx: Connection) -> Lawful:
    """What the log says of its months, its ends and its restores; raises FoundError."""
    found = Lawful(claims=claims_in(tx))
    _check_openings(tx, of_action(found.claims, EventCode.LOG_SHARD_OPENED))
    _check_ends(tx, found.expired)
    return found


def _check_openings(tx: Connection, opened: Sequence[Claim]) -> None:
    """Each opening stands first of its month and names the checkpoint of everything before it."""
    for opening, later in zip_longest(opened, opened[1:]):
        note = tx.execute(_NOTE, {"size": opening.size}).scalar_one_or_none()
        digest = None if note is None else sha256(note.encode()).hexdigest()
        before = _at(tx, opening.seq - 1)
        last = None if later is None else _at(tx, later.seq - 1)
        fits = (
            opening.seq == opening.size
            and opening.note == digest
            and opening.shard == shard_at(opening.at)
            and (before is None or shard_at(before) < opening.shard)
            and (last is None or shard_at(last) == opening.shard)
        )
        if not fits:
            raise FoundError(Finding.SHARD, at_seq=opening.seq)


def _at(tx: Connection, seq: int) -> datetime | None:
    found: datetime | None = tx.execute(_AT, {"seq": seq}).scalar_one_or_none()
    return found


def _check_ends(tx: Connection, expired: Sequence[Claim]) -> None:
    """Each end lies before the event that names it, follows the one before it, and is whole."""
    numbers: dict[str, list[tuple[str, str]]] = {claim.event_id: [] for claim in expired}
    for event_id, process_id, spelled in expired_numbers(tx):
        if event_id in numbers:
            numbers[event_id].append((process_id, spelled))
    below = 0
    for claim in expired:
        fits = (
            claim.start == below < claim.size <= claim.seq
            and claim.numbers == numbers_digest(tuple(numbers[claim.event_id]))
            and there(tx, claim.start, claim.size) >= claim.kept
        )
        if not fits:
            raise FoundError(Finding.SHARD, at_seq=claim.start)
        below = claim.size


def check_set_aside(said: Lawful, lost: Sequence[str]) -> None:
    """Every head that was set aside beside the anchor is one that a restore names."""
    named = {claim.note for claim in of_action(said.claims, EventCode.LOG_RESTORED)}
    for note in lost:
        if sha256(note.encode()).hexdigest() not in named:
            head = parse_checkpoint(parse_note(note).text)
            raise FoundError(Finding.LOST_HEAD, at_seq=head.size, expected=head.root)


def check_destroyed(tx: Connection) -> None:
    """Every destroyed part is named by an erasing event that is in the tree."""
    groups: defaultdict[str | None, list[AnyRow]] = defaultdict(list)
    for part in tx.execute(_DESTROYED):
        groups[part.destroyed_by].append(part)
    for eraser_id, parts in groups.items():
        eraser = tx.execute(_ERASER, {"id": eraser_id}).one_or_none()
        places = [part.seq for part in parts if part.seq is not None]
        at_seq = min(places, default=None)
        ids = [part.id for part in parts]
        if eraser_id is not None:
            ids += expired_parts(tx, eraser_id)
        if eraser is None or not _names(eraser, ids, parts):
            raise FoundError(Finding.PART_DESTROYED, at_seq=at_seq)
        if eraser.seq is None:
            verdict = Verdict.TAMPERED if eraser.event_id is None else Verdict.INCOMPLETE
            raise FoundError(Finding.ERASURE_WAITING, verdict=verdict, at_seq=at_seq)


def _names(eraser: AnyRow, ids: Sequence[str], parts: Sequence[AnyRow]) -> bool:
    refs = set((eraser.refs or "").split(","))
    named = {eraser.subject} | {
        ref.removeprefix("person:") for ref in refs if ref.startswith("person:")
    }
    return (
        eraser.action in ERASING
        and {part.subject for part in parts} <= named
        and f"parts:{destroyed_digest(ids)}" in refs
    )
