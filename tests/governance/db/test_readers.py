"""Nobody looks at one state for ever: erased bytes leave the log, and the server's old rows go."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from governance.db.engine import Database, sqlite_url
from governance.db.errors import LookEndedError
from governance.db.readers import SqliteReaders, old_looks, without_limit

COUNT = text("SELECT count(*) FROM t")
ENDLESS = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) "
    "SELECT count(*) FROM n"
)


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(sqlite_url(tmp_path / "t.db"))
    database.write(lambda tx: tx.execute(text("CREATE TABLE t (word TEXT)")))
    fill(database)
    database.checkpoint()
    yield database
    database.close()


def fill(database: Database) -> None:
    rows = [{"word": f"erased-{n}"} for n in range(100)]
    database.write(lambda tx: tx.execute(text("INSERT INTO t VALUES (:word)"), rows))


def end(database: Database) -> None:
    """As the thread does once every look is too old."""
    assert isinstance(database.readers, SqliteReaders)
    database.readers.end_older(-1)


def look_on(database: Database, *, pause: float = 0) -> None:
    """Looks at one state without end."""
    asleep = threading.Event()
    with database.read() as tx:
        while True:
            tx.execute(text("SELECT 1"))
            asleep.wait(pause)


def test_the_log_is_empty_once_an_old_look_was_ended(lite: Database, tmp_path: Path) -> None:
    def look() -> None:
        with lite.read() as tx:
            assert tx.execute(COUNT).scalar_one() == 100
            lite.write(lambda other: other.execute(text("DELETE FROM t")))
            assert lite.checkpoint() > 0  # the look needs what was deleted
            end(lite)
            assert lite.checkpoint() == 0
            assert b"erased-" not in (tmp_path / "t.db-wal").read_bytes()
            tx.execute(COUNT)  # never another state than the one it began with

    with pytest.raises(LookEndedError):
        look()
    with lite.read() as tx:  # the connection came back as it was lent
        assert tx.execute(COUNT).scalar_one() == 0


def test_a_look_that_asks_nothing_more_is_not_disturbed(lite: Database) -> None:
    with lite.read() as tx:
        found = tx.execute(COUNT).scalar_one()
        end(lite)
    assert found == 100
    assert lite.checkpoint() == 0


def test_rows_that_are_half_read_end_at_the_next(lite: Database) -> None:
    def look() -> None:
        with lite.read() as tx:
            rows = iter(tx.execute(text("SELECT word FROM t")))
            next(rows)
            end(lite)
            list(rows)

    with pytest.raises(LookEndedError):
        look()
    assert lite.checkpoint() == 0


def test_a_statement_without_end_is_ended(lite: Database) -> None:
    came: list[type[BaseException]] = []

    def ask() -> None:
        try:
            with lite.read() as tx:
                tx.execute(ENDLESS).all()
        except LookEndedError as error:
            came.append(type(error))

    asking = threading.Thread(target=ask)
    asking.start()
    while asking.is_alive():
        end(lite)
        asking.join(0.01)
    assert came == [LookEndedError]


def test_a_young_look_stays(lite: Database) -> None:
    assert isinstance(lite.readers, SqliteReaders)
    with lite.read() as tx:
        lite.readers.end_older(lite.readers.seconds)
        assert tx.execute(COUNT).scalar_one() == 100


def test_the_thread_ends_old_looks_by_itself(tmp_path: Path) -> None:
    others = set(threading.enumerate())  # of installations that other tests keep open
    database = Database.open(sqlite_url(tmp_path / "t.db"), read_seconds=0.02)
    try:
        with pytest.raises(LookEndedError):
            look_on(database)
    finally:
        database.close()
    mine = set(threading.enumerate()) - others
    assert "readers" not in {thread.name for thread in mine}


@pytest.fixture
def server(new_database: Callable[..., str]) -> Iterator[Database]:
    database = Database.open(new_database("empty"), read_seconds=0.2)
    yield database
    database.close()


@pytest.mark.postgres
class TestPostgres:
    """The server ends our sessions' statements and transactions."""

    def test_a_statement_without_end_is_ended(self, server: Database) -> None:
        with pytest.raises(LookEndedError), server.read() as tx:
            tx.execute(text("SELECT pg_sleep(600)"))
        with pytest.raises(LookEndedError):
            server.write(lambda tx: tx.execute(text("SELECT pg_sleep(600)")))

    def test_a_look_that_idles_is_ended_and_the_next_is_served(self, server: Database) -> None:
        with pytest.raises(LookEndedError):
            look_on(server, pause=0.3)
        with server.read() as tx:
            assert tx.execute(text("SELECT 1")).scalar_one() == 1

    def test_a_change_of_the_schema_may_take_its_time(self, server: Database) -> None:
        with server.engine.begin() as tx:
            without_limit(tx)
            assert tx.execute(text("SHOW statement_timeout")).scalar_one() == "0"
        with server.read() as tx:
            assert tx.execute(text("SHOW statement_timeout")).scalar_one() == "200ms"

    def test_a_look_of_others_that_keeps_old_rows_is_told(self, server: Database) -> None:
        other = Database.open(server.engine.url.render_as_string(hide_password=False))
        try:
            with other.read() as tx, server.read() as mine:
                tx.execute(text("SELECT txid_current_snapshot()"))
                assert old_looks(mine, seconds=0).count == 1
                assert old_looks(mine, seconds=3_600).count == 0
        finally:
            other.close()
