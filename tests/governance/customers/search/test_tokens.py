"""Tokens by row and tokens by token always say the same, whatever is added, changed and removed."""

from collections.abc import Sequence
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import FieldId, Law, RowId, SubjectId
from governance.customers import tokens
from governance.customers.search import leaving, looking
from governance.customers.store import NewSubject, add_subjects
from governance.customers.subjects import SubjectKind
from governance.customers.tokens import Due, RowTokens
from governance.db.engine import Database
from tests.installation import AT

NAME, GRAMS = FieldId("person.name"), FieldId("person.name~ngram")


@pytest.fixture
def people(database: Database) -> tuple[SubjectId, ...]:
    made = [
        NewSubject(id=new_subject_id(), kind=SubjectKind.CUSTOMER, laws={Law.APPI: "test"})
        for _ in range(3)
    ]
    database.write(lambda tx: add_subjects(tx, made, at=AT))
    return tuple(one.id for one in made)


def row(
    subject: SubjectId,
    *,
    name: RowId | None = None,
    due: Due = Due.NOTHING,
    **made: Sequence[bytes],
) -> RowTokens:
    index = {"exact": NAME, "grams": GRAMS}
    return RowTokens(
        row=name or new_row_id(),
        subject=subject,
        source="person",
        tokens={(index[kind], 1): tuple(found) for kind, found in made.items()},
        due=due,
    )


def both_sides(tx: Connection) -> tuple[set[tuple[int, bytes, bytes]], ...]:
    """Every token as the rows list it, and as the tokens list it."""
    by_row = {
        (number, token, bytes(key))
        for key, number, joined in tx.execute(
            select(tokens.ENTRY.c.row_key, tokens.ENTRY.c.index_id, tokens.ENTRY.c.tokens)
        )
        for token in tokens.split(bytes(joined))
    }
    by_token = {
        (number, bytes(token), bytes(key))
        for number, token, key in tx.execute(
            select(tokens.POSTING.c.index_id, tokens.POSTING.c.token, tokens.POSTING.c.row_key)
        )
    }
    return by_row, by_token


def replaced(tx: Connection, *, made: RowTokens, names: Sequence[FieldId]) -> None:
    tokens.drop_tokens(tx, [made.row], names=names)
    tokens.add_tokens(tx, [made])


def number(tx: Connection, name: FieldId) -> int:
    return tokens.known_indexes(tx).numbers[name, 1]


def test_rows_are_found_by_all_of_their_tokens_newest_first(
    database: Database, people: tuple[SubjectId, ...]
) -> None:
    made = [
        row(people[0], exact=[b"aaaa"], grams=[b"gg", b"hh"]),
        row(people[1], exact=[b"aaaa"], grams=[b"gg", b"ii"]),
        row(people[2], exact=[b"bbbb"], grams=[b"gg", b"hh", b"ii"]),
    ]
    for _ in range(2):  # the second time nothing is added
        database.write(partial(tokens.add_tokens, rows=made))
    ids = [one.row for one in made]
    with database.read() as tx:
        grams, whole = number(tx, GRAMS), number(tx, NAME)

        def found(
            index: int, *wanted: bytes, limit: int = 9, before: bytes | None = None
        ) -> list[RowId]:
            ordered = looking.rarest_first(tx, index, wanted)
            walked = looking.walk(tx, index, ordered, before=before, limit=limit)
            return [tokens.unpacked(key) for key in walked.rows]

        assert found(whole, b"aaaa") == [ids[1], ids[0]]
        assert found(grams, b"gg") == ids[::-1]
        assert found(grams, b"gg", limit=1) == [ids[2]]
        assert found(grams, b"gg", b"hh") == [ids[2], ids[0]]
        assert found(grams, b"gg", b"hh", b"ii") == [ids[2]]
        assert found(grams, b"zz") == []
        assert found(grams, b"gg", before=tokens.packed(ids[2])) == [ids[1], ids[0]]
        assert looking.rows_of(tx, grams, b"gg", most=2) == 2
        hits = looking.find_tokens(tx, [NAME], [b"aaaa", b"zzzz"])
        assert {(who, one) for _, one, who in hits} == {(people[0], ids[0]), (people[1], ids[1])}
        assert looking.find_tokens(tx, [FieldId("person.kana")], [b"aaaa"]) == ()
        by_row, by_token = both_sides(tx)
        assert by_row == by_token


def test_a_changed_value_leaves_no_token_of_its_old_form(
    database: Database, people: tuple[SubjectId, ...]
) -> None:
    old = row(people[0], exact=[b"aaaa"], grams=[b"gg", b"hh"])
    database.write(partial(tokens.add_tokens, rows=[old]))
    new = row(people[0], name=old.row, exact=[b"cccc"])
    database.write(partial(replaced, made=new, names=[NAME]))
    with database.read() as tx:
        by_row, by_token = both_sides(tx)
        assert by_row == by_token
        assert {token for _, token, _ in by_row} == {b"cccc", b"gg", b"hh"}
        assert tokens.count_behind(tx) == 0


