"""Putting a backup in the place of a database that is there: the old one is moved aside, whole.

The new one is complete, proven and closed under another name before the old one is touched, and
takes its name in one step. Killed anywhere, either the old one is in place or the new one is.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from governance.core.durable import durable_name
from governance.db.engine import BUSY_TIMEOUT_MS
from retention.backups.errors import RestoreInUseError, ScratchDatabaseError

SIDE_FILES: Final = ("-wal", "-shm", "-journal")
ASIDE: Final = "replaced"
MAGIC: Final = b"SQLite format 3\0"
STAMP: Final = "%Y%m%d%H%M%S"
LINGER_S: Final = BUSY_TIMEOUT_MS / 1000 + 1  # longer than anybody waits for a locked database
BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
MAINTENANCE: Final = ("postgres", "template1")  # databases of every server, to rename another from
NAME_ROOM: Final = 39  # PostgreSQL's 63 bytes of a name, less the words and digits that follow
IN_USE: Final = "55006"


def files_of(target: Path) -> tuple[Path, ...]:
    """The files of an SQLite database that are there and hold something."""
    places = (target, *(target.with_name(target.name + end) for end in SIDE_FILES))
    return tuple(path for path in places if path.exists() and path.stat().st_size)


def aside_files(target: Path) -> tuple[Path, ...]:
    """Databases that were moved aside here, the oldest first."""
    found = target.parent.glob(f"{target.name}.{ASIDE}-*")
    return tuple(sorted(path for path in found if not path.name.endswith(SIDE_FILES)))


def require_unused(url: str) -> None:
    """Nobody else has the database open; raises RestoreInUseError."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        with _locked(Path(parsed.database or "")):
            return
    with _maintenance(parsed) as admin:
        _require_alone(admin, parsed.database or "")


def swap_file(part: Path, target: Path, *, at: datetime) -> Path | None:
    """The new database has the name, durably; where the old one lies now, if there was one.

    Raises RestoreInUseError; then nothing has changed.
    """
    with _locked(target) as sound:
        old = files_of(target)
        if not old:
            part.replace(target)
            durable_name(target.parent)
            return None
        aside = _free(target.with_name(f"{target.name}.{ASIDE}-{at.astimezone(UTC):{STAMP}}"))
        for path in old:  # whole under its new name before anything of the old one goes
            os.link(path, aside.with_name(aside.name + path.name.removeprefix(target.name)))
        durable_name(target.parent)
        if old != (target,):  # a log that could not be read must not meet the new file
            for path in old:
                path.unlink()
            durable_name(target.parent)
        part.replace(target)
        durable_name(target.parent)
        if sound:  # who was about to open the old file under its old name gives up meanwhile
            time.sleep(LINGER_S)
    return aside


@contextmanager
def _locked(target: Path) -> Iterator[bool]:
    """Nobody else can use the database, and its log is in its file; False: it is not readable."""
    if not _headed(target):  # SQLite would throw away the log of a file that it cannot read
        yield False
        return
    source = f"file:{quote(str(target))}?mode=rw"
    with closing(sqlite3.connect(source, uri=True, isolation_level=None, timeout=0)) as holder:
        try:
            (mode,) = holder.execute("PRAGMA journal_mode=DELETE").fetchone()
            holder.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF in BUSY:
                raise RestoreInUseError(place=str(target), sessions=1) from None
            mode = ""  # damaged: its files are moved aside as they are
        if mode == "wal":  # fails closed: somebody keeps it so
            raise RestoreInUseError(place=str(target), sessions=1)
        yield mode != ""


def _headed(target: Path) -> bool:
    """Whether the file is there and begins as an SQLite database does."""
    if not target.exists():
        return False
    with target.open("rb") as source:
        return source.read(len(MAGIC)) == MAGIC


def _free(path: Path) -> Path:
    """A name of this form that nothing has."""
    found, number = path, 1
    while found.exists():
        number += 1
        found = path.with_name(f"{path.name}-{number}")
    return found


