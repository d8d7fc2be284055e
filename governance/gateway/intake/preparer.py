"""Batches prepared in a second process, so that reading and storing share no interpreter.

The child gets rows over a pipe and gives them back ready; nothing touches a disk. When it is
away, or the installation has fields of its own, the same work is done here.
"""

import os
import pickle
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from queue import Queue
from types import TracebackType
from typing import IO, Any, Final, Self, cast

from governance.customers.catalogue import catalogue
from governance.customers.types import Problem, SourceRow
from governance.gateway.intake.preparing import Batch, Plan, prepare

LENGTH: Final = struct.Struct(">I")
DEPTH: Final = 3  # batches under way; more would only hold rows in memory
WORTH: Final = 1_000_000  # bytes of a file for which a process of its own is worth its start

Rows = Sequence[SourceRow]
Sent = tuple[int, tuple[str, ...], tuple[Problem, ...]]  # a row in a message: half the price


def send(stream: IO[bytes], value: object) -> None:
    """The value is in the pipe."""
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    stream.write(LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """The next value; None when the other side has ended."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    data = stream.read(LENGTH.unpack(head)[0])
    return pickle.loads(data)  # noqa: S301 # from our own child over an unnamed pipe


def rows_of(sent: Iterable[Sent]) -> tuple[SourceRow, ...]:
    """The rows that a message holds."""
    return tuple(
        SourceRow(number=number, cells=cells, problems=problems) for number, cells, problems in sent
    )


class Preparer:
    """A child that prepares batches in order; used in a `with` block."""

    def __init__(self, plan: Plan, *, size: int) -> None:
        self._plan = plan
        self._child: subprocess.Popen[bytes] | None = None
        own = any(field.custom is not None for field in catalogue().fields.values())
        if size >= WORTH and (os.cpu_count() or 1) > 1 and not own:
            self._start()

    def _start(self) -> None:
        with suppress(OSError):  # no process can be had: the work is done here
            # -P: the working folder must not shadow our packages
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "governance.gateway.intake.preparer_main"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            self._answers: Queue[Batch | None] = Queue()
            self._ready = threading.Event()
            threading.Thread(target=self._listen, name="preparer", daemon=True).start()
            self._send(self._plan)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with suppress(OSError, ValueError):
                    stream.close()
        child.wait()

    def _listen(self) -> None:
        child = self._child
        with suppress(OSError, ValueError, EOFError):  # closed under us: the same as gone
            if child is not None and receive(cast("IO[bytes]", child.stdout)):
                self._ready.set()
            while child is not None:
                batch = receive(cast("IO[bytes]", child.stdout))
                if batch is None:
                    break
                self._answers.put(batch)
        self._answers.put(None)

    def _send(self, value: object) -> None:
        if self._child is not None:
            with suppress(OSError, ValueError):  # gone: its answer will be missing
                send(cast("IO[bytes]", self._child.stdin), value)

    def batches(self, parts: Iterable[Rows]) -> Iterator[Batch]:
        """Each part prepared, in order."""
        if self._child is None:
            yield from (prepare(part, self._plan) for part in parts)
            return
        waiting: deque[Rows] = deque()
        for part in parts:
            if not self._ready.is_set():
                yield prepare(part, self._plan)  # it is still loading: nobody waits for it
                continue
            self._send([(row.number, row.cells, row.problems) for row in part])
            waiting.append(part)
            if len(waiting) > DEPTH:
                yield self._next(waiting)
        while waiting:
            yield self._next(waiting)

    def _next(self, waiting: deque[Rows]) -> Batch:
        part = waiting.popleft()
        batch = self._answers.get() if self._child is not None else None
        if batch is None:
            self.__exit__(None, None, None)
            return prepare(part, self._plan)
        return batch
