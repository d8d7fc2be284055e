"""The first line of a control journal: its header, or the anchor of entries that left it; pure.

    SJC1 TAB seq TAB JSON TAB signature TAB digest LF
    signature = over every byte before its TAB; digest = SHA-256 of every byte before the last TAB

Entries leave from the front, when the oldest backup that they are told to has ended. What
follows stays byte for byte: the anchor stands where the last one of them stood, with its number
and its digest, so the chain goes on, and a head noted outside later than that holds as before.
It is signed, because the chain before it is gone: without a signature whoever can write the file
could let entries go and put an anchor in their place.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Protocol

import msgspec

from governance.jobs.errors import JournalDamagedError, JournalForeignError, JournalSealError
from governance.jobs.journal_record import (
    JournalHead,
    JournalKind,
    JournalRecord,
    header_body,
    read_line,
)

VERSION: Final = b"SJC1"
MAX_FIRST: Final = 16_384  # bytes; an anchor with a signature after quantum computers is 4 kB
PARTS: Final = 5  # version, seq, JSON, signature, digest
ALONE: Final = frozenset(  # kinds whose entries each stand alone, whatever event they name
    {JournalKind.HOLD, JournalKind.RELEASE, JournalKind.ERASURE, JournalKind.ERASURE_LIFTED}
)


class Seal(Protocol):
    """Signs the anchor of a journal, and knows whether one was signed by this installation."""

    def sign(self, seq: int, content: bytes, *, at: datetime) -> bytes:
        """The signature, without a line end or a tabulator in it."""
        ...

    def holds(self, seq: int, content: bytes, signature: bytes) -> bool:
        """Whether a key of this installation signed this."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalCut:
    """What left a journal: everything up to a head, for a reason."""

    head: JournalHead  # the last entry that left
    entries: int  # that left, ever
    through: datetime  # all of them were in the journal at this moment
    reason: str
    at: datetime


def cut_line(installation: str, cut: JournalCut, seal: Seal) -> bytes:
    """The signed first line of a journal that goes on after the cut."""
    body = msgspec.json.encode(
        {
            "installation": installation,
            "digest": cut.head.digest,
            "entries": cut.entries,
            "through": cut.through.astimezone(UTC).isoformat(),
            "reason": cut.reason,
            "at": cut.at.astimezone(UTC).isoformat(),
        }
    )
    front = b"%s\t%d\t%s" % (VERSION, cut.head.seq, body)
    signed = b"%s\t%s" % (front, seal.sign(cut.head.seq, front, at=cut.at))
    return b"%s\t%s\n" % (signed, sha256(signed).hexdigest().encode())


def read_first(
    line: bytes, installation: str, seal: Seal | None
) -> tuple[JournalHead, JournalCut | None]:
    """The head that a first line stands for, and what left before it, if anything did.

    Raises JournalForeignError, JournalDamagedError, JournalSealError; fails closed.
    """
    if line.startswith(VERSION + b"\t"):
        cut = _cut(line, installation, seal)
        return cut.head, cut
    body, head = read_line(line, after=None)
    if body != header_body(installation):
        raise JournalForeignError
    return head, None


def last_to_cut(records: Iterable[JournalRecord], *, upto: int) -> int:
    """The last entry at or before `upto` after which a cut divides no act.

    The choices of one act share its event, and what each is called depends on the others.
    """
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for record in records:
        if record.entry.kind not in ALONE:
            event = str(record.entry.event)
            first.setdefault(event, record.seq)
            last[event] = record.seq
    for event in sorted(first, key=lambda one: first[one], reverse=True):
        if first[event] <= upto < last[event]:
            upto = first[event] - 1
    return upto


def _cut(line: bytes, installation: str, seal: Seal | None) -> JournalCut:
    parts = line[:-1].split(b"\t")
    if len(parts) != PARTS or not parts[1].isdigit():
        raise JournalDamagedError(seq=-1)
    _, number, body, signature, digest = parts
    if sha256(line[: -len(digest) - 2]).hexdigest().encode() != digest:
        raise JournalDamagedError(seq=int(number))
    try:
        said = msgspec.json.decode(body)
        if said["installation"] != installation:
            raise JournalForeignError
        cut = JournalCut(
            head=JournalHead(seq=int(number), digest=str(said["digest"])),
            entries=int(said["entries"]),
            through=datetime.fromisoformat(said["through"]),
            reason=str(said["reason"]),
            at=datetime.fromisoformat(said["at"]),
        )
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise JournalDamagedError(seq=int(number)) from error
    front = b"%s\t%s\t%s" % (VERSION, number, body)
    if seal is None or not seal.holds(cut.head.seq, front, signature):
        raise JournalSealError(seq=cut.head.seq)  # fails closed: nobody vouches for what left
    return cut