def test_what_is_still_to_come_is_counted_and_settled(
    database: Database, people: tuple[SubjectId, ...]
) -> None:
    rest = row(people[0], due=Due.REST, exact=[b"aaaa"])
    whole = row(people[1], due=Due.ALL, exact=[b"bbbb"])
    database.write(partial(tokens.add_tokens, rows=[rest, whole]))
    with database.read() as tx:
        assert tokens.count_behind(tx) == 2
        assert tokens.count_behind(tx, most=1) == 1
        assert [one for _, one, _ in looking.rows_due(tx, limit=9)] == [whole.row, rest.row]
    database.write(lambda tx: tokens.settle(tx, [rest.row, whole.row]))
    again = row(people[0], name=rest.row, due=Due.REST, exact=[b"aaaa"])
    database.write(partial(tokens.add_tokens, rows=[again]))
    with database.read() as tx:
        assert tokens.count_behind(tx) == 1


def test_a_row_that_lacks_a_version_being_built_is_left_to_the_job(
    database: Database, people: tuple[SubjectId, ...]
) -> None:
    database.write(lambda tx: tokens.number_indexes(tx, [(NAME, 1), (NAME, 2)]))
    database.write(partial(tokens.add_tokens, rows=[row(people[0], exact=[b"aaaa"])]))
    with database.read() as tx:
        ((_, _, due),) = looking.rows_due(tx, limit=9)
    assert due is Due.ALL


def test_no_token_of_an_erased_person_is_left(
    database: Database, people: tuple[SubjectId, ...]
) -> None:
    made = [row(who, exact=[b"aaaa"], grams=[b"gg", who[:2].encode()]) for who in people]
    database.write(partial(tokens.add_tokens, rows=made))
    assert database.write(lambda tx: leaving.forget_subjects(tx, people[:1])) == 3
    with database.read() as tx:
        by_row, by_token = both_sides(tx)
        assert by_row == by_token
        gone = tokens.packed(made[0].row)
        assert gone not in {key for _, _, key in by_token}
        assert len(by_token) == 6


def test_the_index_of_a_moved_row_goes_with_its_new_person(
    database: Database, people: tuple[SubjectId, ...]
) -> None:
    made = row(people[0], exact=[b"aaaa"])
    database.write(partial(tokens.add_tokens, rows=[made]))
    database.write(lambda tx: leaving.move_rows(tx, [made.row], to=people[1]))
    assert database.write(lambda tx: leaving.forget_subjects(tx, people[:1])) == 0
    assert database.write(lambda tx: leaving.forget_subjects(tx, people[1:2])) == 1


def test_a_dropped_version_is_written_no_more_and_its_number_never_comes_back(
    database: Database, people: tuple[SubjectId, ...]
) -> None:
    database.write(partial(tokens.add_tokens, rows=[row(people[0], exact=[b"aaaa"])]))
    database.write(lambda tx: tokens.drop_index(tx, (NAME, 1)))
    database.write(partial(tokens.add_tokens, rows=[row(people[1], exact=[b"bbbb"])]))
    known = database.write(lambda tx: tokens.number_indexes(tx, [(NAME, 1), (NAME, 2)]))
    assert (NAME, 1) not in known.numbers
    with database.read() as tx:
        (gone,) = tokens.dropped_numbers(tx, [(NAME, 1)])
        by_row, _ = both_sides(tx)
    assert known.numbers[NAME, 2] != gone
    assert {token for _, token, _ in by_row} == {b"aaaa"}
    assert database.write(lambda tx: tokens.purge_index(tx, gone, limit=10)) == 1
    last = database.write(lambda tx: tokens.purge_entries(tx, [gone], after=b"", limit=10))
    assert last
    with database.read() as tx:
        assert both_sides(tx) == (set(), set())


FOUR = st.binary(min_size=4, max_size=4)
STEPS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), FOUR))
FIXTURE = [HealthCheck.function_scoped_fixture]


@settings(max_examples=25, deadline=None, suppress_health_check=FIXTURE)
@given(steps=STEPS)
def test_both_sides_agree_after_any_steps(
    database: Database,
    people: tuple[SubjectId, ...],
    steps: list[tuple[int, int, bytes]],
) -> None:
    rows = [new_row_id() for _ in people]
    for act, who, token in steps:
        made = row(people[who], name=rows[who], exact=[token], grams=[token[:2], token[2:]])
        match act:
            case 0:
                database.write(partial(tokens.add_tokens, rows=[made]))
            case 1:
                names = [NAME, GRAMS]
                database.write(partial(replaced, made=made, names=names))
            case 2:
                database.write(lambda tx, r=rows[who]: tokens.drop_tokens(tx, [r]))  # type: ignore[misc] # bound now
            case _:
                database.write(lambda tx, w=people[who]: leaving.forget_subjects(tx, [w]))  # type: ignore[misc] # the same
    with database.read() as tx:
        by_row, by_token = both_sides(tx)
    assert by_row == by_token
    database.write(lambda tx: leaving.forget_subjects(tx, people))
    with database.read() as tx:
        assert both_sides(tx) == (set(), set())
