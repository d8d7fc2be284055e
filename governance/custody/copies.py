"""A copy of the data that opens nothing on its own, and from which nobody can guess who was erased.

A frame in an old copy is unreadable once its key has ended. An index token is not: its key is
that of a field, not of a person, and lives on, so whoever holds it could test an old copy for a
name. Copies are therefore made without tokens. After a restore every row's index is owed again,
and the following job writes it anew.
"""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from governance.custody.errors import CopyRefusedError
from governance.customers.tokens import ENTRY, LEAVING, POSTING, ROW, Due
from governance.db.engine import Database

TOKENS: Final = (POSTING.name, ENTRY.name, LEAVING.name)
PG_DUMP: Final = (  # a dump is made with these; then `RESTORED` runs once on what was restored
    "--format=custom",
    *(f"--exclude-table-data={name}" for name in TOKENS),
)
RESTORED: Final = f"UPDATE {ROW.name} SET due = {int(Due.ALL)}"  # noqa: S608 # our own names


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was written."""

    path: Path
    size: int  # bytes
    tokens_left_out: int


def copy_data(database: Database, target: Path) -> Copied:
    """A consistent copy of an SQLite database in a new file of its owner's alone, without tokens.

    Made while others write. Raises CopyRefusedError; then there is no file. PostgreSQL is copied
    by its own tool, with `PG_DUMP`.
    """
    if database.dialect != "sqlite":
        raise CopyRefusedError(path=str(target), reason="pg_dump")
    copy_file(database, target)
    try:
        with closing(sqlite3.connect(target, isolation_level=None)) as copy:
            left_out = _without_tokens(copy)
        _durable(target)
    except (sqlite3.Error, OSError) as error:
        target.unlink(missing_ok=True)
        raise CopyRefusedError(path=str(target), reason=type(error).__name__) from error
    return Copied(path=target, size=target.stat().st_size, tokens_left_out=left_out)


def copy_file(database: Database, target: Path) -> None:
    """All of an SQLite database as it is at one moment, in a new file of its owner's alone.

    By VACUUM INTO: no free page and no byte of a deleted row comes with it. Raises
    CopyRefusedError; then there is no file.
    """
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise CopyRefusedError(path=str(target), reason=type(error).__name__) from error
    source = f"file:{quote(str(database.engine.url.database))}?mode=ro"
    try:
        with closing(sqlite3.connect(source, uri=True, isolation_level=None)) as reader:
            reader.execute("PRAGMA temp_store=MEMORY")
            reader.execute("VACUUM INTO ?", (str(target),))
        _durable(target)
    except (sqlite3.Error, OSError) as error:
        target.unlink(missing_ok=True)
        raise CopyRefusedError(path=str(target), reason=type(error).__name__) from error


def _durable(path: Path) -> None:
    with path.open("rb") as written:
        os.fsync(written.fileno())


def _without_tokens(copy: sqlite3.Connection) -> int:
    """How many tokens were left out of the copy, whose bytes hold none."""
    for pragma in ("secure_delete=ON", "journal_mode=MEMORY", "temp_store=MEMORY"):
        copy.execute(f"PRAGMA {pragma}")
    copy.execute("BEGIN IMMEDIATE")
    left_out = 0
    for name in TOKENS:
        left_out += copy.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608 # our own names
        copy.execute(f"DELETE FROM {name}")  # noqa: S608 # the same
    copy.execute(RESTORED)
    copy.execute("COMMIT")
    if copy.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
        raise sqlite3.DatabaseError
    return int(left_out)
