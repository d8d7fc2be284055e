"""A person's rows in an outside database: found by keys, followed over its tables, all bounded.

Statements are built from reflected tables and bound values alone, so no value is ever read as SQL.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    and_,
    func,
    or_,
    select,
)

from governance.connectors.engines import Deadline, Stopped
from governance.connectors.matching import belongs, own, telephones
from governance.connectors.specs import DatabaseSpec, TableSpec
from governance.connectors.types import KeyKind, PersonKeys, Reason

TOGETHER: Final = 200  # rows in memory before they are looked at, and keys in one statement
BETWEEN: Final = ("-", " ", "(", ")", ".", "\u3000", "\u2010", "\u2212", "\uff0d", "\u30fc")
MEGABYTE: Final = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """One row that is surely the person's."""

    key: tuple[Any, ...] = field(repr=False)  # its primary key
    values: Mapping[str, Any] = field(repr=False)


class Rows:
    """Rows of one person, each table read once; whatever is too much stops the question."""

    def __init__(
        self, tx: Connection, spec: DatabaseSpec, person: PersonKeys, deadline: Deadline
    ) -> None:
        self._tx, self._spec, self._person, self._deadline = tx, spec, person, deadline
        self._rows: dict[str, tuple[StoredRow, ...]] = {}
        self._left = spec.limits.records
        self._bytes = spec.limits.megabytes * MEGABYTE

    def __repr__(self) -> str:
        return "Rows(...)"

    def of(self, table: TableSpec) -> tuple[StoredRow, ...]:
        """The person's rows of this table; raises Stopped where one may be another's."""
        if table.name not in self._rows:
            rows = self._known(table) if table.through is None else self._followed(table)
            if table.one and len(rows) > 1:
                raise Stopped(Reason.AMBIGUOUS, table.name)
            self._rows[table.name] = rows
        return self._rows[table.name]

    def _known(self, table: TableSpec) -> tuple[StoredRow, ...]:
        """Rows that name the person themselves."""
        shape = reflected(self._tx, self._spec, table)
        wanted = [
            condition
            for kind, column in table.keys.items()
            if (condition := _names(self._person, kind, shape.c[column], table)) is not None
        ]
        if not wanted:  # the person has none of the keys by which this table knows anybody
            return ()
        found = tuple(self._read(shape, table, or_(*wanted)))
        for row in found:
            keys = {kind: row.values[column] for kind, column in table.keys.items()}
            if not belongs(self._person, keys):
                raise Stopped(Reason.AMBIGUOUS, table.name)  # fails closed: never another's data
        return found

    def _followed(self, table: TableSpec) -> tuple[StoredRow, ...]:
        """Rows that hang on the person's rows of another table."""
        through = table.through
        if through is None:
            return ()
        above = self._spec.table(through.table)
        shape = reflected(self._tx, self._spec, table)
        ends = {
            values
            for row in self.of(above)
            if None not in (values := tuple(row.values[theirs] for _, theirs in through.columns))
        }
        columns = [shape.c[ours] for ours, _ in through.columns]
        found: list[StoredRow] = []
        for part in parts(sorted(ends, key=repr)):
            found += self._read(shape, table, one_of(columns, part))
        known = {tuple(map(str, end)) for end in ends}
        for row in found:  # a collation may take two spellings for one
            if tuple(str(row.values[ours]) for ours, _ in through.columns) not in known:
                raise Stopped(Reason.AMBIGUOUS, table.name)
        return tuple(found)

    def _read(
        self, shape: Table, table: TableSpec, wanted: ColumnElement[bool]
    ) -> Iterator[StoredRow]:
        """Rows in parts; one more than allowed stops the question instead of cutting it off."""
        keys = list(shape.primary_key.columns)
        names = _needed(table, self._spec)
        columns = dict.fromkeys([*keys, *(shape.c[name] for name in names)])
        statement = select(*columns).where(wanted).order_by(*keys).limit(self._left + 1)
        parts_of = statement.execution_options(stream_results=True, max_row_buffer=TOGETHER)
        with self._tx.execute(parts_of) as result:  # closed also where the question stops
            for row in result.yield_per(TOGETHER).mappings():
                self._spend(table, row.values())
                yield StoredRow(
                    key=tuple(row[key] for key in keys), values={name: row[name] for name in names}
                )

    def _spend(self, table: TableSpec, values: Iterable[object]) -> None:
        """This row counts; raises Stopped when it is one too many."""
        self._left -= 1
        if self._left < 0:
            raise Stopped(Reason.TOO_MANY, table.name)
        self._bytes -= sum(len(v) for v in values if isinstance(v, str | bytes | memoryview))
        if self._bytes < 0:
            raise Stopped(Reason.TOO_LARGE, table.name)
        if self._deadline.over:
            raise Stopped(Reason.TIMEOUT, table.name)


