"""What the log says of itself: the opening of a month, the end of one, a restored database.

Each such event names a tree by size and root. The bundle proves that the signed tree begins with
that tree; if it does not, or names another root, the log contradicts itself.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from audit.verifier.findings import Finding, FormError, FoundError, Restored
from audit.verifier.leaf import Event

OPENED, EXPIRED, RESTORED = "log.shard_opened", "log.shard_expired", "log.restored"
JST = timezone(timedelta(hours=9))
SIZE = re.compile(r"0|[1-9][0-9]{0,17}")
HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """What an event says of a tree; absent members are those of other actions."""

    seq: int
    event_id: str
    action: str
    recorded_at: datetime
    size: int
    root: bytes
    start: int  # ended: from here up to `size`
    kept: int  # ended: how many events of the range stay
    lost: int  # restored: the size that was seen outside
    lost_root: bytes | None


def joint_of(event: Event) -> Joint:
    """What the event says; raises FormError when it is none of the three, or says it badly."""
    action = event.text("action") or ""
    said = dict(ref.partition(":")[::2] for ref in (event.text("refs") or "").split(","))
    numbers = [said.get(name, "0") for name in ("tree", "from", "kept", "lost")]
    hashes = [said.get("root", ""), *([said["lostroot"]] if "lostroot" in said else [])]
    fits = all(map(SIZE.fullmatch, numbers)) and all(map(HASH.fullmatch, hashes))
    if action not in {OPENED, EXPIRED, RESTORED} or "tree" not in said or not fits:
        raise FormError("joint")
    size, start, kept, lost = map(int, numbers)
    if size > event.seq or (action == OPENED and size != event.seq) or start > size:
        raise FoundError(Finding.SHARD, at_seq=event.seq)
    return Joint(
        seq=event.seq,
        event_id=event.text("id") or "",
        action=action,
        recorded_at=datetime.fromtimestamp(event.number("recorded_at") / 1_000_000, tz=UTC),
        size=size,
        root=bytes.fromhex(hashes[0]),
        start=start,
        kept=kept,
        lost=lost,
        lost_root=bytes.fromhex(hashes[1]) if len(hashes) > 1 else None,
    )


def check_named(joint: Joint, proven: Mapping[int, bytes]) -> None:
    """The tree that the event names is one that the signed tree begins with."""
    if joint.size not in proven:
        raise FormError("earlier")
    if proven[joint.size] != joint.root:
        raise FoundError(
            Finding.SHARD,
            at_seq=joint.seq,
            expected=proven[joint.size].hex(),
            found=joint.root.hex(),
        )


def check_opening(event: Event, joint: Joint) -> None:
    """The opening is named as the month in which it was recorded, in Japanese time."""
    if event.text("object_id") != joint.recorded_at.astimezone(JST).strftime("%Y-%m"):
        raise FoundError(Finding.SHARD, at_seq=event.seq)


def after_ended(due: int, seq: int, ended: Iterable[Joint]) -> int:
    """The place that is due when nothing but ended months lies before `seq`."""
    for one in sorted(ended, key=lambda found: found.start):
        if one.start <= due < one.size:
            due = min(one.size, seq)
    return due


def told(restores: Sequence[Joint]) -> tuple[Restored, ...]:
    """The declared restores, for the report."""
    return tuple(
        Restored(seq=one.seq, size=one.size, lost=one.lost, at=one.recorded_at, event=one.event_id)
        for one in restores
    )
