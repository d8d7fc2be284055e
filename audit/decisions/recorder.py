"""The decisions of one process on their way into the log: a bounded queue and who empties it.

Recording costs a decision a number and a place in the queue. Batches of up to BATCH decisions
go into the log as one event each, at the latest PAUSE after the first of them was made. Whoever
must not answer before the record is durable waits for it (`settle`). While the log cannot be
written, decisions wait; when the queue is full, deciding waits, then fails closed.
"""

import threading
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from audit.actions import EventCode
from audit.decisions.aside import IDLE_S, Aside
from audit.decisions.marks import Mark, left_behind
from audit.decisions.scribe import Told
from audit.decisions.store import (
    KIND,
    RECORDER,
    Numbered,
    last_recorded,
    prepared,
    write_once,
)
from audit.decisions.types import Decision
from audit.errors import DecisionUnrecordedError
from audit.log import AuditLog
from audit.types import EventDraft, Outcome
from governance.core.clock import Clock
from governance.core.errors import GovernanceError
from governance.core.logging import logger
from governance.db.engine import Database

BATCH: Final = 1_000  # decisions under one event
LIMIT: Final = 10_000  # decisions that wait; about 10 MB
PAUSE: Final = 0.25  # seconds that a decision waits for company
PATIENCE: Final = 5.0  # seconds that deciding waits for room, or an answer for its record
ALL: Final = 12  # times as long is waited for a batch where somebody waits for every decision
RETRY: Final = 0.5  # seconds until a log that could not be written is tried again
log = logger()


