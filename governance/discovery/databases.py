"""Tables of a database at any SQLAlchemy address: read only, by a uniform sample where it is large.

A sample of PostgreSQL is TABLESAMPLE BERNOULLI; of a table with a whole-number key random keys are
drawn, and those that exist are a uniform sample; any other table passes once as a stream.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    Select,
    Table,
    create_engine,
    event,
    func,
    inspect,
    select,
    tablesample,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from governance.discovery.headers import record_of
from governance.discovery.types import Record, ScanDatabaseError, ScanTargetError

DRAWN: Final = 500  # keys of one question
DENSE: Final = 0.05  # share of keys that must exist for drawing to be quicker than reading
MORE: Final = 1.3  # more than needed are drawn: a sample by chance has no exact size
TOGETHER: Final = 1_000  # rows of a stream in memory
READ_ONLY: Final = {
    "postgresql": "SET TRANSACTION READ ONLY",
    "mysql": "SET TRANSACTION READ ONLY",
    "mariadb": "SET TRANSACTION READ ONLY",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTable:
    """One table of the database: its rows, or a sample of them, and how many it has."""

    name: str
    rows: int


def address_of(target: str) -> URL | None:
    """The address of a database; None when the words are a path."""
    if "://" not in target:
        return None
    try:
        return make_url(target)
    except (ArgumentError, ValueError) as error:
        raise ScanTargetError(reason="address") from error


def shown(url: URL) -> str:
    """The address without user and password."""
    place = f"{url.host}/{url.database}" if url.host else str(url.database)
    return f"{url.get_backend_name()}://{place}"


@contextmanager
def opened(url: URL) -> Iterator["Source"]:
    """The database for looking; nothing can be written through it."""
    try:
        engine = _engine(url)
    except (NoSuchModuleError, ImportError, ArgumentError) as error:
        raise ScanTargetError(reason="driver") from error
    try:
        with engine.connect() as tx:
            if (words := READ_ONLY.get(engine.dialect.name)) is not None:
                tx.execute(text(words))
            yield Source(engine, tx)
            tx.rollback()
    except SQLAlchemyError as error:
        raise ScanDatabaseError(reason=type(error).__name__) from error
    finally:
        engine.dispose()


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, poolclass=NullPool, hide_parameters=True)
    path = quote(url.database or "")
    engine = create_engine(
        f"sqlite:///file:{path}?mode=ro&uri=true", poolclass=NullPool, hide_parameters=True
    )
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA query_only=ON"))
    return engine


class Source:
    """Tables of one open database."""

    def __init__(self, engine: Engine, tx: Connection) -> None:
        self._engine = engine
        self._tx = tx
        self._found: dict[str, Table] = {}

    def tables(self) -> Iterator[StoredTable]:
        """Every table of every schema that is not the database's own, with its rows."""
        look = inspect(self._engine)
        for schema in _schemas(look.get_schema_names(), look.default_schema_name):
            for name in sorted(look.get_table_names(schema=schema)):
                table = Table(name, MetaData(), schema=schema, autoload_with=self._engine)
                rows = self._tx.execute(select(func.count()).select_from(table)).scalar_one()
                known = table.fullname
                self._found[known] = table
                yield StoredTable(name=known, rows=rows)

    def records(self, stored: StoredTable, sample: int | None, *, seed: int) -> Iterator[Record]:
        """Rows of the table: all, or a uniform sample of about this size or more."""
        table = self._found[stored.name]
        if sample is None or stored.rows <= sample:
            yield from self._stream(select(table))
            return
        if self._engine.dialect.name == "postgresql":
            share = min(100.0, 100.0 * MORE * sample / stored.rows)
            drawn = tablesample(table, func.bernoulli(share), seed=text(str(seed)))
            yield from self._stream(select(drawn))
            return
        if (keys := self._keys(table)) is None or stored.rows < DENSE * len(keys):
            yield from self._stream(select(table))
            return
        yield from self._by_keys(table, keys, sample, Random(seed))  # noqa: S311 # a sample

    def _keys(self, table: Table) -> range | None:
        """All whole numbers from the table's first key to its last."""
        if (key := _whole_key(table)) is None:
            return None
        low, high = self._tx.execute(select(func.min(key), func.max(key))).one()
        return None if low is None else range(low, high + 1)

    def _by_keys(self, table: Table, keys: range, sample: int, random: Random) -> Iterator[Record]:
        """Rows at keys drawn by chance, a few more than asked for; no key is drawn twice."""
        key, given, seen = table.primary_key.columns[0], 0, set[int]()
        while given < sample and len(seen) < len(keys):
            drawn = {random.choice(keys) for _ in range(DRAWN)} - seen
            seen |= drawn
            for row in self._stream(select(table).where(key.in_(sorted(drawn)))):
                given += 1
                yield row

    def _stream(self, wanted: Select[Any]) -> Iterator[Record]:
        found = self._tx.execution_options(stream_results=True, max_row_buffer=TOGETHER)
        for row in found.execute(wanted).yield_per(TOGETHER).mappings():
            yield record_of({name: _plain(value) for name, value in row.items()})


def _plain(value: object) -> object:
    """A value of the database as text or number; bytes are no text."""
    return None if isinstance(value, bytes | bytearray | memoryview) else value


def _schemas(names: list[str], default: str | None) -> list[str | None]:
    own = {"information_schema", "pg_catalog", "mysql", "performance_schema", "sys"}
    others = [name for name in sorted(names) if name not in own and name != default]
    return [None, *(name for name in others if not name.startswith(("pg_", "crdb_")))]


def _whole_key(table: Table) -> Column[Any] | None:
    """The whole number that is the table's only key."""
    keys = list(table.primary_key.columns)
    return keys[0] if len(keys) == 1 and isinstance(keys[0].type, Integer) else None
