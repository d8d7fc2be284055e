"""Rows of erased persons of which something stays: those fields sealed anew, the rest empty."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, bindparam, insert, select, update

from governance.core.terms import FieldId, KeyClass, RowId, SubjectId
from governance.customers.catalogue import OnErase, Storage, catalogue
from governance.customers.custom.models import CustomValueRow
from governance.customers.custom.types import is_custom
from governance.customers.store import IN_LIMIT, TABLES
from governance.db.types import table_of
from governance.keys.vault import FieldVault
from retention.types import RowKeep

CUSTOM: Final = table_of(CustomValueRow)


def narrow(
    tx: Connection,
    vault: FieldVault,
    name: str,
    keeps: Mapping[RowId, RowKeep],
    fresh: Mapping[SubjectId, bool],
) -> tuple[list[RowId], int]:
    """The rows of this table that stay, and how many were narrowed to the kept fields now.

    `fresh` says of the persons erased just now whether their sealed values still open.
    """
    table, stays = TABLES[name], list[RowId]()
    cells = [table.c[field.column] for field in catalogue().table(name).sealed()]
    changed: dict[frozenset[FieldId], list[dict[str, Any]]] = defaultdict(list)
    for part in _parts(keeps):
        wanted = select(table.c.id, table.c.subject_id, *cells).where(table.c.id.in_(part))
        for row in tx.execute(wanted):
            stays.append(RowId(row.id))
            if (readable := fresh.get(row.subject_id)) is None:
                continue
            names = keeps[RowId(row.id)].fields
            fields = frozenset(names if readable else _clear(names))
            changed[fields].append({"row": row.id} | _resealed(vault, name, row, fields))
    for fields, values in changed.items():
        tx.execute(_narrowed(name, table, fields), values)
    return stays, sum(len(values) for values in changed.values())


def custom_kept(
    tx: Connection,
    vault: FieldVault,
    keeps: Mapping[RowId, RowKeep],
    fresh: Mapping[SubjectId, bool],
) -> list[dict[str, Any]]:
    """The own fields that stay beside their rows, sealed anew for persons erased just now."""
    wanted = {row: {f for f in keep.fields if is_custom(f)} for row, keep in keeps.items()}
    stays: list[dict[str, Any]] = []
    for part in _parts(row for row, fields in wanted.items() if fields):
        for cell in tx.execute(select(CUSTOM).where(CUSTOM.c.row_id.in_(part))).mappings().all():
            row, field, subject = cell["row_id"], FieldId(cell["field"]), cell["subject_id"]
            if field not in wanted[row] or fresh.get(subject) is False:
                continue
            value = bytes(cell["value"])
            if subject in fresh:
                value = bytes(vault.reseal(subject, row, {field: value})[field] or b"")
            stays.append({**cell, "value": value})
    return stays


def put_back(tx: Connection, cells: list[dict[str, Any]]) -> None:
    """Own fields that a hold keeps stand again, after all that stood beside the persons went."""
    if cells:
        tx.execute(insert(CUSTOM), cells)


def _clear(fields: Iterable[FieldId]) -> list[FieldId]:
    """Those that stand in clear, which is all that an unreadable row has to keep."""
    known = catalogue().fields
    return [name for name in fields if known[name].storage is not Storage.SEALED]


def _resealed(
    vault: FieldVault, name: str, row: Row[Any], fields: frozenset[FieldId]
) -> dict[str, Any]:
    """The kept cells of a row under the person's key for what a law keeps."""
    cells = {
        field.id: getattr(row, field.column)
        for field in catalogue().table(name).sealed()
        if field.id in fields
    }
    if not cells:
        return {}
    moved = vault.reseal(SubjectId(row.subject_id), row.id, cells, to=KeyClass.KEPT)
    return {"new_" + field.partition(".")[2]: cell for field, cell in moved.items()}


def _narrowed(name: str, table: Table, fields: frozenset[FieldId]) -> Any:
    """UPDATE that leaves the kept fields and empties every other that may be empty.

    A row that stays for what it says of others keeps its clear cells.
    """
    values: dict[str, Any] = {}
    declared = catalogue().table(name)
    others = declared.on_erase is OnErase.EMPTY_COLUMNS
    for field in declared.fields:
        if field.custom is not None:
            continue
        if field.id not in fields:
            emptied = field.storage is Storage.SEALED or not others
            if emptied and table.c[field.column].nullable:
                values[field.column] = None
        elif field.storage is Storage.SEALED:
            values[field.column] = bindparam("new_" + field.column)
    return update(table).where(table.c.id == bindparam("row")).values(**values)


def _parts(rows: Iterable[RowId]) -> list[Collection[RowId]]:
    ids = list(rows)
    return [ids[start : start + IN_LIMIT] for start in range(0, len(ids), IN_LIMIT)]
