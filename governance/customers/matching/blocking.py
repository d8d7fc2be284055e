"""Which pairs are worth comparing: rows that share a key, with no block growing quadratic."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import combinations
from typing import Self

from governance.customers.matching.persons import Person

MAX_BLOCK = 40  # rows; a larger block is divided by name, and again by birth
Key = tuple[str, ...]


def keys_of(person: Person) -> Iterator[Key]:
    """Keys under which another row of the same person is likely to stand."""
    name = person.full or person.kana
    if person.email:
        yield ("email", person.email)
    if local := person.email_local or person.email.partition("@")[0]:
        yield ("local", local)
    for number in person.mobiles:
        yield ("mobile", number)
    if person.broken_mobile or person.mobiles:
        for digits in {person.broken_mobile, *("0" + m[3:] for m in person.mobiles)} - {""}:
            yield ("mobile10", digits[:10])
    for number in person.landlines:
        yield ("landline", number)
    if person.sns:
        yield ("sns", person.sns)
    if person.source_id:
        yield ("id", person.source, person.source_id)
    if person.place:
        yield ("place", person.postal, person.place)
    yield from _name_keys(person, name)


def _name_keys(person: Person, name: str) -> Iterator[Key]:
    """Name or reading, each with what makes it rare."""
    for word in {name, person.kana, person.latin} - {""}:
        if person.birth_month:
            yield ("name-birth", word, person.birth_month)
        if person.postal:
            yield ("name-postal", word, person.postal)
    for given in {person.given, person.kana_given} - {""}:
        if person.birth:
            yield ("given-birth", given, person.birth)


_DIVIDERS: tuple[Callable[[Person], str], ...] = (
    lambda person: person.full or person.kana,
    lambda person: person.birth,
    lambda person: person.email or next(iter(sorted(person.mobiles)), ""),
)


def candidate_pairs(persons: Sequence[Person]) -> Iterator[tuple[int, int]]:
    """Positions of rows to compare, each pair once, the smaller position first."""
    blocks: dict[Key, list[int]] = defaultdict(list)
    for position, person in enumerate(persons):
        for key in set(keys_of(person)):
            blocks[key].append(position)
    yield from pairs_within(blocks.values(), persons)


Persons = Sequence[Person] | Mapping[int, Person]


def pairs_within(blocks: Iterable[Sequence[int]], persons: Persons) -> Iterator[tuple[int, int]]:
    """Pairs that share a block, each once, the smaller position first."""
    seen: set[tuple[int, int]] = set()
    for block in blocks:
        for part in _divided(block, persons, depth=0):
            for pair in combinations(part, 2):
                if pair not in seen:
                    seen.add(pair)
                    yield pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """Who shares a key with whom, in parts that are looked at one after the other.

    Of a key a digest of eight bytes stays, in memory alone: a register of a million rows takes
    about a hundred megabytes, and no part of it is more than its share.
    """

    parts: "tuple[tuple[array[int], array[int]], ...]" = field(repr=False)  # digests, positions

    @classmethod
    def empty(cls, count: int) -> Self:
        """No row yet, to be compared in this many parts."""
        return cls(parts=tuple((array("Q"), array("L")) for _ in range(count)))

    def add(self, position: int, person: Person) -> None:
        """The row can be met under each of its keys; positions are added in their order."""
        for key in set(keys_of(person)):
            digest = int.from_bytes(blake2b(repr(key).encode(), digest_size=8).digest())
            digests, positions = self.parts[digest % len(self.parts)]
            digests.append(digest)
            positions.append(position)

    def shared(self, part: int) -> tuple[tuple[int, ...], ...]:
        """Positions that share a key of this part, at least two each."""
        found: dict[int, list[int]] = defaultdict(list)
        for digest, position in zip(*self.parts[part], strict=True):
            found[digest].append(position)
        return tuple(tuple(block) for block in found.values() if len(block) > 1)


def _divided(block: Sequence[int], persons: Persons, *, depth: int) -> Iterable[Sequence[int]]:
    """The block, or its parts by name and birth when it is too large to compare all with all."""
    if len(block) < 2:  # noqa: PLR2004 -- no pair
        return
    if len(block) <= MAX_BLOCK:
        yield block
        return
    if depth == len(_DIVIDERS):  # identical in everything: neighbours are enough to join them
        for start in range(0, len(block) - 1, MAX_BLOCK - 1):
            yield block[start : start + MAX_BLOCK]
        return
    parts: dict[str, list[int]] = defaultdict(list)
    for position in block:
        parts[_DIVIDERS[depth](persons[position])].append(position)
    for part in parts.values():
        yield from _divided(part, persons, depth=depth + 1)
