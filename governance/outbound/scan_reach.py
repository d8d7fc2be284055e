"""How large a file a scanner really looks through: a test file that is as large tells.

clamd answers "OK" for what is beyond its `MaxFileSize` or `MaxScanSize`, as if it had looked. So
an "OK" for a large file counts only when a ZIP file of that size, with the test file of eicar.org
as its one member, was found within the hour.
"""

import io
import struct
import zipfile
from dataclasses import dataclass
from typing import BinaryIO, Final

PROVED_FROM: Final = 1024 * 1024  # octets; every limit that anybody sets is larger
GOOD_FOR: Final = 3600.0  # seconds; a scanner that starts again may have other limits
MEMBER: Final = "eicar.com"
DIRECTORY, END = b"PK\x01\x02", b"PK\x05\x06"  # of a ZIP file
OFFSET: Final = slice(16, 20)  # in its end: where its directory begins


@dataclass(slots=True, kw_only=True)
class Reach:
    """The largest file that the scanner was seen to look through, and until when that counts."""

    octets: int = 0
    until: float = 0.0

    def covers(self, size: int, *, at: float) -> bool:
        """A file of this size is known to be looked through."""
        return size < PROVED_FROM or (size <= self.octets and at < self.until)

    def note(self, size: int, *, at: float) -> None:
        """A test file of this size was found."""
        self.octets, self.until = size, at + GOOD_FOR


class Counted:
    """A content as it is read, and how many octets that were."""

    def __init__(self, content: BinaryIO) -> None:
        self._content = content
        self.octets = 0

    def read(self, most: int) -> bytes:
        """The next part."""
        part = self._content.read(most)
        self.octets += len(part)
        return part


class _Filled(io.RawIOBase):
    """A beginning and an end with so many zeros between them, never in memory at once."""

    def __init__(self, head: bytes, tail: bytes, size: int) -> None:
        super().__init__()
        self._head, self._tail = head, tail
        self._zeros = max(0, size - len(head) - len(tail))

    def readable(self) -> bool:
        return True

    def readinto(self, place: memoryview, /) -> int:  # type: ignore[override] # BufferedReader gives a memoryview
        if not self._head and self._zeros:
            count = min(len(place), self._zeros)
            self._zeros -= count
            place[:count] = bytes(count)
            return count
        part = (self._head or self._tail)[: len(place)]
        place[: len(part)] = part
        if self._head:
            self._head = self._head[len(part) :]
        else:
            self._tail = self._tail[len(part) :]
        return len(part)


def archive_with(member: bytes, size: int) -> BinaryIO:
    """A ZIP file of this size with one member, stored as it is, and zeros behind it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(MEMBER, member)
    head, _, rest = packed.getvalue().partition(DIRECTORY)
    rest = DIRECTORY + rest
    begin = max(len(head), size - len(rest))
    end = bytearray(rest[rest.index(END) :])
    end[OFFSET] = struct.pack("<I", begin)
    tail = rest[: rest.index(END)] + bytes(end)
    return io.BufferedReader(_Filled(head, tail, size))
