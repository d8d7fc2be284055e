"""Scores of tags at each sign of a text, before any sign is seen beside its neighbours.

Weights are whole numbers of one step, and so are their sums: the order of adding changes nothing.
What a word's form alone weighs is added up once per form and thread.
"""

import threading
from typing import Final

import numpy as np
from numpy.typing import NDArray

from governance.pii.learned import features as f
from governance.pii.learned.features import BITS, FORMS, Columns
from governance.pii.learned.forms import MAX_FORMS
from governance.pii.learned.tags import TAGS
from governance.pii.learned.weights import Weights

Floats = NDArray[np.float32]
Whole = NDArray[np.int16]  # the sum of a hundred weights stays far below its bound
_FEW: Final = 48  # places that are summed in one step; more take a step for each template


class _Table:
    """Weights of features by their numbers; unknown ones weigh nothing."""

    def __init__(self, keys: NDArray[np.int32], rows: NDArray[np.int8], step: Floats) -> None:
        self._row_of = np.zeros(1 << BITS, dtype=np.int32)
        self._row_of[keys] = np.arange(1, len(keys) + 1, dtype=np.int32)
        self._rows = np.zeros((len(rows) + 1, rows.shape[1]), dtype=np.int16)
        self._rows[1:] = rows
        self.step = step

    def sums(self, features: NDArray[np.int32]) -> Whole:
        """Of each column of features, the sum of their weights."""
        rows = self._row_of.take(features, mode="clip")
        if rows.shape[1] <= _FEW:
            few: Whole = self._rows[rows].sum(axis=0, dtype=np.int16)
            return few
        found: Whole = self._rows.take(rows[0], axis=0, mode="clip")
        more = np.empty_like(found)
        for row in rows[1:]:
            self._rows.take(row, axis=0, out=more, mode="clip")
            found += more
        return found


class _Known(threading.local):
    """What each form of this thread's table weighs at each distance, as far as it was asked."""

    def __init__(self) -> None:
        self.begun = -1
        self.count = 0
        self.sums: list[Whole] = []


class Emissions:
    """Scores by one file of weights; serves all threads."""

    def __init__(self, weights: Weights) -> None:
        self._words = _Table(weights.word_keys, weights.word_rows, weights.word_step)
        self._signs = _Table(weights.sign_keys, weights.sign_rows, weights.sign_step)
        self._known = _Known()

    def of(self, columns: Columns) -> Floats:
        """A score for each sign and tag."""
        sums = self._words.sums(f.hashed(columns.words, f.JOINED))
        for known, forms in zip(self._forms(), columns.forms, strict=True):
            sums += known.take(forms, axis=0, mode="clip")
        words = (sums * self._words.step).reshape(-1, TAGS)
        scores: Floats = words.take(2 * columns.word_of + columns.inside, axis=0, mode="clip")
        scores += self._signs.sums(f.hashed(columns.signs, f.SIGNS)) * self._signs.step
        return scores

    def _forms(self) -> list[Whole]:
        """What the forms seen so far weigh, a table for each distance."""
        known = self._known
        if known.begun != FORMS.begun:
            known.begun, known.count = FORMS.begun, 0
        if known.count < FORMS.count:
            self._learn(known)
        return known.sums

    def _learn(self, known: _Known) -> None:
        first, last = known.count, FORMS.count
        if not known.sums or last > len(known.sums[0]):
            room = max(last, min(2 * last, MAX_FORMS + 1))
            grown = [np.zeros((room, 2 * TAGS), dtype=np.int16) for _ in f.LONE]
            for old, new in zip(known.sums, grown, strict=False):
                new[: len(old)] = old
            known.sums = grown
        rows = np.ascontiguousarray(FORMS.table[:, first:last])
        for table, templates in zip(known.sums, f.LONE, strict=True):
            table[first:last] = self._words.sums(f.hashed(rows, templates))
        known.count = last
