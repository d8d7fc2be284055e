"""How a database becomes a stream of bytes and a stream a database, by engine; memory is bounded.

SQLite: a copy without index tokens by VACUUM INTO, deflated. PostgreSQL: what its own pg_dump
writes, which is a consistent state by itself; the server's password stands in no command line.
"""

import os
import shutil
import subprocess
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final, cast

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url

from governance.crypto.stream import FileDamagedError
from governance.custody.copies import PG_DUMP, RESTORED, copy_data
from governance.db.engine import Database
from retention.backups.errors import BackupFailedError, BackupUnprovenError, ToolMissingError
from retention.backups.types import Ending, Form

PIECE: Final = 1_048_576  # bytes read or inflated at a time
LEVEL: Final = 1  # most of a copy is ciphertext; emptied pages shrink at any level
ENDS_WITHIN: Final = 60  # seconds for a tool to end once its stream was closed
LIBPQ: Final = {
    "host": "PGHOST",
    "port": "PGPORT",
    "options": "PGOPTIONS",
    "service": "PGSERVICE",
    "passfile": "PGPASSFILE",
    "sslmode": "PGSSLMODE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT",
}
OWNERLESS: Final = ("--no-owner", "--no-privileges")
Sink = Callable[[bytes], None]


@dataclass(slots=True, kw_only=True)
class _Counted:
    """What went by: how many bytes, and their digest."""

    size: int = 0
    digest: Any = field(default_factory=sha256)

    def take(self, data: bytes) -> bytes:
        self.size += len(data)
        self.digest.update(data)
        return data


def url_of(database: Database) -> str:
    """The URL of an open database, its password included: for another connection alone."""
    return database.engine.url.render_as_string(hide_password=False)


def form_of(database: Database) -> Form:
    """What a dump of this database is."""
    return Form.SQLITE if database.dialect == "sqlite" else Form.POSTGRESQL


def dump(database: Database, sink: Sink, *, work: Path, tools: Path | None) -> Ending:
    """The whole database went into the sink; raises BackupFailedError and ToolMissingError."""
    match form_of(database):
        case Form.SQLITE:
            return _dump_sqlite(database, sink, work / "copy.db")
        case Form.POSTGRESQL:
            return _dump_postgres(database, sink, tools)


def load_sqlite(chunks: Iterable[bytes], ending: Callable[[], Ending], target: Path) -> Ending:
    """The database lies in a new file of its owner's alone, durable and exactly what was dumped.

    Raises FileDamagedError; then there is no file.
    """
    counted = _Counted()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            for data in _inflated(chunks):
                out.write(counted.take(data))
            said = _proven(counted, ending())
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return said


def load_postgres(
    chunks: Iterable[bytes], ending: Callable[[], Ending], url: str, *, tools: Path | None
) -> Ending:
    """The empty database at this URL holds what was dumped, in one transaction, or nothing.

    The tool commits when its stream ends, so the stream ends only after all was proven.
    """
    counted = _Counted()
    arguments = ["--single-transaction", "--exit-on-error", *OWNERLESS]
    arguments += ["--dbname", make_url(url).database or ""]
    with _tool("pg_restore", url, tools, arguments, stdin=True) as child:
        stdin = cast("IO[bytes]", child.stdin)
        try:
            for data in chunks:
                stdin.write(counted.take(data))
            said = _proven(counted, ending())
            stdin.close()
        except BrokenPipeError:
            raise BackupUnprovenError(part="pg_restore") from None
        if child.wait(ENDS_WITHIN * 60):
            raise BackupUnprovenError(part="pg_restore")
    database = Database.open(url)
    try:
        database.write(lambda tx: tx.execute(text(RESTORED)))  # its index is written anew
    finally:
        database.close()
    return said


def dump_plain(database: Database, target: Path, *, tools: Path | None) -> None:
    """All of a PostgreSQL database in a new file of its owner's alone, as it is."""
    with (
        os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out,
        _tool("pg_dump", url_of(database), tools, [*OWNERLESS, "--format=custom"]) as child,
    ):
        shutil.copyfileobj(cast("IO[bytes]", child.stdout), out, PIECE)
        if child.wait(ENDS_WITHIN):
            _refuse_older(database, tools)
            raise BackupFailedError(reason="pg_dump")


