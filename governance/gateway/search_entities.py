"""What a found row belongs to: a person with every row of theirs, a company with its contacts.

A merged company is found by the rows that it absorbed, too, and shown by the one that stands.

Read with the asked fields alone, still sealed; then of what is shown with the shown ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.catalogue import Storage, catalogue
from governance.customers.custom.rows import beside
from governance.customers.custom.types import is_custom
from governance.customers.store import TABLES, Record
from governance.customers.tokens import packed, unpacked
from governance.customers.upkeep.company_merges import one_with
from governance.db.fetching import PreparedSelect
from governance.gateway.search_registers import Register

_IDS: Final[Any] = bindparam("ids", expanding=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One person or one company, as far as this search asks."""

    id: str  # a person's pseudonym, or the row under which a company stands
    records: tuple[Record, ...]

    @property
    def subjects(self) -> frozenset[SubjectId]:
        """Every person whom one of the rows is about."""
        return frozenset(record.subject for record in self.records)


def entities(
    tx: Connection, register: Register, rows: Sequence[bytes], names: Iterable[FieldId]
) -> dict[bytes, Entity]:
    """The entity of each of these rows that is there, with its asked fields."""
    wanted = tuple(sorted(names))
    ids = [unpacked(row) for row in rows]
    grouped: dict[str, list[Record]] = {}
    if not register.beside:
        for owner, record in _read(tx, register.table, wanted, {"ids": ids}, "subject_id"):
            grouped.setdefault(owner, []).append(record)
    else:
        home = one_with(tx, _named_rows(tx, register, ids, wanted))
        facts = {"ids": list(home)}
        for row, record in _read(tx, register.table, wanted, facts, "id"):
            grouped.setdefault(home[RowId(row)], []).append(record)
        for table, link in register.beside.items():
            if _named(table, wanted):
                for row, record in _read(tx, table, wanted, facts, link):
                    grouped[home[RowId(row)]].append(record)
    return {
        packed(record.id): entity
        for owner, records in grouped.items()
        for entity in (Entity(id=owner, records=tuple(records)),)
        for record in records
    }


def _named_rows(
    tx: Connection, register: Register, ids: Sequence[RowId], names: tuple[FieldId, ...]
) -> list[RowId]:
    """The rows of the register that these rows are, or name."""
    found = list(ids)
    for table, link in register.beside.items():
        if _named(table, names):
            column = TABLES[table].c[link]
            where = TABLES[table].c.id.in_(ids)
            named = tx.execute(select(column).where(where, column.is_not(None))).scalars()
            found += [RowId(row) for row in named]
    return list(dict.fromkeys(found))


def _named(table: str, names: Iterable[FieldId]) -> tuple[FieldId, ...]:
    return tuple(name for name in names if name.partition(".")[0] == table)


def _read(
    tx: Connection, table: str, names: tuple[FieldId, ...], facts: Mapping[str, Any], by: str
) -> Iterable[tuple[str, Record]]:
    """Rows of a table by what they belong to, with those of these fields that are the table's."""
    mine = _named(table, names)
    own = tuple(name for name in mine if not is_custom(name))
    found = _statement(table, own, by).rows(tx, facts)
    more: Mapping[RowId, Mapping[FieldId, bytes]] = {}
    if len(own) < len(mine):
        more = beside(tx, [(table, RowId(row[0])) for row in found])
    for row, subject, owner, *cells in found:
        clear, sealed = _sorted(own, cells)
        extra = {name: cell for name, cell in more.get(RowId(row), {}).items() if name in mine}
        yield (
            owner,
            Record(
                table=table,
                id=RowId(row),
                subject=SubjectId(subject),
                clear=clear,
                sealed={**sealed, **extra},
            ),
        )


def _sorted(
    names: tuple[FieldId, ...], cells: Sequence[Any]
) -> tuple[dict[str, Any], dict[FieldId, bytes]]:
    clear: dict[str, Any] = {}
    sealed: dict[FieldId, bytes] = {}
    known = catalogue().fields
    for name, cell in zip(names, cells, strict=True):
        if known[name].storage is Storage.CLEAR:
            clear[name.partition(".")[2]] = cell
        elif cell is not None:
            sealed[name] = bytes(cell)
    return clear, sealed


@lru_cache(maxsize=128)
def _statement(table: str, names: tuple[FieldId, ...], by: str) -> PreparedSelect:
    source = TABLES[table]
    owner = source.c[by]
    columns = [source.c[name.partition(".")[2]] for name in names]
    wanted = select(source.c.id, source.c.subject_id, owner.label("owner"), *columns)
    if by == "subject_id":  # every row of the persons whom these rows are about
        meant = source.alias()
        return PreparedSelect(
            wanted.where(owner.in_(select(meant.c.subject_id).where(meant.c.id.in_(_IDS))))
        )
    return PreparedSelect(wanted.where(owner.in_(_IDS)))


def rows_shown(
    tx: Connection, register: Register, rows: Sequence[RowId], names: Iterable[FieldId]
) -> dict[RowId, Record]:
    """Rows of the register with these fields and their version, to be shown."""
    wanted = tuple(sorted({*names, FieldId(f"{register.table}.version")}))
    found = _read(tx, register.table, wanted, {"ids": list(rows)}, "id")
    return {record.id: record for _, record in found}
