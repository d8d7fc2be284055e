"""What verification found, as a value: the verdict with the place and the two hashes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from audit.note import VerifierKey
from audit.types import Verdict


class Finding(StrEnum):
    """Why a log is not simply verified; texts under ``audit.finding.<code>``."""

    LEAF = "leaf"  # a covered column or a stored leaf was changed
    PART = "part"  # a personal part was changed or removed
    PART_DESTROYED = "part_destroyed"  # a part is gone and no erasure names it
    ERASURE_WAITING = "erasure_waiting"  # the naming erasure is not in the tree yet
    DECISION = "decision"  # a recorded decision was changed, removed or added
    ROW_MISSING = "row_missing"
    ROW_UNREADABLE = "row_unreadable"
    ROOT = "root"  # the rows agree with each other, not with a checkpoint
    CHECKPOINT = "checkpoint"  # a stored checkpoint contradicts its own note
    EDGE = "edge"  # the stored edge of the tree is not that of the rows
    SHARD = "shard"  # a month opens, ends or goes on otherwise than its own entry says
    RESTORED = "restored"  # verified, but an older database was put back, as an event says
    LOST_HEAD = "lost_head"  # a head was set aside and no restore names it
    OUTSIDE_TREE = "outside_tree"  # an event without place, or a place's event deleted
    ROLLED_BACK = "rolled_back"  # smaller than the checkpoint kept outside
    UNSIGNED = "unsigned"  # no checkpoint yet
    SIGNATURE = "signature"
    OTHER_KEY = "other_key"  # not signed by a pinned key
    KEY_MISSING = "key_missing"  # a pinned kind of signature is not there
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The keys that the verifying person knew beforehand."""

    keys: tuple[VerifierKey, ...]
    witnesses: tuple[VerifierKey, ...]
    successors: tuple[VerifierKey, ...] = ()  # believed only where the pinned keys lead to them

    @property
    def all_keys(self) -> tuple[VerifierKey, ...]:
        """Both kinds."""
        return self.keys + self.witnesses


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A declared restore: at which place the log says that the places [size, lost) were lost."""

    seq: int
    size: int
    lost: int
    at: datetime
    event_id: str

    def as_json(self) -> dict[str, str | int]:
        """How the restore is printed."""
        return {
            "at_seq": self.seq,
            "size": self.size,
            "lost": self.lost,
            "at": self.at.isoformat(),
            "event": self.event_id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A verdict with its ground; `size` and `root` are those of the range it speaks of."""

    verdict: Verdict
    finding: Finding | None = None
    size: int = 0
    root: bytes | None = None
    at_seq: int | None = None
    expected: bytes | None = None
    found: bytes | None = None
    witness: str | None = None
    witnessed_at: datetime | None = None
    witnessed_size: int | None = None  # what came later, no witness has seen yet
    expired: int = 0  # events that ended by their period, as events in the tree say
    restored: tuple[Restored, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The shape of `audit verify`: verdict, size, root, and what else is known; hex hashes."""
        shape: dict[str, object] = {
            "verdict": self.verdict.value,
            "size": self.size,
            "root": None if self.root is None else self.root.hex(),
        }
        known = {
            "at_seq": self.at_seq,
            "expected": None if self.expected is None else self.expected.hex(),
            "found": None if self.found is None else self.found.hex(),
            "witness": self.witness,
            "witnessed_at": None if self.witnessed_at is None else self.witnessed_at.isoformat(),
            "witnessed_size": self.witnessed_size,
        }
        shape.update({name: value for name, value in known.items() if value is not None})
        if self.expired:
            shape["expired"] = self.expired
        if self.restored:
            shape["restored"] = [one.as_json() for one in self.restored]
        return shape


class FoundError(Exception):
    """Ends the walk at the first thing found; it never leaves audit.verify."""

    def __init__(
        self,
        finding: Finding,
        *,
        verdict: Verdict = Verdict.TAMPERED,
        size: int = 0,
        root: bytes | None = None,
        at_seq: int | None = None,
        expected: bytes | None = None,
        found: bytes | None = None,
    ) -> None:
        super().__init__(finding.value)
        self.report = Report(
            verdict=verdict,
            finding=finding,
            size=size,
            root=root,
            at_seq=at_seq,
            expected=expected,
            found=found,
        )
