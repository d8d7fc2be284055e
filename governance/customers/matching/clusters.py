"""Duplicates of a register: pairs taken as one person joined, contradictions kept apart."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from governance.customers.matching.blocking import candidate_pairs
from governance.customers.matching.comparing import compare
from governance.customers.matching.evidence import Comparison, Verdict
from governance.customers.matching.persons import Person

CONTRADICTION = 0.0  # bits; two rows below it are never put into one cluster by a third
MAX_CLUSTER = 30  # rows; a larger one is a block of test entries for a person to see


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Rows of one person, with the comparisons that joined them."""

    rows: tuple[int, ...]
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """What a search for duplicates found."""

    clusters: tuple[Cluster, ...]
    review: tuple[Comparison, ...]  # pairs that a person must decide
    compared: int  # pairs looked at


def find_duplicates(persons: Sequence[Person]) -> Duplicates:
    """Clusters of rows taken as one person, and the pairs left to a person."""
    compared = [compare(persons[i], persons[j]) for i, j in candidate_pairs(persons)]
    by_row = {person.row: person for person in persons}
    same = sorted(
        (c for c in compared if c.verdict is Verdict.SAME), key=lambda c: (-c.score, c.a, c.b)
    )

    def contradicts(a: int, b: int) -> bool:
        found = compare(by_row[a], by_row[b])
        return found.is_vetoed or found.score < CONTRADICTION

    groups = join(same, contradicts=contradicts)
    clusters = clustered(groups, same)
    home = {row: cluster.rows for cluster in clusters for row in cluster.rows}
    review = tuple(
        c
        for c in sorted(compared, key=lambda c: (-c.score, c.a, c.b))
        if c.verdict is not Verdict.DIFFERENT and (c.a not in home or home[c.a] != home.get(c.b))
    )
    return Duplicates(clusters=clusters, review=review, compared=len(compared))


def clustered(groups: Sequence[tuple[int, ...]], same: Iterable[Comparison]) -> tuple[Cluster, ...]:
    """Groups of rows with the comparisons inside each."""
    home = {row: rows for rows in groups for row in rows}
    inside: dict[tuple[int, ...], list[Comparison]] = {rows: [] for rows in groups}
    for comparison in same:
        rows = home.get(comparison.a)
        if rows is not None and rows == home.get(comparison.b):
            inside[rows].append(comparison)
    return tuple(Cluster(rows=rows, comparisons=tuple(inside[rows])) for rows in sorted(inside))


def join(
    pairs: Iterable[Comparison], *, contradicts: Callable[[int, int], bool]
) -> tuple[tuple[int, ...], ...]:
    """Pairs joined strongest first; groups with a contradiction between them stay apart."""
    member_of: dict[int, list[int]] = {}
    for pair in pairs:
        left = member_of.setdefault(pair.a, [pair.a])
        right = member_of.setdefault(pair.b, [pair.b])
        if left is right or len(left) + len(right) > MAX_CLUSTER:
            continue
        if any(contradicts(x, y) for x in left for y in right):
            continue
        left.extend(right)
        member_of.update(dict.fromkeys(right, left))
    groups = {id(rows): tuple(sorted(rows)) for rows in member_of.values() if len(rows) > 1}
    return tuple(sorted(groups.values()))
