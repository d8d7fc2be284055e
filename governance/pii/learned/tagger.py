"""The learned tagger: weights over the features of a text give spans with their probability."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from governance.pii.document import Document
from governance.pii.learned.emissions import Emissions
from governance.pii.learned.features import FORMS, columns_of, together
from governance.pii.learned.lattice import Lattice, Places
from governance.pii.learned.tags import CLASSES, TAGS, legal, runs
from governance.pii.learned.told import Told, seen_through, told_of
from governance.pii.learned.view import View, view_of
from governance.pii.learned.weights import Weights
from governance.pii.recognisers.registry import ruled
from governance.pii.sudachi import Words
from governance.pii.types import Entity

Floats = NDArray[np.float32]
_NEVER: Final = np.float32(-1e4)
_UNBIASED: Final[Mapping[Entity, float]] = MappingProxyType({})
_SURE: Final = 6.0  # by so much a sign must lie outside to be left out of the search
_LIKELY: Final = 1.0  # the same for the end of a line or sentence
_LONG: Final = 48  # signs of a piece that is cut once more
_RATHER: Final = 3.5  # by so much a sign must lie outside there
_ENDS: Final = re.compile("[\n。]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """One run that the model sees, with its mean probability."""

    start: int
    end: int
    entity: Entity | None  # None: a number of some other kind
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One text with words among those that are read together."""

    number: int
    begin: int
    text: str
    tokens: Words
    told: Told
    bias: Mapping[Entity, float]

    @property
    def end(self) -> int:
        """Where the next begins."""
        return self.begin + len(self.text)


class Tagger:
    """Spans of texts by one file of weights; serves all threads."""

    def __init__(self, weights: Weights) -> None:
        self._scores = Emissions(weights)
        moves = weights.moves[:TAGS].astype(np.float32)
        moves[~legal()] = _NEVER
        self._moves = moves
        self._begin = weights.moves[TAGS].astype(np.float32)

    def tag(
        self, document: Document, *, bias: Mapping[Entity, float] = _UNBIASED
    ) -> tuple[Tagged, ...]:
        """What the model sees in the text, in order; a bias above zero finds more of an entity."""
        return self.tag_all([document], biases=[bias])[0]

    def tag_all(
        self, documents: Sequence[Document], *, biases: Sequence[Mapping[Entity, float]]
    ) -> list[tuple[Tagged, ...]]:
        """The same for several texts in one go, each with its own bias; none sees another."""
        views = [view_of(document.text) for document in documents]
        parts: list[_Part] = []
        begin = 0
        for number, (document, view, bias) in enumerate(zip(documents, views, biases, strict=True)):
            text = document.text if view is None else view.text
            tokens = document.tokens if view is None else view.tokens(document.tokens)
            if tokens:
                told = told_of(len(document.text), ruled(document))
                if view is not None:
                    told = seen_through(told, view)
                part = _Part(
                    number=number, begin=begin, text=text, tokens=tokens, told=told, bias=bias
                )
                parts.append(part)
                begin += len(text)
        found: list[list[Tagged]] = [[] for _ in documents]
        for number, tagged in self._tagged(parts) if parts else ():
            view = views[number]
            found[number].append(tagged if view is None else _in_text(tagged, view))
        return [tuple(one) for one in found]

    def _tagged(self, parts: Sequence[_Part]) -> Iterator[tuple[int, Tagged]]:
        """Runs of every part with the number of its text, in order."""
        scores = self._emitted(parts)
        pieces = np.concatenate(
            [_pieces(part.text, scores[part.begin : part.end], part.begin) for part in parts],
            axis=1,
        )
        if not pieces.size:
            return
        ends = [part.end for part in parts]
        for begin, found, sums in self._searched(scores, pieces):
            part = parts[bisect_right(ends, begin)]
            for start, stop, number in runs(found):
                yield (
                    part.number,
                    Tagged(
                        start=begin - part.begin + start,
                        end=begin - part.begin + stop,
                        entity=CLASSES[number],
                        probability=(sums[stop] - sums[start]) / (stop - start),
                    ),
                )

    def _searched(
        self, scores: Floats, pieces: Places
    ) -> Iterator[tuple[int, list[int], list[float]]]:
        """Of each piece in which something is found: begin, tags, running sum of probabilities."""
        lattice = Lattice(scores, pieces)
        kept, tags = lattice.filled(lattice.best(self._moves))
        if not kept.size:
            return
        # Probabilities of these alone; the pieces keep their order
        lattice = Lattice(scores, kept)
        marginals = lattice.marginals(self._moves, of=tags).tolist()
        found = tags.tolist()
        for begin, at, size in lattice.places():
            sums = [0.0, *accumulate(marginals[at : at + size])]
            yield begin, found[at : at + size], sums

    def _emitted(self, parts: Sequence[_Part]) -> Floats:
        """A score for each sign and tag, text after text."""
        FORMS.make_room(sum(len(part.tokens) for part in parts))
        columns = [columns_of(part.text, part.tokens, part.told) for part in parts]
        scores = self._scores.of(together(columns))
        for part in parts:
            scores[part.begin] += self._begin
            for entity, more in part.bias.items():
                first = 1 + 2 * CLASSES.index(entity)
                scores[part.begin : part.end, first : first + 2] += more
        return scores


def _in_text(found: Tagged, view: View) -> Tagged:
    """The run at its place in the text that the view was made of."""
    return Tagged(
        start=view.starts[found.start],
        end=view.ends[found.end - 1],
        entity=found.entity,
        probability=found.probability,
    )


def _pieces(text: str, scores: Floats, first: int) -> Places:
    """Parts of the text that are searched apart: between signs that surely lie outside.

    The end of a line or sentence is such a sign as soon as outside is its best tag, and in a long
    piece so is a sign that lies rather surely outside: the longest piece tells how long it takes.
    """
    columns = np.ascontiguousarray(scores.T)
    above = columns[0] - np.maximum.reduce(columns[1:], axis=0)
    closed = above > _SURE
    ends = [found.start() for found in _ENDS.finditer(text)]
    closed[ends] |= above[ends] > _LIKELY
    bounds = _changes(closed)
    sizes = bounds[1::2] - bounds[::2]
    if (long := sizes > _LONG).any():
        within = np.flatnonzero(~closed)[np.repeat(long, sizes)]
        closed[within] = above[within] > _RATHER
        bounds = _changes(closed)
    # The outside sign before and after belongs to the piece: it bears the moves in and out
    begins = np.maximum(bounds[::2] - 1, 0)
    return np.stack((begins + first, np.minimum(bounds[1::2] + 1, len(text)) - begins))


def _changes(closed: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Where runs of open signs begin and end, by turns."""
    return np.flatnonzero(np.diff(np.concatenate(([1], closed.view(np.int8), [1]))))
