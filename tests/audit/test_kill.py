"""Processes that die at any moment leave one unforked tree, no gap and no false alarm."""

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import func, select

from audit.gaps import lost_events
from audit.models import EVENTS, LEAVES, PENDING
from audit.sequencer import Turn
from audit.types import Verdict
from tests.audit.bench import Bench
from tests.forking import Forked

PROCESSES = 3
SOAKING = "SEKISHO_SOAK" in os.environ
WRITERS, APPENDS, KILLS = (8, 1_000, 5) if SOAKING else (3, 30, 1)  # of each writer


def started(bench: Bench, process_id: str, *more: str) -> Forked:
    url = bench.db.engine.url.render_as_string(hide_password=False)
    known = url, str(bench.keys.anchor), process_id
    return Forked("tests.audit.worker", *known, *more, quiet=True)


def wait_ready(child: Forked) -> None:
    assert child.stdout.readline() == "ready\n"
    child.stdout.close()


def test_killed_processes_leave_one_tree_without_gap(bench: Bench) -> None:
    for generation in range(2):
        children = [started(bench, f"w-{generation}-{k}") for k in range(PROCESSES)]
        for child in children:
            wait_ready(child)
        for child in children:
            time.sleep(0.15)
            child.kill()
        for child in children:
            child.wait()
        assert bench.verify().verdict in {Verdict.VERIFIED_SELF_SIGNED, Verdict.INCOMPLETE}
    assert whole(bench) > PROCESSES


def whole(bench: Bench) -> int:
    """The size of the one tree that every event is in."""
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
        assert not [hole for hole in lost_events(tx) if hole.settled]
    return report.size


def told_of(place: Path) -> list[str]:
    lines = place.read_text("ascii").splitlines(keepends=True) if place.exists() else []
    return [line[:-1] for line in lines if line.endswith("\n")]


def writer(bench: Bench, told: Path, name: str, pauses: random.Random) -> None:
    """One writer's appends, by processes that are killed and one that ends by itself."""
    for life in range(KILLS):
        child = started(bench, f"{name}-{life}", str(told))
        wait_ready(child)
        time.sleep(pauses.uniform(0.05, 0.6))
        child.kill()
        child.wait()
    rest = max(1, APPENDS - len(told_of(told)))
    last = started(bench, f"{name}-last", str(told), str(rest))
    wait_ready(last)
    assert last.wait(timeout=900) == 0


def test_every_append_of_many_killed_processes_is_in_one_tree(bench: Bench, tmp_path: Path) -> None:
    files = [tmp_path / f"told-{k}" for k in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as pool:
        running = [
            pool.submit(writer, bench, told, f"w{k}", random.Random(k))  # noqa: S311 # moments of death, no secret
            for k, told in enumerate(files)
        ]
        for one in running:
            one.result()
    acknowledged = [event for told in files for event in told_of(told)]
    assert len(acknowledged) >= WRITERS * APPENDS
    size = whole(bench)
    with bench.db.read() as tx:
        placed = set(tx.execute(select(LEAVES.c.event_id)).scalars())
    assert set(acknowledged) <= placed
    assert len(set(acknowledged)) == len(acknowledged)
    assert size - len(acknowledged) <= WRITERS * KILLS  # each kill leaves one untold at most
