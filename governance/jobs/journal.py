"""The control journal: an append-only file outside the database that a restore replays.

Order for what narrows (withdrawal, objection, restriction, hold, erasure): append, which
returns after fsync; then commit; then acknowledge. A record whose commit never came is
harmless, because applying it narrows further; `reconcile` finds it. What widens again
(release, lifted) is appended after its commit, so that a crash between leaves the
narrower state. Appending belongs outside the transaction function, which may run twice.

Many threads share one fsync; many processes share the file under flock. What a writer
left behind when it was killed is a line without its end: the next one under the lock cuts
it off, since nobody was told that it is durable. Anything else that does not verify is
refused, never repaired.
"""

import fcntl
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Self

from governance.core.durable import durable_name
from governance.core.errors import GovernanceError
from governance.jobs.errors import (
    JournalBehindError,
    JournalDamagedError,
    JournalForeignError,
    JournalUnwritableError,
)
from governance.jobs.journal_record import (
    MAX_LINE,
    JournalEntry,
    JournalHead,
    JournalRecord,
    append_line,
    checked,
    decode_entry,
    encode_entry,
    header_body,
    read_line,
)

OWNER_ONLY = 0o600
CHUNK = 65_536  # bytes


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """One append that waits for the shared fsync."""

    body: bytes
    head: JournalHead | None = None
    error: GovernanceError | None = None


@dataclass(slots=True, kw_only=True)
class _Position:
    """How far this process has read and verified."""

    offset: int = 0
    head: JournalHead | None = None


