"""Several processes on one socket: one that dies is replaced, a stop ends all of them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PATIENCE = 60
PROGRAM = """
import os, sys, time
from pathlib import Path
from governance.app import supervisor
folder = Path(sys.argv[1])
supervisor.AGAIN = 0.01
def work():
    (folder / str(os.getpid())).touch()
    while True:
        time.sleep(0.05)
supervisor.supervise(work, workers=2)
(folder / "ended").touch()
"""


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    process = subprocess.Popen(program, cwd=Path(__file__).parents[3])
    yield process
    process.kill()
    process.wait()


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_dead_process_is_replaced_and_a_stop_ends_all(
    crew: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    def born() -> list[int]:
        return [int(path.name) for path in tmp_path.iterdir() if path.name.isdecimal()]

    _until(lambda: len(born()) == 2)
    os.kill(born()[0], signal.SIGKILL)
    _until(lambda: len(born()) == 3)
    crew.send_signal(signal.SIGTERM)
    assert crew.wait(PATIENCE) == 0
    assert (tmp_path / "ended").exists()
    assert not any(_alive(pid) for pid in born())
