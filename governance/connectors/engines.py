"""Connections to outside databases: for looking nothing can be written, and all of it is bounded.

Whatever a driver says is turned into a Reason; its words are never kept, for they quote values.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    NoSuchTableError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.pool import NullPool

from governance.connectors.specs import DatabaseSpec
from governance.connectors.types import Failed, Reason
from governance.crypto.secret_refs import SecretPermissionError, SecretRefError, read_secret
from governance.discovery.databases import READ_ONLY

PG_LOOK: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
CONNECT_SECONDS: Final = 10
EVERY: Final = 10_000  # steps of SQLite's machine between two looks at the clock
SQLITE: Final = {
    "SQLITE_INTERRUPT": Reason.TIMEOUT,
    "SQLITE_BUSY": Reason.TIMEOUT,
    "SQLITE_READONLY": Reason.REFUSED,
    "SQLITE_ERROR": Reason.SHAPE,
}
STATES: Final = {"28": Reason.REFUSED, "57014": Reason.TIMEOUT, "55P03": Reason.TIMEOUT}
STATES_MORE: Final = {"42501": Reason.REFUSED, "25006": Reason.REFUSED, "42": Reason.SHAPE}
REFERENCES: Final = ("env:", "file:")


class Stopped(Exception):  # noqa: N818 - carries one reason inside this feature, never seen outside
    """The question cannot be answered."""

    def __init__(self, reason: Reason, place: str = "") -> None:
        self.reason, self.place = reason, place
        super().__init__(reason.value)

    @property
    def failed(self) -> Failed:
        """The same as an answer."""
        return Failed(reason=self.reason, place=self.place)


class Deadline:
    """When a question must have been answered, on this machine's own steady clock."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that remain; raises Stopped when none do."""
        if (left := self._end - time.monotonic()) <= 0:
            raise Stopped(Reason.TIMEOUT)
        return left

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._end


@contextmanager
def looking(spec: DatabaseSpec, deadline: Deadline) -> Iterator[Connection]:
    """A transaction in which nothing can be written; raises Stopped."""
    with _connected(spec, deadline, write=False) as tx:
        dialect = tx.dialect.name
        words = PG_LOOK if dialect == "postgresql" else READ_ONLY.get(dialect)
        if words is not None:
            tx.execute(text(words))
        _limit(tx, deadline)
        yield tx
        tx.rollback()


@contextmanager
def changing(spec: DatabaseSpec, deadline: Deadline) -> Iterator[Connection]:
    """A transaction that is whole at the end of the block, or nothing was changed."""
    with _connected(spec, deadline, write=True) as tx:
        _limit(tx, deadline)
        yield tx
        tx.commit()


def address_of(spec: DatabaseSpec) -> URL:
    """Where the database is; the secret is read now and kept nowhere."""
    word = spec.address
    try:
        if word.startswith(REFERENCES):
            word = read_secret(word).decode()
        url = make_url(word)
    except (SecretRefError, SecretPermissionError, ArgumentError, ValueError):
        raise Stopped(Reason.SECRET) from None
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


@contextmanager
def _connected(spec: DatabaseSpec, deadline: Deadline, *, write: bool) -> Iterator[Connection]:
    url = address_of(spec)
    try:
        engine = _engine(url, deadline, write=write)
    except (NoSuchModuleError, ImportError):
        raise Stopped(Reason.DRIVER) from None
    except (ArgumentError, ValueError):
        raise Stopped(Reason.SECRET) from None
    try:
        with engine.connect() as tx:
            yield tx
    except SQLAlchemyError as error:
        raise Stopped(_reason(error), _place(error)) from None
    except OSError:
        raise Stopped(Reason.UNREACHABLE) from None
    finally:
        engine.dispose()


def _engine(url: URL, deadline: Deadline, *, write: bool) -> Engine:
    if url.get_backend_name() != "sqlite":
        waits = {"connect_timeout": CONNECT_SECONDS} if url.get_driver_name() in WAITING else {}
        return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=waits)
    mode = "rw" if write else "ro"  # neither makes a new file
    engine = create_engine(
        f"sqlite:///file:{quote(url.database or '')}?mode={mode}&uri=true",
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"isolation_level": None, "timeout": CONNECT_SECONDS},
    )

    def opened(raw: Any, _: object) -> None:
        raw.execute("PRAGMA foreign_keys=ON" if write else "PRAGMA query_only=ON")
        raw.execute("PRAGMA secure_delete=ON")
        raw.set_progress_handler(lambda: int(deadline.over), EVERY)

    event.listen(engine, "connect", opened)
    begin = "BEGIN IMMEDIATE" if write else "BEGIN"
    event.listen(engine, "begin", lambda tx: tx.exec_driver_sql(begin))
    return engine


WAITING: Final = frozenset({"psycopg", "psycopg2", "pymysql", "mysqldb", "mariadbconnector"})


def _limit(tx: Connection, deadline: Deadline) -> None:
    """Each statement of this transaction may take what is left of the time."""
    milliseconds = int(deadline.left * 1_000) or 1
    match tx.dialect.name:
        case "postgresql":
            tx.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
            tx.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")
        case "mysql":
            tx.exec_driver_sql(f"SET SESSION max_execution_time = {milliseconds}")
        case _:
            pass  # the clock is read between the parts of a result


def _reason(error: SQLAlchemyError) -> Reason:
    match error:
        case NoSuchTableError():
            return Reason.SHAPE
        case IntegrityError():
            return Reason.REFERENCED
        case DBAPIError():
            return _told(error)
        case _:
            return Reason.CRASHED


def _told(error: DBAPIError) -> Reason:
    """What the code of the driver's error means; its words are not looked at but for one."""
    name = str(getattr(error.orig, "sqlite_errorname", "") or "")
    if name:
        return next((SQLITE[k] for k in SQLITE if name.startswith(k)), Reason.UNREACHABLE)
    state = str(getattr(error.orig, "sqlstate", "") or "")
    for known in (state, state[:2]):
        if known and (found := (STATES | STATES_MORE).get(known)):
            return found
    if "authentication failed" in str(error.orig):
        return Reason.REFUSED
    return Reason.SHAPE if isinstance(error, ProgrammingError) else Reason.UNREACHABLE


def _place(error: SQLAlchemyError) -> str:
    """The declared table that is not there."""
    return str(error.args[0]) if isinstance(error, NoSuchTableError) and error.args else ""
