"""Tags of the learned tagger: outside, and beginning and inside of each class it tells apart."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from governance.pii.types import Entity

# Classes that are reported, in the order of their tags; every other entity is one class of numbers
REPORTED: Final = (Entity.PERSON, Entity.ADDRESS, Entity.BIRTH_DATE, Entity.SNS_ACCOUNT)
CLASSES: Final = (*REPORTED, None)
TAGS: Final = 1 + 2 * len(CLASSES)
OUTSIDE: Final = 0
_CLASS_OF: Final = {entity: REPORTED.index(entity) for entity in REPORTED}
_OTHER: Final = len(REPORTED)


def tags_of(size: int, spans: Iterable[tuple[int, int, Entity]]) -> NDArray[np.int8]:
    """A tag for each sign of a text with these spans."""
    tags = np.zeros(size, dtype=np.int8)
    for start, end, entity in spans:
        first = 1 + 2 * _CLASS_OF.get(entity, _OTHER)
        tags[start:end] = first + 1
        tags[start] = first
    return tags


def legal() -> NDArray[np.bool_]:
    """Which tag may follow which: inside follows only its own beginning or inside."""
    allowed = np.ones((TAGS, TAGS), dtype=bool)
    for inside in range(2, TAGS, 2):
        allowed[:, inside] = False
        allowed[[inside - 1, inside], inside] = True
    return allowed


def runs(tags: Sequence[int], offset: int = 0) -> list[tuple[int, int, int]]:
    """Start, end and class number of every run that a sequence of tags holds."""
    found: list[tuple[int, int, int]] = []
    start = number = -1
    for at, tag in enumerate(tags):
        if start >= 0 and (tag == OUTSIDE or tag % 2 == 1 or (tag - 1) // 2 != number):
            found.append((start + offset, at + offset, number))
            start = -1
        if tag != OUTSIDE and start < 0:
            start, number = at, (tag - 1) // 2
    if start >= 0:
        found.append((start + offset, len(tags) + offset, number))
    return found
