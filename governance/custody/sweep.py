"""Walking every place where frames stand, and sealing anew what names a retired key.

A frame is exchanged only for the very frame that was read, so that a write which came between
is never undone. What could not be exchanged is found again by the next walk.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import (
    Connection,
    LargeBinary,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    func,
    inspect,
    or_,
    select,
    tuple_,
    update,
)

from governance.core.terms import FieldId, KeyClass, SubjectId
from governance.keys.places import Places, SealedPlace, named_key
from governance.keys.renewal import Cell, moved, retired_among
from governance.keys.vault import FieldVault

Key: TypeAlias = tuple[str, ...]  # primary key of a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose retired keys a walk is about."""

    key_class: KeyClass
    subject: SubjectId | None = None  # None: everybody
    ids: frozenset[int] = frozenset()  # the retired keys of that one person


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a walk came: the place and the last row looked at in it."""

    place: int = 0
    after: Key | None = None

    def __str__(self) -> str:
        return json.dumps([self.place, *(self.after or ())], separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> "Position":
        """The position that this text says."""
        place, *after = json.loads(text)
        return cls(place=int(place), after=tuple(after) or None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The new frames of one row beside those that they replace."""

    key: Key
    old: Mapping[str, bytes] = field(repr=False)
    new: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one step of a walk saw."""

    position: Position | None  # None: everything was walked
    rows: int
    named: frozenset[int] = frozenset()  # retired keys of the scope that these rows name
    place: SealedPlace | None = None
    exchanges: tuple[Exchange, ...] = ()


def count_rows(tx: Connection, places: Places, scope: Scope) -> int:
    """Rows that a walk over the movable places looks at."""
    return sum(
        int(tx.execute(_narrowed(select(func.count()), place, scope)).scalar_one())
        for place in places.frames
        if not place.fixed
    )


def stored_bytes(tx: Connection) -> dict[str, list[str]]:
    """Every column of bytes that the database really has, ours or not."""
    found: dict[str, list[str]] = {}
    looked = inspect(tx)
    for name in looked.get_table_names():
        columns = [
            c["name"] for c in looked.get_columns(name) if isinstance(c["type"], LargeBinary)
        ]
        if columns:
            found[name] = columns
    return found


def look(
    tx: Connection,
    vault: FieldVault,
    places: Sequence[SealedPlace],
    scope: Scope,
    position: Position,
    *,
    limit: int,
) -> Looked:
    """The next rows of the walk, with the keys of the scope that they name; nothing is opened."""
    if position.place >= len(places):
        return Looked(position=None, rows=0)
    place = places[position.place]
    keys = list(place.table.primary_key)
    named = [named_key(place.table.c[name]).label(f"k_{name}") for name in place.columns]
    wanted = _narrowed(select(*keys, *named), place, scope).order_by(*keys).limit(limit)
    if position.after is not None:
        after = [
            bindparam(None, value, type_=key.type)
            for key, value in zip(keys, position.after, strict=True)
        ]
        wanted = wanted.where(tuple_(*keys) > tuple_(*after))
    rows = tx.execute(wanted).all()
    following = Position(place=position.place + 1)
    if len(rows) == limit:
        following = Position(place=position.place, after=_key(place, rows[-1]))
    ids = {int.from_bytes(cell, "big") for row in rows for cell in row[len(keys) :] if cell}
    retired = scope.ids & ids if scope.subject else _retired(vault, ids, scope)
    wanting = [
        _key(place, row)
        for row in rows
        if any(cell and int.from_bytes(cell, "big") in retired for cell in row[len(keys) :])
    ]
    exchanges: tuple[Exchange, ...] = ()
    if wanting and not place.fixed:
        exchanges = _exchanges(tx, vault, place, wanting, retired)
    return Looked(
        position=following, rows=len(rows), named=retired, place=place, exchanges=exchanges
    )


def exchange(tx: Connection, looked: Looked) -> int:
    """The new frames stand where the old ones still stood; how many were to be exchanged."""
    if looked.place is None:
        return 0
    by_columns: dict[tuple[str, ...], list[Exchange]] = defaultdict(list)
    for one in looked.exchanges:
        by_columns[tuple(one.new)].append(one)
    table, keys = looked.place.table, [key.name for key in looked.place.table.primary_key]
    for columns, rows in by_columns.items():
        statement = _update(table, keys, columns)
        tx.execute(
            statement,
            [
                {f"pk_{name}": value for name, value in zip(keys, one.key, strict=True)}
                | {f"old_{name}": one.old[name] for name in columns}
                | {f"new_{name}": one.new[name] for name in columns}
                for one in rows
            ],
        )
    return sum(len(one.new) for one in looked.exchanges)


def _update(table: Table, keys: Iterable[str], columns: Iterable[str]) -> Any:
    same = [table.c[name] == bindparam(f"pk_{name}") for name in keys]
    unchanged = [table.c[name] == bindparam(f"old_{name}") for name in columns]
    fresh: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    return update(table).where(and_(*same, *unchanged)).values(fresh)


def _narrowed(wanted: Select[Any], place: SealedPlace, scope: Scope) -> Select[Any]:
    """Rows of the place; for one person only those that name one of their old keys."""
    wanted = wanted.select_from(place.table)
    if place.only is not None:
        wanted = wanted.where(place.only)
    if scope.subject is not None:
        ids = [dek_id.to_bytes(8, "big") for dek_id in sorted(scope.ids)]
        wanted = wanted.where(
            or_(*(named_key(place.table.c[name]).in_(ids) for name in place.columns))
        )
    return wanted


def _retired(vault: FieldVault, ids: Iterable[int], scope: Scope) -> frozenset[int]:
    return retired_among(vault.ring, ids, scope.key_class)


def _key(place: SealedPlace, row: Row[Any]) -> Key:
    return tuple(str(getattr(row, key.name)) for key in place.table.primary_key)


def _exchanges(
    tx: Connection,
    vault: FieldVault,
    place: SealedPlace,
    wanting: Sequence[Key],
    retired: frozenset[int],
) -> tuple[Exchange, ...]:
    """The frames of these rows that name a retired key, sealed anew."""
    table, keys = place.table, list(place.table.primary_key)
    columns = [table.c[name] for name in place.columns]
    extra = [table.c[name] for name in (place.row, place.field) if name is not None]
    wanted = select(*keys, *(c for c in extra if c not in keys), *columns).where(
        tuple_(*keys).in_(list(wanting)) if len(keys) > 1 else keys[0].in_([k[0] for k in wanting])
    )
    where: list[tuple[Key, str]] = []
    cells: list[Cell] = []
    for row in tx.execute(wanted):
        for name, bound in place.columns.items():
            frame = getattr(row, name)
            if frame is None or int.from_bytes(frame[3:11], "big") not in retired:
                continue
            to = bound if place.field is None else FieldId(getattr(row, place.field))
            bound_row = place.before_row + str(getattr(row, place.row))
            where.append((_key(place, row), name))
            cells.append(Cell(bound=to, row=bound_row, frame=bytes(frame)))
    old: dict[Key, dict[str, bytes]] = defaultdict(dict)
    new: dict[Key, dict[str, bytes]] = defaultdict(dict)
    for (key, name), cell, made in zip(where, cells, moved(vault, cells), strict=True):
        if made is not None:
            old[key][name], new[key][name] = cell.frame, made
    return tuple(Exchange(key=key, old=old[key], new=new[key]) for key in new)
