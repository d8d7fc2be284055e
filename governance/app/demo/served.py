"""The demo's server: `sekisho serve` as a process of its own, on this machine alone."""

import http.client
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from governance.app.demo.errors import DemoServerError
from governance.app.server import listen

STOP_WITHIN = 15.0
LOOK_EVERY = 0.1


@dataclass(slots=True, kw_only=True)
class Served:
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    _shown: float | None = field(default=None, init=False)  # when the first page was there
    _told: bool = field(default=False, init=False)

    def look(self) -> None:
        """Asks for the first page until it is there, for a thread of its own."""
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
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def started(folder: Path, *, port: int) -> Served:
    """The server's process; raises PortInUseError before anything else when the port is taken."""
    listen("127.0.0.1", port).close()
    log = os.open(folder / "serve.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                "governance",
                "serve",
                "--config",
                str(folder / "sekisho.toml"),
                "--data",
                str(folder),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    finally:
        os.close(log)
    served = Served(process=process, port=port, folder=folder)
    Thread(target=served.look, name="first-page", daemon=True).start()
    return served
