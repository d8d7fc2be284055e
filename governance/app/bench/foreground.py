"""Others who write while something long is at work: so many times a second, whatever happens.

The loop is open: a write is due at its moment, and its latency counts from there, so that what
queues up behind a stall is seen.
"""

import multiprocessing
import random
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from statistics import fmean
from typing import Any, Final

from sqlalchemy import Connection, bindparam, update

from governance.core.terms import RowId
from governance.customers.store import TABLES
from governance.db.engine import Database

RATE: Final = 200  # writes a second
END: Final = "end"
PERSON: Final = TABLES["person"]
_TOUCH: Final = (
    update(PERSON).where(PERSON.c.id == bindparam("row")).values(problems=1 - PERSON.c.problems)
)


@dataclass(slots=True, kw_only=True)
class Latencies:
    """What the writers waited, in milliseconds from the moment at which each write was due."""

    waits: list["Wait"] = field(default_factory=list, repr=False)

    def late(self, share: float) -> float:
        """The latency that this share of the writes did not pass."""
        return late([wait.whole for wait in self.waits], share)

    @property
    def longest(self) -> float:
        """The longest wait."""
        return max((wait.whole for wait in self.waits), default=0.0)

    def slowest(self, share: float) -> "Wait":
        """What the slowest of them spent their time on, each part by its mean."""
        ordered = sorted(self.waits, key=lambda wait: wait.whole) or [Wait()]
        worst = ordered[min(len(ordered) - 1, int(len(ordered) * share)) :]
        return Wait(
            begun=fmean(wait.begun for wait in worst),
            done=fmean(wait.done for wait in worst),
            kept=fmean(wait.kept for wait in worst),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One write, in milliseconds: until it was begun, its statement, and its commit."""

    begun: float = 0.0  # the writer woke late, or its last write was still at work
    done: float = 0.0
    kept: float = 0.0

    @property
    def whole(self) -> float:
        """From the moment at which it was due."""
        return self.begun + self.done + self.kept

    def __str__(self) -> str:
        return f"{self.begun:.1f} ms until begun, {self.done:.1f} statement, {self.kept:.1f} commit"


def late(values: Iterable[float], share: float) -> float:
    """The value that this share of them did not pass."""
    ordered = sorted(values) or [0.0]
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@contextmanager
def writing(database: Database, rows: Sequence[RowId], url: str) -> Iterator[Latencies]:
    """Somebody changes one row a commit meanwhile.

    On SQLite a thread of the process that owns the database, whose writes go by its one writer;
    on PostgreSQL a process of its own, as other servers would be.
    """
    found = Latencies()
    beside = (
        _thread(database, rows, found)
        if database.dialect == "sqlite"
        else _process(url, rows, found)
    )
    with beside:
        yield found


@contextmanager
def _thread(database: Database, rows: Sequence[RowId], found: Latencies) -> Iterator[None]:
    ended = threading.Event()
    thread = threading.Thread(target=_write, args=(database, rows, ended, found.waits))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def _process(url: str, rows: Sequence[RowId], found: Latencies) -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_main, args=(url, list(rows), theirs), daemon=True)
    child.start()
    try:
        ours.recv()  # it is connected
        yield
    finally:
        ours.send(END)
        found.waits += ours.recv()
        child.join()


def _main(url: str, rows: Sequence[RowId], pipe: Pipe) -> None:
    ended, waits = threading.Event(), list[Wait]()
    with closing(Database.open(url)) as database:
        thread = threading.Thread(target=_write, args=(database, rows, ended, waits))
        thread.start()
        pipe.send(END)
        pipe.recv()
        ended.set()
        thread.join()
    pipe.send(waits)


def _write(
    database: Database, rows: Sequence[RowId], ended: threading.Event, waits: list[Wait]
) -> None:
    dice = random.Random(20261126)  # noqa: S311 # which row, no secret
    now = time.perf_counter

    def touch(tx: Connection, facts: dict[str, Any]) -> tuple[float, float]:
        began = now()
        tx.execute(_TOUCH, facts)
        return began, now()

    first, number = now(), 0
    while not ended.is_set():
        due = first + number / RATE
        if (early := due - now()) > 0:
            time.sleep(early)
        facts = {"row": dice.choice(rows)}
        begun, done = database.write(lambda tx, facts=facts: touch(tx, facts))  # type: ignore[misc] # bound at once
        spent = (begun - due, done - begun, now() - done)
        waits.append(Wait(begun=spent[0] * 1_000, done=spent[1] * 1_000, kept=spent[2] * 1_000))
        number += 1
