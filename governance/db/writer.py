"""The one writer of an SQLite database in a process: group commit, foreground before batch."""

import itertools
import queue
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from governance.db.errors import DatabaseBusyError, DatabaseClosedError, NestedWriteError

T = TypeVar("T")

GROUP_LIMIT = 256  # writes that share one commit
BUSY_WAIT_S = 30.0  # how long a write waits for other processes before it is refused
FOREGROUND, BATCH, STOP = 0, 1, 2


@dataclass(order=True)
class _Work:
    priority: int
    order: int
    run: Callable[[Connection], Any] = field(compare=False)
    future: Future[Any] = field(compare=False)


class GroupWriter:
    """A thread that owns the write connection."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._queue: queue.PriorityQueue[_Work] = queue.PriorityQueue()
        self._order = itertools.count()
        self._closed = False
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, fn: Callable[[Connection], T], *, batch: bool) -> T:
        """The result of `fn` once the commit that holds it is durable."""
        if threading.current_thread() is self._thread:
            raise NestedWriteError
        future: Future[T] = Future()
        self._ensure_thread()
        priority = BATCH if batch else FOREGROUND
        self._queue.put(_Work(priority, next(self._order), fn, future))
        return future.result()

    def _ensure_thread(self) -> None:
        with self._start:
            if self._closed:
                raise DatabaseClosedError
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="writer", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """The thread has ended; work that still waited was refused."""
        with self._start:
            self._closed = True
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(_Work(STOP, next(self._order), lambda _tx: None, Future()))
            thread.join()
        self.engine.dispose()

    def _loop(self) -> None:
        while True:
            work = self._queue.get()
            if work.priority == STOP:
                return
            group = [work]
            while len(group) < GROUP_LIMIT and work.priority == FOREGROUND:
                try:
                    following = self._queue.get_nowait()
                except queue.Empty:
                    break
                if following.priority != FOREGROUND:
                    self._queue.put(following)
                    break
                group.append(following)
            self._commit(group)

    def _commit(self, group: list[_Work]) -> None:
        """Every future of the group is resolved, after the commit or with the reason."""
        try:
            with _immediate(self.engine) as connection:
                outcomes = [_attempt(connection, work, alone=len(group) == 1) for work in group]
                transaction = connection.get_transaction()
                if transaction is not None and transaction.is_active:
                    transaction.commit()
        except Exception as error:  # noqa: BLE001 # process edge of the thread: callers must wake
            for work in group:
                work.future.set_exception(error)
            return
        for work, (result, failure) in zip(group, outcomes, strict=True):
            if failure is None:
                work.future.set_result(result)
            else:
                work.future.set_exception(failure)


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
        else:
            return connection


def _attempt(
    connection: Connection, work: _Work, *, alone: bool
) -> tuple[Any, BaseException | None]:
    """The outcome of one write; a failed one leaves no trace in the group's transaction."""
    savepoint = None if alone else connection.begin_nested()
    try:
        result = work.run(connection)
    except Exception as error:  # noqa: BLE001 # handed to the caller who waits for it
        if savepoint is not None:
            savepoint.rollback()
        else:
            transaction = connection.get_transaction()
            if transaction is not None:
                transaction.rollback()
        return None, error
    if savepoint is not None:
        savepoint.commit()
    return result, None
