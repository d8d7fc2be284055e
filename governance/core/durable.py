"""Files that survive a loss of power: their names, and what they hold."""

import os
from pathlib import Path


def durable_name(folder: Path) -> None:
    """The names in this folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_text(path: Path, content: str) -> None:
    """The file holds this durably, or what it held before."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    with fresh.open("w", encoding="utf-8") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)
    durable_name(path.parent)
