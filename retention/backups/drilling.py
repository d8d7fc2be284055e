"""The restore drill: the newest backup is put back in a scratch place and proven to the end.

It opens, its log verifies, everything that the journal says is done again in it, nobody who was
erased is left, and values of the others open. All of it on copies: the drill's keys, journal and
database are its own, and gone afterwards.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, insert, select

from audit.actions import EventCode
from audit.log import AuditLog
from audit.types import EventDraft, Outcome
from governance.core.errors import GovernanceError
from governance.core.ids import new_row_id
from governance.core.terms import KeyClass, SubjectId
from governance.custody.copies import copy_file
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.customers.store import SUBJECT, records_of
from governance.customers.subjects import SubjectState
from governance.db import migrate
from governance.db.engine import Database, sqlite_url
from governance.http.principal import Principal
from governance.jobs.journal import Journal
from governance.jobs.runner import Worker
from governance.keys import store as key_store
from governance.keys.models import DATA_KEY, KEY_METADATA
from governance.keys.types import KeyState
from governance.keys.vault import FieldVault
from retention.backups import store
from retention.backups.creating import kept
from retention.backups.desk import Desk, at_work
from retention.backups.errors import BackupUnknownError, BackupUnprovenError
from retention.backups.proving import opened_copy, sound
from retention.backups.store import Drill
from retention.reapplying import do_again, outstanding
from retention.replaying import run_again

SAMPLE: Final = 20  # persons of whom a value is opened
ROWS: Final = 1_000  # of the key store, copied at a time


def drill(desk: Desk, by: Principal, *, worker: Worker, file: str | None = None) -> Drill:
    """The newest backup was put back elsewhere and proven, or not; on record with its report.

    Raises BackupFolderError, BackupUnknownError, BackupBusyError.
    """
    began, folder = worker.clock(), desk.place()
    name = file or _newest(desk, folder)
    with at_work(desk) as work:
        try:
            outcome, report = store.GOOD, _proven(desk, by, folder / name, work, worker=worker)
        except GovernanceError as error:
            outcome, report = error.code, {}
    done = Drill(
        id=new_row_id(),
        file=name,
        began_at=began,
        ended_at=worker.clock(),
        outcome=outcome,
        report=report,
    )
    desk.ports.database.write(lambda tx: _record(tx, desk.ports, by, done))
    return done


def _newest(desk: Desk, folder: Path) -> str:
    found = kept(desk, folder)
    if not found:
        raise BackupUnknownError
    return found[0].file


def _proven(desk: Desk, by: Principal, path: Path, work: Path, *, worker: Worker) -> dict[str, int]:
    """Counts of what was put back and done again; raises what is wrong."""
    with opened_copy(desk, path, work) as (manifest, _, database):
        log = sound(database, desk.verifier_keys, manifest, work)
        migrate.upgrade(database)
        with _apart(desk.ports, database, work) as ports:
            with ports.database.read() as tx:
                before = outstanding(tx, ports)
            after = do_again(ports, by, before, clock=worker.clock)
            runs = run_again(ports, by, after, worker=worker)
            with ports.database.read() as tx:
                left = outstanding(tx, ports)
                if left:
                    raise BackupUnprovenError(part="reapplying")
                persons = _living(tx)
            opened = _opened(ports)
    if persons and not opened:
        raise BackupUnprovenError(part="values")
    return {
        **before.counts(),
        "deferred": len(left.deferred),
        "erasures": sum(run.erased for run in runs),
        "rows": sum(run.rows for run in runs),
        "persons": persons,
        "values_opened": opened,
        "log_size": log.size,
    }


@contextmanager
def _apart(ports: Ports, database: Database, work: Path) -> Iterator[Ports]:
    """The same use cases over copies: nothing that they do reaches the installation."""
    with ExitStack() as undo:
        keys = _key_copy(ports.vault.ring.db, work / "keys.db")
        undo.callback(keys.close)
        vault = FieldVault.open(keys, ports.vault.ring.provider, clock=ports.vault.ring.clock)
        shutil.copy(ports.journal.path, work / "journal")
        journal = Journal.open(
            work / "journal", installation=ports.journal.installation, seal=ports.journal.seal
        )
        undo.callback(journal.close)
        audit = AuditLog(database.writer_engine, process_id=new_row_id(), sealer=vault.seal_part)
        yield replace(ports, database=database, vault=vault, audit=audit, journal=journal)


def _key_copy(source: Database, target: Path) -> Database:
    """A copy of the key store, in a file of its own whatever the engine."""
    if source.dialect == "sqlite":
        copy_file(source, target)
        return Database.open(sqlite_url(target))
    target.touch(mode=0o600)
    copy = Database.open(sqlite_url(target))
    try:
        KEY_METADATA.create_all(copy.writer_engine)
        with source.read() as tx:
            for table in KEY_METADATA.sorted_tables:
                for rows in tx.execute(select(table)).mappings().partitions(ROWS):
                    values = [dict(row) for row in rows]
                    copy.write(lambda into, t=table, v=values: into.execute(insert(t), v))  # type: ignore[misc] # bound at once
    except BaseException:
        copy.close()
        raise
    return copy


def _living(tx: Connection) -> int:
    """How many persons are not erased."""
    alive = SUBJECT.c.state != SubjectState.ERASED.value
    return int(tx.execute(select(func.count()).select_from(SUBJECT).where(alive)).scalar_one())


def _opened(ports: Ports) -> int:
    """How many values of some persons whose keys live were opened; none is looked at."""
    with ports.vault.ring.db.read() as keys:
        living = select(DATA_KEY.c.subject).where(
            DATA_KEY.c.key_class == KeyClass.ACTIVE.value,
            DATA_KEY.c.slot == key_store.CURRENT_SLOT,
            DATA_KEY.c.state == KeyState.ACTIVE.value,
        )
        subjects = [SubjectId(one) for one in keys.execute(living.limit(SAMPLE)).scalars()]
    opened = 0
    with ports.database.read() as tx:
        for subject in subjects:
            for name in catalogue().tables:
                for record in records_of(tx, subject, name)[:1]:
                    row = ports.vault.open_row(record.id, record.sealed)
                    opened += sum(cell.value is not None for cell in row.values())
    return opened


def _record(tx: Connection, ports: Ports, by: Principal, done: Drill) -> None:
    store.add_drill(tx, done)
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.BACKUP_DRILLED,
            occurred_at=done.ended_at,
            actor=by.id,
            actor_os=by.os_user,
            object_type="restore_drill",
            object_id=done.id,
            outcome=Outcome.DONE if done.good else Outcome.FAILED,
            reasons=() if done.good else (done.outcome,),
            counts=tuple(sorted(done.report.items())),
        ),
    )
