"""Where a file of others lies that is read: on the disk, or sealed in this process."""

from pathlib import Path

from governance.crypto.seeking import SealedFile

FilePath = Path | SealedFile


def size_of(path: FilePath) -> int:
    """Octets of its content."""
    return path.size if isinstance(path, SealedFile) else path.stat().st_size
