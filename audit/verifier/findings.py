"""What the verifier can say: closed verdicts, grounds, and a report of how far each reaches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """What the bundle is worth; never one green tick."""

    VERIFIED_WITNESSED = "verified_witnessed"
    VERIFIED_SELF_SIGNED = "verified_self_signed"
    UNPINNED = "unpinned"
    INCOMPLETE = "incomplete"
    TAMPERED = "tampered"
    UNREADABLE = "unreadable"


VERIFIED = frozenset({Verdict.VERIFIED_WITNESSED, Verdict.VERIFIED_SELF_SIGNED})


class Finding(StrEnum):
    """Why a bundle is not simply verified."""

    FORM = "form"  # not of the format that it claims
    TRUNCATED = "truncated"  # it ends before its last line
    COUNT = "count"  # it holds more or fewer events than it says
    ORDER = "order"  # events are not in the order of the log
    MISSING = "missing"  # a range without filter has a hole
    FILTER = "filter"  # an event does not meet the filter that the bundle names
    LEAF = "leaf"  # an event is not the one that the signed tree holds at its place
    PART = "part"  # an opened personal part does not match its commitment
    PART_DESTROYED = "part_destroyed"  # a part is gone and its erasure does not name it
    ERASURE_WAITING = "erasure_waiting"  # the erasure of a part is not in the signed tree yet
    CHECKPOINT = "checkpoint"  # an earlier checkpoint contradicts its own note
    SHARD = "shard"  # a month opens, ends or goes on otherwise than its own entry says
    RESTORED = "restored"  # verified, but an older database was put back, as an entry declares
    HELD_LOST = "held_lost"  # the checkpoint at hand lies in a range that was declared lost
    FORKED = "forked"  # two checkpoints of one log contradict each other
    OTHER_LOG = "other_log"  # the checkpoint at hand is of another log
    HELD_AHEAD = "held_ahead"  # the checkpoint at hand is of a larger tree
    HELD_UNPROVEN = "held_unproven"  # no proof leads from the checkpoint at hand
    SIGNATURE = "signature"
    OTHER_KEY = "other_key"  # not signed by a pinned key
    KEY_MISSING = "key_missing"  # a pinned kind of signature is missing
    DIGEST = "digest"  # the bytes are not those that were exported
    STATEMENT = "statement"  # the event does not vouch for what is stated
    FILE = "file"  # a file of a package is missing, changed or not listed


class Completeness(StrEnum):
    """What the places of the events prove about events that are not here."""

    WHOLE_LOG = "whole_log"  # every event of the signed tree is here
    WHOLE_RANGE = "whole_range"  # every event of the places asked for is here
    SELECTION = "selection"  # nothing: that all matching events are here is the exporter's word
    EMPTY = "empty"  # nothing: no event is here


class FormError(Exception):
    """Something is not of its format; `part` says what, never what stood there."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


class FoundError(Exception):
    """Ends the verification at the first thing found; it never leaves the package."""

    def __init__(
        self,
        finding: Finding,
        *,
        verdict: Verdict = Verdict.TAMPERED,
        at_seq: int | None = None,
        expected: str | None = None,
        found: str | None = None,
    ) -> None:
        super().__init__(finding.value)
        self.finding, self.verdict, self.at_seq = finding, verdict, at_seq
        self.expected, self.found = expected, found


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedBy:
    """A signature that holds: whose, of which kind, over how large a tree, when."""

    name: str
    key_id: str
    kind: str
    size: int
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A declared restore: the places [size, lost) were lost when the event at `seq` was placed."""

    seq: int
    size: int
    lost: int
    at: datetime
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Numbers of one process that no event of the whole log has."""

    process_id: str
    numbers: int


