"""A merge or its undoing that dies anywhere leaves two persons or one, and never something else."""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import update

from governance.customers.upkeep.candidates import DUPLICATE
from governance.db.engine import Database
from governance.gateway.merge_types import Merged
from tests.forking import Forked
from tests.governance.gateway.merging.couple import PAIR, Couple
from tests.governance.gateway.merging.worker import apart, opened
from tests.retention.town import Killed, Killer

KILLS = 50 if "SEKISHO_SOAK" in os.environ else 4
SEED = 20261125
MOST = 600  # statements; more than either act makes, with what PostgreSQL reads there
STRIDE = {"sqlite": 1, "postgresql": 1 if "SEKISHO_SOAK" in os.environ else 11}  # statements


def until_it_lives(couple: Couple, engine: Any, act: Callable[[], Any]) -> tuple[Any, int]:
    """The act's result at last, and at how late a statement it died, each time without a trace."""
    before, stride = couple.world(), STRIDE[couple.town.ports.database.writer_engine.dialect.name]
    for n in range(1, MOST, stride):
        killer = Killer(engine, n)
        with killer, contextlib.suppress(Killed):
            done = act()
        if not killer.dead:
            return done, max(0, n - stride)
        couple.town = couple.town.restarted()
        assert couple.world() == before
    raise AssertionError


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("which", ["data", "keys"])
def test_death_at_any_statement_changes_nothing(couple: Couple, keys: Database, which: str) -> None:
    engine = {"data": couple.town.ports.database, "keys": keys}[which].writer_engine
    two = couple.world()
    done, deaths = until_it_lives(couple, engine, couple.merge)
    assert isinstance(done, Merged)
    assert deaths > (20 if which == "data" else -1)
    one = couple.world()
    assert one != two
    _, deaths = until_it_lives(couple, engine, lambda: couple.unmerge(done))
    assert deaths > (20 if which == "data" else -1)
    assert couple.world() == two
    again = update(DUPLICATE).where(DUPLICATE.c.score == PAIR).values(state="open")
    couple.town.ports.database.write(lambda tx: tx.execute(again))
    couple.merge()
    assert couple.world() == one


def started(folder: Path, url: str) -> Forked:
    return Forked("tests.governance.gateway.merging.worker", str(folder), url, quiet=True)


def struck(child: Forked, draw: Random) -> None:
    """The process died somewhere within one of its acts, wherever a slow machine has it then."""
    begun: list[float] = []
    with child:
        try:
            for _ in range(draw.randint(4, 9)):
                assert child.stdout.readline() == "begun\n"
                begun.append(time.monotonic())
            time.sleep(draw.uniform(0.0, begun[-2] - begun[-3]))  # by turns: as the last such
        finally:
            child.kill()


@pytest.mark.timeout(7200)  # fifty processes, on a machine that has much else to do
def test_killed_processes_leave_one_person_or_two(couple: Couple, tmp_path: Path) -> None:
    url = couple.town.ports.database.engine.url.render_as_string(hide_password=False)
    two = couple.world()
    couple.merge()
    one = couple.world()
    draw, seen = Random(SEED), [0, 0]  # noqa: S311 # moments, not secrets
    for _ in range(KILLS):
        struck(started(tmp_path, url), draw)
        left = couple.world()
        assert left in (one, two)
        seen[left == one] += 1
    with opened(tmp_path, url) as other:
        apart(other)
        assert other.world() == two
    assert sum(seen) == KILLS
    assert KILLS < 50 or min(seen) > 0, seen  # a long campaign meets both
