"""What a word's form alone tells the learned tagger: computed once per form, kept as numbers.

A form is a surface with its part of speech. Its attributes are 32-bit hashes and flags in a row of
a growing table, so that a text's words become one fancy index.
"""

import re
import threading
import unicodedata
from functools import lru_cache
from typing import Final
from zlib import crc32

import jaconv
import numpy as np
from numpy.typing import NDArray

from governance.pii.gazetteer import fold, gazetteer
from governance.pii.lexicon import words
from governance.pii.names import given_name, surname
from governance.pii.sudachi import part_of_speech, senses

SURFACE, POS, KIND, SHAPE, FIRST, LAST, LAST_TWO, LAST_THREE, SENSE, CLASS, FLAGS = range(11)
COLUMNS: Final = 11
OUTSIDE: Final = 0  # number of the form before the first and after the last word
SPACE, NEWLINE, SEPARATOR, HONORIFIC, DIVIDER = 1, 2, 4, 8, 16
MAX_FORMS: Final = 60_000  # rows per thread; then the table begins anew

_SEPARATORS: Final = frozenset(":：=＝｜|\t/／・→>＞】］〕)）")
_DIVIDERS: Final = frozenset(",，|｜\t、/／")
_HONORIFICS: Final = frozenset({
    "様", "さま", "さん", "ちゃん", "くん", "君", "氏", "殿", "先生", "宅", "家", "邸", "方",
    "部長", "課長", "係長", "社長", "店長", "主任", "御中",
})  # fmt: skip
_CLASSES: Final = (
    (0x30, 0x3A, "9"), (0x41, 0x5B, "A"), (0x61, 0x7B, "a"), (0x3041, 0x3097, "h"),
    (0x30A1, 0x30FB, "k"), (0x30FC, 0x30FF, "k"), (0x3400, 0x4DC0, "K"), (0x4E00, 0xA000, "K"),
    (0xF900, 0xFB00, "K"), (0x20000, 0x30000, "K"), (0xFF10, 0xFF1A, "9"), (0xFF21, 0xFF3B, "A"),
    (0xFF41, 0xFF5B, "a"), (0xFF66, 0xFFA0, "w"), (0xC0, 0x250, "a"), (0x3005, 0x3008, "K"),
)  # fmt: skip


_SIGNS: Final = "-－−‐:：,，、。.．()（）@＠/／・"
_SPACES: Final = "\t \u00a0\u2003\u3000"
LAST_CODE: Final = 0x30000  # every sign from here on is one class


@lru_cache(maxsize=1)
def class_table() -> NDArray[np.int64]:
    """Number of the class of every sign by its code; 0 for any other sign."""
    table = np.zeros(LAST_CODE + 1, dtype=np.int64)
    for low, high, name in _CLASSES:
        table[low:high] = ord(name)
    for name, signs in (("n", "\n\r"), ("_", _SPACES), *((sign, sign) for sign in _SIGNS)):
        for sign in signs:
            table[ord(sign)] = ord(name)
    return table


def shape_of(surface: str) -> str:
    """Classes of the signs with repeats folded, and the length up to six."""
    table = class_table()
    classes = [chr(table[min(ord(sign), LAST_CODE)]) for sign in surface[:12]]
    folded = "".join(c for at, c in enumerate(classes) if at == 0 or classes[at - 1] != c)
    return f"{folded}{min(len(surface), 6)}"


@lru_cache(maxsize=1)
def _western() -> frozenset[str]:
    """Given names and surnames of European letters."""
    return words("western_names.txt") - {"[given]", "[surname]"}


@lru_cache(maxsize=1)
def _english() -> frozenset[str]:
    """Common English words."""
    return frozenset(word.lower() for word in words("common_words_en.txt"))


def common_word(surface: str) -> bool:
    """A common English word, or one with an ending of grammar."""
    low = surface.lower()
    return low in _english() or any(
        low.endswith(ending) and low[: -len(ending)] in _english()
        for ending in ("s", "es", "ed", "d", "ing", "ly", "er", "'s")
    )


@lru_cache(maxsize=1)
def _towns() -> frozenset[str]:
    """Places of Japan in Latin letters."""
    return words("places_romaji.txt")


def _romaji(surface: str) -> bool:
    """Latin letters that read as a Japanese surname or given name."""
    kana = jaconv.alphabet2kata(surface.lower())
    return not re.search("[a-z]", kana) and (surname(kana) or given_name(kana))


def _sense(surface: str) -> int:
    """Bits of what dictionary, gazetteer and lists know about the surface."""
    known = senses(surface)
    folded = fold(surface)
    places = gazetteer()
    latin = surface.isascii() and surface.isalpha() and len(surface) > 2  # noqa: PLR2004
    bits = (
        surname(surface),
        given_name(surface),
        known.person,
        known.place,
        known.common,
        known.known,
        folded in places.cities,
        folded in places.towns,
        latin and surface.title() in _western(),
        latin and _romaji(surface),
        surface.isascii() and surface.isalpha() and common_word(surface),
        latin and surface.lower() in _towns(),
    )
    return sum(1 << at for at, bit in enumerate(bits) if bit)


def _hash(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass"))


def _row(surface: str, pos: int) -> list[int]:
    folded = unicodedata.normalize("NFKC", surface).lower()
    if folded.isdigit():
        folded = f"{len(folded)}digits" if len(folded) > 2 else folded  # noqa: PLR2004
    speech = part_of_speech(pos)
    sense = _sense(surface) if len(surface) <= 20 else 0  # noqa: PLR2004
    shape = shape_of(surface)
    speech4 = "-".join(speech[:4])
    flags = (
        SPACE * (surface.isspace() and "\n" not in surface and "\t" not in surface)
        | NEWLINE * ("\n" in surface)
        | SEPARATOR * (surface in _SEPARATORS)
        | HONORIFIC * (surface in _HONORIFICS)
        | DIVIDER * (surface in _DIVIDERS)
    )
    return [
        _hash(folded),
        _hash(speech4),
        _hash(f"{speech4}|{sense}|{shape}"),
        _hash(shape),
        _hash(folded[:1]),
        _hash(folded[-1:]),
        _hash(folded[-2:]),
        _hash(folded[-3:]),
        sense,
        _hash("-".join(speech[:2])),
        flags,
    ]


class Forms(threading.local):
    """The table of one thread; rows are the same whatever was seen before."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], int] = {}
        self.table: NDArray[np.int64] = np.full((COLUMNS, 1_024), 7, dtype=np.int64)
        self.begun = 0  # how often the table began anew

    @property
    def count(self) -> int:
        """Numbers that are given, the one for outside included."""
        return len(self.rows) + 1

    def make_room(self, words: int) -> None:
        """The table has room for so many words more; where it had none, it has begun anew."""
        if len(self.rows) + words > MAX_FORMS:
            self.rows.clear()
            self.begun += 1

    def numbers(self, words: list[tuple[str, int]]) -> NDArray[np.int64]:
        """The row of each of these words in the table of their attributes."""
        find = self.rows.get
        found = [find(word, -1) for word in words]
        if -1 in found:
            found = [
                self._added(word) if row < 0 else row
                for word, row in zip(words, found, strict=True)
            ]
        return np.array(found, dtype=np.int64)

    def _added(self, word: tuple[str, int]) -> int:
        known = self.rows.get(word)
        if known is not None:
            return known
        row = self.count
        if row >= self.table.shape[1]:
            self.table = np.concatenate((self.table, np.zeros_like(self.table)), axis=1)
        self.table[:, row] = _row(*word)
        self.rows[word] = row
        return row
