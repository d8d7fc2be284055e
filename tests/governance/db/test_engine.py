import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from governance.db.engine import Database, sqlite_url
from governance.db.errors import DatabaseClosedError, DatabaseUnreachableError, NestedWriteError


def make_counter(database: Database) -> None:
    database.write(lambda tx: tx.execute(text("CREATE TABLE tally (n INTEGER PRIMARY KEY)")))


def count(database: Database) -> int:
    with database.read() as tx:
        return int(tx.execute(text("SELECT count(*) FROM tally")).scalar_one())


def test_a_failed_write_leaves_nothing(database: Database) -> None:
    make_counter(database)

    def insert_and_fail(tx: object) -> None:
        tx.execute(text("INSERT INTO tally VALUES (1)"))  # type: ignore[attr-defined]
        raise LookupError

    with pytest.raises(LookupError):
        database.write(insert_and_fail)
    assert count(database) == 0


def test_concurrent_writes_all_arrive_and_a_failing_one_hurts_no_other(database: Database) -> None:
    make_counter(database)
    failures: list[BaseException] = []

    def caller(n: int) -> None:
        def insert(tx: object) -> None:
            tx.execute(text("INSERT INTO tally VALUES (:n)"), {"n": n})  # type: ignore[attr-defined]
            if n % 10 == 0:
                raise LookupError

        try:
            database.write(insert)
        except LookupError as error:
            failures.append(error)

    threads = [threading.Thread(target=caller, args=(n,)) for n in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(database) == 90
    assert len(failures) == 10


def test_readers_on_sqlite_cannot_write(tmp_path: Path) -> None:
    database = Database.open(sqlite_url(tmp_path / "a.db"))
    make_counter(database)
    with pytest.raises(OperationalError), database.read() as tx:
        tx.execute(text("INSERT INTO tally VALUES (1)"))
    database.close()


def test_a_look_sees_one_state_and_writes_nothing(database: Database) -> None:
    make_counter(database)
    with database.glance() as tx:
        assert tx.execute(text("SELECT count(*) FROM tally")).scalar_one() == 0
    with database.read() as tx:
        before = tx.execute(text("SELECT count(*) FROM tally")).scalar_one()
        database.write(lambda tx: tx.execute(text("INSERT INTO tally VALUES (1)")))
        assert tx.execute(text("SELECT count(*) FROM tally")).scalar_one() == before
        with pytest.raises(DBAPIError):
            tx.execute(text("INSERT INTO tally VALUES (2)"))
    assert count(database) == 1
    with database.glance() as tx:
        assert tx.execute(text("SELECT count(*) FROM tally")).scalar_one() == 1


def test_a_write_inside_a_write_is_refused(tmp_path: Path) -> None:
    database = Database.open(sqlite_url(tmp_path / "a.db"))
    with pytest.raises(NestedWriteError):
        database.write(lambda _tx: database.write(lambda _inner: None))
    database.close()


def test_a_closed_database_refuses_work(tmp_path: Path) -> None:
    database = Database.open(sqlite_url(tmp_path / "a.db"))
    database.close()
    with pytest.raises(DatabaseClosedError):
        database.write(lambda _tx: None)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a_connection_in_use_at_the_close_is_closed_when_given_back(
    new_database: Callable[..., str], kind: str
) -> None:
    database = Database.open(new_database(kind))
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        database.close()
        connection.execute(text("SELECT 1"))  # whoever has it may finish
        with pytest.raises(DatabaseClosedError), database.read():
            pass
    if kind == "postgres":
        assert driver.closed
    else:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            driver.execute("SELECT 1")


def test_a_folder_is_not_a_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachableError):
        Database.open(sqlite_url(tmp_path))


def test_two_processes_of_writers_wait_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    first, second = Database.open(sqlite_url(path)), Database.open(sqlite_url(path))
    make_counter(first)

    def caller(database: Database, start: int) -> None:
        for n in range(start, start + 50):
            database.write(
                lambda tx, n=n: tx.execute(text("INSERT INTO tally VALUES (:n)"), {"n": n})
            )

    threads = [
        threading.Thread(target=caller, args=(first, 0)),
        threading.Thread(target=caller, args=(second, 1000)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(first) == 100
    first.close()
    second.close()


def test_no_commit_writes_the_log_into_the_file_while_somebody_relieves_it(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    page, size = "CREATE TABLE wide (b BLOB)", 5_000_000  # more than SQLite's own limit for the log

    def grown(database: Database) -> int:
        """Octets by which the file grows with a commit of so many."""
        before = path.stat().st_size
        wide = text("INSERT INTO wide VALUES (zeroblob(:size))")
        database.write(lambda tx: tx.execute(wide, {"size": size}))
        return path.stat().st_size - before

    with closing(Database.open(sqlite_url(path))) as database:
        database.write(lambda tx: tx.execute(text(page)))
        database.checkpoint()
        with database.relieving():
            with pytest.raises(LookupError), database.relieving():
                raise LookupError
            assert grown(database) == 0  # another is still at it
            database.relieve()
            assert path.stat().st_size > size
        assert grown(database) > 0


def test_deleted_bytes_are_gone_after_the_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    database = Database.open(sqlite_url(path))
    database.write(lambda tx: tx.execute(text("CREATE TABLE note (body TEXT)")))
    marker = "MARK-7f3a-架空太郎"
    database.write(lambda tx: tx.execute(text("INSERT INTO note VALUES (:b)"), {"b": marker * 50}))
    database.write(lambda tx: tx.execute(text("DELETE FROM note")))
    assert database.checkpoint() == 0
    for file in tmp_path.iterdir():
        assert marker.encode() not in file.read_bytes()
    database.close()


def test_sqlite_settings_that_erasure_rests_on_are_set(tmp_path: Path) -> None:
    database = Database.open(sqlite_url(tmp_path / "a.db"))
    with database.read() as tx:
        assert tx.execute(text("PRAGMA secure_delete")).scalar() == 1
        assert tx.execute(text("PRAGMA synchronous")).scalar() == 2
        assert tx.execute(text("PRAGMA temp_store")).scalar() == 2
    database.close()
    assert sqlite3.connect(tmp_path / "a.db").execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.postgres
def test_a_server_that_forgets_acknowledged_records_is_named(postgres_url: str) -> None:
    joined = "&" if "?" in postgres_url else "?"
    for state, expected in (("off", True), ("on", False)):
        option = f"{joined}options=-csynchronous_commit%3D{state}"
        with closing(Database.open(postgres_url + option)) as opened:
            assert ("synchronous_commit" in opened.risks()) == expected


def test_sqlite_has_no_such_setting(tmp_path: Path) -> None:
    with closing(Database.open(sqlite_url(tmp_path / "d.db"))) as opened:
        assert opened.risks() == ()
