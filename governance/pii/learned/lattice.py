"""The search for the best tags: all pieces of a text side by side, the longest first.

A piece begins and ends outside. At each step only the pieces that are still going are looked at,
and they stand beside each other in memory, so that a step costs a few operations of numpy. Flat
arrays hold the first signs of all pieces, then their second signs, and so on.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from governance.pii.learned.tags import OUTSIDE

Floats = NDArray[np.float32]
Places = NDArray[np.int64]


_SCALED: Final = 4  # steps between two scalings; single precision bears more than twice as many


class Lattice:
    """Scores of tags along pieces of a text."""

    def __init__(self, scores: Floats, pieces: Sequence[tuple[int, int]]) -> None:
        bounds = np.array(sorted(pieces, key=lambda piece: piece[0] - piece[1]), dtype=np.int64)
        sizes = bounds[:, 1] - bounds[:, 0]
        self._begins = bounds[:, 0]
        self._sizes = sizes
        self._firsts = np.concatenate(([0], np.cumsum(sizes)))[:-1]
        steps = np.arange(int(sizes.sum())) - np.repeat(self._firsts, sizes)
        self._order = np.argsort(steps, kind="stable")  # by step, then by piece
        self._counts = np.bincount(steps)
        signs = (np.repeat(self._begins, sizes) + steps)[self._order]
        self._scores: Floats = np.ascontiguousarray(scores[signs].T)

    def places(self) -> Iterator[tuple[int, int, int]]:
        """Of each piece, in the order of the text: begin, place of its first answer, size."""
        for piece in np.argsort(self._begins, kind="stable").tolist():
            yield int(self._begins[piece]), int(self._firsts[piece]), int(self._sizes[piece])

    def best(self, moves: Floats) -> NDArray[np.int64]:
        """The best tag of each sign, piece after piece."""
        scores, bounds = self._scores, _bounds(self._counts)
        paths = np.empty_like(scores)
        path = scores[:, : bounds[0][1]] + moves[OUTSIDE][:, None]
        paths[:, : bounds[0][1]] = path
        wide = moves[:, :, None]
        for begin, end in bounds[1:]:
            path = (path[:, None, : end - begin] + wide).max(axis=0)
            path += scores[:, begin:end]
            paths[:, begin:end] = path
        tags = np.empty(scores.shape[1], dtype=np.int64)
        ending = moves[:, OUTSIDE][:, None]
        following = np.empty(0, dtype=np.int64)
        for begin, end in reversed(bounds):
            going = len(following)
            here = paths[:, begin:end]
            following = np.concatenate(
                (
                    (here[:, :going] + moves[:, following]).argmax(axis=0),
                    (here[:, going:] + ending).argmax(axis=0),
                )
            )
            tags[begin:end] = following
        return self._by_piece(tags)

    def marginals(self, moves: Floats, *, of: NDArray[np.int64]) -> Floats:
        """The probability of these tags, sign by sign, piece after piece."""
        moving, bounds = np.exp(moves), _bounds(self._counts)
        local = np.exp(self._scores - self._scores.max(axis=0))
        forward, backward = np.empty_like(local), np.empty_like(local)
        state = local[:, : bounds[0][1]] * moving[OUTSIDE][:, None]
        state /= state.sum(axis=0)
        forward[:, : bounds[0][1]] = state
        onward = np.ascontiguousarray(moving.T)
        for number, (begin, end) in enumerate(bounds[1:]):
            state = onward @ state[:, : end - begin]
            state *= local[:, begin:end]
            if number % _SCALED == 0:
                state /= state.sum(axis=0)
            forward[:, begin:end] = state
        ending = moving[:, OUTSIDE][:, None]
        state = local[:, :0]
        for number, (begin, end) in enumerate(reversed(bounds)):
            going = state.shape[1]
            here = backward[:, begin:end]
            here[:, going:] = ending
            if going:
                came = moving @ state
                if number % _SCALED == 0:
                    came /= came.sum(axis=0)
                here[:, :going] = came
            state = here * local[:, begin:end]
        forward *= backward
        forward /= forward.sum(axis=0)
        tags = of[self._order]
        return self._by_piece(forward[tags, np.arange(len(tags))])

    def _by_piece(self, flat: NDArray) -> NDArray:  # type: ignore[type-arg]
        found = np.empty_like(flat)
        found[self._order] = flat
        return found


def _bounds(counts: Places) -> list[tuple[int, int]]:
    """Where each step begins and ends in the flat arrays."""
    return list(pairwise([0, *np.cumsum(counts).tolist()]))
