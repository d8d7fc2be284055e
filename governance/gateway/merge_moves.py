"""Rows of one person become another's: re-sealed under the new owner's key, index and all.

The frame binds row and field, not the person, so ids stay; the data key is the person's, so each
cell is opened and sealed anew. Called inside the one transaction of a merge or of its undoing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, column, select, table, update

from governance.core.ids import new_row_id
from governance.core.terms import FieldId, RowId, SubjectId
from governance.crypto.values import Plain
from governance.customers import store
from governance.customers.catalogue import catalogue
from governance.customers.custom.models import CustomValueRow
from governance.customers.custom.types import is_custom
from governance.customers.imports import TURN
from governance.customers.search.leaving import move_rows, owe_clear
from governance.customers.sources.models import ImportRow
from governance.customers.store import FINDING, TABLES, Record
from governance.customers.upkeep.candidates import DUPLICATE
from governance.customers.upkeep.merges import Trace, TraceKind, parts
from governance.db.types import table_of
from governance.keys.vault import FieldVault

CUSTOM, SAID = table_of(CustomValueRow), table_of(ImportRow)
SAID_FIELD = FieldId("import_row.said")  # as the intake seals what a source said
RELATION = TABLES["relation"]
TRACES = "merge_trace"
ONE_EACH = {  # a person has one row for each value of these; the survivor's stays
    "channel_permission": ("channel", "kind"),
    "preference": ("topic",),
}
FOLLOWS = {  # tables beside the catalogue whose rows go with the person, by their owner's column
    name: table(name, column("id"), column("subject_id")) for name in ("legal_hold", "dsar_request")
}
OF_PERSON = {  # table -> the column that says whose its rows are; what may come after a merge
    name: source.c.subject_id
    for name, source in (*TABLES.items(), ("dsar_request", FOLLOWS["dsar_request"]))
    if name != TRACES
}
STAYS = {  # table -> why its rows stay with the pseudonym that they were made for
    "subject": "the pseudonym itself",
    "subject_law": "the survivor gains copies of what it lacks",
    "consent_event": "append-only; both histories must permit (consent/merged.py)",
    "person_merge": "names both",
    "provision_person": "a record of what happened; both pseudonyms are looked up for the person",
    "collection": "what was shown to whom, as it was; both pseudonyms are looked up for the person",
    "dsar_filing": "whose contact was given with a request; a hint that proves nothing",
    "feed_subject": "which pseudonym a system registered; the merged one permits nothing there",
    "customer_sign_on": "whom a provider vouched for; nobody is signed in as the merged pseudonym",
    "guardian_hand": "found by the row of the relation, which goes with the person",
    "customer_passkey": "opens nothing while merged: by mistake it would show another's data",
    "break_glass": "who looked past the rules at whom; an open one ends for the merged pseudonym",
}


def movable(tx: Connection, source: SubjectId, target: SubjectId, name: str) -> list[Record]:
    """Rows of a table that can be the target's: all but those of which it has its own."""
    found = list(store.records_of(tx, source, name))
    columns = ONE_EACH.get(name)
    if columns is None or not found:
        return found
    taken = {_key(record, columns) for record in store.records_of(tx, target, name)}
    return [record for record in found if _key(record, columns) not in taken]


def _key(record: Record, columns: Sequence[str]) -> tuple[object, ...]:
    return tuple(record.clear[name] for name in columns)


def hand_over(
    tx: Connection, vault: FieldVault, name: str, records: Sequence[Record], *, to: SubjectId
) -> None:
    """These rows of one table are the other person's: cells, tokens, findings, custom values."""
    if not records:
        return
    target = TABLES[name]
    declared = [field for field in catalogue().table(name).sealed() if not is_custom(field.id)]
    opened = vault.open_rows([(record.id, _own(record)) for record in records])
    plain = [{field: cell.value for field, cell in row.items()} for row in opened]
    sealed = vault.seal_rows([(to, r.id, cells) for r, cells in zip(records, plain, strict=True)])
    values: dict[str, Any] = {field.column: bindparam(f"new_{field.column}") for field in declared}
    statement = update(target).where(target.c.id == bindparam("b_row"))
    tx.execute(
        statement.values(subject_id=to, **values),
        [
            {"b_row": record.id}
            | {f"new_{field.column}": cells.get(field.id) for field in declared}
            for record, cells in zip(records, sealed, strict=True)
        ],
    )
    rows = [record.id for record in records]
    for part in parts(rows):
        move_rows(tx, part, to=to)
        tx.execute(update(FINDING).where(FINDING.c.row_id.in_(part)).values(subject_id=to))
        _reseal(tx, vault, CUSTOM, part, to=to, key="field", cell="value")
        _reseal(tx, vault, SAID, part, to=to, key="source", cell="said", field=SAID_FIELD)


def _own(record: Record) -> dict[FieldId, bytes]:
    """The cells of the row itself; values of custom fields stand beside it."""
    return {name: cell for name, cell in record.sealed.items() if not is_custom(name)}


