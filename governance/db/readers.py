"""Readers that look at one state for too long are ended, on every engine.

SQLite's log keeps deleted bytes as long as one reader looks at the state before them, and
PostgreSQL clears no row that one still sees. So a look has an end: on SQLite a thread ends those
of this process, on PostgreSQL the server is told to, for each of our sessions.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from governance.db.errors import LookEndedError

READ_SECONDS: Final = 300  # for which a look may last, where no setting says otherwise
LOOKS_S: Final = 5.0  # between two rounds of the thread, at most
ENDED: Final = frozenset({"57014", "25P03", "25P04"})  # statement, idle and transaction time-outs
TRANSACTION_TIMEOUT: Final = 170_000  # the server's version from which it ends a whole transaction
# what keeps old rows on the server, with the seconds since: sessions of anybody, transactions
# that wait for a second phase, and places of a replica that does not come any more
OLD_LOOKS: Final = text("""
    SELECT extract(epoch FROM clock_timestamp() - xact_start) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
      AND xact_start < clock_timestamp() - make_interval(secs => :seconds)
    UNION ALL
    SELECT extract(epoch FROM clock_timestamp() - prepared) FROM pg_prepared_xacts
    WHERE database = current_database()
      AND prepared < clock_timestamp() - make_interval(secs => :seconds)
    UNION ALL
    SELECT :seconds FROM pg_replication_slots WHERE NOT active AND xmin IS NOT NULL
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class OldLooks:
    """What keeps deleted rows from being cleared."""

    count: int
    seconds: int  # since the oldest of them began


def old_looks(tx: Connection, *, seconds: float) -> OldLooks:
    """What looks at an older state of PostgreSQL than our own sessions may.

    Sessions of other roles are seen by a member of `pg_read_all_stats` alone.
    """
    found = tx.execute(OLD_LOOKS, {"seconds": float(seconds)}).scalars().all()
    return OldLooks(count=len(found), seconds=int(max(found, default=0)))


class _Look:
    """One reader of this process, from its BEGIN to its end."""

    __slots__ = ("began", "driver", "ended", "lock", "over", "shut")

    def __init__(self, driver: sqlite3.Connection) -> None:
        self.driver, self.began = driver, time.monotonic()
        self.lock = threading.Lock()
        self.over = False  # its reader has left
        self.ended = False  # it was too old
        self.shut = False  # whatever it asks is refused

    def end(self) -> None:
        """Its state is let go; a statement that is half read ends at its next row."""
        with self.lock:
            if self.over or self.shut:
                return
            self.ended = True
            self.driver.interrupt()
            try:
                self.driver.execute("ROLLBACK")
            except sqlite3.Error:  # half read: the next round tries again
                return
            self.driver.set_authorizer(_deny)
            self.shut = True

    def leave(self) -> None:
        """The connection goes back as it came."""
        with self.lock:
            self.over = True
            if self.shut:
                self.driver.set_authorizer(None)


def _deny(*_asked: object) -> int:
    return sqlite3.SQLITE_DENY


class SqliteReaders:
    """The looks of one SQLite database in this process, none older than so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._open: dict[int, _Look] = {}
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def look(self, connection: Connection) -> Iterator[None]:
        """The block reads; raises LookEndedError when it was ended meanwhile."""
        driver: Any = connection.connection.driver_connection
        found = _Look(driver)
        if self._thread is None:
            self._watch()
        self._open[id(found)] = found
        try:
            yield
        except (DBAPIError, sqlite3.Error):
            if found.ended:
                raise LookEndedError(seconds=int(self.seconds)) from None
            raise
        finally:
            del self._open[id(found)]
            found.leave()

    def end_older(self, seconds: float) -> None:
        """Every look that is older has let its state go, or does at its next row."""
        latest = time.monotonic() - seconds
        for found in list(self._open.values()):
            if found.began < latest:
                found.end()

    def close(self) -> None:
        """The thread has ended; looks that are open stay so."""
        self._stop.set()
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _watch(self) -> None:
        with self._lock:
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._rounds, name="readers", daemon=True)
                self._thread.start()

    def _rounds(self) -> None:
        while not self._stop.wait(min(self.seconds / 4, LOOKS_S)):
            self.end_older(self.seconds)


class PostgresReaders:
    """The server ends our sessions' long statements and idle transactions."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def limit(self, driver: Any, _record: object) -> None:
        """A fresh session of ours has its limits."""
        after = f"'{int(self.seconds * 1000)}ms'"
        limits = ["statement_timeout", "idle_in_transaction_session_timeout"]
        if driver.info.server_version >= TRANSACTION_TIMEOUT:
            limits.append("transaction_timeout")
        for name in limits:
            driver.execute(f"SET {name} = {after}")
        driver.commit()

    @contextmanager
    def look(self, _connection: Connection) -> Iterator[None]:
        """The block reads; raises LookEndedError when the server ended it."""
        try:
            yield
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) in ENDED:
                raise LookEndedError(seconds=int(self.seconds)) from None
            raise

    def close(self) -> None:
        """Nothing is left to end."""


def without_limit(connection: Connection) -> None:
    """This transaction may take as long as it must: a change of the schema."""
    if connection.dialect.name == "sqlite":
        return
    driver: Any = connection.connection.driver_connection
    limits = ["statement_timeout", "idle_in_transaction_session_timeout"]
    if driver.info.server_version >= TRANSACTION_TIMEOUT:
        limits.append("transaction_timeout")
    for name in limits:
        connection.exec_driver_sql(f"SET LOCAL {name} = 0")
