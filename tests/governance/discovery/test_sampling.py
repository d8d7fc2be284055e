"""Samples: uniform, of the right size, and bounds that hold as often as they say."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.discovery.sampling import Reservoir, at_most


@given(size=st.integers(1, 20), rows=st.integers(0, 80), seed=st.integers(0, 99))
def test_sample_keeps_so_many_different_rows_in_their_order(
    size: int, rows: int, seed: int
) -> None:
    kept = Reservoir[int](size, seed=seed)
    kept.fill(range(rows))
    numbers = [number for number, _ in kept.kept]
    assert kept.seen == rows
    assert len(numbers) == min(size, rows)
    assert numbers == sorted(set(numbers))
    assert all(number == row + 1 for number, row in kept.kept)


def test_no_size_keeps_every_row() -> None:
    kept = Reservoir[str](None, seed=1)
    kept.fill("abc")
    assert kept.kept == [(1, "a"), (2, "b"), (3, "c")]


def test_every_row_has_the_same_chance() -> None:
    counts = [0] * 40
    for seed in range(3_000):
        kept = Reservoir[int](8, seed=seed)
        kept.fill(range(40))
        for _, row in kept.kept:
            counts[row] += 1
    # 600 expected of each; 22 is one standard deviation, five of them are never reached by chance
    assert all(abs(count - 600) < 110 for count in counts)


@pytest.mark.parametrize(
    ("hits", "sampled", "rows", "share"),
    [
        (0, 3_000, 10_000_000, 0.000998),  # 1 - 0.05 ** (1 / 3000), the rule of three
        (1, 100, 10_000, 0.04656),  # Clopper and Pearson, 95 %, one-sided
        (5, 400, 10_000, 0.02610),
        (2, 50, 50, 0.04),  # every row was looked at
        (50, 50, 100, 1.0),
        (0, 0, 0, 0.0),
        (0, 0, 9, 1.0),
    ],
)
def test_bound_is_that_of_the_books(hits: int, sampled: int, rows: int, share: float) -> None:
    assert at_most(hits, sampled, of=rows) == pytest.approx(share, abs=1e-4)


def test_bound_holds_as_often_as_it_says() -> None:
    random, true, held = Random(7), 0.02, 0  # noqa: S311 # no secret
    for _ in range(400):
        hits = sum(random.random() < true for _ in range(200))
        held += at_most(hits, 200, of=10**6) >= true
    assert held >= 370  # 380 expected at 95 %; the bound errs to the safe side
