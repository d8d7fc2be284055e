"""Thin Sudachi tokeniser: one per thread, chunked under its byte limit, nothing downloaded."""

import re
import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from operator import sub
from typing import Any, Final, NamedTuple

from governance.pii.shadow import replaced

MAX_CHUNK: Final = 12_000  # code points; four bytes each stay under Sudachi's 49,149 bytes
_LONE: Final = re.compile("[\ud800-\udfff]")
_IVS: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_VARIANTS: Final = dict(zip("髙﨑𠮷濵嵜", "高崎吉浜崎", strict=True))
_KANA_SHIFT: Final = {code: code + 0x60 for code in range(0x3041, 0x3097)}


class Word(IntEnum):
    """Word classes that the recognisers tell apart."""

    OTHER = 0
    SURNAME = 1
    GIVEN = 2
    PERSON = 3  # 人名 that is neither
    PLACE = 4
    PROPER = 5
    NOUN = 6
    PARTICLE = 7
    SUFFIX = 8
    PREFIX = 9
    SYMBOL = 10
    NUMBER = 11
    VERB = 12
    SPACE = 13


class Token(NamedTuple):
    """One word: code points, end exclusive."""

    start: int
    end: int
    word: Word
    unknown: bool
    pos: int  # number of its part of speech in the dictionary


class Words:
    """The words of a text, column by column; one is put together when it is asked for."""

    __slots__ = ("_classes", "ends", "numbers", "starts", "unknown")

    def __init__(
        self,
        starts: Sequence[int],
        ends: Sequence[int],
        numbers: Sequence[int],
        unknown: Sequence[bool],
    ) -> None:
        self._classes = _own().classes
        self.starts = starts
        self.ends = ends
        self.numbers = numbers  # of their parts of speech in the dictionary
        self.unknown = unknown

    def __len__(self) -> int:
        """How many words."""
        return len(self.starts)

    def __getitem__(self, at: int) -> Token:
        """One word."""
        number = self.numbers[at]
        return Token(
            self.starts[at], self.ends[at], self._classes[number], self.unknown[at], number
        )

    def __iter__(self) -> Iterator[Token]:
        """One word after the other."""
        return map(self.__getitem__, range(len(self.starts)))

    def kind(self, at: int) -> Word:
        """The class of one word."""
        return self._classes[self.numbers[at]]

    def of_kinds(self, kinds: frozenset[Word]) -> list[int]:
        """The words of these classes, by their number in the text."""
        wanted = {number for number in set(self.numbers) if self._classes[number] in kinds}
        return [at for at, number in enumerate(self.numbers) if number in wanted]

    def within(self, start: int, end: int) -> list[Token]:
        """Words that begin in this part of the text."""
        first, last = bisect_left(self.starts, start), bisect_left(self.starts, end)
        return [self[at] for at in range(first, last)]

    def ending(self, end: int) -> Token | None:
        """The word that ends here."""
        at = bisect_left(self.ends, end)
        return self[at] if at < len(self.ends) and self.ends[at] == end else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Senses:
    """Which readings the dictionary knows for one surface."""

    surname: bool
    given: bool
    person: bool
    place: bool
    common: bool
    known: bool

    @property
    def name(self) -> bool:
        """The dictionary knows it as some part of a person's name."""
        return self.surname or self.given or self.person


# Word class by the first parts of Sudachi's part of speech; the longest prefix decides
_CLASSES: Final[dict[tuple[str, ...], Word]] = {
    ("名詞", "固有名詞", "人名", "姓"): Word.SURNAME,
    ("名詞", "固有名詞", "人名", "名"): Word.GIVEN,
    ("名詞", "固有名詞", "人名"): Word.PERSON,
    ("名詞", "固有名詞", "地名"): Word.PLACE,
    ("名詞", "固有名詞"): Word.PROPER,
    ("名詞", "数詞"): Word.NUMBER,
    ("名詞",): Word.NOUN,
    ("代名詞",): Word.NOUN,
    ("形状詞",): Word.NOUN,
    ("助詞",): Word.PARTICLE,
    ("助動詞",): Word.PARTICLE,
    ("接尾辞",): Word.SUFFIX,
    ("接頭辞",): Word.PREFIX,
    ("空白",): Word.SPACE,
    ("補助記号",): Word.SYMBOL,
    ("記号",): Word.SYMBOL,
    ("動詞",): Word.VERB,
    ("形容詞",): Word.VERB,
}


def _classify(pos: Sequence[str]) -> Word:
    """The word class of a part of speech."""
    for size in (4, 3, 2, 1):
        if (found := _CLASSES.get(tuple(pos[:size]))) is not None:
            return found
    return Word.OTHER