def listed(chunks: Iterable[bytes], ending: Callable[[], Ending], *, tools: Path | None) -> Ending:
    """PostgreSQL's own tool reads the dump to its end; nothing is stored anywhere."""
    counted = _Counted()
    with _tool("pg_restore", None, tools, ["--file", os.devnull], stdin=True) as child:
        stdin = cast("IO[bytes]", child.stdin)
        try:
            for data in chunks:
                stdin.write(counted.take(data))
            said = _proven(counted, ending())
            stdin.close()
        except BrokenPipeError:
            raise BackupUnprovenError(part="pg_restore") from None
        if child.wait(ENDS_WITHIN):
            raise BackupUnprovenError(part="pg_restore")
    return said


def _dump_sqlite(database: Database, sink: Sink, copy: Path) -> Ending:
    counted, packer = _Counted(), zlib.compressobj(LEVEL)
    try:
        copied = copy_data(database, copy)
        with copy.open("rb") as source:
            while data := source.read(PIECE):
                sink(packer.compress(counted.take(data)))
        sink(packer.flush())
    finally:
        for left in copy.parent.glob(copy.name + "*"):
            left.unlink()
    return Ending(
        sha256=counted.digest.hexdigest(),
        size=counted.size,
        tokens_left_out=copied.tokens_left_out,
    )


def _dump_postgres(database: Database, sink: Sink, tools: Path | None) -> Ending:
    counted, url = _Counted(), url_of(database)
    with _tool("pg_dump", url, tools, [*OWNERLESS, *PG_DUMP]) as child:
        stdout = cast("IO[bytes]", child.stdout)
        while data := stdout.read(PIECE):
            sink(counted.take(data))
        if child.wait(ENDS_WITHIN):
            _refuse_older(database, tools)
            raise BackupFailedError(reason="pg_dump")
    return Ending(sha256=counted.digest.hexdigest(), size=counted.size, tokens_left_out=0)


class _tool:  # noqa: N801 # reads as a function; it is one with an end
    """A running tool of PostgreSQL; whatever happens, it has ended after the block."""

    def __init__(
        self,
        name: str,
        url: str | None,
        folder: Path | None,
        arguments: list[str],
        *,
        stdin: bool = False,
    ) -> None:
        self._child = subprocess.Popen(
            [_found(name, folder), "--no-password", *arguments],
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if stdin else subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may quote rows of the dump
            env=_environment(None if url is None else make_url(url)),
        )

    def __enter__(self) -> "subprocess.Popen[bytes]":
        return self._child

    def __exit__(self, *_: object) -> None:
        child = self._child
        if child.poll() is None:
            child.kill()  # before its stream ends, or what was not proven would be committed
        for stream in (child.stdin, child.stdout):
            if stream is not None and not stream.closed:
                try:
                    stream.close()
                except OSError:  # it has ended already
                    continue
        child.wait()


def _environment(url: URL | None) -> Mapping[str, str]:
    """Where the server is and who asks, as PostgreSQL's tools read it."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    if url is None:
        return found
    for name, value in url.query.items():
        if name in LIBPQ and isinstance(value, str):
            found[LIBPQ[name]] = value
    given = {
        "PGHOST": url.host,
        "PGPORT": str(url.port) if url.port else None,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    found.update({name: str(value) for name, value in given.items() if value})
    return found


def _found(name: str, folder: Path | None) -> str:
    found = str(folder / name) if folder is not None else shutil.which(name)
    if found is None or not os.access(found, os.X_OK):
        raise ToolMissingError(tool=name, reason="missing")
    return found


def _refuse_older(database: Database, tools: Path | None) -> None:
    """The tool refuses a server that is newer than itself, and that is what it is told by."""
    told = subprocess.run(
        [_found("pg_dump", tools), "--version"], capture_output=True, check=False, text=True
    )
    own = next((word for word in told.stdout.split() if word[:1].isdigit()), "0")
    with database.read() as tx:
        server = int(tx.exec_driver_sql("SHOW server_version_num").scalar_one())
    if int(own.partition(".")[0]) < server // 10_000:
        raise ToolMissingError(tool="pg_dump", reason="older")


def _inflated(chunks: Iterable[bytes]) -> Iterable[bytes]:
    """The data in pieces of bounded size, however much a chunk inflates to."""
    packer = zlib.decompressobj()
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                yield packer.decompress(rest, PIECE)
                rest = packer.unconsumed_tail
    except zlib.error:
        raise FileDamagedError(reason="deflated") from None
    yield packer.flush()
    if not packer.eof or packer.unused_data:
        raise FileDamagedError(reason="deflated")


def _proven(counted: _Counted, ending: Ending) -> Ending:
    """The ending, if it is that of what went by."""
    if (counted.digest.hexdigest(), counted.size) != (ending.sha256, ending.size):
        raise FileDamagedError(reason="digest")
    return ending
