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
from typing import Any

from audit.errors import EventTooLargeError, UnknownLeafVersionError
from audit.tree import LEAF_PREFIX, leaf_hash
from audit.types import SCHEMA_VERSION, Column, EventDraft, Leaf, PartCover
from governance.core.terms import EventId

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
# as the table has them: what the sequencer adds is not there yet
STORED = ("id", "schema_version", *(name for name in COLUMNS if name not in {"id", "recorded_at"}))
HEADER = b"sekisho/audit/event\n"
PARTS_HEADER = b"sekisho/audit/parts\n"
DESTROYED_HEADER = b"sekisho/audit/destroyed\n"
ABSENT = b"\xff\xff\xff\xff"
LIMIT = 65_535  # bytes of one entry, so that C2SP entry bundles can carry it
SURE = LIMIT - 8_192  # characters of the lists that fit in any case: other columns are references
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_U32 = Struct(">I").pack
_I64 = Struct(">q").pack
_EIGHT = _U32(8)


def encode(columns: Sequence[Column], *, version: int) -> bytes:
    """The canonical encoding of these columns, given in the order of COLUMNS."""
    if version != SCHEMA_VERSION:
        raise UnknownLeafVersionError(version=version)
    encoded = Encoded()
    return HEADER + version.to_bytes(2, "big") + b"".join([encoded[value] for value in columns])


class Encoded(dict[Column, bytes]):
    """Columns encoded as `encode` does it, each different value once."""

    def __missing__(self, value: Column) -> bytes:
        if value is None:
            made = ABSENT
        elif isinstance(value, str):
            raw = value.encode()
            made = _U32(len(raw)) + raw
        elif isinstance(value, int):
            made = _EIGHT + _I64(value)
        elif isinstance(value, datetime):
            made = _EIGHT + _I64((value - EPOCH) // MICROSECOND)
        else:
            made = _U32(len(value)) + value
        self[value] = made
        return made


def leaves_of(rows: Iterable[Sequence[Any]]) -> list[bytes]:
    """The leaves over many rows, each its version and then the columns in the order of COLUMNS.

    Events of one time are much alike, so most columns of a row were encoded for another before.
    """
    encoded, start = Encoded(), LEAF_PREFIX + HEADER + SCHEMA_VERSION.to_bytes(2, "big")
    made = []
    for version, *columns in rows:
        if version != SCHEMA_VERSION:
            raise UnknownLeafVersionError(version=version)
        made.append(sha256(start + b"".join([encoded[value] for value in columns])).digest())
    return made


def leaf_of(columns: Sequence[Column], *, version: int = SCHEMA_VERSION) -> Leaf:
    """The leaf over these columns."""
    return Leaf(leaf_hash(encode(columns, version=version)))


def stored(
    draft: EventDraft,
    *,
    event_id: EventId,
    process_id: str,
    n: int,
    skipped: str | None,
    parts_digest: bytes | None,
) -> tuple[Column, ...]:
    """An event's columns in the order of its table, STORED; refuses what no bundle could carry."""
    reasons, fields, refs = joined(draft.reasons), joined(draft.fields), joined(draft.refs)
    counts = joined([f"{name}={number}" for name, number in draft.counts])
    columns = (
        event_id,
        SCHEMA_VERSION,
        draft.occurred_at,
        draft.actor,
        draft.actor_os,
        draft.action.value,
        draft.object_type,
        draft.object_id,
        draft.subject,
        draft.purpose,
        draft.outcome.value,
        reasons,
        draft.policy_version,
        draft.consent_seq,
        draft.request_id,
        draft.network,
        fields,
        counts,
        refs,
        process_id,
        n,
        skipped,
        parts_digest,
    )
    if sum([len(text) for text in (reasons, fields, counts, refs, skipped) if text]) > SURE:
        check_size(columns)
    return columns


def check_size(columns: Iterable[Column]) -> None:
    """Refuse an event that no entry bundle could carry."""
    if sum(len(v) + 4 if isinstance(v, str) else 36 for v in columns) > LIMIT - 64:
        raise EventTooLargeError(limit=LIMIT)


def joined(values: Sequence[str]) -> str | None:
    """The values as one column, or None when there are none."""
    return ",".join(values) or None if values else None


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
