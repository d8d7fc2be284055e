"""What backups of one installation need: where they go, what they are made of, who proves them."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audit.note import VerifierKey
from governance.customers.ports import Ports
from retention.backups.errors import (
    BackupBusyError,
    BackupFolderError,
    BackupUnnamedError,
    KeysNotApartError,
    reason_of,
)

PRIVATE: Final = 0o700
LOCK: Final = ".lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that making, proving and putting back a backup needs."""

    ports: Ports
    verifier_keys: tuple[VerifierKey, ...]  # all that ever signed the log
    folder: Path | None  # of backups
    work: Path  # of this machine, for copies that are on their way
    hours: int  # between two backups
    keep: int
    keep_days: int  # R
    drill_days: int
    key_folder: Path
    key_copies: tuple[Path, ...]
    tools: Path | None
    release: str

    def place(self, other: Path | None = None) -> Path:
        """The folder of backups, there and nobody else's.

        Raises BackupUnnamedError, BackupFolderError, KeysNotApartError.
        """
        folder = other or self.folder
        if folder is None:
            raise BackupUnnamedError
        keys = (self.key_folder, self.key_store, *self.key_copies)
        for place in (one.resolve() for one in keys if one is not None):
            if folder.resolve() in (place, *place.parents) or place in folder.resolve().parents:
                raise KeysNotApartError(path=str(folder), keys=str(place))
        return made(folder)

    @property
    def key_store(self) -> Path | None:
        """The folder of a key store that is a file."""
        url = self.ports.vault.ring.db.engine.url
        return Path(url.database or "").parent if url.get_backend_name() == "sqlite" else None


def made(folder: Path) -> Path:
    """The folder exists; raises BackupFolderError."""
    try:
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    except OSError as error:
        raise BackupFolderError(path=str(folder), reason=reason_of(error)) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BackupFolderError(path=str(folder), reason="EACCES")
    return folder


@contextmanager
def at_work(desk: Desk) -> Iterator[Path]:
    """`at_work_in` the desk's own folder."""
    with at_work_in(desk.work) as inner:
        yield inner


@contextmanager
def at_work_in(work: Path) -> Iterator[Path]:
    """An empty folder for copies on their way; one process at a time has it, and none keeps it.

    What a killed process left there is gone first. Raises BackupBusyError.
    """
    made(work)
    with (work / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BackupBusyError from None
        inner = work / "copies"
        shutil.rmtree(inner, ignore_errors=True)
        inner.mkdir(mode=PRIVATE)
        try:
            yield inner
        finally:
            shutil.rmtree(inner, ignore_errors=True)
