"""One database behind one door: SQLite by default, PostgreSQL by changing one URL.

SQLite has one writer thread per process. It groups waiting writes into one transaction
(a savepoint each) so that many callers share one fsync, and takes foreground work before
batch work. Every write transaction is BEGIN IMMEDIATE: a deferred one fails with BUSY as
soon as two processes write. On PostgreSQL a write runs on a pooled connection and is
repeated when the server reports a serialisation failure or a deadlock.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from governance.db.errors import (
    DatabaseBusyError,
    DatabaseClosedError,
    DatabaseUnreachableError,
    LookEndedError,
    UnsafeDatabaseError,
)
from governance.db.late import listen
from governance.db.postgres_sign_in import signed_in
from governance.db.prepared import sqlite_errors
from governance.db.readers import ENDED, READ_SECONDS, PostgresReaders, SqliteReaders
from governance.db.writer import GroupWriter

T = TypeVar("T")

BUSY_TIMEOUT_MS = 5_000  # SQLite waits this long for another process's lock
CHECKPOINT_MS = 10  # for which a checkpoint may hold writers up
LOG_PAGES = 1_000  # of SQLite's log; the commit that passes them writes them into the file
LOG_PAGES_RELIEVED = 20_000  # the same while somebody relieves the log: 80 MB, if that fails
READ_POOL = 16  # connections; readers do not block each other in WAL
PG_POOL = 10
PG_WRITERS = 8  # at once: fewer than connections, or who is urgent would wait for a lock's line
PG_RETRIES = 6
PG_LIFE = 1_800  # seconds of a connection; the next one reads password and certificate anew
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")  # what makes a commit last
RETRY_STATES = frozenset({"40001", "40P01"})  # serialisation failure, deadlock


class Database:
    """An open database: `read()` for looking, `write(fn)` for every change."""

    def __init__(
        self, engine: Engine, writer: GroupWriter | None, readers: SqliteReaders | PostgresReaders
    ) -> None:
        self.engine = engine
        self._writer = writer
        self.readers = readers
        self._writing = BoundedSemaphore(PG_WRITERS)
        self._relieved, self._relieving = 0, Lock()
        self._looks = self._glances = engine
        if writer is None:  # the same connections, set by the driver without a round trip
            self._looks = _with_options(engine, "REPEATABLE READ", read_only=True)
            self._glances = _with_options(engine, "AUTOCOMMIT")

    @classmethod
    def open(cls, url: str, *, read_seconds: float = READ_SECONDS) -> Self:
        """An open database at this SQLAlchemy URL, whose looks last so long at most.

        Raises DatabaseUnreachableError.
        """
        try:
            if make_url(url).get_backend_name() == "sqlite":
                return cls._open_sqlite(url, SqliteReaders(read_seconds))
            return cls._open_postgres(url, PostgresReaders(read_seconds))
        except (DBAPIError, sqlite3.Error, OSError) as error:
            raise DatabaseUnreachableError(reason=type(error).__name__) from error

    @classmethod
    def _open_sqlite(cls, url: str, looks: SqliteReaders) -> Self:
        path = make_url(url).database or ""
        readers = _sqlite_engine(path, query_only=True, pool=READ_POOL)
        writers = _sqlite_engine(path, query_only=False, pool=1)
        with writers.connect() as probe:
            _assert_sqlite(probe)
        return cls(readers, GroupWriter(writers), looks)

    @classmethod
    def _open_postgres(cls, url: str, looks: PostgresReaders) -> Self:
        pinned = make_url(url).set(drivername="postgresql+psycopg")
        engine = create_engine(
            pinned,
            pool_size=PG_POOL,
            max_overflow=PG_POOL,
            pool_pre_ping=True,
            pool_recycle=PG_LIFE,
            hide_parameters=True,  # an error shows no stored value
        )
        listen(engine)
        event.listen(engine, "do_connect", signed_in)
        event.listen(engine, "connect", looks.limit)
        with engine.connect() as probe:
            probe.execute(text("SELECT 1"))
        return cls(engine, None, looks)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @property
    def writer_engine(self) -> Engine:
        """The engine that may write; for migrations and tests, not for use cases."""
        return self._writer.engine if self._writer else self.engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent look: every query sees one state, and nothing can be written.

        Raises LookEndedError when it lasts longer than looks may.
        """
        with (
            self._looks.connect() as connection,
            connection.begin(),
            self.readers.look(connection),
        ):
            yield connection

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """A look of one query, for what is asked many times a second: no transaction is paid for.

        Two queries may see two states.
        """
        if self._writer is not None:  # SQLite's transactions cost next to nothing
            with self.read() as tx:
                yield tx
            return
        with self._glances.connect() as tx:
            yield tx

    def write(
        self, fn: Callable[[Connection], T], *, batch: bool = False, urgent: bool = False
    ) -> T:
        """The result of `fn(tx)` after its transaction is durable.

        `batch` work yields to others; `urgent` work, which must be short and seldom, goes first.

        `fn` may run again after a rolled-back attempt, so it must have no effect outside `tx`.
        Raises whatever `fn` raises, with nothing changed.
        """
        if self._writer is not None:
            return self._writer.submit(fn, batch=batch, urgent=urgent)
        if urgent:
            return self._write_postgres(fn)
        with self._writing:
            return self._write_postgres(fn)

    def _write_postgres(self, fn: Callable[[Connection], T]) -> T:
        for attempt in range(PG_RETRIES):
            try:
                with self.engine.begin() as tx:
                    return fn(tx)
            except DBAPIError as error:
                state = getattr(error.orig, "sqlstate", None)
                if state in ENDED:
                    raise LookEndedError(seconds=int(self.readers.seconds)) from None
                if state not in RETRY_STATES or attempt == PG_RETRIES - 1:
                    raise
        raise DatabaseBusyError

    def risks(self) -> tuple[str, ...]:
        """Settings of the server under which a loss of power takes acknowledged records with it.

        SQLite has none: it is refused unless `synchronous` is FULL.
        """
        if self.dialect == "sqlite":
            return ()
        with self.engine.connect() as probe:
            return tuple(
                name for name in DURABLE if probe.exec_driver_sql(f"SHOW {name}").scalar() == "off"
            )

    def checkpoint(self) -> int:
        """Pages left in SQLite's write-ahead log after truncating it (0 = nothing left).

        It waits for a reader of an old state hardly at all: whoever waits here keeps every writer
        waiting. The caller looks again later.
        """
        if self.dialect != "sqlite":
            return 0
        with self.writer_engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute(f"PRAGMA busy_timeout={CHECKPOINT_MS}")
            try:
                busy, pages, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        return int(pages) if busy else 0

    def relieve(self) -> None:
        """What SQLite's log holds is in the file too, as far as nobody has to wait for it.

        Whoever commits when the log has grown does that otherwise, within the commit.
        """
        if self.dialect == "sqlite":
            with self.engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    @contextmanager
    def relieving(self) -> Iterator[None]:
        """Meanwhile commits leave SQLite's log to whoever asks for this, and calls `relieve`."""
        self._relieve_by(1)
        try:
            yield
        finally:
            with suppress(DatabaseClosedError):  # then the log is nobody's any more
                self._relieve_by(-1)

    def _relieve_by(self, callers: int) -> None:
        if self._writer is None:
            return
        with self._relieving:
            callers += self._relieved
            pages = LOG_PAGES_RELIEVED if callers else LOG_PAGES

            def set_pages(tx: Connection) -> None:
                driver: Any = tx.connection.driver_connection
                driver.execute(f"PRAGMA wal_autocheckpoint={pages}")

            self._writer.submit(set_pages, batch=True)
            self._relieved = callers

    def close(self) -> None:
        """No connection is left open; waiting writes were refused.

        One that a thread is still using is closed when that thread gives it back; nobody gets a
        new one (DatabaseClosedError).
        """
        if self._writer is not None:
            self._writer.close()
        self.readers.close()
        if event.contains(self.engine, "do_connect", signed_in):
            event.remove(self.engine, "do_connect", signed_in)  # the first that connects wins
        event.listen(self.engine, "do_connect", _refuse)
        event.listen(self.engine.pool, "checkin", _close_returned)
        self.engine.dispose()


