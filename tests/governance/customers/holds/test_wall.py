"""The database itself refuses to delete or empty what a hold covers, and nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import Connection, delete, text, update
from sqlalchemy.exc import IntegrityError

from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import Law, RowId, SubjectId
from governance.customers import store
from governance.customers.catalogue import OnErase, catalogue
from governance.customers.holds.reading import SCOPE
from governance.customers.holds.wall import DELETED, EMPTIED
from governance.customers.store import HOLD, TABLES, NewSubject, add_subjects
from governance.customers.subjects import SubjectKind
from governance.db.engine import Database
from governance.db.migrate import upgrade

AT = datetime(2026, 10, 1, 3, tzinfo=UTC)
PERSON, DEAL = TABLES["person"], TABLES["deal"]
SHAPE = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    " AND name LIKE 'hold_%' ORDER BY name",
    "postgresql": "SELECT tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t"
    " WHERE tgname LIKE 'hold_%' UNION ALL SELECT proname, prosrc FROM pg_proc"
    " WHERE proname LIKE 'hold_%' ORDER BY 1",
}


def person(database: Database) -> SubjectId:
    """A person with a register row and a deal."""
    subject = new_subject_id()
    fresh = NewSubject(id=subject, kind=SubjectKind.CUSTOMER, laws={Law.APPI: "controller"})

    def write(tx: Connection) -> None:
        add_subjects(tx, [fresh], at=AT)
        row = {"id": new_row_id(), "subject_id": subject, "recorded_at": AT, "version": 1}
        register = {"source_file": "a.csv", "source_row": hash(subject) % 10**9, "problems": 0}
        words = {"status": "active", "contact_permission": "unknown", "name": b"sealed"}
        tx.execute(PERSON.insert().values(**row, **register, **words))
        deal = {**row, "id": new_row_id(), "source_key": new_row_id(), "memo": b"sealed"}
        tx.execute(DEAL.insert().values(**deal, contact_name=b"sealed"))

    database.write(write)
    return subject


def hold(database: Database, subject: SubjectId, **what: str | None) -> RowId:
    row = {"id": new_row_id(), "subject_id": subject, "matter": "suit", "placed_by": "u:x", **what}
    database.write(lambda tx: tx.execute(HOLD.insert().values(**row, placed_at=AT)))
    return RowId(str(row["id"]))


def gone(database: Database, subject: SubjectId) -> int:
    mine = delete(PERSON).where(PERSON.c.subject_id == subject)
    return database.write(lambda tx: tx.execute(mine).rowcount)


def test_a_row_of_a_held_person_cannot_be_deleted_by_anybody(database: Database) -> None:
    held, free = person(database), person(database)
    row = hold(database, held)
    with pytest.raises(IntegrityError, match="legal_hold"):
        database.write(lambda tx: tx.execute(delete(PERSON)))
    assert gone(database, free) == 1
    released = update(HOLD).where(HOLD.c.id == row).values(released_at=AT)
    database.write(lambda tx: tx.execute(released))
    assert gone(database, held) == 1


@pytest.mark.parametrize(
    ("what", "stays"),
    [
        ({"held_table": "person"}, True),
        ({"held_table": "person", "field": "person.email"}, True),
        ({"held_table": "inquiry"}, False),
        ({"held_table": "person", "held_row": "00000000-0000-7000-8000-000000000000"}, False),
    ],
)
def test_only_the_table_or_row_that_is_held_stays(
    database: Database, what: dict[str, str], *, stays: bool
) -> None:
    subject = person(database)
    hold(database, subject, **what)
    if stays:
        with pytest.raises(IntegrityError):
            gone(database, subject)
    else:
        assert gone(database, subject) == 1


def test_everyone_is_held_but_who_was_let_out(database: Database) -> None:
    held, out = person(database), person(database)
    scope = {"id": new_row_id(), "matter": "suit", "kind": "everyone", "conditions": "[]"}
    placed = SCOPE.insert().values(**scope, placed_by="u:x", placed_at=AT)
    database.write(lambda tx: tx.execute(placed))
    row = hold(database, out, scope_id=str(scope["id"]))
    released = update(HOLD).where(HOLD.c.id == row).values(released_at=AT)
    database.write(lambda tx: tx.execute(released))
    with pytest.raises(IntegrityError):
        gone(database, held)
    assert gone(database, out) == 1


def test_a_held_row_can_be_written_and_moved_but_not_emptied(database: Database) -> None:
    held, other = person(database), person(database)
    hold(database, held)
    mine = update(DEAL).where(DEAL.c.subject_id == held)
    database.write(lambda tx: tx.execute(mine.values(memo=None)))
    emptied = dict.fromkeys(EMPTIED["deal"])
    with pytest.raises(IntegrityError, match="legal_hold"):
        database.write(lambda tx: tx.execute(mine.values(**emptied)))
    database.write(lambda tx: tx.execute(mine.values(subject_id=other)))
    left = update(DEAL).where(DEAL.c.subject_id == other)
    database.write(lambda tx: tx.execute(left.values(**emptied)))


def test_the_wall_is_round_every_table_that_an_erasure_touches() -> None:
    declared = catalogue()
    assert {*DELETED, "merge_trace"} == set(declared.tables)
    stays = {OnErase.EMPTY_COLUMNS, OnErase.KEEP_BY_LAW}
    assert {
        name: tuple(field.column for field in table.sealed())
        for name, table in declared.tables.items()
        if table.on_erase in stays
    } == dict(EMPTIED)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_an_upgraded_database_has_the_wall_of_a_declared_one(
    database: Database, new_database: Callable[..., str], kind: str
) -> None:
    if (kind == "sqlite") is not (database.dialect == "sqlite"):
        pytest.skip("the other engine's turn")
    revised = Database.open(new_database("sqlite" if kind == "sqlite" else "upgraded"))
    try:
        upgrade(revised)
        found = [one.write(partial(_shape, one.dialect)) for one in (database, revised)]
    finally:
        revised.close()
    assert found[0] == found[1]
    assert len(found[0]) >= len(DELETED) + len(EMPTIED)


def _shape(dialect: str, tx: Connection) -> list[tuple[str, str]]:
    return [(name, " ".join(shape.split())) for name, shape in tx.execute(text(SHAPE[dialect]))]


def test_the_store_places_a_hold_that_the_wall_knows(database: Database) -> None:
    subject = person(database)
    database.write(lambda tx: store.place_hold(tx, subject, matter="m", by="u:x", at=AT))
    with pytest.raises(IntegrityError):
        gone(database, subject)
