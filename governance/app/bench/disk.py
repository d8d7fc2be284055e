"""What kind of disk a measurement stood on: its file system, and what a durable write costs."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from governance.app.bench.figure import Figure

BLOCK: Final = 8_192  # octets of one write
WRITES: Final = 200
MOUNTS: Final = Path("/proc/mounts")  # of Linux
UNKNOWN: Final = "unknown file system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """Medians of a write that is made durable, in milliseconds."""

    kind: str  # file system and device
    fdatasync: float
    fsync: float
    load: float  # processes that want a core, over the last minute

    @property
    def named(self) -> str:
        """The class of the disk in one phrase."""
        return f"{self.kind}, fdatasync {self.fdatasync:.2f} ms, load {self.load:.1f}"


def disk_of(folder: Path) -> Disk:
    """The disk under a folder, measured now."""
    path = folder / "disk.bin"
    try:
        data, whole = (_median(path, sync) for sync in (os.fdatasync, os.fsync))
    finally:
        path.unlink(missing_ok=True)
    return Disk(kind=kind_of(folder), fdatasync=data, fsync=whole, load=os.getloadavg()[0])


def kind_of(folder: Path) -> str:
    """File system and device that the folder lies on, as far as this machine tells."""
    if not MOUNTS.exists():
        return UNKNOWN
    lines = [line.split() for line in MOUNTS.read_text().splitlines()]
    above = {str(folder.resolve()), *map(str, folder.resolve().parents)}
    found = [line for line in lines if line[1] in above]
    return " on ".join(reversed(max(found, key=lambda line: len(line[1]))[::2][:2])) or UNKNOWN


def figure_of(disk: Disk) -> Figure:
    """The disk as a figure beside the others."""
    return Figure(
        figure=f"disk of these figures: {disk.named}; 8 kB made durable by fdatasync",
        value=disk.fdatasync,
        unit="ms",
        baseline="by fsync",
        baseline_value=disk.fsync,
        target="",
        met=True,
    )


def _median(path: Path, sync: Callable[[int], object]) -> float:
    block, taken = os.urandom(BLOCK), list[float]()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        for _ in range(WRITES):
            began = time.perf_counter()
            os.write(file, block)
            sync(file)
            taken.append(time.perf_counter() - began)
    finally:
        os.close(file)
    return sorted(taken)[WRITES // 2] * 1_000
