"""Thin Sudachi tokeniser: one per thread, chunked under its byte limit, nothing downloaded."""

import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple, cast

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
        self.words = _Words(self.dictionary)
        self.held: Any = self.tokeniser.tokenize("")  # the words of one text, filled anew


class _Words(dict[int, Word]):
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


def tokens_of(text: str) -> tuple[Token, ...]:
    """Words of the text with true offsets; lone surrogates count as unknown signs."""
    own, found = _own(), list[Token]()
    for offset, chunk in chunks(text, limit=MAX_CHUNK):
        safe = replaced(chunk, _VARIANTS)
        if not safe.isascii():
            safe = _LONE.sub("\ufffd", safe)
        # Words follow each other without a gap; column by column is quicker than word by word
        morphemes = list(own.tokeniser.tokenize(safe, out=own.held))
        ends = [morpheme.end() for morpheme in morphemes]
        if offset:
            ends = [end + offset for end in ends]
        numbers = [morpheme.part_of_speech_id() for morpheme in morphemes]
        unknown = [morpheme.is_oov() for morpheme in morphemes]
        classes = map(own.words.__getitem__, numbers)
        words = map(_token, zip((offset, *ends), ends, classes, unknown, numbers, strict=False))
        # A sign that the dictionary writes as several words (㍿) gives words without a sign
        found += words if _parted(ends, offset) else (word for word in words if word[0] < word[1])
    return tuple(found)


_token: Final = cast("Callable[[tuple[object, ...]], Token]", partial(tuple.__new__, Token))


def _parted(ends: Sequence[int], offset: int) -> bool:
    """Every word has a sign."""
    return len(set(ends)) == len(ends) and (not ends or ends[0] > offset)


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
