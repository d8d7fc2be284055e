"""Between a row and the values of its custom fields, which stand beside it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.catalogue import catalogue
from governance.customers.custom.store import Cell, values_of
from governance.customers.custom.types import PREFIX, is_custom

NO_CELLS: Mapping[FieldId, bytes] = {}


def own_columns(clear: Mapping[str, Any]) -> dict[str, Any]:
    """The clear columns that are columns of the row itself."""
    return {column: value for column, value in clear.items() if not column.startswith(PREFIX)}


def own_cells(sealed: Mapping[FieldId, bytes]) -> dict[str, bytes]:
    """The sealed columns that are columns of the row itself."""
    return {n.partition(".")[2]: cell for n, cell in sealed.items() if not is_custom(n)}


def cells_beside(
    table: str,
    row: RowId,
    subject: SubjectId,
    *,
    clear: Mapping[str, Any],
    sealed: Mapping[FieldId, bytes],
) -> Iterator[Cell]:
    """Sealed values of custom fields; a custom column among the clear ones is emptied."""
    for column in clear:
        if column.startswith(PREFIX) and (name := FieldId(f"{table}.{column}")) not in sealed:
            yield Cell(row=row, subject=subject, name=name, value=None)
    for name, frame in sealed.items():
        if is_custom(name):
            yield Cell(row=row, subject=subject, name=name, value=frame)


def beside(
    tx: Connection, rows: Sequence[tuple[str, RowId]]
) -> Mapping[RowId, Mapping[FieldId, bytes]]:
    """The sealed custom values of rows whose table has such fields; closed ones are left out."""
    wanted = [row for table, row in rows if catalogue().table(table).custom()]
    if not wanted:
        return {}
    known = catalogue().fields
    return {
        row: {name: cell for name, cell in cells.items() if name in known}
        for row, cells in values_of(tx, wanted).items()
    }
