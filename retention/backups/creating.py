"""Making a backup: one file that is whole or not there, on record, and older ones that go.

The file is written under another name, made durable and renamed; what a full disk or a killed
process leaves is no backup by its name, and goes at the next one.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.store import frontier_of, last_note
from audit.types import EventDraft, Outcome, canonical_json
from governance.core.durable import durable_name
from governance.core.ids import new_row_id
from governance.core.terms import RowId
from governance.crypto.stream import FileDamagedError, StreamReader, StreamWriter
from governance.custody.errors import CopyRefusedError
from governance.db import migrate
from governance.http.principal import Principal
from governance.keys.file_keys import new_file_key
from governance.keys.store import current_epoch
from policies.actions import Action
from retention.access import require
from retention.backups import store
from retention.backups.desk import Desk, at_work
from retention.backups.dumps import dump, form_of
from retention.backups.errors import BackupFailedError, reason_of
from retention.backups.key_copies import copy_keys, end_key_copies
from retention.backups.types import SUFFIX, Ending, Kept, Manifest, name_of

PART: Final = ".part"
ROOM: Final = 1.1  # of the database's size must be free where its copy lies on its way


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made, and how many older files went for it."""

    path: Path
    size: int
    manifest: Manifest
    ending: Ending
    ended: int


def create(desk: Desk, principal: Principal, *, at: datetime, to: Path | None = None) -> Made:
    """`make`, for whoever may."""
    require(desk.ports, principal, Action.BACKUP_RUN)
    return make(desk, principal, at=at, to=to)


def make(desk: Desk, principal: Principal, *, at: datetime, to: Path | None = None) -> Made:
    """A new backup of all data, and a copy of the key store in each folder for those.

    Raises BackupFolderError, KeysNotApartError, BackupBusyError, BackupFailedError,
    ToolMissingError; then there is no new file.
    """
    folder = desk.place(to)
    with at_work(desk) as work:
        _require_room(desk, work)
        manifest, key = _manifest(desk, at=at)
        path = folder / name_of(manifest.backup, at=at.astimezone(UTC))
        try:
            ending = _written(desk, path, manifest, key, work)
        except (OSError, CopyRefusedError) as error:
            why = reason_of(error) if isinstance(error, OSError) else type(error).__name__
            raise BackupFailedError(reason=why) from error
        size = path.stat().st_size
        _record(desk, principal, path, size, manifest, ending, at=at)
        ended = _prune(desk, folder, at=at) if to is None else 0
    end_key_copies(desk, at=at)
    return Made(path=path, size=size, manifest=manifest, ending=ending, ended=ended)


def kept(desk: Desk, folder: Path) -> tuple[Kept, ...]:
    """Every backup of this installation in the folder, the newest first."""
    with desk.ports.database.read() as tx:
        proofs = store.proofs(tx)
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        try:
            manifest = manifest_in(path)
        except (FileDamagedError, OSError):
            continue  # `verify` says what is wrong with a file; no list hides a good one for it
        if manifest.installation != desk.ports.vault.ring.installation:
            continue
        proved_at, outcome = proofs.get(manifest.backup, (None, None))
        size = path.stat().st_size
        found.append(
            Kept(
                file=path.name,
                size=size,
                manifest=manifest,
                verified_at=proved_at,
                verified=outcome,
            )
        )
    return tuple(sorted(found, key=lambda one: one.manifest.created_at, reverse=True))


def manifest_in(path: Path) -> Manifest:
    """What the head of a file says; authentic only once the file is opened."""
    with path.open("rb") as source:
        return Manifest.read(StreamReader(source).head)


def _manifest(desk: Desk, *, at: datetime) -> tuple[Manifest, bytes]:
    """The head of a new file, and its key; the key store's copies are made with that key in it."""
    ports, backup = desk.ports, new_row_id()
    key, sealed = new_file_key(ports.vault, backup)
    copies = copy_keys(desk, at=at)
    head = ports.journal.head  # before the data: what it holds, the data may know
    with ports.database.read() as tx:
        note, size, revision = last_note(tx), frontier_of(tx).size, migrate.current(tx)
    with ports.vault.ring.db.read() as tx:
        epoch = current_epoch(tx).epoch
    manifest = Manifest(
        backup=backup,
        installation=ports.vault.ring.installation,
        created_at=at,
        form=form_of(ports.database),
        release=desk.release,
        revision=revision or "-",
        checkpoint=note,
        tree_size=size,
        journal=head,
        key_epoch=epoch,
        key_copies=copies,
        sealed_key=sealed,
    )
    return manifest, key


def _written(desk: Desk, path: Path, manifest: Manifest, key: bytes, work: Path) -> Ending:
    """The file is whole under its own name, durably; or there is none."""
    for left in path.parent.glob(f"*{SUFFIX}{PART}"):  # of a process that was killed
        left.unlink(missing_ok=True)
    with _renamed(path) as out:
        writer = StreamWriter(out, key, canonical_json(manifest.as_json()))
        ending = dump(desk.ports.database, writer.write, work=work, tools=desk.tools)
        writer.end(canonical_json(ending.as_json()))
    return ending


@contextmanager
def _renamed(path: Path) -> Iterator[BinaryIO]:
    part = path.with_name(path.name + PART)
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.link(part, path)  # raises where a file of that name lies: none is ever replaced
    finally:
        part.unlink(missing_ok=True)
    durable_name(path.parent)


def _require_room(desk: Desk, work: Path) -> None:
    """Fails before it fills the disk that the data lives on."""
    if desk.ports.database.dialect != "sqlite":
        return
    size = Path(str(desk.ports.database.engine.url.database)).stat().st_size
    if shutil.disk_usage(work).free < size * ROOM:
        raise BackupFailedError(reason="space")


def _record(
    desk: Desk,
    principal: Principal,
    path: Path,
    size: int,
    manifest: Manifest,
    ending: Ending,
    *,
    at: datetime,
) -> None:
    def write(tx: Connection) -> None:
        store.add_backup(
            tx,
            {
                "id": manifest.backup,
                "file": path.name,
                "created_at": at,
                "size": size,
                "sha256": ending.sha256,
                "made_by": principal.id,
            },
        )
        desk.ports.audit.append(
            tx,
            EventDraft(
                action=EventCode.BACKUP_CREATED,
                occurred_at=at,
                actor=principal.id,
                actor_os=principal.os_user,
                object_type="backup",
                object_id=manifest.backup,
                outcome=Outcome.DONE,
                counts=(("bytes", size),),
                refs=(
                    f"sha256:{ending.sha256}",
                    f"tree:{manifest.tree_size}",
                    f"journal:{manifest.journal.seq}",
                ),
            ),
        )

    desk.ports.database.write(write)


def _prune(desk: Desk, folder: Path, *, at: datetime) -> int:
    """How many files beyond the newest of those that are kept are gone."""
    over = kept(desk, folder)[desk.keep :]
    for one in over:
        (folder / one.file).unlink(missing_ok=True)
    if over:
        durable_name(folder)
        gone: list[RowId] = [one.manifest.backup for one in over]
        desk.ports.database.write(lambda tx: store.note_ended(tx, gone, at=at))
    return len(over)