class _PerThread:
    """Dictionary and tokeniser of this thread; Sudachi refuses to share one between threads."""

    def __init__(self) -> None:
        from sudachipy import Dictionary, SplitMode  # noqa: PLC0415 (heavy; loaded on first use)

        self.dictionary: Any = Dictionary()
        self.tokeniser: Any = self.dictionary.tokenizer(mode=SplitMode.C)
        self.classes = _Classes(self.dictionary)
        self.held: Any = self.tokeniser.tokenize("")  # the words of one text, filled anew


class _Classes(dict[int, Word]):
    """The word class of each part of speech, by its number."""

    def __init__(self, dictionary: Any) -> None:
        super().__init__()
        self._dictionary = dictionary

    def __missing__(self, number: int) -> Word:
        found = self[number] = _classify(self._dictionary.pos_of(number))
        return found


_LOCAL: Final = threading.local()


def _own() -> _PerThread:
    found: _PerThread | None = getattr(_LOCAL, "own", None)
    if found is None:
        found = _LOCAL.own = _PerThread()
    return found


def chunks(text: str, *, limit: int) -> Iterator[tuple[int, str]]:
    """Pieces of at most `limit` code points, cut after a line or sentence where one ends."""
    start, size = 0, len(text)
    while size - start > limit:
        cut = start + limit
        window = text[start + limit // 2 : cut]
        line = max(window.rfind("\n"), window.rfind("。"))
        if line < 0:
            line = max(window.rfind(" "), window.rfind("、"), window.rfind("　"))
        if line >= 0:
            cut = start + limit // 2 + line + 1
        yield start, text[start:cut]
        start = cut
    yield start, text[start:]


def tokens_of(text: str, signs: frozenset[str] | None = None) -> Words:
    """Words of the text, of these signs, with true offsets; lone surrogates are unknown signs."""
    own = _own()
    starts, ends, numbers, unknown = list[int](), list[int](), list[int](), list[bool]()
    for offset, chunk in chunks(text, limit=MAX_CHUNK):
        safe = replaced(chunk, _VARIANTS, signs)
        if not safe.isascii():
            safe = _LONE.sub("\ufffd", safe)
        # Words follow each other without a gap; column by column is quicker than word by word
        morphemes = list(own.tokeniser.tokenize(safe, out=own.held))
        ended = [morpheme.end() + offset for morpheme in morphemes]
        begun = [offset, *ended[:-1]]
        # A sign that the dictionary writes as several words (㍿) gives words without a sign
        if 0 in map(sub, ended, begun):
            solid = [at for at, end in enumerate(ended) if begun[at] < end]
            morphemes = [morphemes[at] for at in solid]
            ended = [ended[at] for at in solid]
            begun = [begun[at] for at in solid]
        starts += begun[: len(ended)]
        ends += ended
        numbers += [morpheme.part_of_speech_id() for morpheme in morphemes]
        unknown += [morpheme.is_oov() for morpheme in morphemes]
    return Words(starts, ends, numbers, unknown)


def part_of_speech(number: int) -> tuple[str, ...]:
    """The parts of a part of speech, by its number in the dictionary."""
    return tuple(_own().dictionary.pos_of(number))


@lru_cache(maxsize=65_536)
def senses(surface: str) -> Senses:
    """What the dictionary knows about exactly this surface, letter variants folded."""
    folded = replaced(_IVS.sub("", _LONE.sub("\ufffd", surface)), _VARIANTS)
    words = (
        [_classify(entry.part_of_speech()) for entry in _own().dictionary.lookup(folded)]
        if folded
        else []
    )
    return Senses(
        surname=Word.SURNAME in words,
        given=Word.GIVEN in words,
        person=Word.PERSON in words,
        place=Word.PLACE in words,
        common=any(
            word not in (Word.SURNAME, Word.GIVEN, Word.PERSON, Word.PLACE, Word.PROPER)
            for word in words
        ),
        known=bool(words),
    )


def names_among(
    surfaces: Iterable[str],
) -> tuple[dict[int, tuple[str, ...]], dict[int, tuple[str, ...]]]:
    """Those of the surfaces that the dictionary knows as surname or given name, by length."""
    own = _own()
    surnames: defaultdict[int, list[str]] = defaultdict(list)
    given: defaultdict[int, list[str]] = defaultdict(list)
    for surface in surfaces:
        words = {_classify(entry.part_of_speech()) for entry in own.dictionary.lookup(surface)}
        for word, found in ((Word.SURNAME, surnames), (Word.GIVEN, given)):
            if word in words:
                found[len(surface)].append(surface)
    return (
        {size: tuple(held) for size, held in surnames.items()},
        {size: tuple(held) for size, held in given.items()},
    )


def katakana(surface: str) -> str:
    """The surface with hiragana written in katakana."""
    return surface.translate(_KANA_SHIFT)
