"""The canonical encoding of an event, version 1, and what it covers of the personal parts.

An encoding is HEADER, the version as u16, then the columns in the order of
COLUMNS, each a u32 length and that many bytes: text as UTF-8, numbers as i64, times as i64
microseconds since 1970 in UTC, absent values as the length 0xFFFFFFFF and nothing. All integers
are big-endian. A later version appends columns; it never moves or drops one.
The leaf is SHA-256(0x00 || encoding) (RFC 6962 2.1).
"""

import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from struct import Struct

from audit.errors import EventTooLargeError, UnknownLeafVersionError
from audit.tree import leaf_hash
from audit.types import SCHEMA_VERSION, AuditEvent, Columns, Leaf, PartCover
from governance.db.types import EPOCH, MICROSECOND

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
_U32 = Struct(">I").pack
_I64 = Struct(">q").pack
_EIGHT = _U32(8)


def encode(columns: Sequence[str | int | bytes | datetime | None], *, version: int) -> bytes:
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


def event_leaf(event: AuditEvent, *, recorded_at: datetime) -> Leaf:
    """The leaf of an event that the sequencer records at this time."""
    return leaf_of(columns_of(event, recorded_at=recorded_at), version=SCHEMA_VERSION)


def leaf_of(
    columns: Sequence[str | int | bytes | datetime | None], *, version: int = SCHEMA_VERSION
) -> Leaf:
    """The leaf over these columns."""
    return Leaf(leaf_hash(encode(columns, version=version)))


def columns_of(event: AuditEvent, *, recorded_at: datetime | None) -> Columns:
    """The covered columns of an event in leaf order, as they are stored."""
    draft = event.draft
    return (
        event.id,
        micros(draft.occurred_at),
        None if recorded_at is None else micros(recorded_at),
        draft.actor,
        draft.actor_os,
        draft.action.value,
        draft.object_type,
        draft.object_id,
        draft.subject,
        draft.purpose,
        draft.outcome.value,
        joined(draft.reasons),
        draft.policy_version,
        draft.consent_seq,
        draft.request_id,
        draft.network,
        joined(draft.fields),
        joined(f"{name}={number}" for name, number in draft.counts),
        joined(draft.refs),
        event.process_id,
        event.n,
        event.skipped,
        event.parts_digest,
    )


def check_size(columns: Sequence[str | int | bytes | None]) -> None:
    """Refuse an event that no entry bundle could carry."""
    room = sum(4 * len(v) if isinstance(v, str) else 64 for v in columns if v is not None)
    if room > LIMIT and len(encode(columns, version=SCHEMA_VERSION)) > LIMIT:
        raise EventTooLargeError(limit=LIMIT)


def micros(at: datetime) -> int:
    """Microseconds since 1970 in UTC."""
    return (at - EPOCH) // MICROSECOND


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
