"""The group writer of SQLite: one commit for many, a failing write hurts no other."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

from audit.actions import EventCode
from audit.counter import numbers_in
from audit.log import AuditLog
from audit.types import EventDraft, Outcome
from governance.core.terms import ActorId
from governance.db.engine import Database, sqlite_url
from governance.db.errors import DatabaseUnreachableError
from governance.db.writer import _Wakening, _Work

NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
Write = Callable[[Connection], object]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(sqlite_url(tmp_path / "a.db"))
    SQLModel.metadata.create_all(opened.writer_engine)
    opened.write(lambda tx: tx.execute(text("CREATE TABLE tally (n INTEGER PRIMARY KEY)")))
    yield opened
    opened.close()


def tallied(database: Database) -> list[int]:
    with database.read() as tx:
        return list(tx.execute(text("SELECT n FROM tally ORDER BY n")).scalars())


def insert(n: int) -> Write:
    return lambda tx: tx.execute(text("INSERT INTO tally VALUES (:n)"), {"n": n})


@contextmanager
def grouped(database: Database) -> Iterator[Callable[..., Future[object]]]:
    """Writes given inside wait for one commit."""
    started, gate = threading.Event(), threading.Event()

    def hold(_tx: Connection) -> None:
        started.set()
        assert gate.wait(10)

    with ThreadPoolExecutor(40) as pool:
        pool.submit(database.write, hold)
        assert started.wait(10)
        waiting: list[Future[object]] = []

        def give(write: Write, **kind: bool) -> Future[object]:
            waiting.append(pool.submit(database.write, write, **kind))
            queue = database._writer._queue  # to know that it has come
            while queue.qsize() < len(waiting):
                threading.Event().wait(0.001)
            return waiting[-1]

        yield give
        gate.set()


def test_urgent_work_goes_first_and_alone(database: Database) -> None:
    order: list[str] = []
    with database.writer_engine.connect() as connection:
        driver = connection.connection.driver_connection
        driver.set_trace_callback(lambda sql: order.append(sql) if sql == "COMMIT" else None)
    with grouped(database) as give:
        for n in range(3):
            give(lambda _tx, n=n: order.append(f"usual {n}"))  # type: ignore[misc] # its own number
        give(lambda _tx: order.append("urgent"), urgent=True)
    assert order == ["COMMIT", "urgent", "COMMIT", "usual 0", "usual 1", "usual 2", "COMMIT"]


def test_a_group_shares_one_commit(database: Database) -> None:
    commits: list[int] = []
    with database.writer_engine.connect() as connection:
        driver = connection.connection.driver_connection
        driver.set_trace_callback(lambda sql: commits.append(1) if sql == "COMMIT" else None)
    with grouped(database) as give:
        done = [give(insert(n)) for n in range(30)]
    assert [future.exception() for future in done] == [None] * 30
    assert tallied(database) == list(range(30))
    assert len(commits) == 2  # the one that held the writer, and the group


def test_a_failing_write_leaves_nothing_and_its_neighbours_stay(database: Database) -> None:
    runs: list[int] = []

    def counted(n: int) -> Write:
        def write(tx: Connection) -> int:
            runs.append(n)
            insert(n)(tx)
            if n in {3, 7}:
                raise LookupError(n)
            return n * 10

        return write

    with grouped(database) as give:
        done = [give(counted(n)) for n in range(10)]
    assert tallied(database) == [0, 1, 2, 4, 5, 6, 8, 9]
    for n, future in enumerate(done):
        if n in {3, 7}:
            assert isinstance(future.exception(), LookupError)
        else:
            assert future.result() == n * 10
    assert max(runs.count(n) for n in range(10)) == 2  # once more at most


def test_numbers_of_audit_events_rolled_back_in_a_group_are_named(database: Database) -> None:
    log = AuditLog(database.writer_engine, process_id="p-1", sealer=lambda _s, _r, part: part)
    draft = EventDraft(
        action=EventCode.DECISION_MADE,
        occurred_at=NOW,
        actor=ActorId("u:test"),
        object_type="person",
        object_id="x",
        outcome=Outcome.PERMIT,
    )

    def fail(tx: Connection) -> None:
        log.append(tx, draft)
        raise LookupError

    with grouped(database) as give:
        done = [give(fail if n == 5 else lambda tx: log.append(tx, draft)) for n in range(10)]
    assert sum(future.exception() is None for future in done) == 9
    database.write(lambda tx: log.append(tx, draft))
    with database.read() as tx:
        rows = tx.execute(text("SELECT n, skipped FROM audit_event")).all()
    numbers = [row.n for row in rows]
    named = [n for row in rows if row.skipped for n in numbers_in(row.skipped)]
    assert len(numbers) == 10
    assert sorted(numbers + named) == list(range(1, max(numbers) + 1))


def test_foreground_work_goes_before_batch_work_that_came_earlier(database: Database) -> None:
    order: list[str] = []
    with grouped(database) as give:
        give(lambda _tx: order.append("batch"), batch=True)
        give(lambda _tx: order.append("foreground"))
    assert order == ["foreground", "batch"]


def test_batch_work_has_its_turn_beside_callers_that_never_pause(database: Database) -> None:
    ended = threading.Event()

    def call() -> None:
        while not ended.is_set():
            database.write(lambda _tx: None)

    callers = [threading.Thread(target=call) for _ in range(8)]
    for caller in callers:
        caller.start()
    with ThreadPoolExecutor(1) as pool:
        done = [pool.submit(database.write, insert(n), batch=True) for n in range(5)]
        for future in done:
            future.result(timeout=20)
    ended.set()
    for caller in callers:
        caller.join()
    assert tallied(database) == list(range(5))


def test_a_write_that_swallows_the_end_of_its_transaction_is_refused(database: Database) -> None:
    def swallow(tx: Connection) -> None:
        insert(1)(tx)
        with suppress(Exception):
            tx.connection.driver_connection.execute("ROLLBACK")  # as SQLite does on a full disk

    with pytest.raises(DatabaseUnreachableError):
        database.write(swallow)
    assert tallied(database) == []


def test_work_that_waits_at_closing_is_done(database: Database) -> None:
    with grouped(database) as give:
        done = [give(insert(n)) for n in range(5)]
        closing = threading.Thread(target=database.close)
        closing.start()
    closing.join()
    assert [future.exception() for future in done] == [None] * 5
    again = Database.open(database.engine.url.render_as_string(hide_password=False))
    assert tallied(again) == list(range(5))
    again.close()


def test_a_caller_that_is_interrupted_leaves_no_other_waiting() -> None:
    wakening = _Wakening()
    group = [_Work(insert(n), batch=False) for n in range(12)]
    for work in group[::3]:
        work.left = True  # their callers were interrupted before the commit
    finished: list[int] = []

    def wait(n: int) -> None:
        wakening.wait(group[n])
        finished.append(n)

    waiting = [threading.Thread(target=wait, args=(n,)) for n in range(12) if n % 3]
    for thread in waiting:
        thread.start()
    wakening.add(group)
    for thread in waiting:
        thread.join(timeout=10)
    assert sorted(finished) == [n for n in range(12) if n % 3]
    assert wakening._chains == 0


def test_an_interrupt_while_waiting_passes_the_wakening_on() -> None:
    class Interrupted:
        def acquire(self) -> None:
            wakening.add(group)  # finished and woken at the very moment of the signal
            raise KeyboardInterrupt

        def release(self) -> None:
            pass

    wakening = _Wakening()
    group = [_Work(insert(n), batch=False) for n in range(8)]
    group[0].done = Interrupted()  # type: ignore[assignment] # stands for a lock and a signal
    with pytest.raises(KeyboardInterrupt):
        wakening.wait(group[0])
    for work in group[1:]:
        wakening.wait(work)
    assert wakening._chains == 0


def test_many_callers_all_get_their_own_answers(database: Database) -> None:
    answers: dict[int, list[int]] = {}

    def numbered(n: int) -> Callable[[Connection], int]:
        return lambda _tx: n

    def call(n: int) -> None:
        answers[n] = [database.write(numbered(n * 100 + k)) for k in range(20)]

    threads = [threading.Thread(target=call, args=(n,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert answers == {n: [n * 100 + k for k in range(20)] for n in range(40)}
