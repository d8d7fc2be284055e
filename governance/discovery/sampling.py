"""A uniform sample of a stream of unknown length, and what it proves about the rest; pure."""

from collections.abc import Iterable
from itertools import islice
from math import exp, floor, lgamma, log
from random import Random
from typing import Final, Generic, TypeVar

T = TypeVar("T")
CONFIDENCE: Final = 0.95
SAMPLE: Final = 3_000  # rows; nothing seen in them is in fewer than 0.1 % of all (rule of three)
_STEPS: Final = 60  # halvings; far below any share that is shown


class Reservoir(Generic[T]):
    """Rows kept of a stream, every one with the same chance (Vitter, Li: algorithm L)."""

    def __init__(self, size: int | None, *, seed: int) -> None:
        """`size` None keeps every row."""
        self._size = size
        self._random = Random(seed)  # noqa: S311 # a sample, no secret
        self.kept: list[tuple[int, T]] = []  # number from 1, row; in the order of the stream
        self.seen = 0

    def fill(self, rows: Iterable[T]) -> None:
        """All rows of the stream have passed."""
        waiting = iter(rows)
        if self._size is None:
            self._keep(waiting, None)
            return
        self._keep(waiting, self._size)
        if self.seen < self._size:
            return
        chance = self._shrunk(1.0)
        while True:
            skip = floor(log(self._open()) / log(1.0 - chance)) if chance < 1.0 else 0
            passed = sum(1 for _ in islice(waiting, skip))
            self.seen += passed
            row = next(waiting, self)
            if row is self:
                break
            self.seen += 1
            self.kept[self._random.randrange(self._size)] = (self.seen, row)  # type: ignore[assignment] # not the sentinel
            chance = self._shrunk(chance)
        self.kept.sort(key=lambda item: item[0])

    def _keep(self, waiting: Iterable[T], most: int | None) -> None:
        for row in islice(waiting, most):
            self.seen += 1
            self.kept.append((self.seen, row))

    def _open(self) -> float:
        return 1.0 - self._random.random()  # never 0

    def _shrunk(self, chance: float) -> float:
        return chance * exp(log(self._open()) / (self._size or 1))


def at_most(hits: int, sampled: int, *, of: int, confidence: float = CONFIDENCE) -> float:
    """The share that is not exceeded with this confidence (Clopper, Pearson; one-sided).

    Where every row was looked at it is the share itself; of an empty sample nothing is known.
    """
    if sampled == 0:
        return 0.0 if of == 0 else 1.0
    if sampled >= of or hits >= sampled:
        return hits / sampled
    low, high = hits / sampled, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _at_most_hits(hits, sampled, middle) > 1.0 - confidence:
            low = middle
        else:
            high = middle
    return high


def _at_most_hits(hits: int, sampled: int, share: float) -> float:
    """Chance of no more than so many hits in a sample when this is the share of all."""
    if share >= 1.0:
        return 0.0
    whole = lgamma(sampled + 1)
    yes, no = log(share) if share > 0.0 else float("-inf"), log(1.0 - share)
    return sum(
        exp(whole - lgamma(k + 1) - lgamma(sampled - k + 1) + (k * yes if k else 0.0)
            + (sampled - k) * no)
        for k in range(hits + 1)
    )  # fmt: skip
