"""Processes of our own that begin with everything loaded, forked from one server.

A test that kills a dozen processes pays once for what each of them would import.
"""

import importlib
import multiprocessing
import os
import signal
import sys
from io import TextIOWrapper
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from types import TracebackType
from typing import Self

READY = "tests.forked"  # what the server has loaded before it forks


def forks() -> ForkServerContext:
    """The processes of this one's server, which ends with this one."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload([READY])
    return found


class Forked:
    """A process that runs `main(*arguments)` of a module; what it prints is read line by line."""

    def __init__(self, module: str, *arguments: str, quiet: bool = False) -> None:
        context = forks()
        ours, theirs = context.Pipe(duplex=False)
        self._process: ForkServerProcess = context.Process(
            target=_run, args=(module, arguments, theirs), kwargs={"quiet": quiet}
        )
        self._process.start()
        theirs.close()
        self.stdout = TextIOWrapper(os.fdopen(os.dup(ours.fileno()), "rb"), encoding="utf-8")
        ours.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.wait()
        self.stdout.close()

    @property
    def pid(self) -> int:
        """Its number, for signals."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """The exit code, if it has ended; minus the signal when it was killed."""
        return self._process.exitcode

    def kill(self) -> None:
        """Ended at once, as by `kill -9`."""
        assert self._process.pid is not None
        if self.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended."""
        self._process.join(timeout)
        code = self._process.exitcode
        assert code is not None, "the process did not end"
        return code


def _run(module: str, arguments: tuple[str, ...], out: Connection, *, quiet: bool) -> None:
    os.dup2(out.fileno(), 1)
    out.close()
    sys.stdout = TextIOWrapper(os.fdopen(1, "wb", closefd=False), encoding="utf-8")
    if quiet:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.chdir(Path(__file__).parents[1])
    importlib.import_module(module).main(*arguments)
