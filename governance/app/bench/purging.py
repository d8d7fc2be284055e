"""A purge of many persons, spread over a store of many more, against one DELETE of the same rows.

Each person has a register row, one purchase (the child), the law that applies, and the index of
the register row; counted as rows are all of these: persons, children, laws, and of the index its
place, entries and tokens. Somebody else writes at a fixed rate meanwhile; their latency counts
from the moment at which each write was due. The purge does all that a purge does: the look before
and in the transaction, journal, log, tombstones, ends of keys, tokens after their persons, residue
check. The one DELETE removes the rows of as many others of the same store, who are spread alike,
children first, in one transaction. There is one store at a time, and no larger than the disk.
PostgreSQL makes a checkpoint before either, so that it has log files to use again, as a server
that has been running: a fresh one makes each file anew, and whoever commits waits for that.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Final, TypeVar

from sqlalchemy import Connection, delete, func, select, text

from governance.app.bench.crowd import Crowd, fill, purchase
from governance.app.bench.disk import disk_of, figure_of
from governance.app.bench.figure import Figure
from governance.app.bench.foreground import RATE, Latencies, writing
from governance.app.bench.foreground import late as late_of
from governance.app.bench.servers import server_url
from governance.app.wiring import Wiring
from governance.core.ids import new_subject_id
from governance.core.settings_reading import load
from governance.core.terms import ActorId, Law, RowId, SubjectId
from governance.customers import store as customers
from governance.customers.store import LAW, SUBJECT, TABLES, NewSubject
from governance.customers.subjects import SubjectKind
from governance.customers.tokens import ENTRY, POSTING, ROW
from governance.db.engine import Database
from governance.http.principal import Principal, PrincipalKind
from governance.jobs.runner import worker_of
from retention import purge, service, store
from retention.plans import RunState

T = TypeVar("T")

PERSONS: Final = 50_000
SHARE: Final = 10  # one in so many persons is due
QUIET_S: Final = 3.0  # for which others write while nothing is purged
SINGLE_ROWS: Final = 1_000  # of a person who asks to be erased
SINGLES: Final = 200  # such persons
PER_PERSON: Final = 15_000  # octets on the disk, about: rows, keys, tokens, logs of what goes
SINGLE_TARGET: Final = 250  # ms
LATE: Final = 0.99
OFFICER: Final = Principal(
    id=ActorId("u:bench"), kind=PrincipalKind.STAFF, roles=frozenset({"privacy_officer"})
)
COUNTED: Final = (TABLES["person"], TABLES["purchase"], LAW, ROW, ENTRY, POSTING)
_GONE: Final = "CREATE TEMPORARY TABLE gone (id VARCHAR(36) PRIMARY KEY)"
_POSTINGS: Final = text(
    "DELETE FROM search_posting WHERE row_key IN"
    " (SELECT row_key FROM search_row WHERE subject_id IN (SELECT id FROM gone))"
)
_ENTRIES: Final = text(
    "DELETE FROM search_entry WHERE row_key IN"
    " (SELECT row_key FROM search_row WHERE subject_id IN (SELECT id FROM gone))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the figures of one engine should reach."""

    name: str
    rows: int  # a second
    late: float  # ms: what 99 of 100 writes of others do not pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """How one way of removal went."""

    rows: int
    seconds: float
    processor: float  # seconds of it, of this process
    others: Latencies
    batches: int = 0

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


