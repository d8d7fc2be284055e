"""How many decisions a process has made, in a file that outlives it when it is killed.

The number stands in memory that the kernel keeps with the file, so noting it costs no write. A
process that is killed leaves its number behind; the next one finds which decisions never reached
the log. What a loss of power takes with it is told by the ids alone that callers were given.
"""

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import Final

ENDING: Final = ".mark"
_NUMBER: Final = Struct("<Q")


class Mark:
    """The number of this process, held until it is closed."""

    __slots__ = ("_file", "_memory", "path")

    def __init__(self, folder: Path, stream: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / (stream + ENDING)
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        os.ftruncate(self._file, _NUMBER.size)
        self._memory = mmap.mmap(self._file, _NUMBER.size)

    @property
    def held(self) -> int:
        """The file; whoever inherits it holds the number, too."""
        return self._file

    def note(self, n: int) -> None:
        """So many decisions were made."""
        _NUMBER.pack_into(self._memory, 0, n)

    def close(self, *, settled: bool) -> None:
        """The file is gone once every decision is in the log; else it stays for the next."""
        if settled:
            self.path.unlink(missing_ok=True)
        self._memory.close()
        os.close(self._file)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """The mark of a process that is gone, and the last number that it gave."""

    path: Path
    stream: str
    last: int


def left_behind(folder: Path) -> Iterator[Left]:
    """The marks that no living process holds; each is ours alone while it is looked at."""
    for path in sorted(folder.glob("*" + ENDING)):
        with suppress(FileNotFoundError):
            file = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                raw = os.read(file, _NUMBER.size)
                if path.exists():  # another process may have told of it meanwhile
                    last = _NUMBER.unpack(raw)[0] if len(raw) == _NUMBER.size else 0
                    yield Left(path=path, stream=path.name.removesuffix(ENDING), last=last)
            except BlockingIOError:
                pass  # its process is alive
            finally:
                os.close(file)