class DecisionRecorder:
    """Records the decisions of this process; every number from 1 on stands in exactly one batch."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        *,
        marks: Path,
        clock: Clock,
        limit: int = LIMIT,
        pause: float = PAUSE,
        patience: float = PATIENCE,
        aside: Aside | None = None,
    ) -> None:
        """`aside` writes full batches; without it this process does."""
        self._database, self._audit, self._clock = database, audit, clock
        self._marks, self._limit, self._pause = marks, limit, pause
        self._patience, self._aside = patience, aside
        self._lock = threading.Lock()
        self._stored = threading.Condition(self._lock)  # a batch has left the queue
        self._some = threading.Event()  # a decision waits
        self._due = threading.Event()  # and must not wait for company
        self._queue: deque[Decision] = deque()
        self._made = 0  # the number of the last decision
        self._written = 0  # the number of the last one in the log
        self._closed = False
        self._ended = threading.Event()  # no decision is taken any more
        self._mark: Mark | None = None
        self._thread: threading.Thread | None = None

    def record(self, decision: Decision) -> int:
        """The number of the decision, which is on its way into the log.

        Raises DecisionUnrecordedError when the queue stays full; nothing may be permitted then.
        """
        with self._lock:
            if self._thread is None or len(self._queue) >= self._limit:
                self._ready()
            return self._take((decision,))

    def record_all(self, decisions: Sequence[Decision]) -> int:
        """The number of the last of them; all are on their way into the log.

        Raises DecisionUnrecordedError when the queue stays full; nothing may be permitted then.
        """
        number = 0
        for start in range(0, len(decisions), BATCH):
            part = decisions[start : start + BATCH]
            with self._lock:
                if self._thread is None or len(self._queue) + len(part) > self._limit:
                    self._ready(room=len(part))
                number = self._take(part)
        return number

    def record_now(self, decisions: Sequence[Decision]) -> bool:
        """Whether all of them are on their way into the log, without having waited for room."""
        with self._lock:
            if self._thread is None or len(self._queue) + len(decisions) > self._limit:
                return False
            self._take(decisions)
            return True

    def settle(self, number: int | None = None) -> None:
        """This decision, or every one until now, is durable; raises DecisionUnrecordedError.

        Whoever waits for every one waits as long as batches go on reaching the log.
        """
        patience = self._patience * ALL if number is None else self._patience
        with self._lock:
            wanted = self._made if number is None else number
            while self._written < wanted:
                self._due.set()
                before = self._written
                if not self._stored.wait_for(lambda: self._written > before, patience):  # noqa: B023 # called at once
                    raise DecisionUnrecordedError  # fails closed: no record, no answer

    def tell_lost(self) -> int:
        """How many decisions of dead processes never reached the log, which now says so."""
        told = 0
        for left in left_behind(self._marks):
            with self._database.read() as tx:
                known = last_recorded(tx, left.stream)
            if left.last > known:
                draft = _lost(left.stream, known + 1, left.last, at=self._clock())
                self._database.write(partial(self._audit.append, draft=draft))
                told += left.last - known
            left.path.unlink(missing_ok=True)
        return told

    def close(self) -> None:
        """Every decision is in the log, or its number stays in the mark; none is taken any more."""
        with self._lock:
            self._closed = True
            self._ended.set()
            thread, self._thread = self._thread, None
            self._some.set()
            self._due.set()
        if thread is not None:
            thread.join()
        if self._aside is not None:
            self._aside.close()
        if self._mark is not None:
            self._mark.close(settled=self._written == self._made)
            self._mark = None

    def _take(self, decisions: Sequence[Decision]) -> int:
        """They have their numbers and places in the queue; the lock is held."""
        self._made += len(decisions)
        if self._mark is not None:
            self._mark.note(self._made)
        waited = bool(self._queue)
        self._queue.extend(decisions)
        if not waited:
            self._some.set()
        if len(self._queue) >= BATCH and not self._due.is_set():  # a set costs a lock of its own
            self._due.set()
        return self._made

    def _ready(self, *, room: int = 1) -> None:
        """There is a thread that writes, and room in the queue; the lock is held."""
        if self._closed:
            raise DecisionUnrecordedError  # fails closed
        if self._thread is None:
            self._mark = self._mark or Mark(self._marks, self._audit.process_id)
            self._thread = threading.Thread(target=self._loop, name="decisions", daemon=True)
            self._thread.start()
        fits = self._limit - min(room, self._limit)
        if not self._stored.wait_for(lambda: len(self._queue) <= fits, self._patience):
            raise DecisionUnrecordedError  # fails closed: the log cannot be written

    def _loop(self) -> None:
        while True:
            while not self._some.wait(self._resting()):
                pass
            self._due.wait(self._pause)
            with self._lock:
                waiting, closed = tuple(islice(self._queue, BATCH)), self._closed
                if not closed:
                    self._due.clear()
            if not waiting:
                return  # closed, and everything is in the log
            if not self._stores(waiting):
                if closed:
                    return  # the numbers stay in the mark
                self._ended.wait(RETRY)

    def _resting(self) -> float | None:
        """How long a decision is waited for; without company, the other process ends."""
        if self._aside is None:
            return None
        self._aside.rest()
        return IDLE_S if self._aside.running else None

    def _stores(self, waiting: tuple[Decision, ...]) -> bool:
        """Whether the first decisions of the queue went into the log."""
        batch = Numbered(stream=self._audit.process_id, first=self._written + 1, decisions=waiting)
        at = self._clock()
        try:
            last = self._by_the_other(batch, at=at) or self._here(batch, at=at)
        except GovernanceError as error:
            log.warning("decisions.waiting", code=error.code, count=len(waiting))
            return False
        except Exception as error:  # noqa: BLE001 - process edge of the thread: it tries again
            log.warning("decisions.waiting", code=type(error).__name__, count=len(waiting))
            return False
        with self._lock:
            for _ in range(last - self._written):
                self._queue.popleft()
            self._written = last
            if len(self._queue) >= BATCH:
                self._due.set()
            elif not self._queue and not self._closed:
                self._some.clear()
            self._stored.notify_all()
        return True

    def _by_the_other(self, batch: Numbered, *, at: datetime) -> int | None:
        """The number of the last decision that the other process wrote; None if it did not."""
        aside, mark = self._aside, self._mark
        if aside is None or mark is None or len(batch.decisions) < BATCH:
            return None
        if not aside.offers(holding=(mark.held,)):
            return None
        return aside.write(Told(batch.stream, batch.first, at, list(batch.decisions)))

    def _here(self, batch: Numbered, *, at: datetime) -> int:
        ready = prepared(batch)
        return self._database.write(lambda tx: write_once(tx, self._audit, ready, at=at))


def _lost(stream: str, first: int, last: int, *, at: datetime) -> EventDraft:
    """A process died before these decisions of it were in the log."""
    return EventDraft(
        action=EventCode.DECISIONS_LOST,
        occurred_at=at,
        actor=RECORDER,
        object_type=KIND,
        object_id=stream,
        outcome=Outcome.FAILED,
        counts=(("first", first), ("last", last)),
    )
