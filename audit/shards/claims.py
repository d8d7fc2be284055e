"""Events that name a tree: the opening of a month, the end of one, a restored database; pure.

All three say ``tree:<size>`` and ``root:<hash>`` in their references, so whoever verifies the log
compares them with the tree of that size. A month is that of recording in Japanese time.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from audit.actions import EventCode
from governance.core.clock import JST

CLAIMING: Final = frozenset(
    {EventCode.LOG_SHARD_OPENED, EventCode.LOG_SHARD_EXPIRED, EventCode.LOG_RESTORED}
)
STRUCTURE: Final = CLAIMING | {EventCode.LOG_KEY_CHANGED}  # these stay when their month ends
_HASH = re.compile(r"[0-9a-f]{64}")
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What an event at place `seq` says of a tree; absent members are those of other actions."""

    seq: int
    event_id: str
    action: EventCode
    shard: str  # its month; of a restore, the log
    at: datetime
    size: int
    root: bytes
    note: str | None = None  # digest of a checkpoint: the one before, or the one that was lost
    start: int = 0  # expired: from here up to `size`
    kept: int = 0  # expired: how many rows of the range stay
    numbers: str | None = None  # expired: digest of what the processes' numbers were
    lost: int = 0  # restored: the size that was seen outside
    lost_root: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One month of the log: the places [first, below) and how many of their events are there."""

    name: str
    first: int
    below: int
    there: int
    opened_at: datetime | None  # None: the log's own beginning
    expired_by: str | None  # the event that named its end

    @property
    def gone(self) -> int:
        """How many events have ended."""
        return self.below - self.first - self.there


def shard_at(moment: datetime) -> str:
    """The name of the shard in which this moment is recorded: 2026-12."""
    return moment.astimezone(JST).strftime("%Y-%m")


def claim_of(  # the columns of one row
    *, seq: int, event_id: str, action: str, object_id: str, at: datetime, refs: str | None
) -> Claim | None:
    """What the event says; None when it does not say it in the form of its action."""
    said = dict(ref.partition(":")[::2] for ref in (refs or "").split(","))
    size, root = said.get("tree", ""), said.get("root", "")
    if not _SIZE.fullmatch(size) or not _HASH.fullmatch(root):
        return None
    start, kept, lost = (said.get(name, "0") for name in ("from", "kept", "lost"))
    lost_root = said.get("lostroot")
    if not all(_SIZE.fullmatch(number) for number in (start, kept, lost)):
        return None
    if lost_root is not None and not _HASH.fullmatch(lost_root):
        return None
    return Claim(
        seq=seq,
        event_id=event_id,
        action=EventCode(action),
        shard=object_id,
        at=at,
        size=int(size),
        root=bytes.fromhex(root),
        note=said.get("note"),
        start=int(start),
        kept=int(kept),
        numbers=said.get("numbers"),
        lost=int(lost),
        lost_root=None if lost_root is None else bytes.fromhex(lost_root),
    )


def of_action(claims: Iterable[Claim], action: EventCode) -> tuple[Claim, ...]:
    """The claims of one action, by rising place."""
    return tuple(claim for claim in claims if claim.action is action)


def named_sizes(claims: Iterable[Claim], places: Iterable[int]) -> set[int]:
    """Sizes of the trees that ends, restores, and openings at these places name."""
    here, opened = set(places), EventCode.LOG_SHARD_OPENED
    return {one.size for one in claims if one.action is not opened or one.seq in here}
