"""The one writer of an SQLite database in a process: group commit, foreground before batch.

A group runs in one transaction without savepoints, since nearly every write succeeds. If one
fails, the whole group is rolled back and run again with a savepoint each, so that the failing
one hurts no other. An audit event that was rolled back leaves its number to be named as skipped.

Callers wake in a few chains, each waking the next: if a whole group woke at once, all would
queue for the interpreter, which costs as much as the writing. On a slow disk the writer waits
a moment for the callers of the last group, so that they share the next commit with the others.
"""

import random
import sqlite3
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
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
CHAINS = 2  # callers that wake at once; more of them only wait for the interpreter
SLOW_COMMIT_S = 0.0005  # a commit that takes longer is worth sharing
LINGER_SHARE = 0.5  # of the last commit's time, at most, is waited for company
LINGER_STEP_S = 0.0001
SWITCH_S = 0.001  # others' Python gives way after that, not after 5 ms: a write asks many times
BATCH_PATIENCE_S = 0.05  # so long does batch work yield to others, then it has its turn
BUSY_WAIT_S = 30.0  # how long a write waits for other processes before it is refused


class _Work:
    """One write and, once `done` is released, what came of it."""

    __slots__ = ("batch", "came", "done", "failure", "left", "result", "run", "urgent", "woken")

    def __init__(
        self, run: Callable[[Connection], Any], *, batch: bool = False, urgent: bool = False
    ) -> None:
        self.run = run
        self.batch = batch
        self.urgent = urgent
        self.came = time.monotonic() if batch else 0.0
        self.result: Any = None
        self.failure: Exception | None = None
        self.left = False  # its caller was interrupted and waits no more
        self.woken = False  # its caller must wake the next
        self.done = threading.Lock()  # a quarter of the cost of a Future
        self.done.acquire()


class _Wakening:
    """Wakes callers in CHAINS chains; who is woken wakes the next before anything else."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: deque[_Work] = deque()
        self._chains = 0

    def add(self, group: Iterable[_Work]) -> None:
        """Every caller of these finished writes will wake."""
        first = []
        with self._lock:
            self._done.extend(group)
            while self._chains < CHAINS and (work := self._next()) is not None:
                self._chains += 1
                first.append(work)
        for work in first:
            work.done.release()

    def wait(self, work: _Work) -> None:
        """The write is finished, and the next caller of the chain is awake."""
        try:
            work.done.acquire()
        except BaseException:  # a signal in the main thread: the chain must not end with it
            with self._lock:
                work.left = True
                woken = work.woken
            if woken:
                self._pass_on()
            raise
        self._pass_on()

    def _pass_on(self) -> None:
        with self._lock:
            work = self._next()
            if work is None:
                self._chains -= 1
        if work is not None:
            work.done.release()

    def _next(self) -> _Work | None:
        while self._done:
            work = self._done.popleft()
            if not work.left:
                work.woken = True
                return work
        return None


class GroupWriter:
    """A thread that owns the write connection."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()  # None: the end
        self._wakening = _Wakening()
        self._closed = False
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._commit_s = 0.0  # how long the last commit took: mostly the disk
        self._company = 0  # callers that were about at the last commit

    def submit(
        self, fn: Callable[[Connection], T], *, batch: bool = False, urgent: bool = False
    ) -> T:
        """The result of `fn` once the commit that holds it is durable."""
        if threading.current_thread() is self._thread:
            raise NestedWriteError
        work = _Work(fn, batch=batch, urgent=urgent)
        with self._lock:
            if self._closed:
                raise DatabaseClosedError
            if self._thread is None:
                sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_S))
                self._thread = threading.Thread(target=self._loop, name="writer", daemon=True)
                self._thread.start()
            self._queue.put(work)
        self._wakening.wait(work)
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
            if batch and (not foreground or _impatient(batch[0])):
                self._commit([batch.popleft()])
            elif foreground and foreground[0].urgent:
                self._commit(_first(foreground))  # without the others, whose writing takes longer
            elif foreground:
                ended |= self._linger(foreground, batch)
                group = [foreground.popleft() for _ in range(min(len(foreground), GROUP_LIMIT))]
                self._commit(group)
                self._company = len(group) + len(foreground) + self._queue.qsize()

    def _linger(self, foreground: deque[_Work], batch: deque[_Work]) -> bool:
        """The callers of the last commit had a moment to come again; whether the end has come."""
        if self._commit_s < SLOW_COMMIT_S:
            return False
        deadline = time.monotonic() + self._commit_s * LINGER_SHARE
        ended = False
        while not ended and len(foreground) < self._company and time.monotonic() < deadline:
            time.sleep(LINGER_STEP_S)
            ended = self._sort_in(foreground, batch, wait=False)
        return ended

    def _sort_in(self, foreground: deque[_Work], batch: deque[_Work], *, wait: bool) -> bool:
        """All work that has come is in its line; whether the end has come."""
        try:
            work = self._queue.get(block=wait)
            while work is not None:
                if work.urgent:
                    foreground.appendleft(work)
                else:
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
        self._wakening.add(group)

    def _all_succeed(self, group: Sequence[_Work]) -> bool:
        """Whether the whole group was committed; else nothing of it was."""
        with _immediate(self.engine) as connection:
            driver: Any = connection.connection.driver_connection
            for work in group:
                try:
                    work.result = work.run(connection)
                    _assert_whole(driver)
                except Exception as error:  # noqa: BLE001 # handed to the caller who waits for it
                    work.failure = error
                    _end(connection, commit=False)
                    return False
            start = time.monotonic()
            _end(connection, commit=True)
            self._commit_s = time.monotonic() - start
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


def _first(foreground: deque[_Work]) -> list[_Work]:
    """The urgent work that has come, which is not in the line any more."""
    found = []
    while foreground and foreground[0].urgent:
        found.append(foreground.popleft())
    return found


def _impatient(work: _Work) -> bool:
    """Whether batch work has yielded long enough."""
    return time.monotonic() - work.came > BATCH_PATIENCE_S


def _assert_whole(driver: sqlite3.Connection) -> None:
    """Fails closed: SQLite ended the transaction itself (disk full), and the write went on."""
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
