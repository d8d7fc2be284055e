"""Finding personal data: characters a second with rules and with the learned layer, and the worker.

The baseline is Presidio with ja-ginza where that is installed beside Sekisho, else Presidio with a
blank spaCy pipeline, which knows patterns alone and no name.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from governance.app.bench.figure import Figure, best_seconds
from governance.pii.types import NO_MODEL, SHIPPED_MODEL
from governance.pii.worker import PiiWorker

LENGTH: Final = 2_000  # characters of one text, several of the corpus joined
BASELINE_CHARS: Final = 4_000  # the baseline reads no more: it is slow
RULES_TARGET, LEARNED_TARGET = 200_000, 100_000  # characters a second on one core
START_LIMIT, ANSWER_LIMIT, MEMORY_LIMIT = 4.0, 50.0, 400.0  # seconds, milliseconds, MB
QUESTIONS: Final = 50
QUESTION: Final = "北区の山田太郎様より、本日14時に03-0000-0000へ折り返し希望とのことです。"


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """Speed of rules, of rules with the learned layer, and start, answer and memory of a worker."""
    from governance.pii.engine import Analyzer  # noqa: PLC0415 (other benches do without Presidio)
    from governance.pii.stock import stock  # noqa: PLC0415 (the same)

    texts = _texts()[:rows]
    name, baseline = stock()
    stock_speed = _speed(baseline, _first(texts, BASELINE_CHARS), rounds=1)
    found = []
    for model, title, target in (
        (NO_MODEL, "pii rules", RULES_TARGET),
        (SHIPPED_MODEL, "pii rules and learned layer", LEARNED_TARGET),
    ):
        speed = _speed(Analyzer(model=model).analyze, texts, rounds=3)
        found.append(
            Figure(
                figure=title,
                value=speed,
                unit="characters/s",
                baseline=name,
                baseline_value=stock_speed,
                target=f">= {target:,}",
                met=speed >= target,
            )
        )
    return (*found, *_worker())


def _texts() -> list[str]:
    """Texts of the corpus joined to a usual length of a note or a mail chain."""
    from governance.pii.learned.making import part  # noqa: PLC0415 (the same)

    joined, held = [], ""
    for text in part("dev"):
        held += text.text + "\n"
        if len(held) >= LENGTH:
            joined.append(held)
            held = ""
    return joined


def _first(texts: Sequence[str], chars: int) -> list[str]:
    found: list[str] = []
    for text in texts:
        if sum(map(len, found)) < chars:
            found.append(text)
    return found


def _speed(analyse: Callable[[str], object], texts: Sequence[str], *, rounds: int) -> float:
    def work() -> None:
        for text in texts:
            analyse(text)

    return sum(map(len, texts)) / best_seconds(work, rounds=rounds)


def _worker() -> tuple[Figure, ...]:
    with PiiWorker() as worker:
        start = time.perf_counter()
        worker.start()
        cold = time.perf_counter() - start
        answers = []
        for _ in range(QUESTIONS):
            begin = time.perf_counter()
            worker.analyze(QUESTION)
            answers.append(1_000 * (time.perf_counter() - begin))
        memory = _memory(worker.pid)
    warm = statistics.median(answers)
    return (
        _limited("pii worker cold start", cold, "s", START_LIMIT),
        _limited("pii worker warm answer", warm, "ms", ANSWER_LIMIT),
        _limited("pii worker memory", memory, "MB", MEMORY_LIMIT),
    )


def _limited(title: str, value: float, unit: str, limit: float) -> Figure:
    return Figure(
        figure=title,
        value=value,
        unit=unit,
        baseline="limit",
        baseline_value=limit,
        target=f"< {limit:g} {unit}",
        met=value < limit,
    )


def _memory(pid: int | None) -> float:
    """Most memory that the process has held, where the system tells it."""
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return 0.0
    for line in status.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1_024
    return 0.0
