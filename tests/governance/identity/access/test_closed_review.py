"""A closed review is changed by no statement of anybody, on either engine."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Connection, Executable, insert, update
from sqlalchemy.exc import IntegrityError

from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RowId
from governance.db.engine import Database
from governance.identity.access import store
from governance.identity.access.store import LINE, REVIEW
from governance.identity.access.types import Review
from tests.installation import AT

ACCOUNT = ActorId("u:x")


def review(database: Database, quarter: str) -> RowId:
    made = Review(
        id=new_row_id(), quarter=quarter, since=AT, started_at=AT, started_by=ActorId("u:first"),
        due_on=date(2026, 12, 1), dormant_days=90,
    )  # fmt: skip
    database.write(lambda tx: store.add(tx, made, [ACCOUNT]))
    return made.id


def changes(closed: RowId, open_: RowId) -> Iterator[Executable]:
    """Everything that could change a review, its rows, or what belongs to it."""
    yield update(REVIEW).where(REVIEW.c.id == closed).values(digest="0" * 64)
    yield update(REVIEW).where(REVIEW.c.id == closed).values(closed_at=None)
    yield REVIEW.delete().where(REVIEW.c.id == closed)
    yield update(LINE).where(LINE.c.review_id == closed).values(verdict="end")
    yield update(LINE).where(LINE.c.review_id == closed).values(review_id=open_, account="u:z")
    yield update(LINE).where(LINE.c.review_id == open_).values(review_id=closed, account="u:y")
    yield LINE.delete().where(LINE.c.review_id == closed)
    yield insert(LINE).values(id=new_row_id(), review_id=closed, account="u:late")


def test_no_statement_changes_a_closed_review_and_an_open_one_goes_on(database: Database) -> None:
    closed, open_ = review(database, "2026Q3"), review(database, "2026Q4")
    by = ActorId("u:second")

    def close(tx: Connection) -> bool:
        return store.close(tx, closed, digest="f" * 64, by=by, at=AT)

    assert database.write(close)
    for change in changes(closed, open_):
        with pytest.raises(IntegrityError, match="access_review_closed"):
            database.write(lambda tx, change=change: tx.execute(change))
    mine = LINE.c.review_id == open_
    free = (update(LINE).where(mine).values(verdict="keep"), LINE.delete().where(mine))
    for change in (*free, REVIEW.delete().where(REVIEW.c.id == open_)):
        assert database.write(lambda tx, change=change: tx.execute(change).rowcount) == 1
    with database.read() as tx:
        found = store.find(tx, "2026Q3")
        assert found is not None
        assert (found.digest, [row.verdict for row in store.rows_of(tx, closed)]) == (
            "f" * 64,
            [None],
        )
