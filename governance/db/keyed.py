"""Statements over a list of keys that are compiled once: one text, however long the list.

An IN list is spelled out anew for each length, which costs SQLAlchemy more than the engine needs
for the rows. Here the list is one value: an array on PostgreSQL, a JSON text on SQLite. Several
changes go out together: PostgreSQL gets all of them before any answer is read.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, cast

import psycopg
from sqlalchemy import (
    Connection,
    Delete,
    Dialect,
    Insert,
    Select,
    String,
    Update,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from governance.db.prepared import array_of, driver_errors, sqlite_errors, sqlite_of

KEYS: Final = "keys"  # the name of the list among a statement's values
NO_FACTS: Final[Mapping[str, Any]] = MappingProxyType({})
Make = Callable[[Select[Any]], Insert | Update | Delete]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """One statement for one engine."""

    sql: str
    places: tuple[str, ...]  # names of its values, in the order of its places
    fixed: Mapping[str, Any] = field(repr=False)  # what the statement itself brings
    convert: Mapping[str, Any]  # what a type does to a value on its way to the driver

    def bound(self, keys: Any, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Every value of the statement, by name, as the driver takes it."""
        given = {name: self.convert.get(name, _as_it_is)(value) for name, value in facts.items()}
        return {**self.fixed, **given, KEYS: keys}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One prepared change with its keys and other values."""

    by: "PreparedChange"
    keys: Sequence[str]
    facts: Mapping[str, Any] = field(default_factory=lambda: NO_FACTS, repr=False)


class PreparedChange:
    """An UPDATE or DELETE of what belongs to some keys, or an INSERT of what is read by them."""

    def __init__(self, make: Make) -> None:
        """`make` gets the keys as a selection of one column, for an IN."""
        self._make: Final = make
        self._shapes: dict[str, _Shape] = {}

    def of(self, keys: Sequence[str], facts: Mapping[str, Any] = NO_FACTS) -> Change:
        """This change for these keys."""
        return Change(by=self, keys=keys, facts=facts)

    def rows(self, tx: Connection, keys: Sequence[str], facts: Mapping[str, Any] = NO_FACTS) -> int:
        """How many rows it changed."""
        return changed(tx, (self.of(keys, facts),))[0]

    def shape(self, dialect: Dialect) -> _Shape:
        """The compiled statement."""
        found = self._shapes.get(dialect.name)
        if found is None:
            found = self._shapes[dialect.name] = _compiled(self._make(listed(dialect)), dialect)
        return found


def listed(dialect: Dialect) -> Select[Any]:
    """The keys of the list, as rows of one column."""
    if dialect.name == "sqlite":
        return select(func.json_each(bindparam(KEYS, type_=String)).table_valued("value").c.value)
    return select(func.unnest(bindparam(KEYS, type_=ARRAY(String))).column_valued("key"))


def changed(tx: Connection, changes: Sequence[Change]) -> list[int]:
    """Every change is made, in this order; how many rows each concerned."""
    if not changes:
        return []
    shapes = [one.by.shape(tx.dialect) for one in changes]
    driver = sqlite_of(tx)
    if driver is None:
        return _at_once(tx, shapes, changes)
    rows, texts = list[int](), dict[int, str]()
    for shape, one in zip(shapes, changes, strict=True):
        if id(one.keys) not in texts:
            texts[id(one.keys)] = json.dumps(list(one.keys))
        facts = shape.bound(texts[id(one.keys)], one.facts)
        with sqlite_errors(shape.sql):
            rows.append(driver.execute(shape.sql, [facts[name] for name in shape.places]).rowcount)
    return rows


def _at_once(tx: Connection, shapes: Sequence[_Shape], changes: Sequence[Change]) -> list[int]:
    driver = cast("psycopg.Connection[Any]", tx.connection.driver_connection)
    texts = {id(one.keys): array_of(one.keys) for one in changes}
    with driver_errors(shapes[0].sql), ExitStack() as opened:
        cursors = [opened.enter_context(driver.cursor()) for _ in shapes]
        with driver.pipeline():
            for cursor, shape, one in zip(cursors, shapes, changes, strict=True):
                cursor.execute(shape.sql.encode(), shape.bound(texts[id(one.keys)], one.facts))
        return [cursor.rowcount for cursor in cursors]


def _compiled(statement: Insert | Update | Delete, dialect: Dialect) -> _Shape:
    made: Any = statement.compile(dialect=dialect)
    names = tuple(made.params)
    convert = {name: _converter(made.binds[name].type, dialect) for name in names if name != KEYS}
    known = {name: one for name, one in convert.items() if one is not None}
    fixed = {
        name: known.get(name, _as_it_is)(value)
        for name, value in made.params.items()
        if name != KEYS
    }
    return _Shape(
        sql=str(made), places=tuple(made.positiontup or names), fixed=fixed, convert=known
    )


def _converter(kind: TypeEngine[Any], dialect: Dialect) -> Any:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _as_it_is(value: Any) -> Any:
    return value
