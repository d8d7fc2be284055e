"""Numbers events per process without holes, so that a hole shows a lost event.

A rolled-back transaction uses numbers up; the next event of the process names them as skipped.
The engine's own transaction events tell what was rolled back, savepoints included.
"""

import threading
from collections.abc import Iterable
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, event

SKIPPED_LIMIT = 1_000  # numbers that one event names; the rest waits for the next


class EventCounter:
    """The next number of this process, and the numbers that rolled back."""

    def __init__(self, engine: Engine) -> None:
        self._lock = threading.Lock()
        self._next = 1
        self._void: list[int] = []
        # beside the connections: one whose session the server ended has no memory of its own
        self._open: WeakKeyDictionary[Connection, list[int]] = WeakKeyDictionary()
        self._marks: WeakKeyDictionary[Connection, list[int]] = WeakKeyDictionary()
        event.listen(engine, "begin", self._begun)
        event.listen(engine, "rollback", self._rolled_back)
        event.listen(engine, "savepoint", self._marked)
        event.listen(engine, "release_savepoint", self._released)
        event.listen(engine, "rollback_savepoint", self._rolled_back_to)

    def take(self, tx: Connection, *, count: int = 1) -> tuple[range, str | None]:
        """The next `count` numbers, and the skipped ones that the first of them must name."""
        with self._lock:
            first = self._next
            self._next += count
            skipped: list[int] = []
            if self._void:
                skipped, self._void = self._void[:SKIPPED_LIMIT], self._void[SKIPPED_LIMIT:]
            taken = self._open.setdefault(tx, [])
        numbers = range(first, first + count)
        taken += skipped  # if this transaction rolls back too, they wait again
        taken += numbers
        return numbers, ranges(skipped) if skipped else None

    def _begun(self, connection: Connection) -> None:
        """The transaction before this one committed, or was voided already."""
        with self._lock:
            self._open.pop(connection, None)
            self._marks.pop(connection, None)

    def _rolled_back(self, connection: Connection) -> None:
        with self._lock:
            self._void += self._open.pop(connection, [])
            self._marks.pop(connection, None)

    def _marked(self, connection: Connection, _name: str | None) -> None:
        """Savepoints nest, so the marks are a stack; the engine has no name yet to tell them by."""
        with self._lock:
            mark = len(self._open.get(connection, ()))
            self._marks.setdefault(connection, []).append(mark)

    def _released(self, connection: Connection, _name: str, _context: None) -> None:
        self._last_mark(connection)

    def _rolled_back_to(self, connection: Connection, _name: str, _context: None) -> None:
        mark = self._last_mark(connection)
        with self._lock:
            taken = self._open.get(connection, [])
            self._void += taken[mark:]
            del taken[mark:]

    def _last_mark(self, connection: Connection) -> int:
        with self._lock:
            marks = self._marks.get(connection)
            return marks.pop() if marks else 0


def ranges(numbers: Iterable[int]) -> str | None:
    """The numbers as text: "5-9,12"; None when there are none."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    parts = [str(low) if low == high else f"{low}-{high}" for low, high in found]
    return ",".join(parts) or None


def numbers_in(text: str) -> tuple[int, ...]:
    """The numbers behind such a text; raises ValueError if it is none."""
    found: list[int] = []
    for part in text.split(","):
        low, _, high = part.partition("-")
        found += range(int(low), int(high or low) + 1)
    return tuple(found)
