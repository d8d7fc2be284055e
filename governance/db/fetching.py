"""SELECTs that are compiled once: on SQLite the driver is asked without SQLAlchemy between.

A search asks a dozen small questions; SQLAlchemy's own execution costs each of them more than
the answer does. On PostgreSQL the same statement goes the usual way.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, cast

from sqlalchemy import Connection, Select
from sqlalchemy.dialects import sqlite

from governance.db.prepared import sqlite_errors, sqlite_of

DIALECT: Final = sqlite.dialect()
NO_FACTS: Final[Mapping[str, Any]] = MappingProxyType({})
SHAPES: Final = 256  # lengths of lists that are remembered; others are compiled again


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """One statement for lists of these lengths."""

    sql: str
    places: tuple[tuple[str, int | None], ...]  # name, and which of a list's values
    fixed: Mapping[str, Any]  # values that the statement itself brings
    convert: Mapping[str, Any]  # what a type does to a value on its way to the driver


class PreparedSelect:
    """A SELECT that is compiled once for each length of its IN lists."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement: Final = statement
        self._shape: Final = lru_cache(maxsize=SHAPES)(self._compiled)
        made = [
            (n, column.type.dialect_impl(DIALECT).result_processor(DIALECT, None))
            for n, column in enumerate(statement.selected_columns)
        ]
        self._results: Final = tuple((n, convert) for n, convert in made if convert is not None)
        names = [str(column.key) for column in statement.selected_columns]
        self._made: Final = _row_type(names)

    def rows(self, tx: Connection, facts: Mapping[str, Any]) -> Sequence[Any]:
        """Every row, its values by name and in order; a list is bound as an IN list."""
        driver = sqlite_of(tx)
        if driver is None:
            return tx.execute(self._statement, facts).all()
        even = {name: _filled(v) if isinstance(v, list) else v for name, v in facts.items()}
        shape = self._shape(
            tuple((name, len(v) if isinstance(v, list) else None) for name, v in even.items())
        )
        with sqlite_errors(shape.sql):
            found = driver.execute(shape.sql, _bound(shape, even)).fetchall()
        if self._results:
            found = [self._converted(row) for row in found]
        return [self._made(row) for row in found]

    def one(self, tx: Connection, facts: Mapping[str, Any] = NO_FACTS) -> Any:
        """The first value of the first row; None without a row."""
        rows = self.rows(tx, facts)
        return rows[0][0] if rows else None

    def _converted(self, row: Iterable[Any]) -> list[Any]:
        values = list(row)
        for n, convert in self._results:
            values[n] = convert(values[n])
        return values

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
        return _Shape(sql=str(compiled), places=places, fixed=fixed, convert=convert)


def _row_type(names: list[str]) -> Callable[[Iterable[Any]], Any]:
    made: Any = namedtuple("_Row", names, rename=True)  # type: ignore[misc] # noqa: PYI024
    return cast("Callable[[Iterable[Any]], Any]", made._make)


def _filled(values: list[Any]) -> list[Any]:
    """The same values, the last repeated up to a power of two: few lengths to compile for."""
    missing = (1 << (len(values) - 1).bit_length()) - len(values) if values else 0
    return values + values[-1:] * missing


def _bound(shape: _Shape, facts: Mapping[str, Any]) -> list[Any]:
    bound = []
    for name, at in shape.places:
        if name in shape.fixed:
            bound.append(shape.fixed[name])
            continue
        value = facts[name] if at is None else facts[name][at]
        convert = shape.convert.get(name)
        bound.append(value if convert is None else convert(value))
    return bound
