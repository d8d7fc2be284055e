"""A served installation as a process: it delivers, and a stop leaves nothing held."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.core.clock import utc_now
from governance.jobs import ledger
from governance.jobs.types import JobState
from tests.governance.app.clock.conftest import House
from tests.governance.app.clock.test_deliveries import asked, rows

pytestmark = pytest.mark.timeout(600)
WITHIN = 180.0  # seconds; the machine may be busy


@pytest.fixture
def house(sqlite_house: House) -> House:
    """An installation whose time is the present, as it is for the process."""
    sqlite_house.now = utc_now()
    return sqlite_house


@pytest.fixture
def process(house: House, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`sekisho serve` on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (tmp_path / "serve.log").open("wb") as log:
        served = subprocess.Popen(
            [sys.executable, "-m", "governance", "--data", house.wiring.settings.data_dir, "serve"],
            env=os.environ | {"SEKISHO_PORT": str(port)},
            stdout=log,
            stderr=log,
        )
        yield served
        if served.poll() is None:
            served.kill()
        served.wait()


def states(house: House) -> set[JobState]:
    with house.wiring.database.read() as tx:
        return {run.state for run in ledger.recent_runs(tx)}


def test_a_stopped_server_has_delivered_and_holds_no_slot(
    house: House, process: "subprocess.Popen[bytes]"
) -> None:
    asked(house)
    until = time.monotonic() + WITHIN
    while time.monotonic() < until and [row.state for row in rows(house)] != ["sent"]:
        assert process.poll() is None
        time.sleep(0.05)
    assert len(house.mails) == 1
    process.send_signal(signal.SIGTERM)
    assert process.wait(WITHIN) == 0
    assert states(house)
    assert JobState.RUNNING not in states(house)
