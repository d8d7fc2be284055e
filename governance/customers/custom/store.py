"""Rows of custom fields: the register of ids that were ever used, and values beside the rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.custom.models import CustomFieldEntry, CustomValueRow
from governance.db.types import insert_ignore, table_of

ENTRY, VALUE = table_of(CustomFieldEntry), table_of(CustomValueRow)
IN_LIMIT = 500  # values in one IN list


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A custom field that this installation has known."""

    id: str
    table: str
    kind: str
    retired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One sealed value and the row that it belongs to; None empties it."""

    row: RowId
    subject: SubjectId
    name: FieldId
    value: bytes | None = field(repr=False)


def register(tx: Connection) -> dict[str, Registered]:
    """Every id that was ever used."""
    return {
        row.id: Registered(
            id=row.id, table=row.table_name, kind=row.kind, retired=row.retired_at is not None
        )
        for row in tx.execute(select(ENTRY))
    }


def enter(tx: Connection, fields: Sequence[Registered], *, at: datetime) -> int:
    """The fields are in the register; how many were new.

    The caller's transaction may run beside another start: an id that is there stays as it is.
    """
    known = register(tx)
    fresh = [entry for entry in fields if entry.id not in known]
    for entry in fresh:
        tx.execute(
            insert_ignore(ENTRY, tx.dialect.name).values(
                id=entry.id, table_name=entry.table, kind=entry.kind, registered_at=at
            )
        )
    return len(fresh)


def retire(tx: Connection, field: str, *, by: str, at: datetime) -> None:
    """The id is closed for good; it is never given out again."""
    tx.execute(update(ENTRY).where(ENTRY.c.id == field).values(retired_at=at, retired_by=by))


def write(tx: Connection, cells: Iterable[Cell]) -> None:
    """The cells hold these values, each in place of what it held before."""
    found = tuple(cells)
    for cell in found:
        mine = (VALUE.c.row_id == cell.row) & (VALUE.c.field == cell.name)
        tx.execute(delete(VALUE).where(mine))
    add(tx, found)


def add(tx: Connection, cells: Iterable[Cell]) -> None:
    """Values of cells that hold none yet."""
    fresh = [
        {
            "row_id": cell.row,
            "field": cell.name,
            "subject_id": cell.subject,
            "value": cell.value,
        }
        for cell in cells
        if cell.value is not None
    ]
    if fresh:
        tx.execute(VALUE.insert(), fresh)


def values_of(tx: Connection, rows: Sequence[RowId]) -> Mapping[RowId, dict[FieldId, bytes]]:
    """The sealed values of these rows by field."""
    found: dict[RowId, dict[FieldId, bytes]] = {}
    for start in range(0, len(rows), IN_LIMIT):
        part = list(rows[start : start + IN_LIMIT])
        wanted = select(VALUE.c.row_id, VALUE.c.field, VALUE.c.value)
        for row in tx.execute(wanted.where(VALUE.c.row_id.in_(part))):
            found.setdefault(RowId(row.row_id), {})[FieldId(row.field)] = bytes(row.value)
    return found


def rows_of(tx: Connection, field: FieldId) -> tuple[RowId, ...]:
    """Rows that have a value of this field."""
    found = tx.execute(select(VALUE.c.row_id).where(VALUE.c.field == field)).scalars()
    return tuple(RowId(row) for row in found)


def subjects_of(tx: Connection, field: FieldId) -> frozenset[SubjectId]:
    """Persons of whom a value of this field is held."""
    found = tx.execute(select(VALUE.c.subject_id).where(VALUE.c.field == field).distinct())
    return frozenset(SubjectId(subject) for subject in found.scalars())


def remove(tx: Connection, field: FieldId) -> int:
    """Every value of this field is gone; how many there were."""
    return tx.execute(delete(VALUE).where(VALUE.c.field == field)).rowcount
