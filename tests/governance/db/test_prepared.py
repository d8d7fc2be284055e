"""Prepared inserts store what SQLAlchemy's own inserts store, and fail as they fail."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    insert,
    select,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, NoResultFound

from governance.db.engine import Database
from governance.db.prepared import MANY, PreparedInsert, PreparedScalar, insert_whole
from governance.db.types import UtcDateTime

NOTHING = MetaData()
SAMPLE = Table(
    "sample",
    NOTHING,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime),
    Column("day", Date),
    Column("body", LargeBinary),
    Column("row", Integer),  # a word of SQL
    Column("said", Boolean),
    Column("words", String(20)),
)
ONE = {
    "id": 1,
    "at": datetime(2026, 3, 10, 3, 0, 0, 5, tzinfo=UTC),
    "day": date(2026, 3, 10),
    "body": b"\x00frame",
    "row": 7,
    "said": True,
    "words": "架空 100% :x %(y)s ?",
}
NONE = dict.fromkeys(ONE) | {"id": 2}


@pytest.fixture
def tx(database: Database) -> Iterator[Connection]:
    with database.writer_engine.begin() as connection:
        NOTHING.create_all(connection)
        yield connection
        connection.rollback()


def stored(tx: Connection) -> list[dict[str, object]]:
    return [dict(row) for row in tx.execute(select(SAMPLE).order_by(SAMPLE.c.id)).mappings()]


@pytest.mark.parametrize("rows", [[ONE], [ONE, NONE], []])
def test_the_rows_are_those_that_an_ordinary_insert_stores(
    tx: Connection, rows: list[dict[str, object]]
) -> None:
    PreparedInsert(SAMPLE).rows(tx, rows)
    quick = stored(tx)
    tx.execute(SAMPLE.delete())
    if rows:
        tx.execute(insert(SAMPLE), rows)
    assert quick == stored(tx) == rows


def test_many_rows_are_those_that_an_ordinary_insert_stores(tx: Connection) -> None:
    rows = [(ONE if n % 3 else NONE) | {"id": n, "row": n} for n in range(2 * MANY)]
    assert PreparedInsert(SAMPLE).rows(tx, rows) == len(rows)
    assert stored(tx) == rows
    one_more = ONE | {"id": len(rows)}
    again = [*(row | {"words": "new"} for row in rows), one_more]
    assert PreparedInsert(SAMPLE, ignore=True).rows(tx, again) == 1
    assert stored(tx) == [*rows, one_more]


def test_a_value_that_is_too_long_is_refused_among_many_too(tx: Connection) -> None:
    if tx.dialect.name == "sqlite":
        pytest.skip("SQLite knows no lengths")
    rows = [ONE | {"id": n, "words": "x" * 21} for n in range(MANY)]
    with pytest.raises(DBAPIError):
        PreparedInsert(SAMPLE).rows(tx, rows)


def test_rows_of_other_columns_follow(tx: Connection) -> None:
    prepared = PreparedInsert(SAMPLE)
    prepared.rows(tx, [ONE])
    prepared.rows(tx, [{"words": "x", "id": 3}])
    prepared.rows(tx, [{"id": 4}, {"id": 5}])
    assert [row["words"] for row in stored(tx)] == [ONE["words"], "x", None, None]


def test_an_existing_row_stays_where_that_was_asked_for(tx: Connection) -> None:
    prepared = PreparedInsert(SAMPLE, ignore=True)
    prepared.rows(tx, [ONE])
    prepared.rows(tx, [ONE | {"words": "new"}, NONE])
    assert stored(tx) == [ONE, NONE]


def test_how_many_rows_were_not_there_before_is_told(tx: Connection) -> None:
    prepared = PreparedInsert(SAMPLE, ignore=True)
    others = [NONE | {"id": number} for number in range(3, 6)]
    assert prepared.rows(tx, [ONE]) == 1
    assert prepared.rows(tx, [ONE]) == 0
    assert prepared.rows(tx, [ONE, *others]) == len(others)


def test_a_refused_row_is_an_integrity_error_without_its_values(tx: Connection) -> None:
    prepared = PreparedInsert(SAMPLE)
    prepared.rows(tx, [ONE])
    with pytest.raises(IntegrityError) as refused, tx.begin_nested():
        prepared.rows(tx, [ONE])
    assert "架空" not in str(refused.value)


def test_a_table_with_defaults_is_refused(tx: Connection) -> None:
    other = Table("other", MetaData(), Column("id", Integer), Column("n", Integer, default=3))
    with pytest.raises(TypeError):
        PreparedInsert(other).rows(tx, [{"id": 1}])


@pytest.mark.parametrize("rows", [[ONE], [ONE, NONE], []])
def test_whole_rows_are_those_that_an_ordinary_insert_stores(
    tx: Connection, rows: list[dict[str, object]]
) -> None:
    prepared = PreparedInsert(SAMPLE)
    insert_whole(tx, (prepared, [tuple(row.values()) for row in rows]), (prepared, []))
    assert stored(tx) == rows


def test_one_row_each_into_several_tables(tx: Connection) -> None:
    prepared, row = PreparedInsert(SAMPLE), tuple(ONE.values())
    other = tuple(NONE.values())
    insert_whole(tx, (prepared, [row]), (PreparedInsert(SAMPLE), [other]), (prepared, []))
    assert stored(tx) == [ONE, NONE]


def test_a_refused_whole_row_is_an_integrity_error_without_its_values(tx: Connection) -> None:
    prepared = PreparedInsert(SAMPLE)
    row = tuple(ONE.values())
    insert_whole(tx, (prepared, [row]))
    with pytest.raises(IntegrityError) as refused, tx.begin_nested():
        insert_whole(tx, (prepared, [row]))
    assert "架空" not in str(refused.value)
    assert stored(tx) == [ONE]


def test_naive_times_are_refused(tx: Connection) -> None:
    with pytest.raises(ValueError, match="aware"):
        PreparedInsert(SAMPLE).rows(tx, [ONE | {"at": datetime(2026, 3, 10)}])  # noqa: DTZ001


def test_a_number_is_read_as_this_transaction_sees_it(tx: Connection) -> None:
    number = PreparedScalar(select(SAMPLE.c.row).where(SAMPLE.c.id == SAMPLE.c.id))
    with pytest.raises(NoResultFound):
        number.one(tx)
    PreparedInsert(SAMPLE).rows(tx, [ONE])
    assert number.one(tx) == ONE["row"]
