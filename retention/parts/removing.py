"""What a line about rows takes is gone: cells, rows, and all that hangs on them beside."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, select, update

from governance.core.terms import FieldId, RowId
from governance.customers.catalogue import catalogue
from governance.customers.custom.store import VALUE
from governance.customers.custom.types import is_custom
from governance.customers.edges import EdgeAction
from governance.customers.search_plan import index_names
from governance.customers.sources.models import ImportRow
from governance.customers.store import FINDING, IN_LIMIT, TABLES
from governance.customers.tokens import drop_tokens
from governance.db.types import table_of
from retention.parts.types import MetRow

SAID = table_of(ImportRow)


def empty(tx: Connection, table: str, rows: Iterable[MetRow]) -> int:
    """These fields of these rows hold nothing any more, nor does what was made of them."""
    by_fields: dict[frozenset[FieldId], list[RowId]] = defaultdict(list)
    for row in rows:
        by_fields[row.fields].append(row.row)
    return sum(_emptied(tx, table, fields, ids) for fields, ids in by_fields.items())


def _emptied(tx: Connection, table: str, fields: frozenset[FieldId], rows: Sequence[RowId]) -> int:
    source, named = TABLES[table], sorted(fields)
    cells = {name.partition(".")[2]: None for name in named if not is_custom(name)}
    values = cells | ({"version": source.c.version + 1} if "version" in source.c else {})
    for part in _parts(rows):
        if values:
            tx.execute(update(source).where(source.c.id.in_(part)).values(**values))
        tx.execute(delete(VALUE).where(VALUE.c.row_id.in_(part), VALUE.c.field.in_(named)))
        tx.execute(delete(FINDING).where(FINDING.c.row_id.in_(part), FINDING.c.field.in_(named)))
        drop_tokens(tx, part, names=[index for name in named for index in index_names(name)])
    return len(rows)


def remove(tx: Connection, table: str, rows: Iterable[RowId]) -> int:
    """These rows are gone with every row that belongs to them; children first."""
    ids, gone = list(rows), 0
    for child, column in _children(table):
        source = TABLES[child]
        for part in _parts(ids):
            mine = select(source.c.id).where(source.c[column].in_(part))
            gone += remove(tx, child, [RowId(row) for row in tx.execute(mine).scalars()])
    for part in _parts(ids):
        drop_tokens(tx, part)
        for beside in (FINDING, VALUE, SAID):
            tx.execute(delete(beside).where(beside.c.row_id.in_(part)))
        gone += tx.execute(delete(TABLES[table]).where(TABLES[table].c.id.in_(part))).rowcount
    return gone


def _children(table: str) -> Iterable[tuple[str, str]]:
    """Tables whose rows go with a row of this one, by the column that names it."""
    return [
        (name, edge.column)
        for name, declared in catalogue().tables.items()
        for edge in declared.edges
        if edge.to == table and edge.on_erase is EdgeAction.DELETE
    ]


def _parts(ids: Sequence[RowId]) -> list[list[RowId]]:
    return [list(ids[start : start + IN_LIMIT]) for start in range(0, len(ids), IN_LIMIT)]
