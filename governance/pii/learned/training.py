"""Training of the tagger: a linear-chain CRF by AdaGrad in numpy; same texts and seed, same bytes.

A share of the features that know a word by its letters is dropped in every pass, so that the model
learns contexts and not only the names of its texts.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from governance.pii.learned.augment import augmented
from governance.pii.learned.examples import Example
from governance.pii.learned.features import BITS, Features, features_of
from governance.pii.learned.tags import TAGS, legal, tags_of
from governance.pii.learned.view import spans_within, view_of
from governance.pii.learned.weights import Weights
from governance.pii.sudachi import tokens_of

Floats = NDArray[np.float32]
_NEVER: Final = np.float32(-1e4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a model is trained."""

    seed: int = 20261126
    passes: int = 8
    copies: int = 1  # changed copies of each text with a name or an address
    batch: int = 24  # texts
    rate: float = 0.1
    decay: float = 1e-4
    dropped: float = 0.6  # share of features silenced in each pass
    least: int = 2  # times a feature must occur
    smallest: float = 0.02  # weights below are left out

    def as_json(self) -> dict[str, float | int]:
        """The recipe as the note beside a model tells it."""
        return asdict(self)


@dataclass(slots=True)
class _Batch:
    """Texts of like length, padded to one grid of signs."""

    tags: NDArray[np.int8]
    mask: NDArray[np.bool_]
    words: NDArray[np.int32]  # known features of each word, 0 for unknown
    signs: NDArray[np.int32]
    row_of: NDArray[np.int64]  # of each sign: 2 * word + inside


class _Vocabulary:
    """Feature numbers that occur often enough, and their rows; row 0 is nothing."""

    def __init__(self, columns: Sequence[NDArray[np.int32]], least: int) -> None:
        counts = np.zeros(1 << BITS, dtype=np.int32)
        for column in columns:
            counts += np.bincount(column.ravel(), minlength=1 << BITS).astype(np.int32)
        self.keys = np.flatnonzero(counts >= least).astype(np.int32)
        self.rows = np.zeros(1 << BITS, dtype=np.int32)
        self.rows[self.keys] = np.arange(1, len(self.keys) + 1, dtype=np.int32)

    @property
    def size(self) -> int:
        return len(self.keys) + 1


def train(
    examples: Sequence[Example],
    recipe: Recipe,
    *,
    told: Callable[[int, int], None] | None = None,
) -> Weights:
    """Weights learned from these examples."""
    more = augmented(examples, copies=recipe.copies, seed=recipe.seed)
    kept = [_viewed(example) for example in more]
    features = [features_of(example.text, tokens_of(example.text)) for example in kept]
    words = _Vocabulary([found.words for found in features], recipe.least)
    signs = _Vocabulary([found.signs for found in features], recipe.least)
    batches = list(_batches(kept, features, words, signs, recipe.batch))
    learner = _Learner(words.size, signs.size, recipe)
    order = np.random.default_rng(recipe.seed)
    for number in range(recipe.passes):
        for at in order.permutation(len(batches)):
            learner.step(batches[at], order)
        learner.passed(number)
        if told is not None:
            told(number + 1, recipe.passes)
    return learner.weights(words.keys, signs.keys)


def _viewed(example: Example) -> Example:
    """The example as the tagger will read it; a span that the view cuts is left out."""
    view = view_of(example.text)
    if view is None:
        return example
    places = spans_within(view, [(start, end) for start, end, _ in example.spans])
    return Example(
        text=view.text,
        spans=tuple(
            (start, end, entity)
            for (start, end), (_, _, entity) in zip(places, example.spans, strict=True)
            if 0 <= start < end
        ),
    )


