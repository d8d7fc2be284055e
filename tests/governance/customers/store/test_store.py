"""Rows of the store on both engines: in and out as they were, and nothing opened on the way."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, Table, insert, inspect, select
from sqlalchemy.exc import IntegrityError

from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import FieldId, Law, RowId, SubjectId
from governance.customers import store
from governance.customers.catalogue import Storage, catalogue
from governance.customers.store import NewSubject, Record
from governance.customers.subjects import AgeBand, SubjectKind, SubjectState
from governance.db.engine import Database
from tests.installation import AT

ON = AT.date()
EMAIL = FieldId("person.email")


@pytest.fixture
def person(database: Database) -> SubjectId:
    return added(database)


def added(database: Database, **other: Any) -> SubjectId:
    subject = new_subject_id()
    plain: dict[str, Any] = {"kind": SubjectKind.CUSTOMER, "laws": {Law.APPI: "controller"}}
    new = NewSubject(id=subject, **(plain | other))
    database.write(lambda tx: store.add_subjects(tx, [new], at=AT))
    return subject


NOTHING: Mapping[str, str] = {}
VALUES: Mapping[str, Any] = {
    "VARCHAR": "架空",
    "INTEGER": 7,
    "BIGINT": 2**40,
    "DATE": date(2026, 2, 28),
    "BOOLEAN": True,
}


def filled(
    table: str, subject: SubjectId, *, mark: str = "1", refer: Mapping[str, str] = NOTHING
) -> Record:
    """A record with a value in every column; bytes that are no frame do for the store."""
    clear: dict[str, Any] = {}
    sealed: dict[FieldId, bytes] = {}
    for field in catalogue().table(table).fields:
        column = store.TABLES[table].columns[field.column]
        if field.storage is Storage.SEALED:
            sealed[field.id] = f"frame of {field.id} {mark}".encode()
        elif field.column.endswith("_at"):
            clear[field.column] = datetime(2026, 5, 5, 1, 2, 3, 456789, tzinfo=UTC)
        elif column.foreign_keys or field.column == "id":
            clear |= {field.column: refer[field.column]} if field.column in refer else {}
        else:
            kind = str(column.type).partition("(")[0]
            clear[field.column] = VALUES[kind] if column.unique is not True else f"K{mark}"
    return Record(table=table, id=new_row_id(), subject=subject, clear=clear, sealed=sealed)


def parents(database: Database, table: str, subject: SubjectId) -> dict[str, str]:
    """Rows to which every row of this table must refer, each with the least that it needs."""
    made: dict[str, str] = {}
    for column in store.TABLES[table].columns:
        for key in column.foreign_keys:
            target = key.column.table
            if target.name != "subject" and not column.nullable:
                parent = least(target, subject)
                statement = target.insert().values(**parent)
                database.write(partial(Connection.execute, statement=statement))
                made[column.name] = parent["id"]
    return made


def least(table: Table, subject: SubjectId) -> dict[str, Any]:
    """A row with a value in the columns that need one."""
    row: dict[str, Any] = {"id": new_row_id()}
    for column in table.columns:
        if column.nullable or column.server_default is not None or column.name == "id":
            continue
        targets = {key.column.table.name for key in column.foreign_keys}
        kind = str(column.type).partition("(")[0]
        fallback = datetime(2026, 5, 5, tzinfo=UTC)
        row[column.name] = subject if "subject" in targets else VALUES.get(kind, fallback)
    return row


@pytest.mark.parametrize("table", sorted(store.TABLES))
def test_a_record_comes_back_as_it_was_stored(
    database: Database, person: SubjectId, table: str
) -> None:
    record = filled(table, person, refer=parents(database, table, person))
    database.write(lambda tx: store.insert_records(tx, [record]))
    with database.read() as tx:
        found = store.record_by_id(tx, table, record.id)
        assert found is not None
        assert store.records_of(tx, person, table) == (found,)
        assert store.records_of(tx, new_subject_id(), table) == ()
        assert store.record_by_id(tx, table, new_row_id()) is None
        assert store.count_rows(tx, table) == 1
    assert found.sealed == record.sealed
    for column, value in record.clear.items():
        assert found.clear[column] == value, column


def test_a_record_of_nobody_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        database.write(lambda tx: store.insert_records(tx, [filled("person", new_subject_id())]))


def test_a_person_with_rows_cannot_be_deleted_by_mistake(
    database: Database, person: SubjectId
) -> None:
    database.write(lambda tx: store.insert_records(tx, [filled("person", person)]))
    with pytest.raises(IntegrityError):
        database.write(lambda tx: tx.execute(store.SUBJECT.delete()))


def test_a_repr_of_a_record_shows_no_frame(person: SubjectId) -> None:
    assert "frame of" not in repr(filled("person", person))


def test_an_update_with_a_version_is_refused_when_the_row_moved(
    database: Database, person: SubjectId
) -> None:
    plain = filled("person", person)
    first = replace(plain, clear={**plain.clear, "version": 1})
    database.write(lambda tx: store.insert_records(tx, [first]))
    change = Record(
        table="person", id=first.id, subject=person, clear={"rank": "A"}, sealed={EMAIL: b"new"}
    )
    update = partial(store.update_record, record=change, expected_version=1)
    assert database.write(update) is True
    assert database.write(update) is False
    with database.read() as tx:
        found = store.record_by_id(tx, "person", first.id)
    assert found is not None
    assert (found.clear["version"], found.clear["rank"], found.sealed[EMAIL]) == (2, "A", b"new")


def test_a_walk_meets_every_row_once(database: Database, person: SubjectId) -> None:
    rows = [filled("inquiry", person, mark=str(n)) for n in range(7)]
    database.write(lambda tx: store.insert_records(tx, rows))
    seen: list[RowId] = []
    with database.read() as tx:
        while part := store.records_after(
            tx,
            "inquiry",
            after=seen[-1] if seen else None,
            limit=3,
        ):
            seen += [record.id for record in part]
    assert seen == sorted(record.id for record in rows)


def test_source_keys_are_found_beyond_one_list(database: Database, person: SubjectId) -> None:
    rows = [filled("inquiry", person, mark=str(n)) for n in range(3)]
    database.write(lambda tx: store.insert_records(tx, rows))
    with database.read() as tx:
        found = store.known_source_keys(tx, "inquiry", [f"K{n}" for n in range(2000)])
    assert found == {f"K{n}": row.id for n, row in enumerate(rows)}


# --- persons


def test_a_person_is_found_with_the_laws_of_the_day(database: Database) -> None:
    subject = added(
        database,
        laws={Law.APPI: "controller", Law.GDPR: "origin"},
        age_band=AgeBand.FROM_13,
        guardian_verified=True,
    )
    with database.read() as tx:
        found = store.subject_by_id(tx, subject, on=ON)
        before = store.subject_by_id(tx, subject, on=ON - timedelta(days=1))
        assert store.subject_by_id(tx, new_subject_id(), on=ON) is None
    assert found is not None
    assert found.laws == {Law.APPI, Law.GDPR}
    assert (found.age_band, found.guardian_verified) == (AgeBand.FROM_13, True)
    assert before is not None
    assert before.laws == frozenset(), "unknown, which means all"


def test_every_change_of_state_raises_the_fence(database: Database, person: SubjectId) -> None:
    fences = []
    for state in (SubjectState.RESTRICTED, SubjectState.ACTIVE, SubjectState.ERASING):
        database.write(partial(store.set_state, subject=person, state=state))
        fences.append(database.write(partial(store.lock_subject, subject=person)))
        with database.read() as tx:
            found = store.subject_by_id(tx, person, on=ON)
        assert found is not None
        assert (found.state, found.fence) == (state, fences[-1])
    assert fences == [1, 2, 3]
    assert database.write(lambda tx: store.lock_subject(tx, new_subject_id())) is None


@pytest.mark.parametrize(
    ("state", "kept", "gone"),
    [
        (SubjectState.ACTIVE, None, False),
        (SubjectState.RESTRICTED, None, False),
        (SubjectState.ERASING, None, True),
        (SubjectState.ERASED, None, True),
        (SubjectState.ERASED, "RET-HOJINZEI", False),
    ],
)
def test_who_is_gone(
    database: Database, person: SubjectId, state: SubjectState, kept: str | None, *, gone: bool
) -> None:
    database.write(lambda tx: store.set_state(tx, person, state, kept_by_law=kept))
    with database.read() as tx:
        found = store.subject_by_id(tx, person, on=ON)
    assert found is not None
    assert found.gone is gone


def test_a_hold_stands_until_it_is_released(database: Database, person: SubjectId) -> None:
    hold = database.write(
        partial(store.place_hold, subject=person, matter="case:1", by="u:taro", at=AT)
    )
    with database.read() as tx:
        assert store.held(tx, person)
        assert not store.held(tx, new_subject_id())
    database.write(
        lambda tx: tx.execute(
            store.HOLD.update().where(store.HOLD.c.id == hold).values(released_at=AT)
        )
    )
    with database.read() as tx:
        assert not store.held(tx, person)


# --- suppression


def test_a_suppression_counts_until_its_last_day(database: Database) -> None:
    rows = [
        {
            "id": new_row_id(),
            "field": EMAIL,
            "version": 1,
            "token": token,
            "rule": "erased",
            "placed_at": AT,
            "ends_on": end,
        }
        for token, end in ((b"a" * 16, None), (b"b" * 16, ON), (b"c" * 16, ON - timedelta(days=1)))
    ]
    database.write(lambda tx: tx.execute(insert(store.SUPPRESSION), rows))
    with database.read() as tx:
        tokens = [row["token"] for row in rows] + [b"d" * 16]
        assert store.suppressed(tx, tokens, on=ON) == {b"a" * 16, b"b" * 16}  # type: ignore[arg-type] # bytes


def test_cells_of_a_column_come_without_the_rest(database: Database, person: SubjectId) -> None:
    records = [
        replace(filled("person", person), clear={**filled("person", person).clear, "source_row": n})
        for n in range(3)
    ]
    without = replace(records[2], sealed={})
    database.write(lambda tx: store.insert_records(tx, [*records[:2], without]))
    with database.read() as tx:
        found = store.cells_of(tx, "person", "email", [record.id for record in records])
    assert found == {record.id: record.sealed[EMAIL] for record in records[:2]}


def test_no_table_of_the_store_deletes_by_cascade(database: Database) -> None:
    found = inspect(database.writer_engine)
    for table in (
        *store.TABLES,
        "subject_law",
        "legal_hold",
        "search_row",
        "search_entry",
        "text_finding",
    ):
        for key in found.get_foreign_keys(table):
            assert key["options"].get("ondelete", "RESTRICT") in {"RESTRICT", "NO ACTION"}, table
    with database.read() as tx:
        assert tx.execute(select(store.SUBJECT)).all() == []
