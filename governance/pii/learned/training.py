"""Training of the tagger: a linear-chain CRF by AdaGrad in numpy; same texts and seed, same bytes.

A share of the features that know a word by its letters is dropped in every pass, so that the model
learns contexts and not only the names of its texts.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from governance.pii.document import Document
from governance.pii.learned.augment import Names, changed
from governance.pii.learned.examples import Example
from governance.pii.learned.features import BITS, Features, features_of
from governance.pii.learned.tags import TAGS, legal, tags_of
from governance.pii.learned.told import seen_through, told_of
from governance.pii.learned.view import spans_within, view_of
from governance.pii.learned.weights import Weights
from governance.pii.recognisers.registry import ruled

Floats = NDArray[np.float32]
_NEVER: Final = np.float32(-1e4)
_TOGETHER: Final = 500  # texts whose features are counted in one step


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a model is trained."""

    seed: int = 20261126
    passes: int = 10
    copies: int = 1  # other changed copies of each text with a name or an address in each pass
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
        counts = np.zeros(1 << BITS, dtype=np.int64)
        for begin in range(0, len(columns), _TOGETHER):
            part = np.concatenate([found.ravel() for found in columns[begin : begin + _TOGETHER]])
            counts += np.bincount(part, minlength=1 << BITS)
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
    """Weights learned from these examples, and in each pass from other copies of them."""
    names = Names(examples)
    plain = [_read(example) for example in examples]
    first = [_read(copy) for number in range(2) for copy in copied(examples, names, recipe, number)]
    words = _Vocabulary([one.features.words for one in (*plain, *first)], recipe.least)
    signs = _Vocabulary([one.features.signs for one in (*plain, *first)], recipe.least)
    kept = [_thin(one, words, signs) for one in plain]
    learner = _Learner(words.size, signs.size, recipe)
    order = np.random.default_rng(recipe.seed)
    for number in range(recipe.passes):
        more = (
            _thin(_read(copy), words, signs) for copy in copied(examples, names, recipe, number)
        )
        batches = list(_batches([*kept, *more], recipe.batch))
        for at in order.permutation(len(batches)):
            learner.step(batches[at], order)
        learner.passed(number)
        if told is not None:
            told(number + 1, recipe.passes)
    return learner.weights(words.keys, signs.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A text as the tagger reads it: its tags and features."""

    tags: NDArray[np.int8]
    features: Features


def copied(
    examples: Sequence[Example], names: Names, recipe: Recipe, number: int
) -> Iterator[Example]:
    """The changed copies of one pass."""
    for copy in range(recipe.copies):
        yield from changed(examples, names, seed=recipe.seed + 1_000 * number + copy)


def _read(example: Example) -> _Read:
    """The example as the tagger will read it; a span that the view cuts is left out."""
    document = Document(example.text, "ja")
    told, view = told_of(len(example.text), ruled(document)), view_of(example.text)
    text, tokens, spans = example.text, document.tokens, example.spans
    if view is not None:
        places = spans_within(view, [(start, end) for start, end, _ in spans])
        text, told = view.text, seen_through(told, view)
        tokens = view.tokens(document.tokens)
        spans = tuple(
            (start, end, entity)
            for (start, end), (_, _, entity) in zip(places, spans, strict=True)
            if 0 <= start < end
        )
    return _Read(tags=tags_of(len(text), spans), features=features_of(text, tokens, told))


def _thin(one: _Read, words: "_Vocabulary", signs: "_Vocabulary") -> _Read:
    """The same with rows of the vocabulary instead of numbers of features."""
    found = one.features
    return _Read(
        tags=one.tags,
        features=Features(
            words=words.rows[found.words],
            signs=signs.rows[found.signs],
            word_of=found.word_of,
            inside=found.inside,
        ),
    )


def _batches(texts: Sequence[_Read], size: int) -> Iterator[_Batch]:
    order = sorted(range(len(texts)), key=lambda at: (len(texts[at].tags), at))
    for begin in range(0, len(order), size):
        yield _batch([texts[at] for at in order[begin : begin + size]])


def _batch(texts: Sequence[_Read]) -> _Batch:
    longest = max(len(text.tags) for text in texts)
    tags = np.zeros((longest, len(texts)), dtype=np.int8)
    mask = np.zeros((longest, len(texts)), dtype=bool)
    row_of, before = [], 0
    for at, text in enumerate(texts):
        size, found = len(text.tags), text.features
        tags[:size, at] = text.tags
        mask[:size, at] = True
        row_of.append(2 * (found.word_of + before) + found.inside)
        before += len(found.words)
    return _Batch(
        tags=tags,
        mask=mask,
        words=np.concatenate([text.features.words for text in texts]),
        signs=np.concatenate([text.features.signs for text in texts]),
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
