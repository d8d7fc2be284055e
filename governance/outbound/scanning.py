"""Files are looked through for viruses by clamd (ClamAV) before anything of them is stored.

The protocol is clamd's own (`clamd(8)`): `zINSTREAM`, the content in chunks that say their length,
an empty chunk, and one answer that ends in NUL. The address stands in the settings and is a socket
of this machine or a number, so that the guard of outgoing URLs has nothing to decide here.
"""

import io
import re
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import BinaryIO, Final, Protocol

from governance.core.errors import GovernanceError, UnavailableError
from governance.core.scanner_address import ScannerPlace, scanner_place
from governance.outbound.scan_reach import Counted, Reach, archive_with

CHUNK: Final = 64 * 1024
MOST_ANSWER: Final = 1_024  # octets
CLEAN: Final = "stream: OK"
FOUND: Final = re.compile(r"stream: ([\x21-\x7e][\x20-\x7e]{0,199}) FOUND")
OVER: Final = "size limit exceeded"
BEYOND: Final = re.compile(r"Heuristics\.Limits\.Exceeded\.Max(File|Scan)Size")  # AlertExceedsMax
NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")  # what an event does not carry of a signature's name
LONGEST_NAME: Final = 64
VERSION: Final = re.compile(r"ClamAV ([\w.+-]{1,30})(?:/(\d{1,8})/([\x20-\x7e]{1,40}))?")
STAMP: Final = "%a %b %d %H:%M:%S %Y"
# The harmless test file of eicar.org, in pieces: no scanner shall take this module for it.
TEST_FILE: Final = (
    "X5O!P%@AP[4\\PZX54(P^)7CC)7}",
    "$EICAR-STANDARD-",
    "ANTIVIRUS-TEST-FILE!",
    "$H+H*",
)


class ScannerSilentError(UnavailableError):
    """The scanner does not answer, or nothing that can be understood; nothing was stored."""

    code = "scanner_silent"


class ScanLimitError(GovernanceError):
    """The file is larger than the scanner looks through; nothing was stored."""

    code, status = "scan_limit", 413