TARGETS: Final = {
    "sqlite": Target(name="SQLite", rows=50_000, late=20),
    "postgresql": Target(name="PostgreSQL", rows=40_000, late=5),
}


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """The purge on both engines, and the erasure of one person; `rows` is the number of persons."""
    with TemporaryDirectory(dir=Path.cwd()) as name:  # the temporary folder may be memory
        folder = Path(name)
        folder.chmod(0o755)  # a server that root starts runs as another user
        persons = min(rows or PERSONS, shutil.disk_usage(folder).free // PER_PERSON)
        found = [figure_of(disk_of(folder)), *_on("sqlite", folder / "s", persons)]
        found += _on("postgresql", folder / "p", persons)
    return tuple(found)


def _on(engine: str, folder: Path, persons: int) -> tuple[Figure, ...]:
    """The figures of one engine; none where no server of it can be started."""
    folder.mkdir()
    server = nullcontext(None) if engine == "sqlite" else server_url(folder)
    with server as url:
        if url is None and engine != "sqlite":
            return ()
        with _filled(folder / "store", url, persons) as (wiring, crowd):
            quiet = _quiet(wiring, crowd)
            purged = _purged(wiring, crowd)
            single = _single(wiring) if engine == "sqlite" else ()
            _settled(wiring.database, "CHECKPOINT")
            bare = _bare(wiring, crowd)
    shutil.rmtree(folder, ignore_errors=True)
    return (*_figures(TARGETS[engine], persons, quiet, bare, purged), *single)


def _figures(
    target: Target, persons: int, quiet: Latencies, bare: Gone, purged: Gone
) -> tuple[Figure, ...]:
    due = f"{persons // SHARE:,} due of {persons:,} persons, {target.name}"
    alone = f"{quiet.late(LATE):.1f} ms at p99 while nothing is purged"
    late, slow = purged.others.late(LATE), purged.others.slowest(LATE)
    return (
        Figure(
            figure=f"purge, {due}, {purged.rows:,} rows in {purged.batches:,} batches and "
            f"{purged.processor:.0f} s of this process on the processor",
            value=purged.rate,
            unit="rows/s",
            baseline="one DELETE of as many persons' rows, children first",
            baseline_value=bare.rate,
            target=f">= {target.rows:,} rows/s",
            met=purged.rate >= target.rows,
        ),
        Figure(
            figure=f"writes of others, {RATE} a second, p99 during the purge ({alone}; longest "
            f"{purged.others.longest:.0f} ms; of the slowest hundredth {slow}), {target.name}",
            value=late,
            unit="ms",
            baseline="p99 during the one DELETE",
            baseline_value=bare.others.late(LATE),
            target=f"<= {target.late:g} ms",
            met=late <= target.late,
        ),
    )


@contextmanager
def _filled(folder: Path, url: str | None, persons: int) -> Iterator[tuple[Wiring, Crowd]]:
    settings = load(environment={}, overrides={"data_dir": folder, "database_url": url})
    wiring = Wiring.create(settings)
    try:
        crowd = fill(wiring, persons, due=max(persons // SHARE, 1))
        _settled(wiring.database, "ANALYZE")
        yield wiring, crowd
    finally:
        wiring.close()


def _settled(database: Database, *statements: str) -> None:
    """PostgreSQL has done what it would do by itself in a while; SQLite's log is in its file."""
    if database.dialect == "sqlite":
        database.checkpoint()
        return
    with database.engine.connect() as raw:
        alone = raw.execution_options(isolation_level="AUTOCOMMIT")
        for statement in statements:
            alone.execute(text(statement))


def _quiet(wiring: Wiring, crowd: Crowd) -> Latencies:
    """What others wait while nothing else is at work."""
    with writing(wiring.database, crowd.staying, wiring.settings.database) as others:
        time.sleep(QUIET_S)
    return others


def _purged(wiring: Wiring, crowd: Crowd) -> Gone:
    """The run of a plan of everybody who is due."""
    ports, worker = wiring.ports, worker_of("bench", wiring.clock, Event())
    at = wiring.clock()

    def begin(tx: Connection) -> RowId:
        plan = service.plan(tx, ports, OFFICER, at=at)
        return store.add_run(
            tx, plan.id, approval=None, requested_by=OFFICER.id, approved_by=None, at=at
        )

    run = wiring.database.write(begin)
    _settled(wiring.database, "CHECKPOINT")
    before = _rows(wiring)
    with writing(wiring.database, crowd.staying, wiring.settings.database) as others:
        used = time.process_time()
        report, seconds = _timed(lambda: purge.run(ports, run, worker=worker))
        used = time.process_time() - used
    if report.state is not RunState.DONE or report.erased != len(crowd.due):
        raise AssertionError
    return Gone(
        rows=before - _rows(wiring),
        seconds=seconds,
        processor=used,
        others=others,
        batches=report.batches,
    )


def _bare(wiring: Wiring, crowd: Crowd) -> Gone:
    """As many persons in one transaction, without anything that a purge does beside."""

    def remove(tx: Connection) -> None:
        tx.exec_driver_sql(_GONE)
        tx.execute(
            text("INSERT INTO gone (id) VALUES (:id)"), [{"id": subject} for subject in crowd.alike]
        )
        for statement in (_POSTINGS, _ENTRIES):
            tx.execute(statement)
        mine = select(text("id")).select_from(text("gone"))
        for table in (ROW, TABLES["purchase"], TABLES["person"], LAW):
            tx.execute(delete(table).where(table.c.subject_id.in_(mine)))
        tx.execute(SUBJECT.update().where(SUBJECT.c.id.in_(mine)).values(state="erased"))

    before = _rows(wiring)
    with writing(wiring.database, crowd.staying, wiring.settings.database) as others:
        used = time.process_time()
        _, seconds = _timed(lambda: wiring.database.write(remove))
        used = time.process_time() - used
    rows = before - _rows(wiring)
    return Gone(rows=rows, seconds=seconds, processor=used, others=others)


def _single(wiring: Wiring) -> tuple[Figure, ...]:
    """One person with many rows: planned, gone, keys ended, checked."""
    taken, bare = list[float](), list[float]()
    for _ in range(SINGLES):
        subject, other = _rich(wiring), _rich(wiring)
        _, seconds = _timed(lambda subject=subject: _erase(wiring, subject))  # type: ignore[misc] # at once
        taken.append(seconds * 1_000)
        _, seconds = _timed(lambda other=other: wiring.database.write(lambda tx: _drop(tx, other)))  # type: ignore[misc] # at once
        bare.append(seconds * 1_000)
    value = late_of(taken, LATE)
    return (
        Figure(
            figure=f"erasure of a person with {SINGLE_ROWS:,} rows: planned, gone, keys ended, "
            f"checked; p99 of {SINGLES}, SQLite",
            value=value,
            unit="ms",
            baseline="the same rows by plain DELETEs, p99",
            baseline_value=late_of(bare, LATE),
            target=f"< {SINGLE_TARGET} ms",
            met=value < SINGLE_TARGET,
        ),
    )


def _rich(wiring: Wiring) -> SubjectId:
    subject, at = new_subject_id(), wiring.clock()
    wiring.vault.ensure_keys([subject])
    fresh = NewSubject(id=subject, kind=SubjectKind.CUSTOMER, laws={Law.APPI: "controller"})

    def settle(tx: Connection) -> None:
        customers.add_subjects(tx, [fresh], at=at)
        customers.insert_records(tx, [purchase(subject) for _ in range(SINGLE_ROWS)])

    wiring.database.write(settle)
    return subject


def _erase(wiring: Wiring, subject: SubjectId) -> None:
    ports, at = wiring.ports, wiring.clock()

    def begin(tx: Connection) -> RowId:
        plan = service.plan_agreed(tx, ports, OFFICER, subject, at=at)
        return store.add_run(
            tx, plan.id, approval=None, requested_by=OFFICER.id, approved_by=None, at=at
        )

    run = wiring.database.write(begin)
    report = purge.run(ports, run, worker=worker_of("bench", wiring.clock, Event()))
    if report.state is not RunState.DONE:
        raise AssertionError


def _drop(tx: Connection, subject: SubjectId) -> None:
    for table in (TABLES["purchase"], LAW):
        tx.execute(delete(table).where(table.c.subject_id == subject))


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def _rows(wiring: Wiring) -> int:
    with wiring.database.read() as tx:
        counted = (select(func.count()).select_from(table) for table in COUNTED)
        return sum(int(tx.execute(one).scalar_one()) for one in counted)