def _batches(
    examples: Sequence[Example],
    features: Sequence[Features],
    words: _Vocabulary,
    signs: _Vocabulary,
    size: int,
) -> Iterator[_Batch]:
    order = sorted(range(len(examples)), key=lambda at: (len(examples[at].text), at))
    for begin in range(0, len(order), size):
        yield _batch(
            [examples[at] for at in order[begin : begin + size]],
            [features[at] for at in order[begin : begin + size]],
            words,
            signs,
        )


def _batch(
    examples: Sequence[Example],
    features: Sequence[Features],
    words: _Vocabulary,
    signs: _Vocabulary,
) -> _Batch:
    longest = max(len(example.text) for example in examples)
    tags = np.zeros((longest, len(examples)), dtype=np.int8)
    mask = np.zeros((longest, len(examples)), dtype=bool)
    row_of, before = [], 0
    for at, (example, found) in enumerate(zip(examples, features, strict=True)):
        size = len(example.text)
        tags[:size, at] = tags_of(size, example.spans)
        mask[:size, at] = True
        row_of.append(2 * (found.word_of + before) + found.inside)
        before += len(found.words)
    return _Batch(
        tags=tags,
        mask=mask,
        words=words.rows[np.concatenate([found.words for found in features])],
        signs=signs.rows[np.concatenate([found.signs for found in features])],
        row_of=np.concatenate(row_of),
    )


