"""What the store holds around a person, as far as a new row must fit it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from governance.core.ids import new_row_id
from governance.core.terms import RowId, SubjectId
from governance.customers import store
from governance.customers.catalogue import catalogue
from governance.customers.master.types import ONE_FOR, STAMPED, AuthorKind, Direction
from governance.customers.store import SUBJECT, TABLES, Record
from governance.gateway.around.types import Entry
from governance.gateway.around.values import Values
from governance.gateway.rows import company_owner

FILE = "console"  # stands where an imported row names its file


def found(tx: Connection, entry: Entry, values: Values) -> Record | None:
    """The row that is meant: by its id, or the one that a channel or topic already has."""
    if entry.row is not None:
        record = store.record_by_id(tx, entry.table, entry.row)
        return record if record is not None and record.subject == entry.subject else None
    unique = ONE_FOR.get(entry.table)
    if unique is None:
        return None
    table = TABLES[entry.table]
    same = [table.c[name] == values.clear.get(name) for name in unique]
    mine = select(table.c.id).where(table.c.subject_id == entry.subject, *same)
    row = tx.execute(mine).scalar()
    return None if row is None else store.record_by_id(tx, entry.table, RowId(row))


def texts(record: Record) -> dict[str, object]:
    """What a row holds by column; of a sealed value only that it is there."""
    sealed = {name.partition(".")[2]: True for name in record.sealed}
    return {**record.clear, **sealed}


def present(record: Record) -> set[str]:
    """Columns of the row that hold something."""
    ours = {"id", "subject_id", "version", "recorded_at", "recorded_by"}
    held = {name for name, value in texts(record).items() if value is not None}
    return held - ours


def defaults(
    table: str, row: RowId, clear: Mapping[str, object], *, by: str, at: datetime
) -> dict[str, Any]:
    """What the store itself says of a new row."""
    made: dict[str, Any] = {"recorded_at": at}
    if table in STAMPED:
        made["recorded_by"] = by
    for flag in ("is_primary", "until_majority"):
        if flag in {entry.column for entry in catalogue().table(table).fields}:
            made[flag] = bool(clear.get(flag, False))
    if any(entry.column == "version" for entry in catalogue().table(table).fields):
        made["version"] = 1
    match table:
        case "household_member":
            made["household_id"] = clear.get("household_id") or new_row_id()
        case "subscription":
            made["source_key"] = clear.get("source_key") or f"{FILE}:{row}"
        case "inquiry_message":
            made |= _message(clear, by=by, at=at)
        case _:
            pass
    return made


def _message(clear: Mapping[str, object], *, by: str, at: datetime) -> dict[str, Any]:
    """A message in is the person's; one out, or a note, is of whoever writes it down."""
    ours = clear["direction"] != Direction.IN.value
    kind = clear.get("author_kind") or (AuthorKind.STAFF if ours else AuthorKind.PERSON)
    return {"author_kind": str(kind), "author": by, "sent_at": clear.get("sent_at") or at}


def reference_faults(
    tx: Connection, table: str, subject: SubjectId, clear: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    """References to what does not exist, or is another person's."""
    checks = (
        ("purchase_id", _owns(tx, "purchase", clear.get("purchase_id"), subject)),
        ("inquiry_id", _owns(tx, "inquiry", clear.get("inquiry_id"), subject)),
        ("company_id", _stands(tx, clear.get("company_id"))),
        (
            "household_id",
            _exists(tx, "household_member", "household_id", clear.get("household_id")),
        ),
        ("other_subject_id", _other(tx, clear.get("other_subject_id"), subject)),
    )
    yield from ((column, "unknown_value") for column, fits in checks if not fits)
    key = clear.get("source_key")
    if key is not None and store.known_source_keys(tx, table, [str(key)]):
        yield "source_key", "taken"


def _owns(tx: Connection, table: str, row: object, subject: SubjectId) -> bool:
    """Whether the row that is named, if any, is this person's."""
    if row is None:
        return True
    owner = select(TABLES[table].c.subject_id).where(TABLES[table].c.id == row)
    return bool(tx.execute(owner).scalar() == subject)


def _stands(tx: Connection, company: object) -> bool:
    """Whether the company that is named, if any, is there and was merged into no other."""
    return company is None or company_owner(tx, RowId(str(company))) is not None


def _exists(tx: Connection, table: str, column: str, value: object) -> bool:
    """Whether what is named, if anything, is there."""
    if value is None:
        return True
    source = TABLES[table]
    found = select(source.c.id).where(source.c[column] == value).limit(1)
    return tx.execute(found).scalar() is not None


def _other(tx: Connection, other: object, subject: SubjectId) -> bool:
    """Whether who acts, if they are in the store, is another person who is there."""
    if other is None:
        return True
    state = tx.execute(select(SUBJECT.c.state).where(SUBJECT.c.id == other)).scalar()
    return other != subject and state in {"active", "restricted"}
