"""The canonical encoding of an event, version 1, and what it covers of the personal parts.

An encoding is HEADER, the version as u16, then the columns in the order of
COLUMNS, each a u32 length and that many bytes: text as UTF-8, numbers as i64, times as i64
microseconds since 1970 in UTC, absent values as the length 0xFFFFFFFF and nothing. All integers
are big-endian. A later version appends columns; it never moves or drops one.
The leaf is SHA-256(0x00 || encoding) (RFC 6962 2.1).
"""

import hmac
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from struct import Struct

from audit.errors import EventTooLargeError, UnknownLeafVersionError
from audit.tree import leaf_hash
from audit.types import SCHEMA_VERSION, AuditEvent, Column, Leaf, PartCover

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
    "reasons",  # comma-separated
    "policy_version",
    "consent_seq",
    "request_id",
    "network",
    "fields",  # comma-separated
    "counts",  # name=number, comma-separated
    "refs",  # kind:id, comma-separated
    "process_id",
    "n",
    "skipped",
    "parts_digest",
)
HEADER = b"sekisho/audit/event\n"
PARTS_HEADER = b"sekisho/audit/parts\n"
DESTROYED_HEADER = b"sekisho/audit/destroyed\n"
ABSENT = b"\xff\xff\xff\xff"
LIMIT = 65_535  # bytes of one entry, so that C2SP entry bundles can carry it
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_U32 = Struct(">I").pack
_I64 = Struct(">q").pack
_EIGHT = _U32(8)


def encode(columns: Sequence[Column], *, version: int) -> bytes:
    """The canonical encoding of these columns, given in the order of COLUMNS."""
    if version != SCHEMA_VERSION:
        raise UnknownLeafVersionError(version=version)
    out = [HEADER, version.to_bytes(2, "big")]
    for value in columns:
        if value is None:
            out.append(ABSENT)
        elif isinstance(value, str):
            raw = value.encode()
            out += (_U32(len(raw)), raw)
        elif isinstance(value, int):
            out += (_EIGHT, _I64(value))
        elif isinstance(value, datetime):
            out += (_EIGHT, _I64((value - EPOCH) // MICROSECOND))
        else:
            out += (_U32(len(value)), value)
    return b"".join(out)


def leaf_of(columns: Sequence[Column], *, version: int = SCHEMA_VERSION) -> Leaf:
    """The leaf over these columns."""
    return Leaf(leaf_hash(encode(columns, version=version)))


def columns_of(event: AuditEvent) -> dict[str, Column]:
    """The columns of an event as they are stored and covered, without the recording time."""
    draft = event.draft
    return {
        "id": event.id,
        "occurred_at": draft.occurred_at,
        "actor": draft.actor,
        "actor_os": draft.actor_os,
        "action": draft.action.value,
        "object_type": draft.object_type,
        "object_id": draft.object_id,
        "subject": draft.subject,
        "purpose": draft.purpose,
        "outcome": draft.outcome.value,
        "reasons": joined(draft.reasons),
        "policy_version": draft.policy_version,
        "consent_seq": draft.consent_seq,
        "request_id": draft.request_id,
        "network": draft.network,
        "fields": joined(draft.fields),
        "counts": joined(f"{name}={number}" for name, number in draft.counts),
        "refs": joined(draft.refs),
        "process_id": event.process_id,
        "n": event.n,
        "skipped": event.skipped,
        "parts_digest": event.parts_digest,
    }


def check_size(columns: Iterable[Column]) -> None:
    """Refuse an event that no entry bundle could carry."""
    if sum(len(v) + 4 if isinstance(v, str) else 36 for v in columns) > LIMIT - 64:
        raise EventTooLargeError(limit=LIMIT)


def joined(values: Iterable[str]) -> str | None:
    """The values as one column, or None when there are none."""
    return ",".join(values) or None


def commitment(salt: bytes, payload: bytes) -> bytes:
    """A promise of the payload that tells nothing of it once the salt is gone."""
    return hmac.digest(salt, payload, "sha256")


def sealed_hash(salt: bytes, sealed: bytes) -> bytes:
    """The hash of what is stored of a part: its salt and its sealed payload."""
    return sha256(salt + sealed).digest()


def parts_digest(parts: Sequence[PartCover]) -> bytes | None:
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
