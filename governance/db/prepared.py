"""INSERTs of whole rows that are compiled once: what stays per row is what the driver needs.

SQLAlchemy's own execution looks the statement up, builds and checks parameters for every row;
with many columns that is most of an import's and an audit event's time.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any, Final, TypeAlias, cast

import psycopg
from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Date,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    Select,
    SmallInteger,
    String,
    Table,
    TypeDecorator,
    insert,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError, NoResultFound
from sqlalchemy.types import TypeEngine

from governance.db.types import insert_ignore

NAMED: Final = re.compile(r"%\(\w+\)s")  # a place of a compiled statement
MANY: Final = 20  # rows from which one statement with a list for each column pays on PostgreSQL
_ELEMENTS: Final[tuple[tuple[type[TypeEngine[Any]], str], ...]] = (  # no length: it would cut off
    (LargeBinary, "bytea"),
    (String, "text"),
    (SmallInteger, "smallint"),
    (BigInteger, "bigint"),
    (Integer, "integer"),
    (Boolean, "boolean"),
    (DateTime, "timestamptz"),
    (Date, "date"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """One statement for one set of columns on one engine."""

    sql: str
    names: tuple[str, ...]  # in the order of the statement's places
    positional: bool
    convert: tuple[tuple[int, Any], ...]  # places whose value the column's type changes
    lists: str | None = None  # the statement for many rows, with a list of values for each place


class PreparedInsert:
    """Rows into one table; each call's rows have the same columns, and all that have no default."""

    def __init__(self, table: Table, *, ignore: bool = False) -> None:
        """`ignore` leaves an existing row with the same key as it is."""
        self._table: Final = table
        self._ignore: Final = ignore
        self._shapes: dict[tuple[str, frozenset[str]], _Shape] = {}
        self._whole: dict[str, _Shape] = {}

    def rows(self, tx: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """The rows are stored, in one statement; how many were not there before."""
        if not rows:
            return 0
        key = tx.dialect.name, frozenset(rows[0])
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = self._shape(tx.dialect, list(rows[0]))
        if shape.lists is not None and len(rows) >= MANY:
            columns = zip(shape.names, map(list, _columns(shape, rows)), strict=True)
            return tx.exec_driver_sql(shape.lists, dict(columns)).rowcount
        bound = _bound(shape, rows)
        driver = sqlite_of(tx)
        if driver is not None:
            return _straight(driver, shape.sql, bound)
        return tx.exec_driver_sql(shape.sql, bound if len(bound) > 1 else bound[0]).rowcount

    def whole(self, dialect: Dialect) -> "_Shape":
        """The statement for rows that are tuples of all columns in the table's order."""
        shape = self._whole.get(dialect.name)
        if shape is None:
            names = [column.name for column in self._table.c]
            shape = self._whole[dialect.name] = self._shape(dialect, names)
            if shape.names != tuple(names):  # fails closed: values would go to other columns
                raise TypeError(f"{self._table.name} is not inserted in its own order")
        return shape

    def _shape(self, dialect: Dialect, names: list[str]) -> _Shape:
        statement = (
            insert_ignore(self._table, dialect.name) if self._ignore else insert(self._table)
        )
        compiled = statement.compile(dialect=dialect, column_keys=names)
        places = tuple(getattr(compiled, "positiontup", None) or names)
        if {*compiled.binds} != {*names}:  # fails closed: SQLAlchemy would fill in a default
            raise TypeError(f"{self._table.name} has column defaults")
        convert = [(n, _converter(self._table, name, dialect)) for n, name in enumerate(places)]
        return _Shape(
            sql=str(compiled),
            names=places,
            positional=dialect.positional,
            convert=tuple((n, made) for n, made in convert if made is not None),
            lists=None if dialect.positional else self._with_lists(dialect, places),
        )

    def _with_lists(self, dialect: Dialect, names: Sequence[str]) -> str | None:
        """The statement from lists of values; None where a column's type is not foreseen."""
        types = [element_of(self._table.c[name].type, dialect) for name in names]
        if None in types:
            return None
        lists = ", ".join(f"CAST(%({n})s AS {t}[])" for n, t in zip(names, types, strict=True))
        quoted = dialect.identifier_preparer
        into = f"{quoted.format_table(self._table)} ({', '.join(map(quoted.quote, names))})"
        end = " ON CONFLICT DO NOTHING" if self._ignore else ""
        return f"INSERT INTO {into} SELECT * FROM unnest({lists}){end}"  # noqa: S608 # our own names


WholeRows: TypeAlias = tuple[PreparedInsert, Sequence[tuple[Any, ...]]]


def insert_whole(tx: Connection, *inserts: WholeRows) -> None:
    """Rows as tuples of all columns in their table's order, table by table, in one round trip."""
    driver = sqlite_of(tx)
    if driver is None:
        _insert_at_once(tx, inserts)
        return
    for prepared, rows in inserts:
        if not rows:
            continue
        shape = prepared.whole(tx.dialect)
        bound = _converted(shape, rows) if shape.convert else rows
        try:
            if len(bound) == 1:
                driver.execute(shape.sql, bound[0])
            else:
                driver.executemany(shape.sql, bound)
        except sqlite3.Error as error:
            raise _wrapped(shape.sql, error, sqlite3.Error) from error


def _insert_at_once(tx: Connection, inserts: Sequence[WholeRows]) -> None:
    """PostgreSQL: one row each is one statement; more rows are sent before any answer is read."""
    live = [(prepared.whole(tx.dialect), rows) for prepared, rows in inserts if rows]
    if not live:
        return
    driver = cast("psycopg.Connection[Any]", tx.connection.driver_connection)
    sql = _joined(tuple(_by_place(shape.sql) for shape, _ in live))
    try:
        if all(len(rows) == 1 for _, rows in live):
            values = [value for shape, rows in live for value in _converted(shape, rows)[0]]
            with driver.cursor() as cursor:
                cursor.execute(sql, values)
            return
        with driver.pipeline(), driver.cursor() as cursor:
            for shape, rows in live:
                sql = _by_place(shape.sql)
                for row in _converted(shape, rows):
                    cursor.execute(sql, row)
    except psycopg.Error as error:
        raise _wrapped(sql, error, psycopg.Error) from error


@cache
def _by_place(sql: str) -> str:
    """The statement with its values by place instead of by name."""
    return NAMED.sub("%s", sql)


@cache
def _joined(statements: tuple[str, ...]) -> str:
    """Several INSERTs as one statement; their foreign keys are checked at its end."""
    *first, last = statements
    parts = ", ".join(f"s{n} AS ({statement})" for n, statement in enumerate(first))
    return f"WITH {parts} {last}" if first else last


def _converted(shape: _Shape, rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    made = [list(row) for row in rows]
    for place, convert in shape.convert:
        for row in made:
            row[place] = convert(row[place])
    return made


class PreparedScalar:
    """A SELECT of one number in one row, without parameters."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement: Final = statement
        self._sql: Final = str(statement.compile(dialect=sqlite.dialect()))

    def one(self, tx: Connection) -> int:
        """The number; raises NoResultFound without a row."""
        driver = sqlite_of(tx)
        if driver is None:
            return int(tx.execute(self._statement).scalar_one())
        with sqlite_errors(self._sql):
            row = driver.execute(self._sql).fetchone()
        if row is None:
            raise NoResultFound
        return int(row[0])


def sqlite_of(tx: Connection) -> sqlite3.Connection | None:
    """The driver's connection, if it is SQLite's and inside the caller's transaction."""
    driver = tx.connection.driver_connection
    found = isinstance(driver, sqlite3.Connection) and driver.in_transaction
    return cast("sqlite3.Connection", driver) if found else None


def array_of(values: Sequence[Any]) -> Any:
    """PostgreSQL's own text for a list of texts, for a place that is cast to an array.

    The driver's way looks at each value several times, which costs more than what is asked.
    """
    try:
        joined = '","'.join(values)
    except TypeError:  # no texts
        return list(values)
    if "\\" in joined or joined.count('"') != 2 * max(len(values) - 1, 0):
        return list(values)
    return f'{{"{joined}"}}' if values else "{}"


@contextmanager
def sqlite_errors(sql: str) -> Iterator[None]:
    """What the driver raises comes out as SQLAlchemy's error of that kind, without any value."""
    try:
        yield
    except sqlite3.Error as error:
        raise _wrapped(sql, error, sqlite3.Error) from error


@contextmanager
def driver_errors(sql: str) -> Iterator[None]:
    """The same for both drivers."""
    try:
        yield
    except sqlite3.Error as error:
        raise _wrapped(sql, error, sqlite3.Error) from error
    except psycopg.Error as error:
        raise _wrapped(sql, error, psycopg.Error) from error


def _wrapped(sql: str, error: Exception, base: type[Exception]) -> BaseException:
    """The driver's error as SQLAlchemy's of that kind, without any value."""
    return DBAPIError.instance(sql, None, error, base, hide_parameters=True)


def _straight(driver: sqlite3.Connection, sql: str, bound: list[Any]) -> int:
    """The rows without SQLAlchemy between, a third of its price; its errors all the same."""
    with sqlite_errors(sql):
        if len(bound) == 1:
            return driver.execute(sql, bound[0]).rowcount
        return driver.executemany(sql, bound).rowcount


def _converter(table: Table, name: str, dialect: Dialect) -> Any:
    """What the column's type does to a value on its way to the driver; None for nothing."""
    column = table.c[name].type
    if isinstance(column, LargeBinary):
        return None  # both drivers take bytes as they are
    return column.dialect_impl(dialect).bind_processor(dialect)


def _bound(shape: _Shape, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    values = zip(*_columns(shape, rows), strict=True)
    if shape.positional:
        return list(values)
    return [dict(zip(shape.names, row, strict=True)) for row in values]


def _columns(shape: _Shape, rows: Sequence[Mapping[str, Any]]) -> list[Iterable[Any]]:
    """The values of the rows place by place, as the driver takes them."""
    names = shape.names
    picked = map(itemgetter(*names), rows) if len(names) > 1 else ((r[names[0]],) for r in rows)
    columns: list[Iterable[Any]] = list(zip(*picked, strict=True))
    for n, convert in shape.convert:
        columns[n] = map(convert, columns[n])
    return columns


def element_of(kind: TypeEngine[Any], dialect: Dialect) -> str | None:
    """PostgreSQL's type of one value of such a column."""
    plain = kind.load_dialect_impl(dialect) if isinstance(kind, TypeDecorator) else kind
    return next((name for base, name in _ELEMENTS if isinstance(plain, base)), None)
