"""Others who write while something long is at work: so many times a second, whatever happens.

The loop is open: a write is due at its moment, and its latency counts from there, so that what
queues up behind a stall is seen.
"""

import multiprocessing
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
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

    values: list[float] = field(default_factory=list, repr=False)

    def late(self, share: float) -> float:
        """The latency that this share of the writes did not pass."""
        ordered = sorted(self.values) or [0.0]
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    @property
    def longest(self) -> float:
        """The longest wait."""
        return max(self.values, default=0.0)


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
    thread = threading.Thread(target=_write, args=(database, rows, ended, found.values))
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
        found.values += ours.recv()
        child.join()


def _main(url: str, rows: Sequence[RowId], pipe: Pipe) -> None:
    ended, values = threading.Event(), list[float]()
    with closing(Database.open(url)) as database:
        thread = threading.Thread(target=_write, args=(database, rows, ended, values))
        thread.start()
        pipe.send(END)
        pipe.recv()
        ended.set()
        thread.join()
    pipe.send(values)


def _write(
    database: Database, rows: Sequence[RowId], ended: threading.Event, values: list[float]
) -> None:
    dice = random.Random(20261126)  # noqa: S311 # which row, no secret

    def touch(tx: Connection, facts: dict[str, Any]) -> None:
        tx.execute(_TOUCH, facts)

    began, number = time.perf_counter(), 0
    while not ended.is_set():
        due = began + number / RATE
        if (early := due - time.perf_counter()) > 0:
            time.sleep(early)
        facts = {"row": dice.choice(rows)}
        database.write(lambda tx, facts=facts: touch(tx, facts))  # type: ignore[misc] # bound at once
        values.append((time.perf_counter() - due) * 1_000)
        number += 1
