"""Putting a backup back: into an empty place, closed, and opened once the journal holds again.

What was put back knows nothing of what was decided since. Two persons declare the loss (the log
is behind its last checkpoint outside); then every withdrawal, objection, restriction, hold and
erasure of the control journal is done again, the log is verified, and only then it opens.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, assert_never

from sqlalchemy import Connection, inspect
from sqlalchemy.engine import make_url

from audit.actions import EventCode
from audit.findings import Report
from audit.note import VerifierKey
from audit.types import EventDraft, Outcome
from governance.core.durable import durable_name
from governance.customers.ports import Ports
from governance.db import migrate
from governance.db.engine import Database, sqlite_url
from governance.db.errors import SchemaNewerError
from governance.http.principal import Principal
from governance.jobs.journal import Journal
from governance.jobs.journal_record import JournalHead
from governance.jobs.runner import Worker
from governance.keys.vault import FieldVault
from policies.actions import Action
from retention.access import require
from retention.backups import store
from retention.backups.desk import at_work_in
from retention.backups.errors import (
    BackupForeignError,
    BackupUnprovenError,
    RestoredClosedError,
    RestoreTargetError,
)
from retention.backups.proving import SOUND, checked_head, sound, unpack
from retention.backups.types import Ending, Form, Manifest
from retention.errors import NotReappliedError
from retention.purge import RunReport
from retention.reapplying import Outstanding, outstanding, reapply
from retention.replaying import erase_again

SIDE_FILES: Final = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An installation without its data: keys and journal are there, the database is empty."""

    url: str
    vault: FieldVault
    journal: Journal
    journal_outside: JournalHead | None  # the newest head that was kept outside the journal
    verifier_keys: tuple[VerifierKey, ...]
    work: Path
    tools: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put back; it is closed."""

    manifest: Manifest
    ending: Ending
    log: Report
    to_do: Mapping[str, int]  # entries of the journal since, by kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    """What was done again before the installation opened."""

    done: Mapping[str, int]
    deferred: int  # erasures that a standing hold puts off
    runs: tuple[RunReport, ...]
    log: Report

    def as_json(self) -> dict[str, object]:
        """The report, counts alone."""
        return {
            **self.done,
            "deferred": self.deferred,
            "rows": sum(run.rows for run in self.runs),
            "log": self.log.verdict.value,
            "log_size": self.log.size,
        }


def restore(place: Place, path: Path, *, at: datetime) -> Restored:
    """The empty place holds the backup's data, proven sound and closed; or it is empty still.

    Raises RestoreTargetError, BackupForeignError, SchemaNewerError, JournalBehindError,
    FileDamagedError, BackupUnprovenError.
    """
    manifest = checked_head(path, place.vault)
    if manifest.revision not in migrate.revisions():
        raise SchemaNewerError(found=manifest.revision)
    _require_empty(place.url, manifest)
    for head in (manifest.journal, place.journal_outside):
        if head is not None:  # fails closed: an older journal has lost erasures
            place.journal.confirm(head)
    with at_work_in(place.work) as work:
        match manifest.form:
            case Form.SQLITE:
                ending, log = _put_sqlite(place, path, manifest, work, at=at)
            case Form.POSTGRESQL:
                ending, log = _put_postgres(place, path, manifest, work, at=at)
            case _:
                assert_never(manifest.form)
    to_do: dict[str, int] = {}
    for record in place.journal.replay(after=manifest.journal.seq):
        to_do[record.entry.kind.value] = to_do.get(record.entry.kind.value, 0) + 1
    return Restored(manifest=manifest, ending=ending, log=log, to_do=dict(sorted(to_do.items())))


def require_open(tx: Connection) -> None:
    """Fails closed: what was put back serves nobody before all is done again."""
    if (since := store.closed_since(tx)) is not None:
        raise RestoredClosedError(since=since.isoformat(timespec="minutes"))


def reopen(
    ports: Ports, principal: Principal, *, verify: Callable[[], Report], worker: Worker
) -> Reopened:
    """All that the journal says holds again, the log verifies, and the installation is open.

    Safe to be killed anywhere and to be run again. Raises NotReappliedError, BackupUnprovenError.
    """
    require(ports, principal, Action.BACKUP_RESTORE)
    with ports.database.read() as tx:
        before = outstanding(tx, ports)
    after = reapply(ports, principal, clock=worker.clock)
    runs = erase_again(ports, principal, after.erasures, worker=worker)
    with ports.database.read() as tx:
        left = outstanding(tx, ports)
    if left:
        raise _not_yet(left)
    log = verify()
    if log.verdict not in SOUND:
        raise BackupUnprovenError(part=f"log_{log.verdict.value}")
    done = before.counts() | {"erasures": sum(run.erased for run in runs)}
    deferred = len(left.deferred)
    done.pop("deferred")
    found = Reopened(done=done, deferred=deferred, runs=runs, log=log)
    at = worker.clock()
    ports.database.write(lambda tx: _opened(tx, ports, principal, found, at=at))
    return found


def _not_yet(left: Outstanding) -> NotReappliedError:
    return NotReappliedError(
        choices=len(left.choices),
        holds=len(left.holds) + len(left.releases),
        erasures=len(left.erasures),
    )


def _opened(
    tx: Connection, ports: Ports, principal: Principal, found: Reopened, *, at: datetime
) -> None:
    """The gate is open, with what was done again; where none was closed nothing is said."""
    if not store.open_gate(tx, found.as_json(), at=at):
        return
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.BACKUP_RESTORED,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="installation",
            object_id=ports.vault.ring.installation,
            outcome=Outcome.DONE,
            counts=(*sorted(found.done.items()), ("deferred", found.deferred)),
        ),
    )


def _require_empty(url: str, manifest: Manifest) -> None:
    """Fails closed: nothing is ever replaced."""
    parsed = make_url(url)
    sqlite = parsed.get_backend_name() == "sqlite"
    if sqlite is not (manifest.form is Form.SQLITE):
        raise BackupForeignError(part="engine")
    if sqlite:
        path = Path(parsed.database or "")
        for found in (path, *(path.with_name(path.name + end) for end in SIDE_FILES)):
            if found.exists() and found.stat().st_size:
                raise RestoreTargetError(path=str(found))
        return
    database = Database.open(url)
    try:
        with database.read() as tx:
            if inspect(tx).get_table_names():
                raise RestoreTargetError(path=parsed.database or "-")
    finally:
        database.close()


def _put_sqlite(
    place: Place, path: Path, manifest: Manifest, work: Path, *, at: datetime
) -> tuple[Ending, Report]:
    """The file gets its name last, whole, proven and closed."""
    target = Path(make_url(place.url).database or "")
    part = target.with_name(target.name + ".restoring")
    for left in part.parent.glob(part.name + "*"):  # of a process that was killed
        left.unlink()
    try:
        ending = unpack(path, place.vault, sqlite_url(part), tools=place.tools)
        log = _closed(place, sqlite_url(part), manifest, work, at=at)
        for empty in (target, *(target.with_name(target.name + end) for end in SIDE_FILES)):
            empty.unlink(missing_ok=True)
        part.rename(target)
        durable_name(target.parent)
    finally:
        for left in part.parent.glob(part.name + "*"):
            left.unlink(missing_ok=True)
    return ending, log


def _put_postgres(
    place: Place, path: Path, manifest: Manifest, work: Path, *, at: datetime
) -> tuple[Ending, Report]:
    """One transaction of PostgreSQL's own tool, then closed.

    Between the two the log alone keeps it shut: it is behind its checkpoint outside, because the
    record of making a backup is never in that backup.
    """
    ending = unpack(path, place.vault, place.url, tools=place.tools)
    return ending, _closed(place, place.url, manifest, work, at=at)


def _closed(place: Place, url: str, manifest: Manifest, work: Path, *, at: datetime) -> Report:
    """The data has today's schema and a closed gate, and its log verifies."""
    database = Database.open(url)
    try:
        migrate.upgrade(database)
        database.write(lambda tx: store.close_gate(tx, backup=manifest.backup, at=at))
        log = sound(database, place.verifier_keys, manifest, work)
        database.checkpoint()
    finally:
        database.close()
    return log
