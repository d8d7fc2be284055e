"""One measured figure beside its baseline of the same run; only ratios travel between machines."""

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

ROUNDS = 5  # the best round counts: the others were disturbed


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure as `sekisho bench` prints it (design.md section 4)."""

    figure: str
    value: float = field(repr=False)
    unit: str
    baseline: str
    baseline_value: float
    target: str
    met: bool

    @property
    def ratio(self) -> float:
        """How much better than the baseline; above 1 is better."""
        if self.baseline_value == 0:
            return 0.0
        less = self.unit.startswith(("us", "ms", "s ")) or self.unit in ("s", "MB")
        return self.baseline_value / self.value if less else self.value / self.baseline_value

    def as_json(self) -> dict[str, object]:
        """The outside shape."""
        return {
            "figure": self.figure,
            "value": round(self.value, 3),
            "unit": self.unit,
            "baseline": self.baseline,
            "baseline_value": round(self.baseline_value, 3),
            "ratio": round(self.ratio, 2),
            "target": self.target,
            "met": self.met,
        }


def best_seconds(work: Callable[[], object], *, rounds: int = ROUNDS) -> float:
    """The shortest time on the processor of several runs, without the collector's pauses."""
    return best_of_each({"": work}, rounds=rounds)[""]


def best_of_each(
    works: Mapping[str, Callable[[], object]], *, rounds: int = ROUNDS
) -> dict[str, float]:
    """The shortest time of each on the processor, in turn so that what disturbs, disturbs all.

    For work in memory that waits for nothing: what other processes do in between does not count.
    """
    for work in works.values():
        work()
    found: dict[str, list[float]] = {name: [] for name in works}
    gc.disable()
    try:
        for _ in range(rounds):
            for name, work in works.items():
                start = time.process_time()
                work()
                found[name].append(time.process_time() - start)
    finally:
        gc.enable()
    return {name: min(times) for name, times in found.items()}
