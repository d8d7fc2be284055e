"""One text under analysis: the text, its shadow, and what is computed from it at most once."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from governance.pii.cells import Cells
from governance.pii.labels import LabelIndex
from governance.pii.numbers import legible
from governance.pii.places import Groups, codes
from governance.pii.shadow import shadow_of
from governance.pii.sudachi import Words, tokens_of
from governance.pii.types import Span

_DIGIT: Final = re.compile("[0-9]")
_DIGITS_OR_KANJI: Final = re.compile("[0-9一二三四五六七八九十元]")
_LONG: Final = re.compile(r"[0-9](?:[^0-9\n]{0,3}[0-9]){4}")
_LATIN: Final = re.compile("[A-Za-z]{2}")
_JAPANESE: Final = re.compile("[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f]")

_SENTENCE_ENDS: Final = "。」）)"


class Document:
    """What every recogniser gets; recognisers never see each other's findings."""

    def __init__(self, text: str, lang: str) -> None:
        self.text = text
        self.lang = lang
        self.signs = frozenset(text)
        self.shadow = shadow_of(text, self.signs)
        self.has_digit = (
            _DIGIT.search(self.shadow) is not None or _DIGIT.search(self.legible) is not None
        )
        self.has_latin = _LATIN.search(self.shadow) is not None
        self.has_japanese = _JAPANESE.search(text) is not None
        self.findings: dict[str, tuple[Span, ...]] = {}  # of each recogniser that has been asked

    @cached_property
    def has_number(self) -> bool:
        """A digit or a kanji numeral stands somewhere."""
        return self.has_digit or _DIGITS_OR_KANJI.search(self.shadow) is not None

    @cached_property
    def is_prose(self) -> bool:
        """Every line ends as a sentence does; notes, lists, forms and chats do not."""
        lines = [line for line in map(str.strip, self.text.split("\n")) if line]
        return "。" in self.text and all(line[-1] in _SENTENCE_ENDS for line in lines)

    @cached_property
    def small(self) -> str:
        """The shadow in small letters."""
        return self.shadow.lower()

    @cached_property
    def labels(self) -> LabelIndex:
        """Labels, positive and negative."""
        return LabelIndex(self.shadow, self.cells)

    @cached_property
    def cells(self) -> Cells:
        """Cells of pasted tables."""
        return Cells(self.text)

    @cached_property
    def has_long_number(self) -> bool:
        """Five digits or more stand together, whatever parts them."""
        return _LONG.search(self.legible) is not None

    @cached_property
    def legible(self) -> str:
        """The shadow with kanji numerals and misread letters in numbers as digits."""
        return legible(self.shadow)

    @cached_property
    def groups(self) -> Groups:
        """Groups of digits of the shadow."""
        return Groups(self.shadow)

    @cached_property
    def legible_groups(self) -> Groups:
        """Groups of digits of the legible text."""
        return self.groups if self.legible == self.shadow else Groups(self.legible)

    @cached_property
    def codes(self) -> Sequence[int]:
        """Where letters begin in the shadow that belong to a number."""
        return codes(self.shadow)

    @cached_property
    def tokens(self) -> Words:
        """Words by Sudachi."""
        return tokens_of(self.text, self.signs)

    @cached_property
    def starts(self) -> frozenset[int]:
        """Offsets where a word begins."""
        return frozenset(self.tokens.starts)

    @cached_property
    def ends(self) -> frozenset[int]:
        """Offsets where a word ends."""
        return frozenset(self.tokens.ends)