@contextmanager
def beside(url: str) -> Iterator[str]:
    """The URL of an empty database beside this one; what is left of it after the block is gone.

    One of a process that was killed goes first. Raises ScratchDatabaseError.
    """
    parsed = make_url(url)
    name = _named(parsed.database or "", "restoring")
    with _maintenance(parsed) as admin:
        _wait_for_turn(admin, name)
        _drop(admin, name)
        try:
            admin.execute(text(f"CREATE DATABASE {_quoted(admin, name)} TEMPLATE template0"))
        except DBAPIError as error:
            raise ScratchDatabaseError(state=_state(error) or "-") from None
    try:
        yield parsed.set(database=name).render_as_string(hide_password=False)
    finally:
        with _maintenance(parsed) as admin:
            _drop(admin, name)


def swap_database(url: str, *, at: datetime) -> str:
    """The database beside has the name, in one transaction; the name of the old one now.

    Raises RestoreInUseError; then nothing has changed.
    """
    parsed = make_url(url)
    name = parsed.database or ""
    aside = _named(name, f"{ASIDE}_{at.astimezone(UTC):{STAMP}}")
    rename = "ALTER DATABASE {} RENAME TO {}"
    with _maintenance(parsed) as admin:
        _require_alone(admin, name)
        pairs = ((name, aside), (_named(name, "restoring"), name))
        try:
            admin.execute(text("BEGIN"))
            for old, new in pairs:
                admin.execute(text(rename.format(_quoted(admin, old), _quoted(admin, new))))
            admin.execute(text("COMMIT"))
        except DBAPIError as error:
            with suppress(DBAPIError):
                admin.execute(text("ROLLBACK"))
            if _state(error) == IN_USE:
                raise RestoreInUseError(place=name, sessions=1) from None
            raise ScratchDatabaseError(state=_state(error) or "-") from None
    return aside


def aside_databases(tx: Connection) -> tuple[str, ...]:
    """Names of databases that were moved aside on this server, the oldest first."""
    here = tx.execute(text("SELECT current_database()")).scalar_one()
    prefix = _named(here, f"{ASIDE}_")
    query = text("SELECT datname FROM pg_database WHERE starts_with(datname, :prefix)")
    return tuple(sorted(tx.execute(query, {"prefix": prefix}).scalars()))


def _require_alone(admin: Connection, name: str) -> None:
    """Fails closed: whoever is connected would go on in the old database."""
    query = text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name")
    if sessions := int(admin.execute(query, {"name": name}).scalar_one()):
        raise RestoreInUseError(place=name, sessions=sessions)


@contextmanager
def _maintenance(parsed: URL) -> Iterator[Connection]:
    """A connection to the server that is to no database of ours; raises ScratchDatabaseError."""
    state = "-"
    for name in MAINTENANCE:
        engine = _engine(parsed.set(drivername="postgresql+psycopg", database=name))
        try:
            connection = engine.connect()
        except OperationalError as error:
            state = _state(error) or state
            continue
        with connection:
            yield connection
        return
    raise ScratchDatabaseError(state=state)


def _engine(url: URL) -> Engine:
    return create_engine(
        url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True
    )


def _wait_for_turn(admin: Connection, name: str) -> None:
    """Until this connection ends, no other makes the database of this name.

    The server goes on for a moment with what a process asked for that was killed meanwhile.
    """
    admin.execute(text("SELECT pg_advisory_lock(hashtextextended(:name, 0))"), {"name": name})


def _drop(admin: Connection, name: str) -> None:
    admin.execute(text(f"DROP DATABASE IF EXISTS {_quoted(admin, name)} WITH (FORCE)"))


def _named(name: str, what: str) -> str:
    return f"{name.encode()[:NAME_ROOM].decode(errors='ignore')}_{what}"


def _quoted(admin: Connection, name: str) -> str:
    """The name as an identifier in a statement of `text`."""
    return admin.dialect.identifier_preparer.quote_identifier(name).replace(":", r"\:")


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
