"""A process that writes decisions loses none, doubles none, and nobody waits for it in vain."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit.decisions import aside as module
from audit.decisions.aside import Aside
from audit.decisions.checking import lost_decisions
from audit.decisions.marks import Mark, left_behind
from audit.decisions.recorder import BATCH, DecisionRecorder
from audit.decisions.scribe import Told
from audit.decisions.store import Numbered, prepared, write_once
from audit.decisions.types import Decision
from audit.types import Verdict
from tests.audit.bench import NOW, Bench
from tests.audit.decisions.book import decision, recorder, records

PATIENCE = 120  # seconds; a busy machine


@pytest.fixture
def aside(bench: Bench) -> Iterator[Aside]:
    """A writing process that has begun."""
    made = Aside(bench.db.writer_engine.url.render_as_string(hide_password=False))
    begun(made)
    yield made
    made.close()


def begun(aside: Aside, *holding: int) -> None:
    until = time.monotonic() + PATIENCE
    while not aside.offers(holding=holding):
        assert time.monotonic() < until
        time.sleep(0.02)


def child_of(aside: Aside) -> subprocess.Popen[bytes]:
    assert aside._process is not None  # to hurt it
    return aside._process


def told(bench: Bench, first: int, *decisions: Decision) -> Told:
    return Told(bench.log.process_id, first, NOW, list(decisions))


def fill(open_: DecisionRecorder, count: int) -> None:
    for _ in range(count):
        open_.record(decision())


def numbers(bench: Bench) -> list[Any]:
    return [one.column("n") for one in records(bench)]


def test_full_batches_are_written_by_the_other_and_the_rest_here(
    bench: Bench, tmp_path: Path, aside: Aside
) -> None:
    with recorder(bench, tmp_path, pause=3_600, aside=aside) as open_:
        fill(open_, BATCH)
        open_.settle(BATCH)
        process = child_of(aside)
        fill(open_, 3)
    assert process.wait() == 0
    assert numbers(bench) == list(range(1, BATCH + 4))
    with bench.db.read() as tx:
        assert lost_decisions(tx) == ()
    writers = {row.process_id for row in _events(bench)}
    assert len(writers) == 2
    bench.sequence()
    assert bench.verify().verdict is Verdict.VERIFIED_SELF_SIGNED


def test_what_was_committed_before_a_death_is_not_written_again(
    bench: Bench, tmp_path: Path, aside: Aside
) -> None:
    first = [decision() for _ in range(BATCH)]
    committed = prepared(Numbered(stream=bench.log.process_id, first=1, decisions=first))
    bench.db.write(lambda tx: write_once(tx, bench.log, committed, at=NOW))
    os.kill(child_of(aside).pid, signal.SIGKILL)
    with recorder(bench, tmp_path, pause=3_600, aside=aside) as open_:
        for one in first:
            open_.record(one)
        open_.settle(BATCH)
        assert not aside.running
        fill(open_, 2)
    assert numbers(bench) == list(range(1, BATCH + 3))
    assert [one.column("id") for one in records(bench)][:BATCH] == [one.id for one in first]


def test_a_process_that_stands_still_is_ended_and_its_work_done(
    bench: Bench, tmp_path: Path, aside: Aside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_S", 0.1)
    os.kill(child_of(aside).pid, signal.SIGSTOP)
    with recorder(bench, tmp_path, pause=3_600, aside=aside) as open_:
        fill(open_, BATCH)
        open_.settle(BATCH)
        assert not aside.running
        fill(open_, BATCH)
        open_.settle(2 * BATCH)
        assert not aside.running  # not again at once
    assert numbers(bench) == list(range(1, 2 * BATCH + 1))


def test_it_holds_the_number_until_it_has_ended(bench: Bench, tmp_path: Path) -> None:
    aside, mark = Aside(bench.db.writer_engine.url.render_as_string(hide_password=False)), None
    try:
        mark = Mark(tmp_path, bench.log.process_id)
        begun(aside, mark.held)
        mark.close(settled=False)  # as the kernel does when its maker is killed
        assert list(left_behind(tmp_path)) == []  # its writer may still commit
        assert aside.write(told(bench, 1, decision())) == 1
        aside.close()
        assert [left.stream for left in left_behind(tmp_path)] == [bench.log.process_id]
    finally:
        aside.close()


def test_without_company_it_ends(aside: Aside, monkeypatch: pytest.MonkeyPatch) -> None:
    aside.rest()
    assert aside.running
    monkeypatch.setattr(module, "IDLE_S", 0.0)
    aside.rest()
    assert not aside.running


def test_no_database_no_process_and_no_word_of_the_url(tmp_path: Path) -> None:
    lost = Aside(f"sqlite:///{tmp_path}/none/none.db")
    assert not lost.offers(holding=())
    assert str(tmp_path) not in " ".join(map(str, child_of(lost).args))  # type: ignore[arg-type]
    until = time.monotonic() + PATIENCE
    while lost.running:
        assert not lost.offers(holding=())
        assert time.monotonic() < until
        time.sleep(0.02)
    assert not lost.offers(holding=())
    assert str(tmp_path) not in repr(lost)


def _events(bench: Bench) -> Any:
    with bench.db.read() as tx:
        return tx.exec_driver_sql("SELECT process_id FROM audit_event").all()