def _reseal(
    tx: Connection,
    vault: FieldVault,
    beside: Table,
    rows: Sequence[RowId],
    *,
    to: SubjectId,
    key: str,
    cell: str,
    field: FieldId | None = None,
) -> None:
    """One sealed column beside these rows is under the new owner's key."""
    wanted = select(beside.c.row_id, beside.c[key], beside.c[cell])
    found = tx.execute(wanted.where(beside.c.row_id.in_(list(rows)))).all()
    if not found:
        return
    names = [field or FieldId(name) for _, name, _ in found]
    opened = vault.open_rows(
        [(row, {name: bytes(frame)}) for name, (row, _, frame) in zip(names, found, strict=True)]
    )
    sealed = vault.seal_rows(
        [
            (to, row, {name: values[name].value})
            for name, (row, _, _), values in zip(names, found, opened, strict=True)
        ]
    )
    tx.execute(
        update(beside)
        .where(beside.c.row_id == bindparam("b_row"), beside.c[key] == bindparam("b_name"))
        .values({"subject_id": to, cell: bindparam("b_frame")}),
        [
            {"b_row": row, "b_name": word, "b_frame": cells[name]}
            for name, (row, word, _), cells in zip(names, found, sealed, strict=True)
        ],
    )


def followers(tx: Connection, name: str, subject: SubjectId) -> tuple[RowId, ...]:
    """Rows of a table beside the catalogue that are about this person."""
    source = FOLLOWS[name]
    found = tx.execute(select(source.c.id).where(source.c.subject_id == subject))
    return tuple(RowId(row) for row in found.scalars())


def send(tx: Connection, name: str, rows: Iterable[RowId], *, to: SubjectId) -> None:
    """These rows beside the catalogue are the other person's."""
    source = FOLLOWS[name]
    for part in parts(list(rows)):
        tx.execute(update(source).where(source.c.id.in_(part)).values(subject_id=to))


def rename(tx: Connection, *, source: SubjectId, target: SubjectId) -> tuple[RowId, ...]:
    """Rows of others that name the person (who acts for whom) name the target; their ids."""
    named = RELATION.c.other_subject_id == source
    rows = tuple(RowId(row) for row in tx.execute(select(RELATION.c.id).where(named)).scalars())
    if rows:
        tx.execute(update(RELATION).where(named).values(other_subject_id=target))
    return rows


def name_again(tx: Connection, rows: Iterable[RowId], *, subject: SubjectId) -> None:
    """The rows that `rename` changed name this person again."""
    for part in parts(list(rows)):
        again = update(RELATION).where(RELATION.c.id.in_(part))
        tx.execute(again.values(other_subject_id=subject))


def candidates_name(tx: Connection, rows: Sequence[RowId], *, subject: SubjectId) -> None:
    """Candidate pairs of these register rows name the person who has the rows now."""
    for part in parts(list(rows)):
        for row, owner in (("left_id", "left_subject_id"), ("right_id", "right_subject_id")):
            mine = update(DUPLICATE).where(DUPLICATE.c[row].in_(part))
            tx.execute(mine.values({owner: subject}))


def trace(
    merge: RowId,
    holder: SubjectId,
    kind: TraceKind,
    source: str,
    record: str,
    *,
    at: datetime,
    field: str | None = None,
) -> Record:
    """A line of the merge's history, its sealed values still to come."""
    clear = {
        "merge_id": merge,
        "kind": kind.value,
        "source_table": source,
        "record_id": record,
        "field": field,
        "recorded_at": at,
    }
    return Record(table=TRACES, id=new_row_id(), subject=holder, clear=clear, sealed={})


def sealed_traces(
    vault: FieldVault, traces: Sequence[tuple[Record, Plain | None, Plain | None]]
) -> tuple[Record, ...]:
    """The lines with what stood before and what stands now, under their holder's key."""
    before, after = FieldId(f"{TRACES}.before"), FieldId(f"{TRACES}.after")
    cells = vault.seal_rows(
        [(line.subject, line.id, {before: old, after: new}) for line, old, new in traces]
    )
    return tuple(
        Record(
            table=TRACES,
            id=line.id,
            subject=line.subject,
            clear=line.clear,
            sealed={name: bytes(cell) for name, cell in sealed.items() if cell is not None},
        )
        for (line, _, _), sealed in zip(traces, cells, strict=True)
    )


def records(tx: Connection, name: str, rows: Iterable[RowId]) -> list[Record]:
    """Those of these rows that are still there."""
    found = (store.record_by_id(tx, name, row) for row in rows)
    return [record for record in found if record is not None]


def later_rows(
    tx: Connection,
    owned: Mapping[str, Any],
    owner: str,
    *,
    since: RowId,
    known: Iterable[Trace],
) -> tuple[tuple[str, RowId], ...]:
    """(table, row) of everything of the owner that came after a merge began."""
    moved = {trace.record for trace in known}
    found: list[tuple[str, RowId]] = []
    for name, mine in owned.items():
        source = mine.table
        later = select(source.c.id).where(mine == owner, source.c.id > since)
        rows = tx.execute(later.order_by(source.c.id)).scalars()
        found += [(name, RowId(row)) for row in rows if row not in moved]
    return tuple(found)


def take_turn(tx: Connection) -> None:
    """No import decides what is new while this transaction is open."""
    tx.execute(update(TURN).where(TURN.c.id == 0).values(turn=TURN.c.turn + 1))


def set_columns(tx: Connection, name: str, row: str, values: Mapping[str, Any]) -> None:
    """These columns of a row have these values; its version rises where it has one."""
    target = TABLES[name]
    risen = {"version": target.c.version + 1} if "version" in target.columns else {}
    tx.execute(update(target).where(target.c.id == row).values(**values, **risen))
    owe_clear(tx, name, RowId(row), values)
