"""No permit survives an acknowledged withdrawal: real processes, real pauses, real deaths.

Each commit sees a small one: two servers, three clients, one pause longer than a lease. The whole
one runs under SEKISHO_SOAK (docs/soak.md), on both engines.
"""

import json
import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from consent.client.lease import boottime
from governance.app.factory import create_app
from governance.app.following import following
from governance.app.wiring import Wiring
from governance.core.settings import Settings
from tests.consent.leases.campaign import Asker, Checking, Withdrawing, late
from tests.consent.leases.town import Town, served, workers_of
from tests.serving import served as served_here

SOAK = "SEKISHO_SOAK" in os.environ
WITHDRAWALS = int(os.environ.get("SEKISHO_WITHDRAWALS", "10000"))
THREADS = int(os.environ.get("SEKISHO_WITHDRAWERS", "32"))  # persons who wait at once
KILL_SECONDS = float(os.environ.get("SEKISHO_KILL_SECONDS", "30"))  # between two deaths
MINUTES = float(os.environ.get("SEKISHO_MINUTES", "inf"))  # after which no withdrawal begins
PAUSE = 2.5  # seconds; longer than a lease
CHANCES = 100  # withdrawals, at least, in a second in which each kind of client permitted


@pytest.fixture
def askers() -> Iterator[list[Asker]]:
    living: list[Asker] = []
    yield living
    for asker in living:
        asker.kill()


def _judge(work: Withdrawing, checks: Checking, told: dict[str, dict[str, Any]]) -> None:
    """Nobody was told yes by a question that began, or held a yes that stood, after the answer."""
    acknowledged = work.acknowledged
    assert acknowledged
    assert len(acknowledged) == len(work.town.persons) or work.until < boottime()
    assert late(checks.asked, acknowledged) == []
    assert late(checks.stood, acknowledged) == []
    for found in told.values():
        assert late(found["asked"], acknowledged) == []
        assert late(found["stood"], acknowledged) == []
    for mode, found in told.items():
        assert found["permits"] > 0, mode
        assert found["refusals"] + found["unavailable"] > 0, mode


def test_no_permit_survives_an_acknowledged_withdrawal(tmp_path: Path, askers: list[Asker]) -> None:
    town = Town.build(tmp_path, url=None, persons=24)
    with ExitStack() as open_:
        bases = [open_.enter_context(_server(town)) for _ in range(2)]
        town.base = bases[0]
        askers += [
            Asker.start(town, mode, mode, base=bases[n % 2])
            for n, mode in enumerate(("plain", "deaf", "cut"))
        ]
        for asker in askers:
            asker.await_ready()
        checks, work = Checking(town=town, bases=bases), Withdrawing(town=town, bases=bases)
        checking = threading.Thread(target=checks.run, args=(1,))
        checking.start()
        try:
            work.run(town.persons[:12], threads=3)
            pausing = threading.Thread(target=askers[0].pause, args=(PAUSE,))
            pausing.start()
            work.run(town.persons[12:], threads=3)
            pausing.join()
        finally:
            checks.ended.set()
            checking.join()
        _judge(work, checks, {asker.mode: asker.end() for asker in askers})


@pytest.mark.skipif(not SOAK, reason="the whole campaign runs under SEKISHO_SOAK")
@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
@pytest.mark.timeout(7200)
def test_the_whole_campaign(
    engine: str, new_database: Callable[..., str], tmp_path: Path, askers: list[Asker]
) -> None:
    """Four processes, five clients, pauses, cuts, and a process killed every so often."""
    url = new_database("upgraded") if engine == "postgres" else None
    town = Town.build(tmp_path, url=url, persons=WITHDRAWALS)
    with served(town, workers=4) as server:
        modes = ("plain", "plain2", "paused", "deaf", "cut")
        askers += [Asker.start(town, mode.rstrip("2"), mode) for mode in modes]
        for asker in askers:
            asker.await_ready()
        checks, work = (
            Checking(town=town, bases=[town.base]),
            Withdrawing(town=town, bases=[town.base], until=boottime() + 60 * MINUTES),
        )
        ended, trouble = threading.Event(), {"pauses": 0, "kills": 0}
        threads = [threading.Thread(target=checks.run, args=(n,)) for n in range(2)]
        threads.append(threading.Thread(target=_pauses, args=(askers[2], ended, trouble)))
        threads.append(threading.Thread(target=_kills, args=(server, ended, trouble)))
        for thread in threads:
            thread.start()
        try:
            work.run(town.persons, threads=THREADS)
        finally:
            ended.set()
            checks.ended.set()
            for thread in threads:
                thread.join()
        told = {mode: asker.end() for mode, asker in zip(modes, askers, strict=True)}
        _tell(engine, work, checks, told, trouble)
        _judge(work, checks, told)
        for mode, found in told.items():
            assert work.chances(found["seconds"]) >= min(CHANCES, WITHDRAWALS // 100), mode
        assert trouble["pauses"] > 0
        assert trouble["kills"] > 0


def _pauses(asker: Asker, ended: threading.Event, trouble: dict[str, int]) -> None:
    while not ended.wait(2):
        asker.pause(PAUSE)
        trouble["pauses"] += 1


def _kills(server: Any, ended: threading.Event, trouble: dict[str, int]) -> None:
    dice = random.Random(20261126)  # noqa: S311 # a test's dice
    while not ended.wait(KILL_SECONDS):
        os.kill(dice.choice(workers_of(server)), signal.SIGKILL)
        trouble["kills"] += 1


def _tell(
    engine: str,
    work: Withdrawing,
    checks: Checking,
    told: dict[str, dict[str, Any]],
    trouble: dict[str, int],
) -> None:
    took = sorted(work.took)
    http = len(late(checks.asked, work.acknowledged)) + len(late(checks.stood, work.acknowledged))
    violations = http + sum(
        len(late(found[kind], work.acknowledged))
        for found in told.values()
        for kind in ("asked", "stood")
    )
    counts = {
        "engine": engine,
        "withdrawals": len(work.acknowledged),
        "violations": violations,
        "repeated": work.repeated,
        "http_answers": checks.answers,
        "http_permits": checks.permits,
        **trouble,
        "median_ms": round(took[len(took) // 2] * 1000, 1),
        "p90_ms": round(took[len(took) * 9 // 10] * 1000, 1),
        "p99_ms": round(took[len(took) * 99 // 100] * 1000, 1),
        "longest_ms": round(took[-1] * 1000, 1),
        "per_second": round(len(took) / (work.ended - work.begun), 1),
        "clients": {
            mode: {name: found[name] for name in ("permits", "refusals", "unavailable")}
            | {"share_of_seconds": round(work.share(found["seconds"]), 2)}
            | {"chances": work.chances(found["seconds"])}
            | {"askings": found["askings"]}  # each kind: how many, median milliseconds
            for mode, found in told.items()
        },
    }
    print(f"\n{json.dumps(counts)}", file=sys.__stdout__)  # the campaign's result (docs/soak.md)


@contextmanager
def _server(town: Town) -> Iterator[str]:
    """One serving process's parts, in this process."""
    wiring = Wiring.open(Settings(data_dir=town.folder / "data"))
    try:
        with following(wiring), served_here(create_app(wiring)) as base:
            yield base
            wiring.hub.close()  # the feeds would keep the server from ending
    finally:
        wiring.close()
