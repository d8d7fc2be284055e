"""The worker process: same answers, restart, typed refusals, and a light caller."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from governance.pii import worker as worker_module
from governance.pii.engine import Analyzer
from governance.pii.errors import (
    PiiEndedError,
    PiiStartError,
    PiiTextTooLongError,
    PiiTimeoutError,
    PiiWorkerError,
)
from governance.pii.frames import Ask, Tell, packed, unpacked
from governance.pii.worker import PiiWorker
from governance.pii.worker_main import answer

TEXTS = [
    ("山田太郎様 090-1234-5678", "ja"),
    ("左足が不自由なので、息子の蒼が受け取ります", "ja"),
    ("My name is Olivia Martinez.", "en"),
    ("\ud800 壊れた文字と佐藤さん", "ja"),
    ("", "ja"),
]


@pytest.fixture(scope="module")
def worker() -> Iterator[PiiWorker]:
    with PiiWorker() as opened:
        yield opened


def test_worker_answers_as_the_analyzer_does(worker: PiiWorker, analyzer: Analyzer) -> None:
    expected = [analyzer.analyze(text, lang) for text, lang in TEXTS]
    assert list(worker.analyze_many(TEXTS)) == expected


def test_batches_keep_the_order(worker: PiiWorker) -> None:
    texts = [(f"{'あ' * n}、佐藤さん", "ja") for n in range(200)]
    starts = [spans[0].start for spans in worker.analyze_many(iter(texts))]
    assert starts == [n + 1 for n in range(200)]


def test_killed_worker_is_restarted(worker: PiiWorker) -> None:
    worker.start()
    old = worker.pid
    assert old is not None
    os.kill(old, signal.SIGKILL)
    assert worker.analyze("佐藤さん")
    assert worker.pid != old


def test_worker_stays_below_its_memory(worker: PiiWorker) -> None:
    list(worker.analyze_many(TEXTS * 50))
    status = Path(f"/proc/{worker.pid}/status")
    if not status.exists():
        pytest.skip("no /proc on this system")
    lines = status.read_text(encoding="ascii").splitlines()
    resident = next(line for line in lines if line.startswith("VmRSS"))
    assert int(resident.split()[1]) < 400_000


@pytest.fixture
def stopped(worker: PiiWorker, monkeypatch: pytest.MonkeyPatch) -> int:
    """The worker's child, which gets no processor time."""
    worker.analyze("佐藤さん")
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, worker.pid, os.WSTOPPED | os.WNOWAIT)
    monkeypatch.setattr(worker, "_silent", 0.02)
    return worker.pid


def test_child_without_life_is_a_typed_refusal(worker: PiiWorker, stopped: int) -> None:
    with pytest.raises(PiiTimeoutError):
        worker.analyze("佐藤さん")
    assert worker.pid != stopped


def test_child_that_works_slowly_is_waited_for(
    worker: PiiWorker, stopped: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = count(1)

    def worked(pid: int) -> int:
        if (number := next(looks)) == 5:
            os.kill(pid, signal.SIGCONT)
        return number

    monkeypatch.setattr(worker_module, "worked_by", worked)
    assert worker.analyze("佐藤さん")
    assert (worker.pid, next(looks) > 5) == (stopped, True)


def test_processor_time_of_a_process_is_known() -> None:
    ticks = worker_module.worked_by(os.getpid())
    assert ticks is not None
    assert ticks > 0
    assert worker_module.worked_by(2**31 - 1) is None


def test_question_that_takes_too_much_work_ends_its_child_alone(
    worker: PiiWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.start()
    monkeypatch.setattr(worker, "_work", 0.01)
    monkeypatch.setattr(worker_module, "SLOWEST", 10**9)
    with pytest.raises(PiiTimeoutError):
        worker.analyze("佐藤さんと東京都千代田区丸の内1-2-3。" * 5_000)
    monkeypatch.undo()
    assert worker.analyze("佐藤さん")


def test_child_that_ends_over_a_text_twice_is_named(
    worker: PiiWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(self: PiiWorker) -> object:
        child = alive(self)
        child.process.kill()
        return child

    alive = PiiWorker._alive
    monkeypatch.setattr(PiiWorker, "_alive", killed)
    monkeypatch.setattr(worker_module, "ATTEMPTS", 1)
    with pytest.raises(PiiEndedError) as refused:
        worker.analyze("佐藤さん")
    assert refused.value.params == {"ended": "signal 9"}


def test_worker_that_cannot_start_is_a_typed_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(PiiStartError) as refused:
        PiiWorker().analyze("佐藤さん")
    assert refused.value.params == {"ended": "FileNotFoundError"}


def test_start_is_tried_again_in_a_long_run(
    worker: PiiWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.close()
    good, bad = sys.executable, iter(["/bin/false", "/bin/true"])
    monkeypatch.setattr(worker_module, "START_PAUSES", (0.0, 0.0, 0.0))
    real = subprocess.Popen

    def popen(line: list[str], **options: object) -> object:
        return real([next(bad, good), *line[1:]], **options)  # type: ignore[call-overload]  # as given

    monkeypatch.setattr(subprocess, "Popen", popen)
    with pytest.raises(PiiStartError) as refused:
        worker.start()
    assert refused.value.params == {"ended": "exit 1"}
    worker.start_patiently()
    assert worker.analyze("佐藤さん")


def test_child_that_ends_at_once_is_a_typed_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/true")
    with pytest.raises(PiiWorkerError):
        PiiWorker().analyze("佐藤さん")


def test_endless_text_is_refused_before_it_is_sent() -> None:
    with pytest.raises(PiiTextTooLongError):
        PiiWorker().analyze("あ" * (worker_module.MAX_TEXT + 1))


def test_fault_in_the_worker_is_told_without_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def analyze(self, text: str, _lang: str) -> None:
            raise RuntimeError(text)

    tell = answer(Broken(), Ask(7, [(b"secret", "ja")]))  # type: ignore[arg-type]  # a fault
    assert tell == Tell(7, [], failed=True)


def test_span_survives_its_frame(analyzer: Analyzer) -> None:
    for span in analyzer.analyze("糖尿病で治療中の山田太郎様"):
        assert unpacked(packed(span)) == span


def test_warm_answers_come_from_one_process(worker: PiiWorker) -> None:
    worker.analyze("佐藤さん")
    warm = worker.pid
    for _ in range(20):
        assert worker.analyze("氏名：山田太郎　電話：090-1234-5678　東京都千代田区丸の内1-2-3")
    assert worker.pid == warm is not None
