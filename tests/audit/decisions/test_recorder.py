"""Every number that a process gave stands in one batch, or the log says that it was lost."""

from pathlib import Path
from threading import Thread

import pytest

from audit.actions import EventCode
from audit.decisions.checking import LostDecisions, lost_decisions
from audit.decisions.marks import Mark, left_behind
from audit.decisions.recorder import BATCH
from audit.errors import DecisionUnrecordedError
from audit.models import EVENTS
from audit.types import Verdict
from tests.audit.bench import Bench
from tests.audit.decisions.book import decision, recorder, records


def batches(bench: Bench) -> list[str]:
    recorded = EVENTS.c.action == EventCode.DECISIONS_RECORDED.value
    with bench.db.read() as tx:
        return [row.counts for row in tx.execute(EVENTS.select().where(recorded))]


def test_decisions_stand_in_their_order_with_what_was_said(bench: Bench, tmp_path: Path) -> None:
    given = [
        decision(consent_seq=n, subject=None if n == 2 else decision().subject) for n in (1, 2)
    ]
    with recorder(bench, tmp_path) as open_:
        assert [open_.record(one) for one in given] == [1, 2]
        open_.settle()
        found = records(bench)
    assert [one.column("id") for one in found] == [one.id for one in given]
    assert [one.column("consent_seq") for one in found] == [1, 2]
    assert [one.link is None for one in found] == [False, True]
    assert all(one.kept for one in found)
    assert batches(bench) == ["first=1,last=2,permit=2,deny=0"]


def test_a_full_batch_does_not_wait_for_company(bench: Bench, tmp_path: Path) -> None:
    with recorder(bench, tmp_path, pause=3_600) as open_:
        for _ in range(BATCH + 1):
            open_.record(decision())
        open_.settle(BATCH)
        assert batches(bench) == [f"first=1,last={BATCH},permit={BATCH},deny=0"]
    assert batches(bench)[1:] == [f"first={BATCH + 1},last={BATCH + 1},permit=1,deny=0"]


def test_many_threads_get_numbers_without_a_hole(bench: Bench, tmp_path: Path) -> None:
    with recorder(bench, tmp_path) as open_:
        work = [
            Thread(target=lambda: [open_.record(decision()) for _ in range(50)]) for _ in "abcd"
        ]
        for one in work:
            one.start()
        for one in work:
            one.join()
    assert [one.column("n") for one in records(bench)] == list(range(1, 201))
    with bench.db.read() as tx:
        assert lost_decisions(tx) == ()


def test_a_closed_recorder_wrote_everything_and_takes_no_more(bench: Bench, tmp_path: Path) -> None:
    with recorder(bench, tmp_path, pause=3_600) as open_:
        open_.record(decision())
        open_.close()
        assert len(records(bench)) == 1
        with pytest.raises(DecisionUnrecordedError):
            open_.record(decision())
    assert not list(tmp_path.glob("*.mark"))


def test_while_the_log_cannot_be_written_decisions_wait_and_then_are_refused(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LookupError

    with (
        recorder(bench, tmp_path, limit=2, pause=0, patience=0.05) as open_,
        monkeypatch.context() as patch,
    ):
        patch.setattr(type(bench.log), "append", fail)
        assert [open_.record(decision()), open_.record(decision())] == [1, 2]
        with pytest.raises(DecisionUnrecordedError):
            open_.settle()
        with pytest.raises(DecisionUnrecordedError):
            open_.record(decision())
    assert [one.column("n") for one in records(bench)] == [1, 2]


def test_a_process_that_died_with_decisions_leaves_a_gap_and_no_suspicion(
    bench: Bench, tmp_path: Path
) -> None:
    with recorder(bench, tmp_path) as open_:
        open_.record(decision())
    dead = Mark(tmp_path, bench.log.process_id)
    dead.note(4)
    with recorder(bench.second(), tmp_path) as heir:
        assert list(left_behind(tmp_path)) == []  # its process lives
        assert heir.tell_lost() == 0
        dead.close(settled=False)
        assert heir.tell_lost() == 3
        assert heir.tell_lost() == 0
    bench.sequence()
    assert bench.verify().verdict is Verdict.VERIFIED_SELF_SIGNED
    with bench.db.read() as tx:
        (hole,) = lost_decisions(tx)
    assert hole == LostDecisions(stream=bench.log.process_id, first=2, last=4, told=True)


def test_a_batch_that_rolled_back_comes_again_whole(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, tries = type(bench.db).write, []

    def once(db: object, fn: object) -> object:
        tries.append(fn)
        if len(tries) == 1:
            raise LookupError
        return write(db, fn)  # type: ignore[arg-type] # as the recorder called it

    monkeypatch.setattr("audit.decisions.recorder.RETRY", 0)
    with recorder(bench, tmp_path, pause=0) as open_:
        monkeypatch.setattr(type(bench.db), "write", once)
        open_.record(decision())
        open_.settle()
    assert len(tries) == 2
    assert len(records(bench)) == 1
