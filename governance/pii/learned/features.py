"""Features of a text for the learned tagger: hashed features, word by word, sign by sign.

Everything is computed with numpy over the whole text at once. Words see two words to each side
(spaces are skipped), their line, its key (the word before the last separator) and the line above;
signs see three signs to each side and the word they stand in.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from governance.pii.learned import forms as f
from governance.pii.learned.forms import Forms
from governance.pii.learned.told import Told
from governance.pii.sudachi import Words

BITS: Final = 22  # of a feature's number
_PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(29)
_TOP: Final = np.uint64(64 - BITS)
_PAD: Final = 3  # rows before the first and after the last word

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Numbers of features: a row per word and a row per sign, and the word of each sign."""

    words: NDArray[np.int32]
    signs: NDArray[np.int32]
    word_of: NDArray[np.int64]
    inside: NDArray[np.int64]  # 0 for the first sign of a word, 1 for the others


FORMS: Final = Forms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """Templates of as many columns each: a row of column numbers for each, and their salts."""

    columns: Numbers
    salts: NDArray[np.uint64]


def hashed(columns: Numbers, groups: Sequence[Templates]) -> NDArray[np.int32]:
    """Numbers of features: for each template a row, of the columns that it names, mixed."""
    values = columns.view(np.uint64)
    size = values.shape[1]
    found = np.empty((sum(len(group.salts) for group in groups), size), dtype=np.int32)
    first = 0
    for group in groups:
        mixed = values[group.columns[:, 0]]
        mixed ^= group.salts[:, None]
        for part in group.columns.T[1:]:
            mixed *= _PRIME
            mixed ^= mixed >> _SHIFT
            mixed ^= values[part]
        mixed *= _PRIME
        mixed ^= mixed >> _SHIFT
        mixed *= _PRIME
        mixed >>= _TOP
        found[first : first + len(group.salts)] = mixed
        first += len(group.salts)
    return found


def _last(flags: NDArray[np.bool_]) -> Numbers:
    """For each place, the last place up to here where the flag stands, or -1."""
    places = np.where(flags, np.arange(len(flags)), -1)
    return np.maximum.accumulate(places)


def _next(flags: NDArray[np.bool_]) -> Numbers:
    """For each place, the first place from here where the flag stands, or the length."""
    size = len(flags)
    places = np.where(flags, np.arange(size), size)
    return np.minimum.accumulate(places[::-1])[::-1]


def _bucket(distances: Numbers) -> Numbers:
    return np.minimum(distances, 3) + (distances > 5) + (distances > 10)  # noqa: PLR2004


class _Words:
    """Attributes of the words of one text, shifted and looked up."""

    def __init__(self, table: Numbers) -> None:
        size = table.shape[1]
        self.size = size
        flags = table[f.FLAGS]
        spaces = (flags & f.SPACE) > 0
        solid = ~spaces
        order = np.arange(size)
        # Places in the padded table: 0.._PAD-1 before the text, size+_PAD.. after it
        before = np.concatenate(([-1], _last(solid)[:-1]))
        after = np.concatenate((_next(solid)[1:], [size]))
        wide_before = np.concatenate((before, [-1]))  # index -1 is -1 again
        wide_after = np.concatenate((after, [size]))
        b2 = wide_before[before]
        a2 = wide_after[after]
        self.places = {0: order, -1: before, 1: after, -2: b2, 2: a2}
        self.padded = np.concatenate((table, np.full((f.COLUMNS, 2), 7, dtype=np.int64)), axis=1)
        self.flags = flags
        self.spaced = spaces

    def at(self, column: int, offset: int = 0) -> Numbers:
        """This attribute of the word so many solid words away."""
        found: Numbers = self.padded[column].take(self.places[offset])
        return found

    def of(self, column: int, places: Numbers) -> Numbers:
        """This attribute of the words at these places; -1 and the size are outside."""
        found: Numbers = self.padded[column].take(places)
        return found