@dataclass(slots=True, kw_only=True)
class Journal:
    """An open control journal of one installation."""

    path: Path
    installation: str
    repaired: int = 0  # bytes of torn tail cut off by this process
    _fd: int = -1
    _pid: int = 0
    _broken: bool = False
    _position: _Position = field(default_factory=_Position)
    _queue: list[_Waiting] = field(default_factory=list)
    _queue_lock: threading.Lock = field(default_factory=threading.Lock)
    _writing: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, path: Path, *, installation: str) -> Self:
        """The journal, made if absent, wholly verified, a torn tail cut off.

        Raises JournalDamagedError, JournalForeignError, JournalUnwritableError.
        """
        journal = cls(path=path, installation=installation)
        with journal._writing:
            journal._attach()
            try:
                journal._verify()
            except BaseException:
                journal.close()
                raise
        return journal

    @property
    def head(self) -> JournalHead:
        """The last record that this process has written or read."""
        if self._position.head is None:
            raise JournalForeignError
        return self._position.head

    def append(self, entry: JournalEntry) -> JournalHead:
        """The head at this entry once it is on stable storage; raises JournalUnwritableError."""
        return self.append_many((entry,))[0]

    def append_many(self, entries: Iterable[JournalEntry]) -> tuple[JournalHead, ...]:
        """The head at each entry, in order, once all are on stable storage; all or none of them."""
        mine = [_Waiting(body=encode_entry(checked(entry))) for entry in entries]
        if not mine:
            return ()
        with self._queue_lock:
            self._queue += mine
        with self._writing:  # whoever comes first writes for all who wait
            if mine[0].head is None and mine[0].error is None:
                self._flush()
        return tuple(_reached(waiting) for waiting in mine)

    def replay(self, after: int = 0) -> Iterator[JournalRecord]:
        """Every record with a higher sequence number, in order, verified from the first line."""
        for head, body in self._verified_lines():
            if head.seq > after:
                yield JournalRecord(seq=head.seq, entry=decode_entry(body, seq=head.seq))

    def reconcile(self, applied: Iterable[int]) -> Iterator[JournalRecord]:
        """Records that the database does not have; `applied` are its journal numbers, ascending."""
        known = iter(applied)
        current = next(known, None)
        for record in self.replay():
            while current is not None and current < record.seq:
                current = next(known, None)
            if current != record.seq:
                yield record

    def confirm(self, outside: JournalHead) -> None:
        """The journal holds this head that was recorded outside; raises JournalBehindError."""
        found: JournalHead | None = None
        for found, _ in self._verified_lines():
            if found.seq == outside.seq:
                break
        if found != outside:  # fails closed: shorter, or another history
            last = -1 if found is None else found.seq
            raise JournalBehindError(expected=outside.seq, found=last)

    def close(self) -> None:
        """The file is closed; records are durable already."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _verified_lines(self) -> Iterator[tuple[JournalHead, bytes]]:
        """Head and JSON of every line up to now; later ones may still be half written."""
        with self._writing, self._locked():
            self._catch_up()
            end = self.head.seq
        head: JournalHead | None = None
        with self.path.open("rb") as stream:
            for line in _whole_lines(stream):
                body, head = read_line(line, after=head)
                yield head, body
                if head.seq == end:
                    return
        raise JournalDamagedError(seq=-1 if head is None else head.seq)

    def _attach(self) -> None:
        """A descriptor of this process: after a fork, flock would be shared with the parent."""
        if self._fd >= 0 and self._pid == os.getpid():
            return
        try:
            self._fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, OWNER_ONLY)
            durable_name(self.path.parent)
        except OSError as error:
            raise JournalUnwritableError(reason=type(error).__name__) from error
        self._pid = os.getpid()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _verify(self) -> None:
        """Most is read without the lock, so that writers wait only for the rest."""
        try:
            self._read_on()
            with self._locked():
                self._catch_up()
        except JournalDamagedError:  # a writer may have taken back a failed write meanwhile
            self._position = _Position()
            with self._locked():
                self._catch_up()

    def _catch_up(self) -> None:
        """Under the lock: everything on file is verified, a torn tail is cut, a header stands."""
        end = self._read_on()
        if end > self._position.offset:
            self.repaired += end - self._position.offset
            os.ftruncate(self._fd, self._position.offset)
            _durable(self._fd)
        if self._position.head is None:
            self._write([_Waiting(body=header_body(self.installation))])

    def _read_on(self) -> int:
        """Verify the whole lines after the known position; the size of the file."""
        place = self._position
        size = os.fstat(self._fd).st_size
        if size < place.offset:
            raise JournalDamagedError(seq=-1 if place.head is None else place.head.seq)
        if size == place.offset:
            return size
        with os.fdopen(os.dup(self._fd), "rb") as stream:
            stream.seek(place.offset)
            for line in _whole_lines(stream):
                body, head = read_line(line, after=place.head)
                if place.head is None and body != header_body(self.installation):
                    raise JournalForeignError
                place.head, place.offset = head, place.offset + len(line)
        return os.fstat(self._fd).st_size

    def _flush(self) -> None:
        with self._queue_lock:
            batch, self._queue = self._queue, []
        try:
            if self._broken:
                raise JournalUnwritableError(reason="broken")
            self._attach()
            with self._locked():
                self._refuse_replaced_file()
                self._catch_up()
                self._write(batch)
        except GovernanceError as error:
            _refuse(batch, error)
        except OSError as error:
            _refuse(batch, JournalUnwritableError(reason=type(error).__name__))

    def _refuse_replaced_file(self) -> None:
        """Fails closed: a moved or replaced file would take records that no restore reads."""
        ours, named = os.fstat(self._fd), self.path.stat()
        if (ours.st_dev, ours.st_ino) != (named.st_dev, named.st_ino):
            raise JournalUnwritableError(reason="replaced")

    def _write(self, batch: list[_Waiting]) -> None:
        """Under the lock: all lines in one write and one fsync, or none of them."""
        start, head, lines = self._position.offset, self._position.head, bytearray()
        heads: list[JournalHead] = []
        for waiting in batch:
            line, head = append_line(waiting.body, after=head)
            lines += line
            heads.append(head)
        try:
            _write_all(self._fd, lines)
        except OSError:
            os.ftruncate(self._fd, start)
            raise
        try:
            _durable(self._fd)
        except OSError:
            self._broken = True  # after a failed fsync the kernel may forget dirty pages
            raise
        self._position = _Position(offset=start + len(lines), head=head)
        for waiting, reached in zip(batch, heads, strict=True):
            waiting.head = reached


def _reached(waiting: _Waiting) -> JournalHead:
    if waiting.head is None:
        raise waiting.error or JournalUnwritableError(reason="lost")
    return waiting.head


def _refuse(batch: list[_Waiting], error: GovernanceError) -> None:
    for waiting in batch:
        waiting.head, waiting.error = None, error


def _write_all(fd: int, lines: bytearray) -> None:
    written = 0
    while written < len(lines):
        written += os.write(fd, lines[written:])


def _whole_lines(stream: BufferedReader) -> Iterator[bytes]:
    """Lines that have their end; a tail without any line end was torn off and is no line.

    Zeros or garbage with a line end after them are damage in the middle.
    """
    while line := stream.readline(MAX_LINE):
        if not line.endswith(b"\n"):
            if any(b"\n" in chunk for chunk in iter(lambda: stream.read(CHUNK), b"")):
                raise JournalDamagedError(seq=-1)
            return
        yield line


def _durable(fd: int) -> None:
    full = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync alone does not reach the disk
    if full is None:
        os.fsync(fd)
    else:
        fcntl.fcntl(fd, full)
