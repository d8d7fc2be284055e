"""Prepared SELECTs give what SQLAlchemy's own execution gives, on both engines."""

from datetime import date

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Date,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    insert,
    select,
)

from governance.db.engine import Database
from governance.db.fetching import PreparedSelect

THINGS = Table(
    "fetched_thing",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String(20)),
    Column("on_day", Date),
)
ROWS = [
    {"id": 1, "name": "a", "on_day": date(2026, 1, 1)},
    {"id": 2, "name": "b", "on_day": None},
    {"id": 3, "name": "a", "on_day": date(2026, 3, 1)},
    {"id": 4, "name": "c", "on_day": date(2026, 4, 1)},
]
STATEMENT = (
    select(THINGS)
    .where(
        THINGS.c.id.in_(bindparam("ids", expanding=True)),
        THINGS.c.name != "c",
        (THINGS.c.on_day.is_(None)) | (THINGS.c.on_day <= bindparam("day")),
    )
    .order_by(THINGS.c.id)
    .limit(bindparam("most"))
)


@pytest.fixture
def things(database: Database) -> Database:
    def fill(tx: object) -> None:
        THINGS.create(tx, checkfirst=True)  # type: ignore[arg-type]
        tx.execute(insert(THINGS), ROWS)  # type: ignore[attr-defined]

    database.write(fill)
    return database


@pytest.mark.parametrize("ids", [[], [1], [1, 2], [4, 3, 2, 1], [2, 9]])
@pytest.mark.parametrize("most", [1, 10])
def test_a_prepared_select_answers_as_the_statement_does(
    things: Database, ids: list[int], most: int
) -> None:
    prepared = PreparedSelect(STATEMENT)
    facts = {"most": most, "day": date(2026, 2, 1), "ids": ids}
    with things.read() as tx:
        expected = [tuple(row) for row in tx.execute(STATEMENT, facts)]
        for _ in range(2):  # the second time from what was compiled
            assert [tuple(row) for row in prepared.rows(tx, facts)] == expected
        assert [row.on_day for row in prepared.rows(tx, facts)] == [row[2] for row in expected]


def test_the_first_value_or_none_is_given(things: Database) -> None:
    one = PreparedSelect(select(THINGS.c.name).where(THINGS.c.id == bindparam("id")))
    with things.read() as tx:
        assert one.one(tx, {"id": 2}) == "b"
        assert one.one(tx, {"id": 9}) is None


def test_the_number_of_values_in_a_list_may_change(things: Database) -> None:
    prepared = PreparedSelect(
        select(THINGS.c.id).where(THINGS.c.id.in_(bindparam("ids", expanding=True)))
    )
    with things.read() as tx:
        for size in (1, 3, 2, 4):
            wanted = list(range(1, size + 1))
            assert sorted(row.id for row in prepared.rows(tx, {"ids": wanted})) == wanted


ODD = ["", "NULL", "{}", "a,b", 'say "x"', "back\\slash", "'quoted'", "山田, 太郎", "%(ids)s"]


@pytest.mark.parametrize("wanted", [[one] for one in ODD] + [ODD, ["none of them"]])
def test_a_text_in_a_list_is_itself_whatever_it_holds(things: Database, wanted: list[str]) -> None:
    listed = THINGS.c.name.in_(bindparam("names", expanding=True))
    inside = PreparedSelect(select(THINGS.c.name).where(listed))
    outside = PreparedSelect(
        select(THINGS.c.name).where(
            THINGS.c.name.not_in(bindparam("names", expanding=True)), THINGS.c.id > len(ROWS)
        )
    )

    def fill(tx: Connection) -> None:
        odd = [{"id": 10 + n, "name": name, "on_day": None} for n, name in enumerate(ODD)]
        tx.execute(insert(THINGS), odd)

    things.write(fill)
    with things.read() as tx:
        found = {row.name for row in inside.rows(tx, {"names": wanted})}
        others = {row.name for row in outside.rows(tx, {"names": wanted})}
    assert found == {one for one in wanted if one in ODD}
    assert others == {one for one in ODD if one not in wanted}


def test_a_text_longer_than_its_column_is_not_cut_to_one_that_is_there(things: Database) -> None:
    whole = "x" * 20
    things.write(lambda tx: tx.execute(insert(THINGS), [{"id": 99, "name": whole}]))
    listed = THINGS.c.name.in_(bindparam("names", expanding=True))
    prepared = PreparedSelect(select(THINGS.c.id).where(listed))
    with things.read() as tx:
        assert [row.id for row in prepared.rows(tx, {"names": [whole]})] == [99]
        assert not prepared.rows(tx, {"names": [whole + "x"]})
