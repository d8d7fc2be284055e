"""Form of one line of the control journal, version 1; pure.

    SJ1 TAB seq TAB JSON TAB digest LF
    digest = SHA-256(previous digest || every byte of the line before the last TAB), in hex

Line 0 is the header and names the installation. The JSON's members are only ever added.
Each digest covers the one before it, so a record can be neither changed, moved nor taken
from the middle; a missing end is seen by comparing with a head that was recorded outside.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256

import msgspec

from governance.core.terms import EventId, SubjectId
from governance.jobs.errors import JournalDamagedError, JournalForeignError, JournalRecordError

VERSION = b"SJ1"
GENESIS = sha256(b"sekisho/journal/1").hexdigest()
MAX_LINE = 2048  # bytes; a longer one is no record of ours
PARTS = 4  # version, seq, JSON, digest
PSEUDONYM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
REFERENCE = re.compile(r"[A-Za-z0-9_.:/*-]{0,200}")  # no space, no @: no name or address fits


class JournalKind(StrEnum):
    """What was decided; each either narrows what may be done, or widens it again."""

    WITHDRAWAL = "withdrawal"
    OBJECTION = "objection"
    OBJECTION_LIFTED = "objection_lifted"
    RESTRICTION = "restriction"
    RESTRICTION_LIFTED = "restriction_lifted"
    HOLD = "hold"
    RELEASE = "release"
    ERASURE = "erasure"
    ERASURE_LIFTED = "erasure_lifted"  # announced, and then a hold or a change came between

    @property
    def narrows(self) -> bool:
        """True: append before the commit. False: append after it."""
        return self not in _WIDENING


_WIDENING = frozenset(
    {
        JournalKind.OBJECTION_LIFTED,
        JournalKind.RESTRICTION_LIFTED,
        JournalKind.RELEASE,
        JournalKind.ERASURE_LIFTED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One decision, by pseudonym and reference; what a restore needs to honour it."""

    kind: JournalKind
    subject: SubjectId | None  # None: a hold on a category, table or matter
    scope: str  # consent cell, field, matter ... as the feature names it
    event: EventId  # the event that stores it; equal in a repeated append
    consent_seq: int | None  # the ledger position that the decision saw
    at: datetime


_ENTRY = msgspec.json.Decoder(JournalEntry)  # a restore reads all of them, twice


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalHead:
    """Position and digest of the last record; safe to publish outside."""

    seq: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRecord:
    """An entry with its place in the journal."""

    seq: int
    entry: JournalEntry


def checked(entry: JournalEntry) -> JournalEntry:
    """The entry, if it holds nothing but ids and codes; raises JournalRecordError."""
    if entry.subject is not None and not PSEUDONYM.fullmatch(entry.subject):
        raise JournalRecordError(field="subject")
    for name, value in (("scope", entry.scope), ("event", entry.event)):
        if not REFERENCE.fullmatch(value):
            raise JournalRecordError(field=name)
    if entry.at.tzinfo is None:
        raise JournalRecordError(field="at")
    return entry


def encode_entry(entry: JournalEntry) -> bytes:
    """The JSON part of a record."""
    return msgspec.json.encode(
        {
            "kind": entry.kind.value,
            "subject": entry.subject,
            "scope": entry.scope,
            "event": entry.event,
            "consent_seq": entry.consent_seq,
            "at": entry.at.astimezone(UTC).isoformat(),
        }
    )


def decode_entry(body: bytes, *, seq: int) -> JournalEntry:
    """The entry of a verified record; raises JournalDamagedError if it is none of ours."""
    try:
        return _ENTRY.decode(body)
    except msgspec.DecodeError as error:
        raise JournalDamagedError(seq=seq) from error


def header_body(installation: str) -> bytes:
    """The JSON part of line 0."""
    return msgspec.json.encode({"installation": installation})


def append_line(body: bytes, *, after: JournalHead | None) -> tuple[bytes, JournalHead]:
    """The line that follows a head (None: the first), and the new head."""
    seq = 0 if after is None else after.seq + 1
    front = b"%s\t%d\t%s" % (VERSION, seq, body)
    digest = _chain(after, front)
    return b"%s\t%s\n" % (front, digest.encode()), JournalHead(seq=seq, digest=digest)


def read_line(line: bytes, *, after: JournalHead | None) -> tuple[bytes, JournalHead]:
    """The JSON part of a whole line that follows a head, and the new head.

    Raises JournalDamagedError; fails closed: nothing after a bad record is believed.
    """
    seq = 0 if after is None else after.seq + 1
    parts = line[:-1].split(b"\t")
    if len(parts) != PARTS or parts[0] != VERSION or parts[1] != b"%d" % seq:
        if after is None:
            raise JournalForeignError
        raise JournalDamagedError(seq=seq)
    digest = _chain(after, line[: -len(parts[3]) - 2])
    if digest.encode() != parts[3]:
        raise JournalDamagedError(seq=seq)
    return parts[2], JournalHead(seq=seq, digest=digest)


def _chain(after: JournalHead | None, front: bytes) -> str:
    previous = GENESIS if after is None else after.digest
    return sha256(previous.encode() + front).hexdigest()
