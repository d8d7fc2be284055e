"""Batches of decisions written by a process of its own while there are many.

Writing a decision takes as much of the interpreter as deciding it, and both want it at the same
time. A process that only writes gives it back. It is started when a batch is full, which takes
some thousands of decisions a second, and ends when none was for a while. Whatever goes wrong
with it, the caller writes for itself: what may have been committed is looked up first.
"""

import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Final, cast

from audit.decisions.scribe import Told, frame, read_written

ANSWER_S: Final = 10.0  # seconds that a batch may take; then the process is ended
IDLE_S: Final = 60.0  # seconds without a full batch after which it ends
AGAIN_S: Final = 60.0  # seconds until another one is started after one that failed
ENDING_S: Final = 5.0  # seconds from the end of its input to the end of the process


class Aside:
    """The writing process; every call comes from one thread."""

    def __init__(self, url: str) -> None:
        """`url` leads to the database of the log; it never stands in a command line."""
        self._url = url
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._failed_at: float | None = None
        self._wanted_at = 0.0

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    def offers(self, *, holding: Sequence[int]) -> bool:
        """Whether the process takes batches; if there is none, one is on its way.

        `holding` are files that stay locked until it has ended, too.
        """
        self._wanted_at = time.monotonic()
        if self._process is None:
            self._start(holding)
        elif not self._ready and self._answers(0.0):
            self._ready = read_written(self._out) is not None
            if not self._ready:
                self._give_up()
        return self._ready

    def write(self, told: Told) -> int | None:
        """The number of the last decision in the log; None where the process did not do it."""
        with suppress(OSError, ValueError):  # gone: the same as no answer
            self._send(frame(told))
            written = read_written(self._out) if self._answers(ANSWER_S) else None
            if written is not None and written.last >= told.first:
                return written.last
        self._give_up()
        return None

    def rest(self) -> None:
        """The process has ended if no batch was full for a while."""
        if self.running and time.monotonic() - self._wanted_at >= IDLE_S:
            self.close()

    def close(self) -> None:
        """There is no process, and it holds nothing any more."""
        process, self._process, self._ready = self._process, None, False
        if process is None:
            return
        with suppress(OSError, ValueError):
            cast("IO[bytes]", process.stdin).close()
        try:
            process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        cast("IO[bytes]", process.stdout).close()

    def _start(self, holding: Sequence[int]) -> None:
        failed = self._failed_at
        if failed is not None and time.monotonic() - failed < AGAIN_S:
            return
        try:
            # -P: the working folder must not shadow our packages
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "audit.decisions.scribe"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=holding,
            )
            os.set_blocking(self._in.fileno(), False)  # a process that stands still stops no other
            self._send(frame(self._url))
        except (OSError, ValueError):
            self._give_up()

    def _give_up(self) -> None:
        """It is ended before anybody looks what it committed."""
        self._failed_at = time.monotonic()
        if self._process is not None:
            self._process.kill()
        self.close()

    def _send(self, octets: bytes) -> None:
        """The octets are in the pipe; raises OSError when nobody takes them for ANSWER_S."""
        rest, pipe = memoryview(octets), self._in.fileno()
        while rest:
            if not select.select((), [pipe], (), ANSWER_S)[1]:
                raise TimeoutError
            rest = rest[os.write(pipe, rest) :]

    def _answers(self, seconds: float) -> bool:
        return bool(select.select([self._out], (), (), seconds)[0])

    @property
    def _in(self) -> IO[bytes]:
        return cast("IO[bytes]", cast("subprocess.Popen[bytes]", self._process).stdin)

    @property
    def _out(self) -> IO[bytes]:
        return cast("IO[bytes]", cast("subprocess.Popen[bytes]", self._process).stdout)
