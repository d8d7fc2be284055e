"""The search for the best tags: all pieces of a text side by side, the longest first.

A piece begins and ends outside. At each step only the pieces that are still going are looked at,
and they stand beside each other in memory, so that a step costs a few operations of numpy. Flat
arrays hold the first signs of all pieces, then their second signs, and so on.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from governance.pii.learned.tags import OUTSIDE

Floats = NDArray[np.float32]
Places = NDArray[np.int64]  # begins of pieces, and their sizes


_SCALED: Final = 4  # steps between two scalings; single precision bears more than twice as many


class Lattice:
    """Scores of tags along pieces of a text."""

    def __init__(self, scores: Floats, pieces: Places) -> None:
        begins, sizes = pieces
        longest = np.argsort(-sizes, kind="stable")
        begins, sizes = begins[longest], sizes[longest]
        firsts = np.cumsum(sizes) - sizes
        # Every sign by its step, then by its piece
        counts = np.bincount(np.arange(int(sizes.sum())) - np.repeat(firsts, sizes))
        steps = np.repeat(np.arange(len(counts)), counts)
        piece = np.arange(len(steps)) - np.repeat(np.cumsum(counts) - counts, counts)
        self._order = firsts[piece] + steps
        self._counts = counts
        self._scores: Floats = np.ascontiguousarray(scores[begins[piece] + steps].T)
        self._begins, self._sizes, self._firsts = begins, sizes, firsts

    def places(self) -> Iterator[tuple[int, int, int]]:
        """Of each piece, in the order of the text: begin, place of its first answer, size."""
        order = np.argsort(self._begins, kind="stable")
        return zip(
            self._begins[order].tolist(),
            self._firsts[order].tolist(),
            self._sizes[order].tolist(),
            strict=True,
        )

    def filled(self, tags: NDArray[np.int64]) -> tuple[Places, NDArray[np.int64]]:
        """The pieces in which something is found, and their tags, piece after piece."""
        held = np.concatenate(([0], np.cumsum(tags != OUTSIDE)))
        kept = held[self._firsts + self._sizes] > held[self._firsts]
        places = np.stack((self._begins[kept], self._sizes[kept]))
        return places, tags[np.repeat(kept, self._sizes)]

    def best(self, moves: Floats) -> NDArray[np.int64]:
        """The best tag of each sign, piece after piece."""
        scores, bounds = self._scores, _bounds(self._counts)
        paths = np.empty_like(scores)
        path = scores[:, : bounds[0][1]] + moves[OUTSIDE][:, None]
        paths[:, : bounds[0][1]] = path
        wide = moves[:, :, None]
        for begin, end in bounds[1:]:
            path = np.maximum.reduce(path[:, None, : end - begin] + wide, axis=0)
            path += scores[:, begin:end]
            paths[:, begin:end] = path
        tags = np.empty(scores.shape[1], dtype=np.int64)
        ending = moves[:, OUTSIDE][:, None]
        following = tags[:0]
        for begin, end in reversed(bounds):
            going = len(following)
            here, following = paths[:, begin:end], tags[begin:end]
            if going:
                onward = moves.take(tags[end : end + going], axis=1)
                (here[:, :going] + onward).argmax(axis=0, out=following[:going])
            if going < end - begin:
                (here[:, going:] + ending).argmax(axis=0, out=following[going:])
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


def _bounds(counts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Where each step begins and ends in the flat arrays."""
    return list(pairwise([0, *np.cumsum(counts).tolist()]))