@dataclass(slots=True, kw_only=True)
class Report:
    """What is known when verification ends, whether at its end or at a finding."""

    verdict: Verdict = Verdict.UNREADABLE
    finding: Finding | None = None
    part: str | None = None
    size: int = 0
    root: bytes | None = None
    at_seq: int | None = None
    expected: str | None = None
    found: str | None = None
    witness: str | None = None
    witnessed_at: datetime | None = None
    witnessed_size: int | None = None
    origin: str | None = None
    pinned: bool = False
    witness_pinned: bool = False
    signed_by: tuple[SignedBy, ...] = ()
    earlier: tuple[int, ...] = ()
    key_changes: int = 0  # keys that the pinned ones led to
    events: int = 0
    first_seq: int | None = None
    last_seq: int | None = None
    completeness: Completeness | None = None
    opened: int = 0
    withheld: int = 0
    erased: int = 0
    lost: tuple[Lost, ...] = ()
    expired: int = 0  # events that ended by their period, as entries of the tree say
    restored: tuple[Restored, ...] = ()
    claims: dict[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The shape of `audit verify` first, then what a bundle adds; hashes in hex."""
        shape: dict[str, object] = {
            "verdict": self.verdict.value,
            "size": self.size,
            "root": None if self.root is None else self.root.hex(),
        }
        known: dict[str, object] = {
            "at_seq": self.at_seq,
            "expected": self.expected,
            "found": self.found,
            "witness": self.witness,
            "witnessed_at": None if self.witnessed_at is None else self.witnessed_at.isoformat(),
            "witnessed_size": self.witnessed_size,
            "finding": None if self.finding is None else self.finding.value,
            "part": self.part,
            "origin": self.origin,
        }
        shape.update({name: value for name, value in known.items() if value is not None})
        if self.origin is not None:
            shape.update(self._reach())
        return shape

    def _reach(self) -> dict[str, object]:
        """How far it was checked, and what the bundle says beyond that."""
        ended: dict[str, object] = {"expired": self.expired} if self.expired else {}
        if self.restored:
            ended["restored"] = [
                {
                    "at_seq": one.seq,
                    "size": one.size,
                    "lost": one.lost,
                    "at": one.at.isoformat(),
                    "event": one.event,
                }
                for one in self.restored
            ]
        return ended | {
            "signed_by": [
                {
                    "name": one.name,
                    "key_id": one.key_id,
                    "kind": one.kind,
                    "size": one.size,
                    "at": None if one.at is None else one.at.isoformat(),
                }
                for one in self.signed_by
            ],
            "earlier": list(self.earlier),
            "key_changes": self.key_changes,
            "events": self.events,
            "first_seq": self.first_seq,
            "last_seq": self.last_seq,
            "completeness": None if self.completeness is None else self.completeness.value,
            "parts": {
                "opened": self.opened,
                "withheld": self.withheld,
                "erased": self.erased,
            },
            "lost": [{"process_id": one.process_id, "numbers": one.numbers} for one in self.lost],
            "claims": self.claims,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementReport:
    """What a statement (a receipt, a certificate, a decision) is worth, by the log behind it."""

    verdict: Verdict
    finding: Finding | None = None
    part: str | None = None
    form: str | None = None
    content: Mapping[str, object] = field(default_factory=dict, repr=False)
    log: Report = field(default_factory=Report)

    def as_json(self) -> dict[str, object]:
        """The shape of a bundle's report, with what is stated."""
        shape = self.log.as_json() | {"verdict": self.verdict.value}
        if self.finding is not None:
            shape["finding"] = self.finding.value
        if self.part is not None:
            shape["part"] = self.part
        return shape | {"form": self.form, "content": dict(self.content)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageReport:
    """What a package of files (an answer to a request) is worth."""

    verdict: Verdict
    finding: Finding | None = None
    reference: str | None = None
    file: str | None = None
    expected: str | None = None
    found: str | None = None
    signed_by: str | None = None
    files: int = 0

    def as_json(self) -> dict[str, object]:
        """The verdict and what is known."""
        known = {
            "finding": None if self.finding is None else self.finding.value,
            "reference": self.reference,
            "file": self.file,
            "expected": self.expected,
            "found": self.found,
            "signed_by": self.signed_by,
        }
        shape: dict[str, object] = {"verdict": self.verdict.value, "files": self.files}
        return shape | {name: value for name, value in known.items() if value is not None}
