"""Rows of one file found in another: a branch list or a web form against the register."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from governance.customers.matching.blocking import candidate_pairs
from governance.customers.matching.comparing import compare
from governance.customers.matching.evidence import Comparison, EvidenceKind, Verdict
from governance.customers.matching.persons import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One row of the other file with the register rows of its person."""

    row: int  # in the other file
    register_rows: tuple[int, ...]
    by: str  # email, or other when the address was missing or unusable
    comparisons: tuple[Comparison, ...]  # a = other file, b = register


def link(
    others: Sequence[Person], register: Sequence[Person], *, clusters: Sequence[Sequence[int]] = ()
) -> tuple[Link, ...]:
    """Each row of the other file with every register row of its person, best evidence first.

    `clusters` are the register's own duplicates: who is linked to one of them is linked to all.
    A row that fits two persons is linked to the one with the stronger evidence.
    """
    found = _same_pairs(others, register)
    cluster_of = {row: tuple(sorted(rows)) for rows in clusters for row in rows}
    usable = {person.row for person in others if person.email}
    links: list[Link] = []
    for row in sorted(found):
        comparisons = sorted(found[row], key=lambda c: (-c.score, c.b))
        home = cluster_of.get(comparisons[0].b, (comparisons[0].b,))
        inside = tuple(c for c in comparisons if c.b in home)
        by = "email" if row in usable and _by_email(inside) else "other"
        links.append(Link(row=row, register_rows=home, by=by, comparisons=inside))
    return tuple(links)


def _by_email(comparisons: Sequence[Comparison]) -> bool:
    """True when the addresses agree, or would if the register's were well formed."""
    agreed = {EvidenceKind.EMAIL_SAME, EvidenceKind.EMAIL_SIMILAR}
    return any(e.kind in agreed for c in comparisons for e in c.evidence)


def _same_pairs(
    others: Sequence[Person], register: Sequence[Person]
) -> dict[int, list[Comparison]]:
    """Comparisons across the two files that amount to one person, by row of the other file."""
    count = len(others)
    apart = [replace(person, source_id="") for person in others]  # numbers of two files say nothing
    pool = [*apart, *register]
    found: dict[int, list[Comparison]] = defaultdict(list)
    for i, j in candidate_pairs(pool):
        if (i < count) == (j < count):
            continue
        compared = compare(pool[i], pool[j])
        if compared.verdict is Verdict.SAME:
            found[compared.a].append(compared)
    return found
