"""Several processes on one socket: started, watched, started again when they die, stopped.

They are forked from a process that has opened nothing and runs no thread. What they share is the
database: leases tell a withdrawal of whom it must wait for, the job ledger who runs a job.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

from governance.core.logging import logger

AGAIN: Final = 1.0  # seconds between the death of a process and the start of the next
PATIENCE: Final = 20.0  # seconds for a process to end after it was told to
STEP: Final = 0.1  # seconds between two looks at the processes
FAILED: Final = 3  # exit code of a process that could not serve
log = logger()


def supervise(work: Callable[[], None], *, workers: int) -> None:
    """So many processes do the work until this one is told to stop; then none does."""
    crew = _Crew(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, crew.stop)
    try:
        for _ in range(workers):
            crew.hire()
        crew.watch()
    finally:
        crew.dismiss()


class _Crew:
    """The processes that are alive."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._alive: set[int] = set()
        self._stopping = False

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """Told from outside: every process is told so too, and none is started again."""
        self._stopping = True
        self._tell(signal.SIGTERM)

    def hire(self) -> None:
        """One process more does the work."""
        pid = os.fork()
        if pid == 0:
            self._serve()
        self._alive.add(pid)

    def watch(self) -> None:
        """Returns when this process was told to stop."""
        while not self._stopping:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                time.sleep(STEP)
                continue
            self._alive.discard(pid)
            log.warning("server.worker_ended", code=os.waitstatus_to_exitcode(status))
            time.sleep(AGAIN)  # one that cannot start must not be started without a pause
            if not self._stopping:
                self.hire()

    def dismiss(self) -> None:
        """No process is left, whatever ended the watch."""
        self._stopping = True
        self._tell(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while self._alive and time.monotonic() < deadline:
            for pid in tuple(self._alive):
                if os.waitpid(pid, os.WNOHANG)[0]:
                    self._alive.discard(pid)
            time.sleep(STEP)
        self._tell(signal.SIGKILL)
        for pid in self._alive:
            os.waitpid(pid, 0)

    def _tell(self, number: signal.Signals) -> None:
        for pid in tuple(self._alive):
            os.kill(pid, number)  # not yet waited for, so the number is still this process's

    def _serve(self) -> None:
        """In the new process: never returns."""
        code = FAILED
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)  # the crew's are not this process's
            self._alive.clear()
            self._work()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        except BaseException as error:  # noqa: BLE001 # edge of the process: the code tells
            log.error("server.worker_failed", kind=type(error).__name__)  # noqa: TRY400 # no trace: it could quote a value
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
