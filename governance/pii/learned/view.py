"""The text as the tagger reads it: half-width kana made full, letters spaced out by a scan joined.

A view keeps for each of its signs where the sign begins and ends in the text.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import jaconv

from governance.pii.sudachi import Words, tokens_of

_JOINED: Final = "々〆一-鿿㐀-䶿ぁ-ゖァ-ヺー0-9０-９ｦ-ﾟ\\-－丁"
# Four single signs or more with one space between each: 氏 名 丸 山 清 美
_SPACED: Final = re.compile(rf"(?<![^ 　\n])[{_JOINED}](?:[ 　][{_JOINED}](?![^ 　\n])){{3,}}")
_HALF: Final = re.compile("[ｦ-ﾟ]")
_MARKS: Final = "ﾞﾟ"


class Stretch(NamedTuple):
    """Whole lines of a view: its places, the place in the text, and whether they were changed."""

    start: int
    end: int
    origin: int
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A text to read, and the place of each of its signs in the text it was made from."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    stretches: Sequence[Stretch]

    def tokens(self, tokens: Words) -> Words:
        """Words of the view: those of the text where it reads as it stands."""
        starts, ends, numbers, unknown = list[int](), list[int](), list[int](), list[bool]()
        for part in self.stretches:
            if part.changed:
                words, by = tokens_of(self.text[part.start : part.end]), part.start
                first, last = 0, len(words)
            else:
                words, by = tokens, part.start - part.origin
                end = part.origin + part.end - part.start
                first, last = bisect_left(words.starts, part.origin), bisect_left(words.starts, end)
                if (
                    first == last
                    or words.starts[first] != part.origin
                    or words.ends[last - 1] != end
                ):
                    return tokens_of(self.text)  # a word goes beyond the line
            starts += [start + by for start in words.starts[first:last]]
            ends += [end + by for end in words.ends[first:last]]
            numbers += words.numbers[first:last]
            unknown += words.unknown[first:last]
        return Words(starts, ends, numbers, unknown)


def view_of(text: str) -> View | None:
    """The view of a text, or None where it reads as it stands."""
    dropped = _spaces_within(text)
    if not dropped and _HALF.search(text) is None:
        return None
    signs: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    stretches: list[Stretch] = []
    for begin, end, changed in _lines(text, dropped):
        first = len(starts)
        if changed:
            _widened(text, begin, end, dropped, signs, starts, ends)
        else:
            signs.extend(text[begin:end])
            starts.extend(range(begin, end))
            ends.extend(range(begin + 1, end + 1))
        stretches.append(Stretch(first, len(starts), begin, changed))
    return View(text="".join(signs), starts=starts, ends=ends, stretches=stretches)


def _lines(text: str, dropped: frozenset[int]) -> Iterator[tuple[int, int, bool]]:
    """Begin and end of lines that change, and of those between them together."""
    places = sorted({*dropped, *(found.start() for found in _HALF.finditer(text))})
    reached = 0
    for place in places:
        if place < reached:
            continue
        begin = text.rfind("\n", reached, place) + 1 or reached
        end = text.find("\n", place) + 1 or len(text)
        if begin > reached:
            yield reached, begin, False
        yield begin, end, True
        reached = end
    if reached < len(text):
        yield reached, len(text), False


def _widened(
    text: str, begin: int, end: int, dropped: frozenset[int],
    signs: list[str], starts: list[int], ends: list[int],
) -> None:  # fmt: skip
    """The signs of one line, half-width kana made full and spaces of a scan left out."""
    for at in range(begin, end):
        sign = text[at]
        if at in dropped:
            continue
        if sign in _MARKS and signs and at and "ｦ" <= text[at - 1] <= "ﾝ":
            whole = jaconv.h2z(text[at - 1] + sign)
            if len(whole) == 1:
                signs[-1], ends[-1] = whole, at + 1
                continue
        signs.append(jaconv.h2z(sign) if "ｦ" <= sign <= "ﾝ" else sign)
        starts.append(at)
        ends.append(at + 1)


def _spaces_within(text: str) -> frozenset[int]:
    return frozenset(
        at
        for found in _SPACED.finditer(text)
        for at in range(found.start(), found.end())
        if text[at] in " 　"
    )


def spans_within(view: View, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same spans as places of the view."""
    at_start = {start: at for at, start in enumerate(view.starts)}
    at_end = {end: at + 1 for at, end in enumerate(view.ends)}
    return [(at_start.get(start, -1), at_end.get(end, -1)) for start, end in spans]
