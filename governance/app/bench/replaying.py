"""Erasures of the control journal done again in a restored database, against bare DELETEs.

The persons were erased before, so that nothing of theirs opens; each has a register row, two
purchases that no law keeps, an inquiry and the place of their index, as a backup brings them
(index tokens are left out of backups). The figure counts everything that opening a restored
installation does: reading the journal, the batches with their events, tombstones and the end of
keys, the residue check. The baseline removes the same rows by plain DELETEs of as many persons.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from governance.app.bench.figure import Figure
from governance.app.wiring import Wiring
from governance.core.ids import new_row_id, new_subject_id
from governance.core.settings_reading import load
from governance.core.terms import ActorId, EventId, FieldId, KeyClass, Law, SubjectId
from governance.customers import store
from governance.customers.store import LAW, TABLES, NewSubject, Record
from governance.customers.subjects import SubjectKind
from governance.customers.tokens import ROW, Due, packed
from governance.http.principal import Principal, PrincipalKind
from governance.jobs.journal_record import JournalEntry, JournalKind
from governance.jobs.runner import worker_of
from retention.reapplying import do_again, outstanding
from retention.replaying import run_again

PERSONS: Final = 20_000
BATCH: Final = 500  # persons of one commit
TARGET: Final = 20_000  # rows a second
AT: Final = datetime(2026, 10, 1, tzinfo=UTC)
LOADER: Final = Principal(id=ActorId("svc:bench"), kind=PrincipalKind.SYSTEM)
FRAME: Final = bytes(120)  # nobody opens it
CHILDREN: Final = ("inquiry", "purchase", "person")


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """Rows a second on SQLite."""
    count = rows or PERSONS
    with TemporaryDirectory(dir=Path.cwd()) as name:  # the temporary folder may be memory
        with _restored(Path(name) / "bare", count) as (wiring, subjects):
            bare = _bare(wiring, subjects)
        with _restored(Path(name) / "replayed", count) as (wiring, _):
            replayed = _replayed(wiring)
    return (
        Figure(
            figure=f"restore replay, {count:,} erasures, SQLite",
            value=replayed,
            unit="rows/s",
            baseline="the same rows by plain DELETEs, 500 persons a commit",
            baseline_value=bare,
            target=f">= {TARGET:,} rows/s",
            met=replayed >= TARGET,
        ),
    )


@contextmanager
def _restored(folder: Path, count: int) -> Iterator[tuple[Wiring, list[SubjectId]]]:
    """An older database with persons whom the journal calls erased."""
    settings = load(environment={}, overrides={"data_dir": folder})
    wiring = Wiring.create(settings)
    try:
        subjects = [new_subject_id() for _ in range(count)]
        for start in range(0, count, BATCH):
            part = subjects[start : start + BATCH]
            wiring.database.write(lambda tx, part=part, at=start: _settle(tx, part, at), batch=True)  # type: ignore[misc] # bound at once
            wiring.journal.append_many(_erased(one) for one in part)
            wiring.vault.destroy_many(part, KeyClass.ACTIVE)
        wiring.database.checkpoint()
        yield wiring, subjects
    finally:
        wiring.close()


def _erased(subject: SubjectId) -> JournalEntry:
    return JournalEntry(
        kind=JournalKind.ERASURE,
        subject=subject,
        scope="plan:1",
        event=EventId(new_row_id()),
        consent_seq=None,
        at=AT,
    )


def _settle(tx: Connection, subjects: list[SubjectId], first: int) -> None:
    people = [
        NewSubject(id=one, kind=SubjectKind.CUSTOMER, laws={Law.APPI: "controller"})
        for one in subjects
    ]
    store.add_subjects(tx, people, at=AT)
    records, places = list[Record](), list[dict[str, object]]()
    for number, subject in enumerate(subjects, start=first):
        row = new_row_id()
        records.append(_person(row, subject, number))
        records += (_purchase(subject) for _ in range(2))
        records.append(_inquiry(subject))
        place = {"source": "person", "subject_id": subject, "row_key": packed(row)}
        places.append(place | {"due": int(Due.ALL)})
    store.insert_records(tx, records)
    tx.execute(insert(ROW), places)


def _person(row: str, subject: SubjectId, number: int) -> Record:
    clear = {
        "version": 1,
        "source_file": "bench.csv",
        "source_row": number,
        "recorded_at": AT,
        "status": "active",
        "contact_permission": "unknown",
        "problems": 0,
    }
    sealed = {FieldId("person.name"): FRAME, FieldId("person.email"): FRAME}
    return Record(table="person", id=row, subject=subject, clear=clear, sealed=sealed)  # type: ignore[arg-type] # a row id


def _purchase(subject: SubjectId) -> Record:
    row = new_row_id()
    clear = {
        "source_key": row,
        "type": "single",
        "amount": 1200,
        "recorded_at": AT,
        "purchased_on": date(2001, 4, 1),
    }
    sealed = {FieldId("purchase.product_name"): FRAME}
    return Record(table="purchase", id=row, subject=subject, clear=clear, sealed=sealed)


def _inquiry(subject: SubjectId) -> Record:
    row = new_row_id()
    clear = {"source_key": row, "recorded_at": AT, "received_at": AT}
    sealed = {FieldId("inquiry.body"): FRAME}
    return Record(table="inquiry", id=row, subject=subject, clear=clear, sealed=sealed)


def _bare(wiring: Wiring, subjects: list[SubjectId]) -> float:
    """Rows a second of DELETEs alone."""
    tables = (ROW, *(TABLES[name] for name in CHILDREN), LAW)
    began, done = time.perf_counter(), 0

    def remove(tx: Connection, part: list[SubjectId]) -> int:
        return sum(
            tx.execute(delete(table).where(table.c.subject_id.in_(part))).rowcount
            for table in tables
        )

    for start in range(0, len(subjects), BATCH):
        part = subjects[start : start + BATCH]
        done += wiring.database.write(lambda tx, part=part: remove(tx, part))  # type: ignore[misc] # bound at once
    return done / (time.perf_counter() - began)


def _replayed(wiring: Wiring) -> float:
    """Rows a second of all that opening the restored database does."""
    ports, worker = wiring.ports, worker_of("bench", wiring.clock, Event(), hurried=True)
    before = _rows(wiring)
    began = time.perf_counter()
    with ports.database.read() as tx:
        found = outstanding(tx, ports)
    left = do_again(ports, LOADER, found, clock=wiring.clock)
    run_again(ports, LOADER, left, worker=worker)
    with ports.database.read() as tx:
        if outstanding(tx, ports):
            raise AssertionError
    took = time.perf_counter() - began
    return (before - _rows(wiring)) / took


def _rows(wiring: Wiring) -> int:
    tables = (ROW, *(TABLES[name] for name in CHILDREN), LAW)
    with wiring.database.read() as tx:
        counted = (select(func.count()).select_from(table) for table in tables)
        return sum(int(tx.execute(one).scalar_one()) for one in counted)
