"""What partial holds keep of persons whose other data goes: rows and fields, by matter."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from sqlalchemy import Connection, select

from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.catalogue import catalogue
from governance.customers.holds.reading import fields_of, lines_on
from governance.customers.holds.types import Line
from governance.customers.store import IN_LIMIT, TABLES
from retention.types import Keep, RowKeep

DUTY: Final = "hold:"  # in front of a matter's number, where a duty's id would stand
OPEN: Final = date.max  # nobody knows when a hold ends


def stands_by_hold(duty: str) -> bool:
    """Whether a hold keeps it, and no law's period."""
    return duty.startswith(DUTY)


def holds_on(
    tx: Connection, ids: list[SubjectId]
) -> tuple[frozenset[SubjectId], Mapping[SubjectId, Mapping[RowId, RowKeep]]]:
    """Who is held as a whole, and what partial holds keep of the others, row by row."""
    whole, partial = set[SubjectId](), list[Line]()
    for line in lines_on(tx, ids):
        if line.what.table is None:
            whole.add(line.subject)
        else:
            partial.append(line)
    return frozenset(whole), _spared(tx, partial) if partial else {}


def _spared(tx: Connection, lines: Iterable[Line]) -> Mapping[SubjectId, Mapping[RowId, RowKeep]]:
    by_table: dict[str, dict[SubjectId, list[Line]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        by_table[line.what.table or ""][line.subject].append(line)
    found: dict[SubjectId, dict[RowId, RowKeep]] = defaultdict(dict)
    for name, mine in by_table.items():
        if name not in TABLES:
            continue
        for subject, row in _rows(tx, name, list(mine)):
            fields = _fields(name, row, mine[subject])
            if fields:
                found[subject][row] = RowKeep(row=row, table=name, fields=fields)
    return found


def _rows(tx: Connection, name: str, ids: list[SubjectId]) -> list[tuple[SubjectId, RowId]]:
    table, found = TABLES[name], list[tuple[SubjectId, RowId]]()
    for start in range(0, len(ids), IN_LIMIT):
        part = table.c.subject_id.in_(ids[start : start + IN_LIMIT])
        rows = tx.execute(select(table.c.subject_id, table.c.id).where(part))
        found += [(SubjectId(subject), RowId(row)) for subject, row in rows]
    return found


def _fields(name: str, row: RowId, lines: Iterable[Line]) -> dict[FieldId, Keep]:
    """What of one row is held, each field with the matter that holds it."""
    fields: dict[FieldId, Keep] = {}
    for line in lines:
        if not line.what.covers_row(name, row):
            continue
        named = fields_of(line.what)
        if line.what.field is None:
            named = tuple(field.id for field in catalogue().table(name).fields)
        keep = Keep(duty=DUTY + line.matter, until=OPEN, free_from=OPEN)
        fields |= dict.fromkeys(named, keep)
    return fields
