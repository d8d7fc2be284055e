"""Lines of a control journal on disk: read and verified in order, written whole, made durable."""

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import Final, NamedTuple

from governance.jobs.errors import JournalDamagedError, JournalSealError
from governance.jobs.journal_cut import MAX_FIRST, JournalCut, Seal, cut_line, read_first
from governance.jobs.journal_record import MAX_LINE, JournalHead, read_line

OWNER_ONLY: Final = 0o600
CHUNK: Final = 65_536  # bytes


class Line(NamedTuple):
    """One line that verified."""

    raw: bytes
    head: JournalHead
    body: bytes | None  # the JSON of an entry; None: the first line, which is none
    cut: JournalCut | None


@dataclass(slots=True, kw_only=True)
class Position:
    """How far this process has read and verified."""

    file: tuple[int, int]  # device and inode that the offset belongs to
    offset: int = 0
    head: JournalHead | None = None
    cut: JournalCut | None = None

    def known(self) -> int:
        """The number of the last record read; -1 when there is none."""
        return -1 if self.head is None else self.head.seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Whose journal it must be, and who vouches for what left it."""

    installation: str
    seal: Seal | None

    def lines(self, stream: BufferedReader, *, after: JournalHead | None) -> Iterator[Line]:
        """Whole lines that follow a head (None: from the first one), each verified."""
        head = after
        for raw in _whole_lines(stream, limit=MAX_FIRST if head is None else MAX_LINE):
            if head is None:
                head, cut = read_first(raw, self.installation, self.seal)
                yield Line(raw, head, None, cut)
            else:
                body, head = read_line(raw, after=head)
                yield Line(raw, head, body, None)

    def move(self, fd: int, place: Position) -> Iterator[JournalHead]:
        """The place moves over each whole line after it; its head is told."""
        with os.fdopen(os.dup(fd), "rb") as stream:
            stream.seek(place.offset)
            for line in self.lines(stream, after=place.head):
                place.head, place.offset = line.head, place.offset + len(line.raw)
                place.cut = line.cut or place.cut
                yield line.head

    def write_rest(
        self, path: Path, fd: int, seq: int, *, through: datetime, reason: str, at: datetime
    ) -> Position:
        """The file has an anchor for everything up to this entry, and all later lines."""
        if self.seal is None:
            raise JournalSealError(seq=seq)
        place, waiting = Position(file=file_of(fd)), bytearray()
        with path.open("rb") as stream:
            for line in self.lines(stream, after=None):
                place.head = line.head
                if line.head.seq < seq:
                    continue
                raw = line.raw
                if line.head.seq == seq:
                    place.cut = JournalCut(
                        head=line.head, entries=seq, through=through, reason=reason, at=at
                    )
                    raw = cut_line(self.installation, place.cut, self.seal)
                waiting += raw
                place.offset += len(raw)
                if len(waiting) > CHUNK:
                    write_all(fd, waiting)
                    waiting = bytearray()
        write_all(fd, waiting)
        return place


def file_of(fd: int) -> tuple[int, int]:
    """Which file a descriptor stands for, whatever its name is now."""
    found = os.fstat(fd)
    return found.st_dev, found.st_ino


def write_all(fd: int, lines: bytearray) -> None:
    """All of the bytes are written."""
    written = 0
    while written < len(lines):
        written += os.write(fd, lines[written:])


def durable(fd: int) -> None:
    """What was written survives a loss of power."""
    full = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync alone does not reach the disk
    if full is None:
        os.fsync(fd)
    else:
        fcntl.fcntl(fd, full)


def _whole_lines(stream: BufferedReader, *, limit: int) -> Iterator[bytes]:
    """Lines that have their end; a tail without any line end was torn off and is no line.

    Zeros or garbage with a line end after them are damage in the middle.
    """
    while line := stream.readline(limit):
        if not line.endswith(b"\n"):
            if any(b"\n" in chunk for chunk in iter(lambda: stream.read(CHUNK), b"")):
                raise JournalDamagedError(seq=-1)
            return
        yield line
        limit = MAX_LINE
