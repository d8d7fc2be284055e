"""The demo's server: a process of its own, on this machine alone.

It is started before anything else and loads while the installation is made, so that the first
page is there as soon as there is something to show.
"""

import http.client
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from governance.app.demo.errors import DemoServerError

STOP_WITHIN = 15.0
LOOK_EVERY = 0.1


@dataclass(slots=True, kw_only=True)
class Served:
    """A server that loads, then runs."""

    process: subprocess.Popen[str]
    folder: Path = Path()
    port: int = 0
    _shown: float | None = field(default=None, init=False)  # when the first page was there
    _told: bool = field(default=False, init=False)

    def show(self, folder: Path, *, port: int) -> None:
        """The installation of the folder is served as soon as the process has loaded."""
        self.folder, self.port = folder, port
        with suppress(BrokenPipeError):  # it is gone: `first_page` says so
            print(folder, file=self.process.stdin, flush=True)
        Thread(target=self._look, name="first-page", daemon=True).start()

    def _look(self) -> None:
        while self._shown is None and self.process.poll() is None:
            if self._answers():
                self._shown = time.monotonic()
            else:
                time.sleep(LOOK_EVERY)

    def first_page(self, began: float) -> float | None:
        """Seconds from the start to the first page; told once, None before and after."""
        if self.process.poll() is not None:
            raise DemoServerError(path=str(self.folder))
        if self._told or self._shown is None:
            return None
        self._told = True
        return self._shown - began

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def wait(self) -> None:
        """The server has ended, by itself or by the user's Ctrl-C."""
        self.process.wait()

    def stop(self) -> None:
        """No server of the demo runs."""
        if self.process.stdin is not None:
            with suppress(BrokenPipeError):
                self.process.stdin.close()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def loading() -> Served:
    """The server's process; it serves nothing yet."""
    return Served(
        process=subprocess.Popen(
            # -P: the working folder must not shadow our packages
            [sys.executable, "-P", "-m", "governance.app.demo.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    )
