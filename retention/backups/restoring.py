"""Putting a backup back: closed, and opened once the journal holds again.

It goes into an empty place, or takes the place of a database that is then moved aside, whole.

What was put back knows nothing of what was decided since. Two persons declare the loss (the log
is behind its last checkpoint outside); then every withdrawal, objection, restriction, hold and
erasure of the control journal is done again, the log is verified, and only then it opens.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, inspect
from sqlalchemy.engine import make_url

from audit.actions import EventCode
from audit.findings import Report
from audit.note import VerifierKey
from audit.types import EventDraft, Outcome
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
from retention.backups import replacing, store
from retention.backups.desk import at_work_in
from retention.backups.ending_entries import require_told_since
from retention.backups.errors import (
    BackupForeignError,
    BackupUnprovenError,
    RestoredClosedError,
    RestoreFailedError,
    RestoreTargetError,
    reason_of,
)
from retention.backups.proving import SOUND, checked_head, sound, unpack
from retention.backups.types import Ending, Form, Manifest
from retention.errors import NotReappliedError
from retention.holds.copies import bring_back
from retention.purge import RunReport
from retention.reapplying import Outstanding, do_again, outstanding
from retention.replaying import erase_again
from retention.revived import end_revived


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
    aside: str | None  # where the database lies that was there before


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


def restore(place: Place, path: Path, *, at: datetime, replace: bool = False) -> Restored:
    """The place holds the backup's data, proven sound and closed; or what it held before.

    A database that is there is moved aside, if that is asked for. Raises RestoreTargetError,
    RestoreInUseError, JournalLeftError, BackupForeignError, SchemaNewerError, JournalBehindError,
    FileDamagedError, BackupUnprovenError, RestoreFailedError.
    """
    manifest = checked_head(path, place.vault)
    if manifest.revision not in migrate.revisions():
        raise SchemaNewerError(found=manifest.revision)
    taken = _taken(place.url, manifest)
    if taken and not replace:  # fails closed: nothing is replaced that nobody said should be
        raise RestoreTargetError(path=taken)
    if taken:
        replacing.require_unused(place.url)
    require_told_since(place.journal.left, manifest.created_at)
    for head in (manifest.journal, place.journal_outside):
        if head is not None:  # fails closed: an older journal has lost erasures
            place.journal.confirm(head)
    with at_work_in(place.work) as work:
        put = _put_sqlite if manifest.form is Form.SQLITE else _put_postgres
        try:
            ending, log, aside = put(place, path, manifest, work, at=at, taken=bool(taken))
        except OSError as error:
            raise RestoreFailedError(reason=reason_of(error)) from error
    to_do: dict[str, int] = {}
    for record in place.journal.replay(after=manifest.journal.seq):
        to_do[record.entry.kind.value] = to_do.get(record.entry.kind.value, 0) + 1
    return Restored(
        manifest=manifest, ending=ending, log=log, to_do=dict(sorted(to_do.items())), aside=aside
    )


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
    do_again(ports, principal, before, clock=worker.clock)
    matters = bring_back(ports, principal, at=worker.clock())
    with ports.database.read() as tx:  # a condition that stands again may hold somebody
        after = outstanding(tx, ports)
    runs = erase_again(ports, principal, after, worker=worker)
    with ports.database.read() as tx:
        left = outstanding(tx, ports)
    if left:
        raise _not_yet(left)
    keys = end_revived(ports)
    log = verify()
    if log.verdict not in SOUND:
        raise BackupUnprovenError(part=f"log_{log.verdict.value}")
    done = before.counts() | {
        "erasures": sum(run.erased for run in runs),
        "keys": keys,
        "matters": matters,
    }
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


def _taken(url: str, manifest: Manifest) -> str:
    """What lies in the place already; nothing where it is empty."""
    parsed = make_url(url)
    sqlite = parsed.get_backend_name() == "sqlite"
    if sqlite is not (manifest.form is Form.SQLITE):
        raise BackupForeignError(part="engine")
    if sqlite:
        return str(next(iter(replacing.files_of(Path(parsed.database or ""))), ""))
    database = Database.open(url)
    try:
        with database.read() as tx:
            return (parsed.database or "-") if inspect(tx).get_table_names() else ""
    finally:
        database.close()


Put = tuple[Ending, Report, str | None]


def _put_sqlite(
    place: Place, path: Path, manifest: Manifest, work: Path, *, at: datetime, taken: bool
) -> Put:
    """The file gets its name last, whole, proven and closed."""
    target = Path(make_url(place.url).database or "")
    part = target.with_name(target.name + ".restoring")
    for left in part.parent.glob(part.name + "*"):  # of a process that was killed
        left.unlink()
    try:
        ending = unpack(path, place.vault, sqlite_url(part), tools=place.tools)
        log = _closed(place, sqlite_url(part), manifest, work, at=at)
        if not taken:  # side files that hold nothing
            for end in replacing.SIDE_FILES:
                target.with_name(target.name + end).unlink(missing_ok=True)
        aside = replacing.swap_file(part, target, at=at)
    finally:
        for left in part.parent.glob(part.name + "*"):
            left.unlink(missing_ok=True)
    return ending, log, None if aside is None else str(aside)


def _put_postgres(
    place: Place, path: Path, manifest: Manifest, work: Path, *, at: datetime, taken: bool
) -> Put:
    """One transaction of PostgreSQL's own tool, then closed; a database there is renamed last.

    Between the two an empty place is shut by the log alone: it is behind its checkpoint outside,
    because the record of making a backup is never in that backup.
    """
    if not taken:
        ending = unpack(path, place.vault, place.url, tools=place.tools)
        return ending, _closed(place, place.url, manifest, work, at=at), None
    with replacing.beside(place.url) as url:
        ending = unpack(path, place.vault, url, tools=place.tools)
        log = _closed(place, url, manifest, work, at=at)
        return ending, log, replacing.swap_database(place.url, at=at)


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
