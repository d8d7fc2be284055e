"""Tokens that a purge sets aside find nothing, and go in the order of the index, all of them."""

from functools import partial

import pytest
from sqlalchemy import Connection, func, select

from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import FieldId, Law, RowId, SubjectId
from governance.customers import tokens
from governance.customers.search import leaving, looking, sweeping
from governance.customers.store import NewSubject, add_subjects
from governance.customers.subjects import SubjectKind
from governance.customers.tokens import LEAVING, POSTING, RowTokens
from governance.db.engine import Database
from tests.installation import AT

NAME, GRAMS = FieldId("person.name"), FieldId("person.name~ngram")
SHARED, OWN = b"\x00same", b"\xffown"


@pytest.fixture
def people(database: Database) -> tuple[SubjectId, ...]:
    """Four, each found by a token of everybody, one of their own and two short ones."""
    ids = [new_subject_id() for _ in range(4)]
    made = [NewSubject(id=one, kind=SubjectKind.CUSTOMER, laws={Law.APPI: "test"}) for one in ids]
    database.write(lambda tx: add_subjects(tx, made, at=AT))
    rows = [indexed(one, bytes([n])) for n, one in enumerate(ids)]
    database.write(partial(tokens.add_tokens, rows=rows))
    return tuple(ids)


def indexed(subject: SubjectId, mark: bytes, *, row: RowId | None = None) -> RowTokens:
    found = {
        (NAME, 1): (SHARED, OWN + mark),
        (GRAMS, 1): (mark + b"a", mark + b"b"),
        (GRAMS, 2): (),
    }
    return RowTokens(row=row or new_row_id(), subject=subject, source="person", tokens=found)


def aside(database: Database, subjects: tuple[SubjectId, ...]) -> int:
    return database.write(lambda tx: leaving.forget_subjects(tx, subjects, aside=True))


def take(tx: Connection, turn: sweeping.Turn) -> None:
    for width, places in turn.places:
        sweeping.remove(tx, turn.number, width, places)
    sweeping.settle(tx, turn.number, turn.rows)


def sweep(database: Database, *, at_once: int = sweeping.AT_ONCE) -> int:
    """In how many turns."""
    turns = 0
    for turn in sweeping.turns(database, at_once=at_once):
        database.write(partial(take, turn=turn))
        turns += 1
    return turns


def counts(database: Database) -> tuple[int, int]:
    """How many tokens lead to rows, and how many entries wait for the sweep."""
    with database.read() as tx:
        found = (tx.execute(select(func.count()).select_from(t)) for t in (POSTING, LEAVING))
        posted, waiting = (int(one.scalar_one()) for one in found)
        return posted, waiting


def found(database: Database, token: bytes) -> set[SubjectId]:
    with database.read() as tx:
        return {who for _, _, who in looking.find_tokens(tx, [NAME], [token])}


def test_tokens_set_aside_find_nobody_and_are_counted(
    database: Database, people: tuple[SubjectId, ...]
) -> None:
    assert found(database, SHARED) == set(people)
    assert aside(database, people[:2]) == 8
    assert found(database, SHARED) == set(people[2:])
    assert counts(database) == (16, 6)


@pytest.mark.parametrize("at_once", [1, sweeping.AT_ONCE])
def test_a_sweep_takes_exactly_what_was_set_aside(
    database: Database, people: tuple[SubjectId, ...], at_once: int
) -> None:
    aside(database, people[:2])
    turns = sweep(database, at_once=at_once)
    assert counts(database) == (8, 0)
    assert found(database, SHARED) == set(people[2:])
    assert turns == 3 if at_once > 1 else turns > 3
    assert sweep(database) == 0


def test_what_is_set_aside_during_a_sweep_waits_for_the_next(
    database: Database, people: tuple[SubjectId, ...]
) -> None:
    aside(database, people[:1])
    for n, turn in enumerate(sweeping.turns(database, at_once=1)):
        if n == 0:
            aside(database, people[1:2])
        database.write(partial(take, turn=turn))
    posted, waiting = counts(database)
    assert waiting > 0
    assert posted > 8
    sweep(database)
    assert counts(database) == (8, 0)


def test_a_sweep_that_was_cut_short_is_done_again(
    database: Database, people: tuple[SubjectId, ...]
) -> None:
    aside(database, people[:2])
    first = next(iter(sweeping.turns(database)))
    ((width, places), *_) = first.places
    database.write(lambda tx: sweeping.remove(tx, first.number, width, places[:1]))
    sweep(database)
    assert counts(database) == (8, 0)
