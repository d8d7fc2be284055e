"""A sealed file (`stream.py`) that has no name on any disk, read at any place in bounded memory.

It lies in the folder that it is told, without an entry there, and its key in the memory of this
process alone: it is gone with the last of both, however the process ends.
"""

import io
import os
import secrets
import tempfile
from hashlib import sha256
from pathlib import Path, PurePath
from typing import BinaryIO, Final, Literal

from governance.crypto.frame import TAG
from governance.crypto.stream import CHUNK, WORD, FileDamagedError, StreamOpener, StreamWriter

BUFFER: Final = 65_536  # octets


class SealedFile:
    """A file while it comes in and after it came; `name` is what its sender called it."""

    def __init__(self, folder: Path, name: str) -> None:
        self._out: BinaryIO = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 # closed by `close`
        key = secrets.token_bytes(32)
        self._writer = StreamWriter(self._out, key, b"")
        self._opener = StreamOpener(key, b"")
        self._name = PurePath(name)
        self._digest = sha256()
        self.size = 0  # octets of its content

    def __repr__(self) -> str:
        return "SealedFile(...)"

    @property
    def name(self) -> str:
        """Its name, without any folder."""
        return self._name.name

    @property
    def stem(self) -> str:
        """Its name without what says its kind."""
        return self._name.stem

    @property
    def digest(self) -> str:
        """SHA-256 of its content."""
        return self._digest.hexdigest()

    def write(self, data: bytes) -> int:
        """The data is sealed, or waits for its chunk to be full."""
        self._writer.write(data)
        self._digest.update(data)
        self.size += len(data)
        return len(data)

    def end(self) -> None:
        """All of it is here."""
        self._writer.end(b"")

    def open(self, mode: Literal["rb"] = "rb") -> io.BufferedReader:  # noqa: ARG002 # as a path's
        """The content from its beginning; any number of readers do not disturb each other."""
        return io.BufferedReader(_Content(self), BUFFER)

    def chunk(self, number: int) -> bytes:
        """The content of one chunk; raises FileDamagedError where it is not as it was sealed."""
        begins = self._opener.front + number * (WORD + CHUNK + TAG)
        length = min(CHUNK, self.size - number * CHUNK)
        sealed = os.pread(self._out.fileno(), WORD + length + TAG, begins)
        if len(sealed) != WORD + length + TAG:
            raise FileDamagedError(reason="cut")
        return self._opener.opened(number, sealed[WORD:])

    def close(self) -> None:
        """Nothing of it is left."""
        self._out.close()


class _Content(io.RawIOBase):
    """What is in a sealed file, one opened chunk at a time."""

    def __init__(self, file: SealedFile) -> None:
        super().__init__()
        self._file, self._at = file, 0
        self._number, self._chunk = -1, b""

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be read at any place."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """The next reading begins there."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._file.size}[whence]
        if (place := base + offset) < 0:
            raise OSError
        self._at = place
        return place

    def tell(self) -> int:
        """Where the next reading begins."""
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # narrower than Buffer: BufferedReader gives a memoryview
        """As much as the chunk at this place holds."""
        if self._at >= self._file.size:
            return 0
        number, first = divmod(self._at, CHUNK)
        if number != self._number:
            self._number, self._chunk = number, self._file.chunk(number)
        part = self._chunk[first : first + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)
