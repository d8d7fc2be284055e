"""The one writer of an SQLite database in a process: group commit, foreground before batch.

A group runs in one transaction without savepoints, since nearly every write succeeds. If one
fails, the whole group is rolled back and run again with a savepoint each, so that the failing
one hurts no other. An audit event that was rolled back leaves its number to be named as skipped.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from governance.db.errors import (
    DatabaseBusyError,
    DatabaseClosedError,
    DatabaseUnreachableError,
    NestedWriteError,
)

T = TypeVar("T")

GROUP_LIMIT = 256  # writes that share one commit
BUSY_WAIT_S = 30.0  # how long a write waits for other processes before it is refused


class _Work:
    """One write and, once `done` is released, what came of it."""

    __slots__ = ("batch", "done", "failure", "result", "run")

    def __init__(self, run: Callable[[Connection], Any], *, batch: bool) -> None:
        self.run = run
        self.batch = batch
        self.result: Any = None
        self.failure: Exception | None = None
        self.done = threading.Lock()  # a quarter of the cost of a Future
        self.done.acquire()


class GroupWriter:
    """A thread that owns the write connection."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()  # None: the end
        self._closed = False
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, fn: Callable[[Connection], T], *, batch: bool) -> T:
        """The result of `fn` once the commit that holds it is durable."""
        if threading.current_thread() is self._thread:
            raise NestedWriteError
        work = _Work(fn, batch=batch)
        with self._lock:
            if self._closed:
                raise DatabaseClosedError
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="writer", daemon=True)
                self._thread.start()
            self._queue.put(work)
        work.done.acquire()
        if work.failure is not None:
            raise work.failure
        result: T = work.result
        return result

    def close(self) -> None:
        """The thread has ended after the work that waited; later work is refused."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
            self._queue.put(None)
        if thread is not None:
            thread.join()
        self.engine.dispose()

    def _loop(self) -> None:
        foreground: deque[_Work] = deque()
        batch: deque[_Work] = deque()
        ended = False
        while not ended or foreground or batch:
            ended |= self._sort_in(foreground, batch, wait=not (ended or foreground or batch))
            if foreground:
                group = [foreground.popleft() for _ in range(min(len(foreground), GROUP_LIMIT))]
                self._commit(group)
            elif batch:
                self._commit([batch.popleft()])

    def _sort_in(self, foreground: deque[_Work], batch: deque[_Work], *, wait: bool) -> bool:
        """All work that has come is in its line; whether the end has come."""
        try:
            work = self._queue.get(block=wait)
            while work is not None:
                (batch if work.batch else foreground).append(work)
                work = self._queue.get(block=False)
        except Empty:
            return False
        return True

    def _commit(self, group: list[_Work]) -> None:
        """Every caller of the group wakes, after the commit or with the reason."""
        try:
            if not self._all_succeed(group) and len(group) > 1:
                self._each_alone(group)
        except Exception as error:  # noqa: BLE001 # process edge of the thread: callers must wake
            for work in group:
                work.failure = error
        for work in group:
            work.done.release()

    def _all_succeed(self, group: Sequence[_Work]) -> bool:
        """Whether the whole group was committed; else nothing of it was."""
        with _immediate(self.engine) as connection:
            for work in group:
                try:
                    work.result = work.run(connection)
                    _assert_whole(connection)
                except Exception as error:  # noqa: BLE001 # handed to the caller who waits for it
                    work.failure = error
                    _end(connection, commit=False)
                    return False
            _end(connection, commit=True)
        return True

    def _each_alone(self, group: Sequence[_Work]) -> None:
        """The writes that succeed are committed; a failed one leaves no trace among them."""
        with _immediate(self.engine) as connection:
            for work in group:
                work.failure = None
                savepoint = connection.begin_nested()
                try:
                    work.result = work.run(connection)
                except Exception as error:  # noqa: BLE001 # handed to the caller who waits for it
                    work.failure = error
                    savepoint.rollback()
                else:
                    savepoint.commit()
            _end(connection, commit=True)


def _assert_whole(connection: Connection) -> None:
    """Fails closed: SQLite ended the transaction itself (disk full), and the write went on."""
    driver: Any = connection.connection.driver_connection
    if not driver.in_transaction:
        raise DatabaseUnreachableError(reason="rolled_back")


def _end(connection: Connection, *, commit: bool) -> None:
    transaction = connection.get_transaction()
    if transaction is not None and transaction.is_active:
        if commit:
            transaction.commit()
        else:
            transaction.rollback()


def _immediate(engine: Engine) -> Connection:
    """A connection inside BEGIN IMMEDIATE, after waiting for other processes in turn."""
    deadline = time.monotonic() + BUSY_WAIT_S
    while True:
        connection = engine.connect()
        try:
            connection.begin()
        except OperationalError as error:
            connection.close()
            if "locked" not in str(error.orig) and "busy" not in str(error.orig):
                raise
            if time.monotonic() > deadline:
                raise DatabaseBusyError from error
            time.sleep(random.uniform(0.001, 0.02))  # noqa: S311 # jitter, not a secret
        except Exception:  # whatever it was: the pool gets its connection back
            connection.close()
            raise
        else:
            return connection
