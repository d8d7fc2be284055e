"""What the rules found, as the tagger reads it: a number for each sign, and a coarser one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from governance.pii.learned.view import View
from governance.pii.types import Entity, Reason, Span

_ENTITIES: Final = {entity: number for number, entity in enumerate(Entity, start=1)}
_REASONS: Final = {reason: number for number, reason in enumerate(Reason, start=1)}
_NAMED: Final = frozenset({Entity.PERSON, Entity.ADDRESS})  # of which the reason tells something
_STEPS: Final = (0.65, 0.8, 0.9)  # scores that part the sure from the doubtful


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Of each sign: entity, reason and score of the finding it lies in, and the entity alone."""

    fine: NDArray[np.int64]
    coarse: NDArray[np.int64]


def told_of(size: int, spans: Iterable[Span]) -> Told:
    """The findings of the rules over a text of this size; 0 where they are silent."""
    fine = np.zeros(size, dtype=np.int64)
    coarse = np.zeros(size, dtype=np.int64)
    for span in spans:
        kind = 2 * _ENTITIES[span.entity]
        full = kind
        if span.entity in _NAMED:
            sure = sum(span.score >= step for step in _STEPS)
            full += 64 * (_REASONS[span.reason] * (len(_STEPS) + 1) + sure)
        for table, number in ((fine, full), (coarse, kind)):
            table[span.start : span.end] = number + 1
            table[span.start] = number
    return Told(fine=fine, coarse=coarse)


def seen_through(told: Told, view: View) -> Told:
    """The same over the signs of a view of the text."""
    starts = np.asarray(view.starts, dtype=np.int64)
    return Told(fine=told.fine[starts], coarse=told.coarse[starts])
