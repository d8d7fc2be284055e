"""The text as the tagger reads it: half-width kana made full, letters spaced out by a scan joined.

A view keeps for each of its signs where the sign begins and ends in the text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import jaconv

_JOINED: Final = "々〆一-鿿㐀-䶿ぁ-ゖァ-ヺー0-9０-９ｦ-ﾟ\\-－丁"
# Four single signs or more with one space between each: 氏 名 丸 山 清 美
_SPACED: Final = re.compile(rf"(?<![^ 　\n])[{_JOINED}](?:[ 　][{_JOINED}](?![^ 　\n])){{3,}}")
_HALF: Final = re.compile("[ｦ-ﾟ]")
_MARKS: Final = "ﾞﾟ"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A text to read, and the place of each of its signs in the text it was made from."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of the view stands in the text."""
        return self.starts[start], self.ends[end - 1]


def view_of(text: str) -> View | None:
    """The view of a text, or None where it reads as it stands."""
    dropped = _spaces_within(text)
    if not dropped and _HALF.search(text) is None:
        return None
    signs: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for at, sign in enumerate(text):
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
    return View(text="".join(signs), starts=starts, ends=ends)


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
