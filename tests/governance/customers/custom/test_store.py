"""The register of custom fields and their values beside the rows, on both engines."""

from datetime import UTC, datetime

import pytest

from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import FieldId, Law, SubjectId
from governance.customers import store
from governance.customers.custom import store as custom
from governance.customers.custom.rows import cells_beside, own_cells, own_columns
from governance.customers.custom.store import Cell, Registered
from governance.customers.store import NewSubject
from governance.customers.subjects import SubjectKind
from governance.db.engine import Database

AT = datetime(2026, 10, 1, tzinfo=UTC)
SIZE, GIFT = FieldId("person.custom.shoe_size"), FieldId("person.custom.gift")


@pytest.fixture
def person(database: Database) -> SubjectId:
    subject = new_subject_id()
    new = NewSubject(id=subject, kind=SubjectKind.CUSTOMER, laws={Law.APPI: "controller"})
    database.write(lambda tx: store.add_subjects(tx, [new], at=AT))
    return subject


def test_an_id_is_registered_once_and_stays_closed(database: Database) -> None:
    entry = Registered(id="custom.gift", table="person", kind="choice", retired=False)
    assert database.write(lambda tx: custom.enter(tx, [entry], at=AT)) == 1
    assert database.write(lambda tx: custom.enter(tx, [entry], at=AT)) == 0
    database.write(lambda tx: custom.retire(tx, "custom.gift", by="u:manager", at=AT))
    assert database.write(lambda tx: custom.enter(tx, [entry], at=AT)) == 0
    with database.read() as tx:
        (known,) = custom.register(tx).values()
    assert (known.table, known.kind, known.retired) == ("person", "choice", True)


def test_a_value_is_replaced_emptied_and_removed(database: Database, person: SubjectId) -> None:
    row, other = new_row_id(), new_row_id()
    first = [
        Cell(row=row, subject=person, name=SIZE, value=b"frame 1"),
        Cell(row=row, subject=person, name=GIFT, value=b"frame 2"),
        Cell(row=other, subject=person, name=GIFT, value=b"frame 3"),
        Cell(row=other, subject=person, name=SIZE, value=None),
    ]
    database.write(lambda tx: custom.add(tx, first))
    with database.read() as tx:
        assert custom.values_of(tx, [row, other]) == {
            row: {SIZE: b"frame 1", GIFT: b"frame 2"},
            other: {GIFT: b"frame 3"},
        }
        assert custom.subjects_of(tx, GIFT) == {person}
        assert set(custom.rows_of(tx, GIFT)) == {row, other}
    changed = [
        Cell(row=row, subject=person, name=SIZE, value=b"frame 4"),
        Cell(row=row, subject=person, name=GIFT, value=None),
    ]
    database.write(lambda tx: custom.write(tx, changed))
    with database.read() as tx:
        assert custom.values_of(tx, [row]) == {row: {SIZE: b"frame 4"}}
    assert database.write(lambda tx: custom.remove(tx, GIFT)) == 1
    assert "frame" not in repr(first[0])


def test_what_stands_beside_a_row_is_told_from_its_own_columns() -> None:
    row, subject = new_row_id(), new_subject_id()
    clear: dict[str, object] = {"status": "active", "custom.gift": None}
    sealed = {SIZE: b"1", FieldId("person.name"): b"2"}
    assert own_columns(clear) == {"status": "active"}
    assert own_cells(sealed) == {"name": b"2"}
    cells = cells_beside("person", row, subject, clear=clear, sealed=sealed)
    assert {(cell.name, cell.value) for cell in cells} == {(GIFT, None), (SIZE, b"1")}
