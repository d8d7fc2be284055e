"""Life goes on and the person is known again; who only looks alike is never taken for another."""

from random import Random

import pytest

from governance.customers.matching.clusters import find_duplicates
from governance.customers.matching.comparing import compare
from governance.customers.matching.evidence import Comparison, Verdict
from governance.customers.matching.persons import person_from
from tests.governance.customers.matching.scenes import AGAIN, OTHERS, UNSURE, Scene, person

SEED, ROUNDS = 20261125, 60


def compared(scene: Scene) -> list[Comparison]:
    draw = Random(SEED)  # noqa: S311 # invented people
    found = []
    for _ in range(ROUNDS):
        first = person(draw)
        second = scene(draw, first)
        rows = [person_from(values, row=n) for n, values in enumerate((first, second))]
        found.append(compare(*rows))
    return found


@pytest.mark.parametrize("name", sorted(AGAIN))
def test_the_same_person_is_found_again(name: str) -> None:
    missed = [c for c in compared(AGAIN[name]) if c.verdict is not Verdict.SAME]
    assert len(missed) <= 0.03 * ROUNDS, missed[0]


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_who_looks_alike_is_never_merged(name: str) -> None:
    assert [c for c in compared(OTHERS[name]) if c.verdict is Verdict.SAME] == []


@pytest.mark.parametrize("name", sorted(UNSURE))
def test_what_nobody_can_know_waits_for_a_person(name: str) -> None:
    assert {c.verdict for c in compared(UNSURE[name])} == {Verdict.REVIEW}


def test_pairs_of_a_mixed_register_are_found() -> None:
    """F1 of all scenes together, found by blocking and not shown to the comparison by hand."""
    draw = Random(SEED)  # noqa: S311 # invented people
    rows, same = [], set()
    for scenes, are_one in ((AGAIN, True), (OTHERS, False)):
        for name in sorted(scenes):
            for _ in range(ROUNDS):
                first = person(draw)
                pair = (len(rows), len(rows) + 1)
                rows += [first, scenes[name](draw, first)]
                same |= {pair} if are_one else set()
    found = find_duplicates([person_from(values, row=n) for n, values in enumerate(rows)])
    merged = {(c.rows[0], row) for c in found.clusters for row in c.rows[1:]}
    assert 2 * len(merged & same) / (len(merged) + len(same)) >= 0.97
