"""Proving a backup: it opens, is what was dumped, is a sound database, and its log verifies."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from audit.actions import EventCode
from audit.findings import Report
from audit.note import VerifierKey
from audit.types import EventDraft, Outcome, Verdict
from audit.verify import verify_log
from governance.core.errors import GovernanceError
from governance.core.ids import new_row_id
from governance.crypto.stream import FileDamagedError, StreamReader
from governance.customers.ports import Ports
from governance.db.engine import Database, sqlite_url
from governance.http.principal import Principal
from governance.keys.file_keys import file_key
from governance.keys.vault import FieldVault
from policies.actions import Action
from retention.access import require
from retention.backups import store
from retention.backups.desk import Desk, at_work
from retention.backups.dumps import load_postgres, load_sqlite, url_of
from retention.backups.errors import (
    BackupForeignError,
    BackupUnknownError,
    BackupUnprovenError,
    ScratchDatabaseError,
)
from retention.backups.types import Ending, Form, Manifest

SOUND: Final = frozenset({Verdict.VERIFIED_WITNESSED, Verdict.VERIFIED_SELF_SIGNED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """A backup that is what it says."""

    manifest: Manifest
    ending: Ending
    log: Report


def verify(desk: Desk, principal: Principal, path: Path, *, at: datetime) -> Proven:
    """The backup was opened in a scratch place and is sound; on record, also when it is not.

    Raises BackupUnknownError, BackupForeignError, FileDamagedError, BackupUnprovenError.
    """
    require(desk.ports, principal, Action.BACKUP_RUN)
    try:
        with at_work(desk) as work, opened_copy(desk, path, work) as (manifest, ending, database):
            log = sound(database, desk.verifier_keys, manifest, work)
    except (FileDamagedError, BackupUnprovenError) as error:
        _record(desk, principal, path, error, at=at)
        raise
    _record(desk, principal, path, None, at=at)
    return Proven(manifest=manifest, ending=ending, log=log)


@contextmanager
def opened_copy(desk: Desk, path: Path, work: Path) -> Iterator[tuple[Manifest, Ending, Database]]:
    """The data of a backup as a database of its own, which is gone after the block."""
    manifest = checked_head(path, desk.ports.vault)
    match manifest.form:
        case Form.SQLITE:
            url = sqlite_url(work / "opened.db")
            ending = unpack(path, desk.ports.vault, url, tools=desk.tools)
            database = Database.open(url)
            try:
                yield manifest, ending, database
            finally:
                database.close()
        case Form.POSTGRESQL:
            if desk.ports.database.dialect != "postgresql":
                raise BackupForeignError(part="engine")
            with scratch_database(desk.ports) as url:
                ending = unpack(path, desk.ports.vault, url, tools=desk.tools)
                database = Database.open(url)
                try:
                    yield manifest, ending, database
                finally:
                    database.close()


def checked_head(path: Path, vault: FieldVault) -> Manifest:
    """The head of a backup of this installation; raises what is wrong with it."""
    try:
        with path.open("rb") as source:
            manifest = Manifest.read(StreamReader(source).head)
    except OSError as error:
        raise BackupUnknownError from error
    if manifest.installation != vault.ring.installation:
        raise BackupForeignError(part="installation")
    return manifest


def unpack(path: Path, vault: FieldVault, url: str, *, tools: Path | None) -> Ending:
    """The empty place at this URL holds the data of the backup, whole; or nothing of it."""
    with path.open("rb") as source:
        reader = StreamReader(source)
        manifest = Manifest.read(reader.head)
        chunks = reader.chunks(file_key(vault, manifest.backup, manifest.sealed_key))
        ending: Callable[[], Ending] = lambda: _ending(reader)  # noqa: E731 # known after the chunks
        match manifest.form:
            case Form.SQLITE:
                target = Path(make_url(url).database or "")
                return load_sqlite(chunks, ending, target)
            case Form.POSTGRESQL:
                return load_postgres(chunks, ending, url, tools=tools)


def sound(
    database: Database, keys: tuple[VerifierKey, ...], manifest: Manifest, work: Path
) -> Report:
    """What the log in an opened backup is worth; raises BackupUnprovenError.

    The signed head that the manifest names must be in it.
    """
    if database.dialect == "sqlite":
        for pragma, wanted in (("integrity_check", "ok"), ("foreign_key_check", None)):
            try:
                with database.engine.connect() as connection:
                    row = connection.exec_driver_sql(f"PRAGMA {pragma}").first()
            except DBAPIError:
                raise BackupUnprovenError(part=pragma) from None
            if (None if row is None else row[0]) != wanted:
                raise BackupUnprovenError(part=pragma)
    head = work / "checkpoint"
    head.write_text(manifest.checkpoint or "", encoding="utf-8")
    anchor = head if manifest.checkpoint is not None else None
    report = verify_log(database, keys=keys, anchor=anchor)
    if report.verdict not in SOUND:
        raise BackupUnprovenError(part=f"log_{report.verdict.value}")
    return report


@contextmanager
def scratch_database(ports: Ports) -> Iterator[str]:
    """The URL of a fresh database beside ours, gone after the block; raises ScratchDatabaseError.

    The role of the installation needs CREATEDB for it.
    """
    name = f"sekisho_scratch_{new_row_id().replace('-', '')[-12:]}"
    admin = ports.database.engine.execution_options(isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
    except DBAPIError as error:
        raise ScratchDatabaseError(state=getattr(error.orig, "sqlstate", None) or "-") from None
    try:
        yield (
            make_url(url_of(ports.database))
            .set(database=name)
            .render_as_string(hide_password=False)
        )
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


def _ending(reader: StreamReader) -> Ending:
    if reader.ending is None:
        raise FileDamagedError(reason="cut")
    return Ending.read(reader.ending)


def _record(
    desk: Desk, principal: Principal, path: Path, error: GovernanceError | None, *, at: datetime
) -> None:
    """The proof is on record with its outcome, under the id in the file's own head."""
    try:
        backup = checked_head(path, desk.ports.vault).backup
    except GovernanceError:  # not even its head is ours
        backup = None
    outcome = store.GOOD if error is None else error.code

    def write(tx: Connection) -> None:
        if backup is not None:
            store.note_verified(tx, backup, outcome, at=at)
        desk.ports.audit.append(
            tx,
            EventDraft(
                action=EventCode.BACKUP_VERIFIED,
                occurred_at=at,
                actor=principal.id,
                actor_os=principal.os_user,
                object_type="backup",
                object_id=backup or "unknown",
                outcome=Outcome.DONE if error is None else Outcome.FAILED,
                reasons=() if error is None else (error.code,),
            ),
        )

    desk.ports.database.write(write)