def _with_options(engine: Engine, isolation: str, *, read_only: bool = False) -> Engine:
    """The same connections, whose transactions are of this kind."""
    return engine.execution_options(isolation_level=isolation, postgresql_readonly=read_only)


def _refuse(*_asked: object) -> None:
    raise DatabaseClosedError


def _close_returned(_driver: object, entry: ConnectionPoolEntry) -> None:
    entry.close()


def _sqlite_engine(path: str, *, query_only: bool, pool: int) -> Engine:
    engine = create_engine(
        "sqlite+pysqlite:///" + path,
        poolclass=QueuePool,
        pool_size=pool,
        max_overflow=0 if pool == 1 else READ_POOL,
        hide_parameters=True,  # an error shows no stored value
        connect_args={
            "isolation_level": None,
            "check_same_thread": False,
            "timeout": BUSY_TIMEOUT_MS / 1000,
        },
    )
    begin = "BEGIN" if query_only else "BEGIN IMMEDIATE"

    def on_connect(driver: sqlite3.Connection, _record: object) -> None:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # an acknowledged record survives power loss
            "secure_delete=ON",  # deleted bytes are overwritten
            "foreign_keys=ON",
            "temp_store=MEMORY",  # no personal value in a temporary file
            "trusted_schema=OFF",
            f"wal_autocheckpoint={LOG_PAGES}",
            f"query_only={'ON' if query_only else 'OFF'}",
        ):
            driver.execute(f"PRAGMA {pragma}")

    def on_begin(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        with sqlite_errors(begin):
            driver.execute(begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    if not query_only:
        listen(engine)
    return engine


def _assert_sqlite(connection: Connection) -> None:
    """Fails closed: an SQLite that will not overwrite deleted bytes is refused."""
    for pragma, wanted in (("secure_delete", 1), ("foreign_keys", 1), ("synchronous", 2)):
        if connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() != wanted:
            raise UnsafeDatabaseError(setting=pragma)
    mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    if mode != "wal":
        raise UnsafeDatabaseError(setting="journal_mode")


def sqlite_url(path: Path) -> str:
    """The URL of a database file."""
    return f"sqlite:///{path}"
