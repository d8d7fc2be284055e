"""An event's columns, their canonical encoding (version 1), its leaf, and its personal parts.

The format is that of the log, written a second time: an encoding is HEADER, the version as u16,
then the columns in the order of COLUMNS, each a u32 length and that many bytes: text as UTF-8,
numbers as i64, times as i64 microseconds since 1970 in UTC, absent columns as 0xFFFFFFFF and
nothing. The last column is the digest of the parts. All integers are big-endian.
"""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from struct import Struct

from audit.verifier.findings import FormError
from audit.verifier.merkle import leaf_hash

VERSION = 1
HEADER = b"sekisho/audit/event\n"
PARTS_HEADER = b"sekisho/audit/parts\n"
DESTROYED_HEADER = b"sekisho/audit/destroyed\n"
ABSENT = b"\xff\xff\xff\xff"
TIMES = ("occurred_at", "recorded_at")
NUMBERS = ("consent_seq", "n")
COLUMNS = (
    "id",
    "occurred_at",
    "recorded_at",
    "actor",
    "actor_os",
    "action",
    "object_type",
    "object_id",
    "subject",
    "purpose",
    "outcome",
    "reasons",
    "policy_version",
    "consent_seq",
    "request_id",
    "network",
    "fields",
    "counts",
    "refs",
    "process_id",
    "n",
    "skipped",
    "parts_digest",
)
REQUIRED = frozenset(
    {
        "id",
        "occurred_at",
        "recorded_at",
        "actor",
        "action",
        "object_type",
        "object_id",
        "outcome",
        "process_id",
        "n",
    }
)
ERASING = frozenset({"erasure.executed", "retention.purged", "log.part_destroyed"})
_U32 = Struct(">I").pack
_I64 = Struct(">q").pack
_EIGHT = _U32(8)


class PartState(StrEnum):
    """What the bundle shows of a personal part."""

    OPENED = "opened"
    WITHHELD = "withheld"  # the exporter was not allowed, or did not ask
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A personal part: what the leaf covers of it, and its content where it was opened."""

    id: str
    subject: str
    commitment: bytes
    sealed_hash: bytes
    state: PartState
    salt: bytes | None = field(default=None, repr=False)
    payload: bytes | None = field(default=None, repr=False)
    destroyed_by: str | None = None

    @property
    def kept(self) -> bool:
        """Whether an opened payload is the one that was promised."""
        if self.salt is None or self.payload is None:
            return self.state is not PartState.OPENED
        return hmac.compare_digest(hmac.digest(self.salt, self.payload, "sha256"), self.commitment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event at its place, with the path from its leaf to the root."""

    seq: int
    version: int
    columns: Mapping[str, str | int]  # times in microseconds since 1970
    parts: tuple[Part, ...]
    path: tuple[bytes, ...]

    def text(self, column: str) -> str | None:
        """A text column."""
        found = self.columns.get(column)
        return found if isinstance(found, str) else None

    def number(self, column: str) -> int:
        """A number or time that every event has."""
        found = self.columns[column]
        if not isinstance(found, int):
            raise FormError(column)
        return found

    @property
    def persons(self) -> frozenset[str]:
        """Whom the event names as subject or in its references."""
        refs = (self.text("refs") or "").split(",")
        named = {ref.removeprefix("person:") for ref in refs if ref.startswith("person:")}
        return frozenset(named | {self.text("subject") or ""}) - {""}


def leaf_of(event: Event) -> bytes:
    """The leaf, from the columns and from what is covered of the parts."""
    if event.version != VERSION:
        raise FormError("version")
    out = [HEADER, event.version.to_bytes(2, "big")]
    for name in COLUMNS[:-1]:
        value = event.columns.get(name)
        if value is None:
            out.append(ABSENT)
        elif isinstance(value, int):
            out += (_EIGHT, _I64(value))
        else:
            raw = value.encode()
            out += (_U32(len(raw)), raw)
    digest = parts_digest(event.parts)
    out += (ABSENT,) if digest is None else (_U32(len(digest)), digest)
    return leaf_hash(b"".join(out))


def parts_digest(parts: Sequence[Part]) -> bytes | None:
    """The hash over an event's parts in their order; None without parts."""
    if not parts:
        return None
    out = [PARTS_HEADER]
    for part in parts:
        for raw in (part.id.encode(), part.subject.encode(), part.commitment, part.sealed_hash):
            out += (_U32(len(raw)), raw)
    return sha256(b"".join(out)).digest()


def destroyed_digest(part_ids: Iterable[str]) -> str:
    """The hash by which an erasure event names exactly the parts that it destroyed."""
    return sha256(DESTROYED_HEADER + "\n".join(sorted(part_ids)).encode()).hexdigest()


def names(eraser: Event, part_ids: Sequence[str]) -> bool:
    """Whether this event is an erasure of exactly these parts."""
    refs = (eraser.text("refs") or "").split(",")
    erasing = eraser.text("action") in ERASING
    return erasing and f"parts:{destroyed_digest(part_ids)}" in refs
