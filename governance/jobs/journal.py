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

Entries leave from the front (`cut`): a new file with a signed anchor and the rest, byte for byte,
takes the name. It is locked before it has the name and until the name is durable; whoever holds
the file of before finds that out under the lock and goes on in the new one, if it goes on from
what he knows.
"""

import fcntl
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from governance.core.durable import durable_name
from governance.core.errors import GovernanceError
from governance.jobs.errors import (
    JournalBehindError,
    JournalDamagedError,
    JournalForeignError,
    JournalSealError,
    JournalUnwritableError,
)
from governance.jobs.journal_cut import VERSION, JournalCut, Seal
from governance.jobs.journal_file import (
    OWNER_ONLY,
    Form,
    Line,
    Position,
    durable,
    file_of,
    write_all,
)
from governance.jobs.journal_record import (
    JournalEntry,
    JournalHead,
    JournalRecord,
    append_line,
    checked,
    decode_entry,
    encode_entry,
    header_body,
)

CUTTING = ".cutting"  # the end of a file's name that is not the journal yet


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """One append that waits for the shared fsync."""

    body: bytes
    head: JournalHead | None = None
    error: GovernanceError | None = None


@dataclass(slots=True, kw_only=True)
class Journal:
    """An open control journal of one installation."""

    path: Path
    installation: str
    seal: Seal | None = None  # None: a journal that entries left is refused
    repaired: int = 0  # bytes of torn tail cut off by this process
    _fd: int = -1
    _pid: int = 0
    _broken: bool = False
    _position: Position = field(default_factory=lambda: Position(file=(-1, -1)))
    _queue: list[_Waiting] = field(default_factory=list)
    _queue_lock: threading.Lock = field(default_factory=threading.Lock)
    _writing: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, path: Path, *, installation: str, seal: Seal | None = None) -> Self:
        """The journal, made if absent, wholly verified, a torn tail cut off.

        Raises JournalDamagedError, JournalForeignError, JournalSealError, JournalUnwritableError.
        """
        journal = cls(path=path, installation=installation, seal=seal)
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

    @property
    def left(self) -> JournalCut | None:
        """What left this journal, as far as this process has read."""
        return self._position.cut

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
        for _, head, body, _ in self._verified_lines():
            if body is not None and head.seq > after:
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
        """The journal holds this head that was recorded outside; raises JournalBehindError.

        One before the anchor is vouched for by its signature, which came later.
        """
        found: JournalHead | None = None
        for _, found, body, _ in self._verified_lines():
            if found.seq == outside.seq:
                break
            if body is None and found.seq > outside.seq:
                return
        if found != outside:  # fails closed: shorter, or another history
            last = -1 if found is None else found.seq
            raise JournalBehindError(expected=outside.seq, found=last)

    def cut(self, seq: int, *, through: datetime, reason: str, at: datetime) -> JournalCut | None:
        """The entries up to this one have left, durably; None when they had before.

        Raises JournalSealError, JournalBehindError, JournalUnwritableError; then nothing left.
        """
        if self.seal is None:
            raise JournalSealError(seq=seq)
        with self._writing, self._locked():
            self._catch_up()
            before = self._position.cut
            if seq <= (0 if before is None else before.head.seq):
                return None
            if seq > self.head.seq:
                raise JournalBehindError(expected=seq, found=self.head.seq)
            try:
                fd, place = self._without(seq, through=through, reason=reason, at=at)
            except OSError as error:
                raise JournalUnwritableError(reason=type(error).__name__) from error
            os.close(self._fd)
            self._fd, self._position = fd, place
            return place.cut

    def close(self) -> None:
        """The file is closed; records are durable already."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _without(
        self, seq: int, *, through: datetime, reason: str, at: datetime
    ) -> tuple[int, Position]:
        """Under the lock: the rest has the name, durably, and is locked too; or nothing changed."""
        fresh = self.path.with_name(self.path.name + CUTTING)
        fd = os.open(fresh, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)  # nobody appends before the name is durable
            place = self._form.write_rest(self.path, fd, seq, through=through, reason=reason, at=at)
            self._require_end(place)
            durable(fd)
            fresh.replace(self.path)
            durable_name(self.path.parent)
        except BaseException:
            os.close(fd)
            fresh.unlink(missing_ok=True)
            raise
        return fd, place

    def _require_end(self, place: Position) -> None:
        """Fails closed: nothing after the cut is left out."""
        if place.cut is None or place.head != self._position.head:
            raise JournalDamagedError(seq=place.known())

    def _verified_lines(self) -> Iterator[Line]:
        """Every line up to now; later ones may still be half written."""
        with self._writing, self._locked():
            self._catch_up()
            end = self.head.seq
            stream = self.path.open("rb")  # this file, also when it is cut meanwhile
        with stream:
            for line in self._form.lines(stream, after=None):
                yield line
                if line.head.seq == end:
                    return
        raise JournalDamagedError(seq=end)

    @property
    def _form(self) -> Form:
        return Form(installation=self.installation, seal=self.seal)

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
        if self._position.head is None:
            self._position.file = file_of(self._fd)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """This process alone writes the file that has the name; raises JournalUnwritableError."""
        self._attach()
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        try:
            while not self._named():
                self._follow()
            yield
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _named(self) -> bool:
        """Whether the file that was read so far is still the one with the name."""
        try:
            named = self.path.stat()
        except OSError as error:
            raise JournalUnwritableError(reason="replaced") from error
        return self._position.file == (named.st_dev, named.st_ino) == file_of(self._fd)

    def _follow(self) -> None:
        """The file with the name is taken up if it is this journal, cut, and goes on from here.

        Fails closed: any other moved or replaced file would take records that no restore reads.
        """
        fcntl.flock(self._fd, fcntl.LOCK_UN)  # or a process that was forked would wait for itself
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_APPEND)
        except OSError as error:
            raise JournalUnwritableError(reason="replaced") from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            place = self._continued(fd)
            durable_name(self.path.parent)
        except (OSError, JournalDamagedError, JournalForeignError) as error:
            os.close(fd)
            raise JournalUnwritableError(reason="replaced") from error
        except BaseException:
            os.close(fd)
            raise
        os.close(self._fd)
        self._fd, self._position = fd, place

    def _continued(self, fd: int) -> Position:
        """The place in a cut journal that goes on from what this process knows."""
        known, place, met = self._position.head, Position(file=file_of(fd)), False
        for head in self._form.move(fd, place):
            met = met or head == known
        if place.cut is None or not (met or self._position.known() < place.cut.head.seq):
            raise JournalUnwritableError(reason="replaced")
        return place

    def _verify(self) -> None:
        """Most is read without the lock, so that writers wait only for the rest."""
        try:
            self._read_on()
            with self._locked():
                self._catch_up()
        except JournalDamagedError:  # a writer may have taken back a failed write meanwhile
            self._position = Position(file=file_of(self._fd))
            with self._locked():
                self._catch_up()

    def _catch_up(self) -> None:
        """Under the lock: everything on file is verified, a torn tail is cut, a header stands."""
        end = self._read_on()
        if end > self._position.offset:
            if self._position.head is None and os.pread(self._fd, len(VERSION), 0) == VERSION:
                raise JournalDamagedError(seq=-1)  # an anchor is never half written
            self.repaired += end - self._position.offset
            os.ftruncate(self._fd, self._position.offset)
            durable(self._fd)
        if self._position.head is None:
            self._write([_Waiting(body=header_body(self.installation))])

    def _read_on(self) -> int:
        """Verify the whole lines after the known position; the size of the file."""
        place = self._position
        size = os.fstat(self._fd).st_size
        if size < place.offset:
            raise JournalDamagedError(seq=place.known())
        if size != place.offset:
            for _ in self._form.move(self._fd, place):
                pass
        return os.fstat(self._fd).st_size

    def _flush(self) -> None:
        with self._queue_lock:
            batch, self._queue = self._queue, []
        try:
            if self._broken:
                raise JournalUnwritableError(reason="broken")
            with self._locked():
                self._catch_up()
                self._write(batch)
        except GovernanceError as error:
            _refuse(batch, error)
        except OSError as error:
            _refuse(batch, JournalUnwritableError(reason=type(error).__name__))

    def _write(self, batch: list[_Waiting]) -> None:
        """Under the lock: all lines in one write and one fsync, or none of them."""
        start, head, lines = self._position.offset, self._position.head, bytearray()
        heads: list[JournalHead] = []
        for waiting in batch:
            line, head = append_line(waiting.body, after=head)
            lines += line
            heads.append(head)
        try:
            write_all(self._fd, lines)
        except OSError:
            os.ftruncate(self._fd, start)
            raise
        try:
            durable(self._fd)
        except OSError:
            self._broken = True  # after a failed fsync the kernel may forget dirty pages
            raise
        self._position.offset, self._position.head = start + len(lines), head
        for waiting, reached in zip(batch, heads, strict=True):
            waiting.head = reached


def _reached(waiting: _Waiting) -> JournalHead:
    if waiting.head is None:
        raise waiting.error or JournalUnwritableError(reason="lost")
    return waiting.head


def _refuse(batch: list[_Waiting], error: GovernanceError) -> None:
    for waiting in batch:
        waiting.head, waiting.error = None, error
