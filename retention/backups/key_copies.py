"""Copies of the key store, in folders of their own, that live shorter than R days.

A copy holds the wrapped keys and, where the provider keeps epoch keys in a folder, that folder.
Whoever has one and what guards it opens backups; an older one would open what was erased since.
"""

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from governance.core.durable import durable_name
from governance.custody.copies import copy_file
from governance.db.engine import Database
from retention.backups.desk import Desk, made
from retention.backups.dumps import dump_plain
from retention.backups.errors import BackupFailedError

PREFIX: Final = "keys-"
STAMP: Final = "%Y%m%dT%H%M%SZ"
PART: Final = ".part"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCopy:
    """One copy of the key store."""

    folder: Path
    name: str
    made_at: datetime


def copy_keys(desk: Desk, *, at: datetime) -> tuple[str, ...]:
    """A copy of the key store lies in each folder that the settings name; their name."""
    name = f"{PREFIX}{at.astimezone(UTC):{STAMP}}"
    for folder in desk.key_copies:
        made(folder)
        for left in folder.glob(f"{PREFIX}*{PART}"):  # of a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        if not (folder / name).exists():
            try:
                _copy(desk, folder, name)
            except OSError as error:
                raise BackupFailedError(reason=type(error).__name__) from error
    return (name,) if desk.key_copies else ()


def end_key_copies(desk: Desk, *, at: datetime) -> int:
    """How many copies went because they were R days old: they would open what was erased."""
    old = at - timedelta(days=desk.keep_days)
    done = 0
    for copy in key_copies(desk):
        if copy.made_at <= old:
            shutil.rmtree(copy.folder / copy.name)
            durable_name(copy.folder)
            done += 1
    return done


def key_copies(desk: Desk) -> tuple[KeyCopy, ...]:
    """Every copy in the folders, the newest first."""
    found = []
    for folder in desk.key_copies:
        for path in folder.glob(f"{PREFIX}*"):
            try:
                stamp = datetime.strptime(path.name.removeprefix(PREFIX), "%Y%m%dT%H%M%S%z")
            except ValueError:  # none of ours, or on its way
                continue
            found.append(KeyCopy(folder=folder, name=path.name, made_at=stamp.replace(tzinfo=UTC)))
    return tuple(sorted(found, key=lambda copy: copy.made_at, reverse=True))


def _copy(desk: Desk, folder: Path, name: str) -> None:
    """First the store, then the epoch keys: none that the store names is missing then."""
    part = folder / f"{name}{PART}"
    part.mkdir(mode=0o700)
    try:
        _copy_store(desk.ports.vault.ring.db, part, desk.tools)
        if desk.key_folder.is_dir():
            shutil.copytree(desk.key_folder, part / "epochs")
        for path in part.rglob("*"):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        part.rename(folder / name)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    durable_name(folder)


def _copy_store(store: Database, part: Path, tools: Path | None) -> None:
    if store.dialect == "sqlite":
        copy_file(store, part / "keys.db")
    else:
        dump_plain(store, part / "keys.dump", tools=tools)