class ScanResult(StrEnum):
    """What stands on the record of a file."""

    CLEAN = "clean"
    INFECTED = "infected"
    UNSCANNED = "unscanned"  # no scanner is set


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the scanner says; `signature` is the name under which it knows what it found."""

    result: ScanResult
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerHealth:
    """Whether it answers, finds the test file, and of when its signatures are."""

    reason: str = ""  # empty when it works
    version: str = ""
    signatures_at: datetime | None = None


class FileScanner(Protocol):
    """Who looks files through."""

    def scan(self, content: BinaryIO) -> Verdict:
        """The verdict; raises ScannerSilentError or ScanLimitError, never guesses."""
        ...

    def health(self, *, largest: int = 0) -> ScannerHealth | None:
        """How it stands, for files of up to so many octets; None where none is set."""
        ...


class NoScanner:
    """The choice to run without one."""

    def scan(self, content: BinaryIO) -> Verdict:  # noqa: ARG002 # the protocol's
        """Nothing was looked at, and the record says so."""
        return Verdict(result=ScanResult.UNSCANNED)

    def health(self, *, largest: int = 0) -> ScannerHealth | None:  # noqa: ARG002 # the protocol's
        """There is none."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clamd:
    """A clamd at an address; each question is a connection of its own, and ends in `seconds`."""

    place: ScannerPlace
    seconds: float
    now: Callable[[], float] = time.monotonic
    reach: Reach = field(default_factory=Reach, repr=False, compare=False)

    def scan(self, content: BinaryIO) -> Verdict:
        """The verdict on all of the content; raises ScannerSilentError, ScanLimitError."""
        counted = Counted(content)
        verdict = self._verdict(counted)
        if verdict.result is ScanResult.CLEAN and not self.reaches(counted.octets):
            raise ScanLimitError  # fails closed: it says "clean" of what it did not look at
        return verdict

    def reaches(self, size: int) -> bool:
        """Files of this size are looked through; asked with a test file as large, once an hour."""
        if self.reach.covers(size, at=self.now()):
            return True
        try:
            seen = self._verdict(Counted(archive_with("".join(TEST_FILE).encode(), size)))
        except ScanLimitError:
            return False
        if seen.result is not ScanResult.INFECTED:
            return False
        self.reach.note(size, at=self.now())
        return True

    def health(self, *, largest: int = 0) -> ScannerHealth:
        """Whether it answers, and finds what every scanner must find, in the largest file too."""
        try:
            said = VERSION.fullmatch(self._ask(b"zVERSION\x00"))
            seen = self._verdict(Counted(io.BytesIO("".join(TEST_FILE).encode())))
            blind = seen.result is not ScanResult.INFECTED
            reason = "blind" if blind else "" if self.reaches(largest) else "short"
        except GovernanceError as error:
            return ScannerHealth(reason=str(error.params.get("reason", error.code)))
        version = said[1] if said is not None else ""
        stamp = _moment(said[3]) if said is not None and said[3] else None
        return ScannerHealth(reason=reason, version=version, signatures_at=stamp)

    def _verdict(self, content: Counted) -> Verdict:
        """What it answers to this content, in our words."""
        answer = self._ask(b"zINSTREAM\x00", content)
        if answer == CLEAN:
            return Verdict(result=ScanResult.CLEAN)
        found = FOUND.fullmatch(answer)
        if OVER in answer.lower() or (found is not None and BEYOND.match(found[1])):
            raise ScanLimitError
        if found is None:
            raise ScannerSilentError(reason="answer")  # fails closed: neither clean nor found
        name = NAME.sub("_", found[1])[:LONGEST_NAME]
        return Verdict(result=ScanResult.INFECTED, signature=name)

    def _ask(self, command: bytes, content: Counted | None = None) -> str:
        """The answer to one command; whatever fails on the way is silence."""
        until = self.now() + self.seconds
        try:
            with self._connected(until) as line:
                self._send(line, command, content, until)
                return self._answer(line, until)
        except OSError as error:  # no such socket, refused, hung up, too late
            reason = "late" if isinstance(error, TimeoutError) else "unreachable"
            raise ScannerSilentError(reason=reason) from None

    def _connected(self, until: float) -> socket.socket:
        unix = bool(self.place.path)
        family = (
            socket.AF_UNIX
            if unix
            else socket.AF_INET6
            if ":" in self.place.host
            else socket.AF_INET
        )
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.settimeout(self._left(until))
            line.connect(self.place.path if unix else (self.place.host, self.place.port))
        except OSError:
            line.close()
            raise
        return line

    def _send(
        self, line: socket.socket, command: bytes, content: Counted | None, until: float
    ) -> None:
        """The command and its chunks; a scanner that has answered before the end is heard."""
        line.settimeout(self._left(until))
        line.sendall(command)
        if content is None:
            return
        try:
            while part := content.read(CHUNK):
                line.settimeout(self._left(until))
                line.sendall(struct.pack(">I", len(part)) + part)
            line.sendall(struct.pack(">I", 0))
        except (BrokenPipeError, ConnectionResetError):
            return  # it may have said why: larger than its limit

    def _answer(self, line: socket.socket, until: float) -> str:
        said = bytearray()
        while b"\x00" not in said and len(said) <= MOST_ANSWER:
            line.settimeout(self._left(until))
            part = line.recv(MOST_ANSWER)
            if not part:
                break
            said += part
        answer, end, _ = bytes(said).partition(b"\x00")
        return answer.decode("ascii", "replace") if end else ""  # half an answer is none

    def _left(self, until: float) -> float:
        left = until - self.now()
        if left <= 0:
            raise TimeoutError
        return left


def scanner_of(named: str | None, *, seconds: float) -> FileScanner:
    """The scanner of the settings; none where none is named, which the record of a file says."""
    place = scanner_place(named or "")
    return NoScanner() if place is None else Clamd(place=place, seconds=seconds)


def _moment(stamp: str) -> datetime | None:
    """When the signatures were made, as clamd's version says (without a zone)."""
    try:
        return datetime.strptime(" ".join(stamp.split()), STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
