"""SELECTs that are compiled once: the driver is asked without SQLAlchemy between.

A search asks a dozen small questions; SQLAlchemy's own execution costs each of them more than
the answer does. On PostgreSQL a list is one value, an array, so that one text serves all lengths
and the server plans it once.
"""

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final, TypeAlias, cast

import psycopg
from sqlalchemy import CompoundSelect, Connection, Dialect, Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg as postgres

from governance.db.prepared import (
    array_of,
    driver_errors,
    element_of,
    sqlite_errors,
    sqlite_of,
)

DIALECT: Final = sqlite.dialect()
POSTGRES: Final = postgres.dialect()  # type: ignore[no-untyped-call] # a class of SQLAlchemy's
IN_A_LIST: Final = re.compile(r"(NOT )?IN \(__\[POSTCOMPILE_(\w+)\]\)")
NO_FACTS: Final[Mapping[str, Any]] = MappingProxyType({})
Results: TypeAlias = tuple[tuple[int, Any], ...]
SHAPES: Final = 256  # lengths of lists that are remembered; others are compiled again


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """One statement for lists of these lengths."""

    sql: str
    places: tuple[tuple[str, int | None], ...]  # name; None: one value, else all of a list
    fixed: Mapping[str, Any]  # values that the statement itself brings
    convert: Mapping[str, Any]  # what a type does to a value on its way to the driver


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrays:
    """One statement for PostgreSQL, whose lists are arrays of any length."""

    sql: bytes
    fixed: Mapping[str, Any] = field(repr=False)  # values that the statement itself brings
    convert: Mapping[str, Any]

    def bound(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Every value by its name, as the driver takes it."""
        given = {name: self.converted(name, value) for name, value in facts.items()}
        return {**self.fixed, **given}

    def converted(self, name: str, value: Any) -> Any:
        """What the value's type makes of it, or of each in a list."""
        convert = self.convert.get(name)
        if isinstance(value, list):
            return array_of(value if convert is None else [convert(one) for one in value])
        return value if convert is None else convert(value)


class PreparedSelect:
    """A SELECT that is compiled once; on SQLite for each length of its IN lists."""

    def __init__(self, statement: Select[Any] | CompoundSelect[Any]) -> None:
        self._statement: Final = statement
        self._shape: Final = lru_cache(maxsize=SHAPES)(self._compiled)
        self._results: Final = _results(statement, DIALECT)
        self._from_postgres: Final = _results(statement, POSTGRES)
        names = [str(column.key) for column in statement.selected_columns]
        self._made: Final = _row_type(names)

    @cached_property
    def _arrays(self) -> _Arrays:
        return _with_arrays(self._statement)

    def rows(self, tx: Connection, facts: Mapping[str, Any]) -> Sequence[Any]:
        """Every row, its values by name and in order; a list is bound as an IN list."""
        driver = sqlite_of(tx)
        if driver is None and tx.dialect.name == "sqlite":  # outside a transaction of the driver
            return tx.execute(self._statement, facts).all()
        if driver is None:
            return self._on_postgres(tx, facts)
        even = {name: _filled(v) if isinstance(v, list) else v for name, v in facts.items()}
        shape = self._shape(
            tuple((name, len(v) if isinstance(v, list) else None) for name, v in even.items())
        )
        with sqlite_errors(shape.sql):
            found = driver.execute(shape.sql, _bound(shape, even)).fetchall()
        if self._results:
            found = [_converted(row, self._results) for row in found]
        return [self._made(row) for row in found]

    def _on_postgres(self, tx: Connection, facts: Mapping[str, Any]) -> Sequence[Any]:
        shape = self._arrays
        driver = cast("psycopg.Connection[Any]", tx.connection.driver_connection)
        with driver_errors(shape.sql.decode()), driver.cursor() as cursor:
            found = cursor.execute(shape.sql, shape.bound(facts)).fetchall()
        if self._from_postgres:
            found = [_converted(row, self._from_postgres) for row in found]
        return [self._made(row) for row in found]

    def one(self, tx: Connection, facts: Mapping[str, Any] = NO_FACTS) -> Any:
        """The first value of the first row; None without a row."""
        rows = self.rows(tx, facts)
        return rows[0][0] if rows else None

    def _compiled(self, lengths: tuple[tuple[str, int | None], ...]) -> _Shape:
        spread = self._statement.params(
            {name: None if size is None else [None] * size for name, size in lengths}
        )
        compiled: Any = spread.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
        named: dict[str, tuple[str, int | None]] = {
            f"{name}_{n + 1}": (name, n) for name, size in lengths for n in range(size or 0)
        }
        places = tuple(named.get(name, (name, None)) for name in compiled.positiontup or ())
        made = {
            name: bind.type.dialect_impl(DIALECT).bind_processor(DIALECT)
            for name, bind in compiled.binds.items()
        }
        convert = {name: one for name, one in made.items() if one is not None}
        given = {name for name, _ in lengths}
        fixed = {
            name: convert[name](value) if name in convert else value
            for name, at in places
            if at is None and name not in given
            for value in (compiled.binds[name].effective_value,)
        }
        runs = tuple(_in_runs(places))
        return _Shape(sql=str(compiled), places=runs, fixed=fixed, convert=convert)


def _results(statement: Any, dialect: Dialect) -> Results:
    """What the types of the columns do to the driver's values, by place."""
    made = [
        (n, column.type.dialect_impl(dialect).result_processor(dialect, None))
        for n, column in enumerate(statement.selected_columns)
    ]
    return tuple((n, convert) for n, convert in made if convert is not None)


def _converted(row: Iterable[Any], results: Results) -> list[Any]:
    values = list(row)
    for n, convert in results:
        values[n] = convert(values[n])
    return values


def _with_arrays(statement: Any) -> _Arrays:
    compiled: Any = statement.compile(dialect=POSTGRES)

    def array(found: re.Match[str]) -> str:
        kind = element_of(compiled.binds[found[2]].type, POSTGRES)
        if kind is None:  # fails closed: a cast to another type might change the values
            raise TypeError(f"no array of the values of {found[2]}")
        array = f"CAST(%({found[2]})s AS {kind}[])"
        return f"<> ALL({array})" if found[1] else f"= ANY({array})"

    made = {
        name: bind.type.dialect_impl(POSTGRES).bind_processor(POSTGRES)
        for name, bind in compiled.binds.items()
    }
    shape = _Arrays(
        sql=IN_A_LIST.sub(array, str(compiled)).encode(),
        fixed={},
        convert={name: one for name, one in made.items() if one is not None},
    )
    given = {
        name: bind.effective_value for name, bind in compiled.binds.items() if not bind.required
    }
    return replace(shape, fixed={n: shape.converted(n, value) for n, value in given.items()})


def _row_type(names: list[str]) -> Callable[[Iterable[Any]], Any]:
    made: Any = namedtuple("_Row", names, rename=True)  # type: ignore[misc] # noqa: PYI024
    return cast("Callable[[Iterable[Any]], Any]", made._make)


def _filled(values: list[Any]) -> list[Any]:
    """The same values, the last repeated up to a power of two: few lengths to compile for."""
    missing = (1 << (len(values) - 1).bit_length()) - len(values) if values else 0
    return values + values[-1:] * missing


def _bound(shape: _Shape, facts: Mapping[str, Any]) -> list[Any]:
    bound = list[Any]()
    for name, size in shape.places:
        if name in shape.fixed:
            bound.append(shape.fixed[name])
            continue
        convert, value = shape.convert.get(name), facts[name]
        if size is None:
            bound.append(value if convert is None else convert(value))
        else:
            bound += value if convert is None else map(convert, value)
    return bound


def _in_runs(places: Iterable[tuple[str, int | None]]) -> Iterator[tuple[str, int | None]]:
    """The places with each list as one, as long as all of its values stand in a row."""
    for name, numbers in groupby(places, key=itemgetter(0)):
        for _, number in numbers:
            if not number:
                yield name, number
