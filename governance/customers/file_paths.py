"""Where a file of others lies that is read: on the disk, or held by this process without a name."""

from io import BufferedReader
from pathlib import Path
from typing import Literal, Protocol


class HeldFile(Protocol):
    """A file that came to this process and lies under no path; it is opened as a path is."""

    size: int  # octets of its content

    @property
    def name(self) -> str:
        """What its sender called it, without any folder."""
        ...

    @property
    def stem(self) -> str:
        """Its name without what says its kind."""
        ...

    def open(self, mode: Literal["rb"] = "rb") -> BufferedReader:
        """The content from its beginning; readers do not disturb each other."""
        ...


FilePath = Path | HeldFile


def size_of(path: FilePath) -> int:
    """Octets of its content."""
    return path.stat().st_size if isinstance(path, Path) else path.size
