"""Processes that die at any moment leave one unforked tree, no gap and no false alarm."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import func, select

from audit.gaps import lost_events
from audit.models import EVENTS, LEAVES, PENDING
from audit.sequencer import Turn
from audit.types import Verdict
from tests.audit.bench import Bench

ROOT = Path(__file__).parents[2]
PROCESSES = 3


def started(bench: Bench, process_id: str) -> subprocess.Popen[str]:
    url = bench.db.engine.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.audit.worker", url, str(bench.keys.anchor), process_id],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def wait_ready(child: subprocess.Popen[str]) -> None:
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    child.stdout.close()


def test_killed_processes_leave_one_tree_without_gap(bench: Bench) -> None:
    for generation in range(2):
        children = [started(bench, f"w-{generation}-{k}") for k in range(PROCESSES)]
        for child in children:
            wait_ready(child)
        for child in children:
            time.sleep(0.15)
            child.send_signal(signal.SIGKILL)
        for child in children:
            child.wait()
        assert bench.verify().verdict in {Verdict.VERIFIED_SELF_SIGNED, Verdict.INCOMPLETE}
    while bench.sequence(turn=Turn.STRICT).placed:
        pass
    report = bench.verify()
    assert report.verdict is Verdict.VERIFIED_SELF_SIGNED
    with bench.db.read() as tx:
        totals = [
            tx.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (EVENTS, LEAVES, PENDING)
        ]
        assert totals == [report.size, report.size, 0]
        assert report.size > PROCESSES
        assert not [hole for hole in lost_events(tx) if hole.settled]