class _Table:
    """Weights of one kind of features under AdaGrad, with their mean over the last passes."""

    def __init__(self, rows: int, columns: int) -> None:
        self.weights = np.zeros((rows, columns), dtype=np.float32)
        self.squares = np.full((rows, columns), 1e-2, dtype=np.float32)
        self.sum = np.zeros((rows, columns), dtype=np.float32)

    def emit(self, ids: NDArray[np.int32]) -> Floats:
        found: Floats = np.zeros((len(ids), self.weights.shape[1]), dtype=np.float32)
        for column in range(ids.shape[1]):
            found += self.weights[ids[:, column]]
        return found

    def learn(self, ids: NDArray[np.int32], gradient: Floats, recipe: Recipe) -> None:
        flat = ids.ravel()
        kept = np.flatnonzero(flat)
        order = kept[np.argsort(flat[kept], kind="stable")]
        rows = flat[order]
        begins = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1])))
        rows = rows[begins]
        sums = np.add.reduceat(gradient[order // ids.shape[1]], begins, axis=0)
        held = self.weights[rows]
        sums += np.float32(recipe.decay * len(flat) ** 0.5) * held
        squares = self.squares[rows] + sums * sums
        self.squares[rows] = squares
        self.weights[rows] = held - np.float32(recipe.rate) * sums / np.sqrt(squares)


class _Learner:
    def __init__(self, words: int, signs: int, recipe: Recipe) -> None:
        self.recipe = recipe
        self.words = _Table(words, 2 * TAGS)
        self.signs = _Table(signs, TAGS)
        self.moves = _Table(TAGS + 1, TAGS)  # the last row: begins of texts
        self.forbidden = ~legal()
        self.means = 0

    def step(self, batch: _Batch, order: np.random.Generator) -> None:
        words, signs = self._thinned(batch.words, order), self._thinned(batch.signs, order)
        flat = self.words.emit(words).reshape(-1, TAGS)[batch.row_of] + self.signs.emit(signs)
        grid = np.zeros((*batch.mask.shape, TAGS), dtype=np.float32)
        grid.transpose(1, 0, 2)[batch.mask.T] = flat
        moves = self.moves.weights[:TAGS].copy()
        moves[self.forbidden] = _NEVER
        marginals, pairs = _expected(grid, batch.mask, moves, self.moves.weights[TAGS])
        marginals -= np.eye(TAGS, dtype=np.float32)[batch.tags]
        gradient: Floats = marginals.transpose(1, 0, 2)[batch.mask.T]
        per_row = np.zeros((2 * len(batch.words), TAGS), dtype=np.float32)
        np.add.at(per_row, batch.row_of, gradient)
        self.words.learn(words, per_row.reshape(-1, 2 * TAGS), self.recipe)
        self.signs.learn(signs, gradient, self.recipe)
        self._learn_moves(batch, pairs, marginals)

    def _thinned(self, ids: NDArray[np.int32], order: np.random.Generator) -> NDArray[np.int32]:
        return np.where(order.random(ids.shape, dtype=np.float32) < self.recipe.dropped, 0, ids)

    def _learn_moves(self, batch: _Batch, pairs: Floats, marginals: Floats) -> None:
        both = batch.mask[1:]
        np.subtract.at(pairs, (batch.tags[:-1][both], batch.tags[1:][both]), 1)
        pairs[self.forbidden] = 0
        table = self.moves
        gradient = np.concatenate((pairs, marginals[0].sum(axis=0, keepdims=True)))
        table.squares += gradient * gradient
        table.weights -= self.recipe.rate * gradient / np.sqrt(table.squares)

    def passed(self, number: int) -> None:
        """Weights of the second half of the passes are averaged."""
        if 2 * number >= self.recipe.passes - 1:
            for table in (self.words, self.signs, self.moves):
                table.sum += table.weights
            self.means += 1

    def weights(self, words: NDArray[np.int32], signs: NDArray[np.int32]) -> Weights:
        # Every feature is there when the model is used, not only the share that was kept
        share = np.float32((1 - self.recipe.dropped) / self.means)
        least = self.recipe.smallest
        word_keys, word_rows, word_step = _packed(words, self.words.sum[1:] * share, least)
        sign_keys, sign_rows, sign_step = _packed(signs, self.signs.sum[1:] * share, least)
        return Weights(
            word_keys=word_keys,
            word_rows=word_rows,
            word_step=word_step,
            sign_keys=sign_keys,
            sign_rows=sign_rows,
            sign_step=sign_step,
            moves=self.moves.sum / np.float32(self.means),
        )


def _packed(
    keys: NDArray[np.int32], rows: Floats, least: float
) -> tuple[NDArray[np.int32], NDArray[np.int8], Floats]:
    """Rows that weigh something, as whole numbers of one step of 1/127 of the heaviest."""
    kept = np.abs(rows).max(axis=1, initial=0) >= least
    step = np.maximum(np.abs(rows).max(initial=0), least) / np.float32(127)
    packed = np.rint(rows[kept] / step).astype(np.int8)
    return keys[kept], packed, np.array([step], dtype=np.float32)


def _expected(
    grid: Floats, mask: NDArray[np.bool_], moves: Floats, begin: Floats
) -> tuple[Floats, Floats]:
    """Marginal of each tag at each sign, and expected counts of moves (forward and backward)."""
    size = len(grid)
    shifted = grid - grid.max(axis=2, keepdims=True)
    local, step = np.exp(shifted), np.exp(moves)
    forward, backward = np.empty_like(local), np.ones_like(local)
    state = local[0] * np.exp(begin)
    forward[0] = state / state.sum(axis=1, keepdims=True)
    for at in range(1, size):
        state = (forward[at - 1] @ step) * local[at]
        forward[at] = state / state.sum(axis=1, keepdims=True)
    for at in range(size - 2, -1, -1):
        state = (local[at + 1] * backward[at + 1]) @ step.T
        state /= state.sum(axis=1, keepdims=True)
        backward[at] = np.where(mask[at + 1][:, None], state, 1)
    marginals = forward * backward
    marginals /= marginals.sum(axis=2, keepdims=True)
    marginals *= mask[:, :, None]
    later = local[1:] * backward[1:]
    total = np.einsum("tbi,ij,tbj->tb", forward[:-1], step, later, optimize=True)
    later *= (mask[1:] / np.maximum(total, 1e-30))[:, :, None]
    earlier = forward[:-1].reshape(-1, TAGS)
    pairs = (earlier.T @ later.reshape(-1, TAGS)) * step
    return marginals, pairs.astype(np.float32)
