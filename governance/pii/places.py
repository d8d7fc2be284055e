"""Where a form can begin: a pattern is tried at those places alone, not at every sign of a text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

_GROUP: Final = re.compile("[0-9][0-9]*")
# A letter at which letters and digits begin that make one number: TK1234567, SW1A 1AA
_CODE: Final = re.compile("[A-Za-z](?<![0-9A-Za-z][A-Za-z])(?=[A-Za-z]{0,4} ?[0-9])")
_GAP: Final = 3  # signs between two groups of one number


def matches(pattern: re.Pattern[str], text: str, places: Iterable[int]) -> Iterator[re.Match[str]]:
    """What `finditer` gives for a pattern that begins nowhere but at these places, in order."""
    match, reached = pattern.match, 0
    for place in places:
        if place >= reached and (found := match(text, place)) is not None:
            yield found
            reached = found.end()


class Groups:
    """Where groups of digits begin, by how many digits stand there, those close by included."""

    __slots__ = ("_found", "_places", "_text")

    def __init__(self, text: str) -> None:
        found, count, following = [], 0, len(text) + _GAP + 1
        for start, end in reversed([group.span() for group in _GROUP.finditer(text)]):
            count = end - start + (count if following - end <= _GAP else 0)
            found.append((count, start))
            following = start
        found.reverse()
        self._found: Sequence[tuple[int, int]] = found
        self._places: dict[tuple[int, str], Sequence[int]] = {}
        self._text = text

    def of(self, least: int, first: str = "") -> Sequence[int]:
        """Places of groups from which so many digits follow, and that begin with this digit."""
        places = self._places.get((least, first))
        if places is None:
            text = self._text
            places = self._places[least, first] = [
                start
                for count, start in self._found
                if count >= least and text.startswith(first, start)
            ]
        return places


def opened(text: str, places: Iterable[int], sign: str) -> Iterator[int]:
    """The same places, and this sign where it stands right before one of them."""
    for place in places:
        if place and text[place - 1] == sign:
            yield place - 1
        yield place


def codes(text: str) -> Sequence[int]:
    """Where letters begin that digits follow, in a word of both or after a space."""
    return [found.start() for found in _CODE.finditer(text)]