def _line_columns(words: _Words) -> dict[str, Numbers]:
    """What the line tells: key, first word, place, ends, the line above, the title's word."""
    size, flags = words.size, words.flags
    order = np.arange(size)
    newline = (flags & f.NEWLINE) > 0
    start = np.concatenate(([0], (_last(newline) + 1)[:-1])) if size else order
    start = np.minimum(start, size)
    end = _next(newline)
    separator = _last(((flags & f.SEPARATOR) > 0) & ~newline)
    separator = np.concatenate(([-1], separator[:-1]))
    inside = separator >= start
    wide = np.concatenate((words.places[-1], [-1]))
    key_at = np.where(inside, wide[separator], -1)
    key_at = np.where(key_at >= start, key_at, -1)
    above = np.where(start > 0, np.concatenate((start, [0]))[np.maximum(start - 1, 0)], -1)
    honorific = _next((flags & f.HONORIFIC) > 0)
    divider = np.cumsum((flags & f.DIVIDER) > 0)
    field = divider - np.concatenate((divider, [0]))[start - (start > 0)] * (start > 0)
    title = _title(words, field, end)
    return {
        "key": words.of(f.SURFACE, key_at),
        "gap": np.where(inside, _bucket(order - separator), 9),
        "first": words.of(f.SURFACE, start),
        "from": _bucket(order - start),
        "to": _bucket(end - order),
        "long": _bucket((end - start) // 3),
        "above": words.of(f.SURFACE, above),
        "honorific": np.where(honorific < end, np.minimum(honorific - order, 5), 5),
        "title": title,
        "spaces": (
            np.concatenate(([0], words.spaced[:-1])) * 2 + np.concatenate((words.spaced[1:], [0]))
        ).astype(np.int64),
    }


def _title(words: _Words, field: Numbers, end: Numbers) -> Numbers:
    """The word of the first line in the same field, where the first line has three fields."""
    first = int(end[0]) if words.size else 0
    head: dict[int, int] = {}
    for place in range(min(first, 60)):
        if not words.flags[place] & (f.DIVIDER | f.SPACE):
            head[int(field[place])] = int(words.padded[f.SURFACE, place])
    if len(head) < 3:  # noqa: PLR2004
        return np.zeros(words.size, dtype=np.int64)
    table = np.zeros(64, dtype=np.int64)
    for number, value in head.items():
        table[min(number, 63)] = value
    return table[np.minimum(np.maximum(field, 0), 63)]


def _word_columns(words: _Words, told: Numbers, names: Sequence[str]) -> Numbers:
    line = _line_columns(words) | {"told": told}
    return np.stack([line[name] if name in line else words.at(*_AROUND[name]) for name in names])


OFFSETS: Final = (-2, -1, 0, 1, 2)
_ATTRIBUTES: Final = (  # in the order of the columns of a form
    "surface", "speech", "kind", "shape", "opens", "ends", "ends_two", "ends_three", "sense",
    "class", "flags",
)  # fmt: skip
# Name of each column: the attribute and how many words away it stands
_AROUND: Final = {
    f"{name}{offset:+d}": (column, offset)
    for name, column, offsets in (
        ("surface", f.SURFACE, (-2, -1, 0, 1, 2)),
        ("speech", f.POS, (-2, -1, 0, 1, 2)),
        ("class", f.CLASS, (-2, -1, 0, 1, 2)),
        ("kind", f.KIND, (-1, 0, 1)),
        ("sense", f.SENSE, (-1, 0, 1)),
        ("shape", f.SHAPE, (-1, 0, 1)),
        ("opens", f.FIRST, (0,)),
        ("ends", f.LAST, (-1, 0, 1)),
        ("ends_two", f.LAST_TWO, (0,)),
        ("ends_three", f.LAST_THREE, (0,)),
    )
    for offset in offsets
}
_LINE: Final = (
    "key", "gap", "first", "from", "to", "long", "above", "honorific", "title", "spaces", "told",
)  # fmt: skip
_WORD_TEMPLATES: Final = """
surface-2|surface-1|surface+0|surface+1|surface+2|speech-2|speech-1|speech+0|speech+1|speech+2
kind-1|kind+0|kind+1|sense-1|sense+0|sense+1|shape-1|shape+0|shape+1
opens+0|ends+0|ends_two+0|ends_three+0|ends_three+0 shape+0|ends+1|ends-1
surface-2 surface-1|surface+1 surface+2
surface-1 kind+0|kind+0 surface+1|surface-1 shape+0 surface+1
kind-1 kind+0|kind+0 kind+1|speech-1 kind+0 speech+1
sense-1 sense+0|sense+0 sense+1|sense-1 sense+0 sense+1
shape-1 shape+0|shape+0 shape+1|shape-1 shape+0 shape+1
class-2 class-1 class+0 class+1 class+2|class-2 class-1 sense+0|sense+0 class+1 class+2
sense-1 sense+0 surface+1|surface-1 sense+0 class+1
key gap|key kind+0|key|first from|from kind+0|to kind+0|from to sense+0|long kind+0
above from sense+0|honorific kind+0|honorific sense+0 sense+1
spaces sense+0|spaces shape+0 shape+1|title sense+0|title shape+0
told surface+0|told sense+0|told shape+0|told surface+1|told surface-1
told class-1 class+0 class+1
"""
_SIGN_COLUMNS: Final = (
    *(f"c{offset:+d}" for offset in range(-3, 4)),
    *(f"k{offset:+d}" for offset in range(-3, 4)), "word",
    "told", "ruled-1", "ruled+0", "ruled+1",
)  # fmt: skip
_SIGN_TEMPLATES: Final = """
c-2|c-1|c+0|c+1|c+2|c-1 c+0|c+0 c+1|c-2 c-1|c+1 c+2|c-1 c+0 c+1|c-3 c-2 c-1|c+1 c+2 c+3
c-2 c-1 c+0|c+0 c+1 c+2|k-1 k+0 k+1|k-3 k-2 k-1 k+0|k+0 k+1 k+2 k+3|k-2 k-1 k+0 k+1 k+2
word|word c-1|word c+1
told|told word|told c-1|told c+1|told k+1|ruled-1 ruled+0 ruled+1|ruled-1 ruled+0 ruled+1 word
"""


def _compiled(source: str, names: tuple[str, ...]) -> tuple[Templates, ...]:
    """The templates by how many columns they name."""
    texts = [template for line in source.split("\n") for template in line.split("|") if template]
    sizes = {text: len(text.split(" ")) for text in texts}
    return tuple(
        Templates(
            columns=np.array(
                [[names.index(name) for name in text.split(" ")] for text in same], dtype=np.int64
            ),
            salts=np.array([crc32(text.encode()) for text in same], dtype=np.uint64),
        )
        for size in sorted(set(sizes.values()))
        if (same := [text for text in texts if sizes[text] == size])
    )


def _offset(template: str) -> int | None:
    """How many words away the one word stands that a template looks at; None for any other."""
    offsets = {_AROUND[name][1] if name in _AROUND else None for name in template.split(" ")}
    return offsets.pop() if len(offsets) == 1 else None


_LONE: Final = {
    offset: "|".join(
        template
        for line in _WORD_TEMPLATES.split("\n")
        for template in line.split("|")
        if template and _offset(template) == offset
    )
    for offset in OFFSETS
}
_WORDS: Final = _compiled(_WORD_TEMPLATES, (*_AROUND, *_LINE))
# Templates of one word alone, over the attributes of its form, by how many words away it stands
LONE: Final = tuple(
    _compiled(lone, tuple(f"{name}{offset:+d}" for name in _ATTRIBUTES))
    for offset, lone in _LONE.items()
)
_JOINT: Final = "|".join(
    template
    for line in _WORD_TEMPLATES.split("\n")
    for template in line.split("|")
    if template and _offset(template) is None
)
_ALL_NAMES: Final = (*_AROUND, *_LINE)
JOINED_NAMES: Final = tuple(name for name in _ALL_NAMES if name in re.split("[ |]", _JOINT))
JOINED: Final = _compiled(_JOINT, JOINED_NAMES)
SIGNS: Final = _compiled(_SIGN_TEMPLATES, _SIGN_COLUMNS)


def _sign_columns(text: str, at_word: Numbers, told: Told) -> Numbers:
    size = len(text)
    raw = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    codes = np.ones(size + 2 * _PAD, dtype=np.int64)
    codes[_PAD:-_PAD] = raw
    classes = f.class_table()[np.minimum(codes, f.LAST_CODE)]
    columns = np.empty((len(_SIGN_COLUMNS), size), dtype=np.int64)
    for offset in range(2 * _PAD + 1):
        columns[offset] = codes[offset : offset + size]
        columns[7 + offset] = classes[offset : offset + size]
    columns[14] = at_word
    columns[15] = told.fine
    columns[16:19] = 0
    columns[16, 1:] = told.coarse[:-1]
    columns[17] = told.coarse
    columns[18, :-1] = told.coarse[1:]
    return columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What is read off texts before features are made of it: a column per word and per sign."""

    words: Numbers
    forms: Numbers  # number of the form of the word at each of OFFSETS
    signs: Numbers
    word_of: Numbers
    inside: Numbers


def columns_of(
    text: str, tokens: Words, told: Told, names: Sequence[str] = JOINED_NAMES
) -> Columns:
    """Columns of a text that has at least one word, and of what the rules found in it.

    Forms keep their numbers until FORMS is asked to make room.
    """
    surfaces = [text[start:end] for start, end in zip(tokens.starts, tokens.ends, strict=True)]
    forms = FORMS.numbers(list(zip(surfaces, tokens.numbers, strict=True)))
    table = FORMS.table.take(forms, axis=1)
    starts = np.array(tokens.starts, dtype=np.int64)
    first = np.zeros(len(text), dtype=np.int64)
    first[starts] = 1
    word_of = np.cumsum(first) - 1
    inside = 1 - first
    at_word = table[f.CLASS][word_of] * 2 + inside
    words = _Words(table)
    padded = np.concatenate((forms, (f.OUTSIDE, f.OUTSIDE)))
    return Columns(
        words=_word_columns(words, told.fine[starts], names),
        forms=np.stack([padded[words.places[offset]] for offset in OFFSETS]),
        signs=_sign_columns(text, at_word, told),
        word_of=word_of,
        inside=inside,
    )


def together(columns: Sequence[Columns]) -> Columns:
    """Columns of several texts, one after the other; none sees another."""
    if len(columns) == 1:
        return columns[0]
    counts = [0, *np.cumsum([one.words.shape[1] for one in columns])[:-1]]
    return Columns(
        words=np.concatenate([one.words for one in columns], axis=1),
        forms=np.concatenate([one.forms for one in columns], axis=1),
        signs=np.concatenate([one.signs for one in columns], axis=1),
        word_of=np.concatenate(
            [one.word_of + count for one, count in zip(columns, counts, strict=True)]
        ),
        inside=np.concatenate([one.inside for one in columns]),
    )


def features_of(text: str, tokens: Words, told: Told) -> Features:
    """Features of a text that has at least one word."""
    FORMS.make_room(len(tokens))
    columns = columns_of(text, tokens, told, _ALL_NAMES)
    return Features(
        words=np.ascontiguousarray(hashed(columns.words, _WORDS).T),
        signs=np.ascontiguousarray(hashed(columns.signs, SIGNS).T),
        word_of=columns.word_of,
        inside=columns.inside,
    )
