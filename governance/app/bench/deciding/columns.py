"""Decisions in memory: looks at the state, whole columns, audiences, and what it all takes up."""

import sys
from typing import Final

from consent.columns.filtering import Columns, bits_of, count_of, permitted, picked, places_of
from consent.state.array import ConsentState
from consent.state.layout import Use
from governance.app.bench.deciding.crowds import column_octets, names, state_of
from governance.app.bench.figure import Figure, best_of_each
from governance.core.terms import PurposeId, SubjectId

PERSONS: Final = 1_000_000
LOOKS: Final = 100_000  # single decisions of one round
TEN_MILLION: Final = 10_000_000
MB: Final = 1_000_000
ROUNDS: Final = 3


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """The figures over so many persons."""
    people = names(rows or PERSONS)
    state, use = state_of(people)
    naive = {name: frozenset({use.purpose.id} if state.look(name, use) else ()) for name in people}
    return (
        _single(state, use, people, naive),
        _memory(),
        *_audiences(state, use, people, naive),
    )


Naive = dict[SubjectId, frozenset[PurposeId]]


def _single(state: ConsentState, use: Use, people: list[SubjectId], naive: Naive) -> Figure:
    some = people[:LOOKS]

    def look() -> None:
        for name in some:
            state.look(name, use)

    def read() -> None:
        for name in some:
            naive.get(name, frozenset()).issuperset((use.purpose.id,))

    best = best_of_each({"look": look, "read": read})
    value, base = len(some) / best["look"], len(some) / best["read"]
    return Figure(
        figure="third gate from memory, code included",
        value=value,
        unit="checks/s",
        baseline="a dict of sets, without code, time or number",
        baseline_value=base,
        target="about 1 us",
        met=value >= MB * 0.8,
    )


def _memory() -> Figure:
    value = column_octets(TEN_MILLION) / MB
    sample = {str(n): (1 << 63) + n for n in range(100_000)}
    each = sys.getsizeof(sample) / len(sample) + sys.getsizeof(1 << 63)
    return Figure(
        figure="10 M people x 64 cells, moments included, without their ids",
        value=value,
        unit="MB",
        baseline="a Python dict of masks, without the ids",
        baseline_value=each * TEN_MILLION / MB,
        target="<= 100 MB",
        met=value <= 100,  # noqa: PLR2004 # the target
    )


def _audiences(
    state: ConsentState, use: Use, people: list[SubjectId], naive: Naive
) -> tuple[Figure, ...]:
    columns, size = Columns(), len(people)
    places = places_of(state, people)
    turn = [0]

    def by_place() -> bytes:
        turn[0] += 1
        state.version = turn[0]  # as after a change: the column is made anew
        marks = permitted(columns.of(state, use), places)
        count_of(marks)
        return bits_of(marks)

    def by_name() -> list[SubjectId]:
        marks = permitted(columns.of(state, use), places_of(state, people))
        return picked(marks, people)

    def plain() -> list[SubjectId]:
        return [name for name in people if use.purpose.id in naive.get(name, ())]

    best = best_of_each({"place": by_place, "name": by_name, "plain": plain}, rounds=ROUNDS)
    place, name, base = best["place"], best["name"], best["plain"]
    return (
        Figure(
            figure=f"audience of {size:,} by saved list",
            value=place * 1_000,
            unit="ms",
            baseline="a list comprehension over a dict",
            baseline_value=base * 1_000,
            target="< 5 ms",
            met=place < 0.005,  # noqa: PLR2004 # the target
        ),
        Figure(
            figure=f"audience of {size:,} from strings",
            value=name,
            unit="s",
            baseline="a list comprehension over a dict",
            baseline_value=base,
            target="< 0.6 s",
            met=name < 0.6,  # noqa: PLR2004 # the target
        ),
    )
