"""One statement for lists of any length, on both engines."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError

from governance.core.ids import new_row_id
from governance.core.terms import Law, SubjectId
from governance.customers.store import LAW, SUBJECT, NewSubject, add_subjects
from governance.customers.subjects import SubjectKind
from governance.db.engine import Database
from governance.db.keyed import PreparedChange, changed

AT = datetime(2026, 10, 1, tzinfo=UTC)
LATER = datetime(2026, 10, 2, tzinfo=UTC)
RENAME = PreparedChange(
    lambda ids: (
        update(SUBJECT)
        .where(SUBJECT.c.id.in_(ids))
        .values(state=bindparam("now"), restricted_at=bindparam("at"), fence=SUBJECT.c.fence + 1)
    )
)
GONE = PreparedChange(lambda ids: delete(SUBJECT).where(SUBJECT.c.id.in_(ids)))
LAWS_GONE = PreparedChange(lambda ids: delete(LAW).where(LAW.c.subject_id.in_(ids)))


@pytest.fixture
def people(database: Database) -> list[SubjectId]:
    ids = [SubjectId(new_row_id()) for _ in range(1_200)]
    fresh = [NewSubject(id=one, kind=SubjectKind.CUSTOMER, laws={}) for one in ids]
    database.write(lambda tx: add_subjects(tx, fresh, at=AT))
    return ids


def states(database: Database) -> dict[str, Any]:
    with database.read() as tx:
        rows = tx.execute(select(SUBJECT.c.id, SUBJECT.c.state, SUBJECT.c.restricted_at))
        return {row.id: (row.state, row.restricted_at) for row in rows}


def test_a_change_concerns_exactly_its_keys(database: Database, people: list[SubjectId]) -> None:
    facts = {"now": "restricted", "at": LATER}
    for mine in ([], people[:1], people[1:700]):
        assert database.write(lambda tx, mine=mine: RENAME.rows(tx, mine, facts)) == len(mine)  # type: ignore[misc] # at once
    found = states(database)
    assert {found[one] for one in people[:700]} == {("restricted", LATER)}
    assert {found[one] for one in people[700:]} == {("active", None)}


def test_several_changes_are_made_in_their_order(
    database: Database, people: list[SubjectId]
) -> None:
    facts = {"now": "restricted", "at": None}

    def both(tx: Connection) -> list[int]:
        return changed(tx, [RENAME.of(people[:3], facts), GONE.of(people[:2]), GONE.of(people[:3])])

    assert database.write(both) == [3, 2, 1]
    assert set(states(database)) == set(people[3:])


def test_what_a_reference_forbids_undoes_all(database: Database) -> None:
    one = SubjectId(new_row_id())
    fresh = NewSubject(id=one, kind=SubjectKind.CUSTOMER, laws={Law.APPI: "controller"})
    database.write(lambda tx: add_subjects(tx, [fresh], at=AT))
    with pytest.raises(IntegrityError):
        database.write(lambda tx: changed(tx, [GONE.of([one])]))
    assert one in states(database)
    assert database.write(lambda tx: changed(tx, [LAWS_GONE.of([one]), GONE.of([one])])) == [1, 1]


def test_a_key_is_a_value_and_never_a_piece_of_the_statement(
    database: Database, people: list[SubjectId]
) -> None:
    strange = [SubjectId(text) for text in ("' OR 1=1 --", '"]', "%s", "é" * 36, "")]
    assert database.write(lambda tx: GONE.rows(tx, strange)) == 0
    assert len(states(database)) == len(people)