def reflected(tx: Connection, spec: DatabaseSpec, table: TableSpec) -> Table:
    """The table as it is there; raises Stopped where it lacks a declared column or any key."""
    shape = Table(table.name, MetaData(), schema=spec.schema, autoload_with=tx, resolve_fks=False)
    for name in _needed(table, spec):
        if name not in shape.c:
            raise Stopped(Reason.SHAPE, f"{table.name}.{name}")
    if not shape.primary_key.columns:
        raise Stopped(Reason.SHAPE, table.name)
    for name in table.emptied:
        if not shape.c[name].nullable:
            raise Stopped(Reason.SHAPE, f"{table.name}.{name}")
    return shape


def one_of(
    columns: Sequence[Column[Any]], values: Sequence[tuple[Any, ...]]
) -> ColumnElement[bool]:
    """Whether the columns have one of these combinations of values."""
    if len(columns) == 1:
        return columns[0].in_([value for (value,) in values])
    return or_(
        *(
            and_(*(column == value for column, value in zip(columns, each, strict=True)))
            for each in values
        )
    )


def parts(values: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The values in parts that fit into one statement."""
    for start in range(0, len(values), TOGETHER):
        yield values[start : start + TOGETHER]


def _needed(table: TableSpec, spec: DatabaseSpec) -> tuple[str, ...]:
    """Columns that are shown, by which the rows are known, followed or counted from."""
    names = [column.name for column in table.columns]
    names += table.keys.values()
    if table.through is not None:
        names += [ours for ours, _ in table.through.columns]
    for below in spec.under(table.name):
        names += [theirs for _, theirs in below.through.columns] if below.through else []
    if table.keeping is not None and table.keeping.since is not None:
        names.append(table.keeping.since)
    return tuple(dict.fromkeys(names))


def _names(
    person: PersonKeys, kind: KeyKind, column: Column[Any], table: TableSpec
) -> ColumnElement[bool] | None:
    """The condition that a row names the person by this column; None where nothing can."""
    values = sorted(own(person, kind))
    if not values:
        return None
    match kind:
        case KeyKind.CUSTOMER:
            return column.in_(_of_type(values, column, table))
        case KeyKind.EMAIL:
            return func.lower(func.trim(column)).in_(values)
        case KeyKind.PHONE:
            bare: Any = column
            for mark in BETWEEN:
                bare = func.replace(bare, mark, "")
            return bare.in_(sorted(telephones(person)))  # type: ignore[no-any-return]  # a function


def _of_type(values: Iterable[str], column: Column[Any], table: TableSpec) -> list[Any]:
    """Customer numbers as the column holds them; raises Stopped where they cannot be compared."""
    if isinstance(column.type, String):
        return list(values)
    if not isinstance(column.type, Integer | Numeric):
        raise Stopped(Reason.KEY_FORM, f"{table.name}.{column.name}")
    numbers = []
    for value in values:
        if not value.isascii() or not value.isdigit() or str(int(value)) != value:
            raise Stopped(Reason.KEY_FORM, f"{table.name}.{column.name}")  # 007 is not 7
        numbers.append(int(value))
    return numbers
