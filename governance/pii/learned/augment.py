"""More texts to learn from, made from those at hand: other names, no honorific, other notation.

Every change is drawn from one seeded generator: the same texts and seed give the same copies.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from governance.pii.learned.examples import Example
from governance.pii.learned.forms import shape_of
from governance.pii.names import given_name, surname
from governance.pii.sudachi import names_among
from governance.pii.types import Entity

_HONORIFIC: Final = re.compile("[ 　]?(?:様|さま|さん|ちゃん|くん|君|氏|殿|先生)")
_WIDE: Final = {code: code + 0xFEE0 for code in (*range(0x30, 0x3A), 0x2D)}
_NARROW: Final = {wide: code for code, wide in _WIDE.items()}
_BREAKS: Final = re.compile("、|。|／| / |　")
_LEAST: Final = 8  # names of one form, before they are exchanged for each other
_FROM_DICTIONARY: Final = 0.4  # share of names drawn from the dictionary, where it has such
_KANJI: Final = re.compile("[一-鿿]+")

Piece = tuple[str, Entity | None]


class Names:
    """Names to put in the place of others: those of the texts by their form, and the dictionary's.

    The dictionary is asked for every pair of kanji that names of the texts are written with.
    """

    def __init__(self, examples: Sequence[Example]) -> None:
        held: defaultdict[str, set[str]] = defaultdict(set)
        for example in examples:
            for start, end, entity in example.spans:
                if entity is Entity.PERSON:
                    surface = example.text[start:end]
                    held[_form(surface)].add(surface)
        self._alike = {form: sorted(all_) for form, all_ in held.items() if len(all_) >= _LEAST}
        kanji = sorted({sign for all_ in held.values() for name in all_ for sign in name})
        kanji = [sign for sign in kanji if "一" <= sign <= "鿿"]
        pairs = (first + second for first in kanji for second in kanji)
        self._surnames, self._given = names_among((*kanji, *pairs))

    def other(self, surface: str, draw: random.Random) -> str:
        """Another name of the same form."""
        if draw.random() < _FROM_DICTIONARY:
            parts = re.split("([ 　])", surface)
            if len(parts) == 3:  # noqa: PLR2004
                found = (self._surname(parts[0], draw), self._other_given(parts[2], draw))
                if all(found):
                    return f"{found[0]}{parts[1]}{found[1]}"
            if len(parts) == 1 and (whole := self._whole(surface, draw)):
                return whole
        return draw.choice(self._alike.get(_form(surface), [surface]))

    def _whole(self, surface: str, draw: random.Random) -> str:
        if surname(surface):
            return self._surname(surface, draw)
        for cut in (2, 1, 3):
            head, rest = surface[:cut], surface[cut:]
            if rest and surname(head) and given_name(rest):
                found = (self._surname(head, draw), self._other_given(rest, draw))
                return "".join(found) if all(found) else ""
        return self._other_given(surface, draw) if given_name(surface) else ""

    def _surname(self, surface: str, draw: random.Random) -> str:
        held = self._surnames.get(len(surface), ()) if _KANJI.fullmatch(surface) else ()
        return draw.choice(held) if held else ""

    def _other_given(self, surface: str, draw: random.Random) -> str:
        held = self._given.get(len(surface), ()) if _KANJI.fullmatch(surface) else ()
        return draw.choice(held) if held else ""


def changed(examples: Sequence[Example], names: Names, *, seed: int) -> Iterator[Example]:
    """A changed copy of each example that has a name or an address in it."""
    draw = random.Random(seed)  # noqa: S311 (repeatable on purpose; nothing secret)
    for example in examples:
        if any(entity in {Entity.PERSON, Entity.ADDRESS} for _, _, entity in example.spans):
            yield _joined(list(_changed(_pieces(example), names, draw)))


def _form(surface: str) -> str:
    """Script of each part and, in Japanese, its length: names of one form can be exchanged."""
    if surface.isascii():
        return "".join("A" if part.isupper() else "a" for part in surface.split(" "))
    return " ".join(shape_of(part) for part in re.split("[ 　]", surface))


def _pieces(example: Example) -> list[Piece]:
    pieces: list[Piece] = []
    at = 0
    for start, end, entity in example.spans:
        pieces += ((example.text[at:start], None), (example.text[start:end], entity))
        at = end
    return [*pieces, (example.text[at:], None)]


def _joined(pieces: Sequence[Piece]) -> Example:
    spans: list[tuple[int, int, Entity]] = []
    at = 0
    for surface, entity in pieces:
        if entity is not None and surface:
            spans.append((at, at + len(surface), entity))
        at += len(surface)
    return Example(text="".join(surface for surface, _ in pieces), spans=tuple(spans))


def _changed(pieces: list[Piece], names: Names, draw: random.Random) -> Iterator[Piece]:
    others: dict[str, str] = {}
    bare, broken = draw.random() < 0.25, draw.random() < 0.15  # noqa: PLR2004
    width = draw.choice((str, str, _wide, _narrow))
    after_name = False
    for surface, entity in pieces:
        if entity is Entity.PERSON:
            if surface not in others:
                others[surface] = names.other(surface, draw)
            yield others[surface], entity
        elif entity is Entity.ADDRESS:
            yield width(_renumbered(surface, draw)), entity
        elif entity is not None:
            yield surface, entity
        else:
            plain = (
                _HONORIFIC.sub("", surface, count=1)
                if (bare and after_name and _HONORIFIC.match(surface))
                else surface
            )
            yield (_BREAKS.sub("\n", plain) if broken else plain), None
        after_name = entity is Entity.PERSON


def _renumbered(surface: str, draw: random.Random) -> str:
    """Every digit but a leading one is drawn anew."""
    return re.sub("(?<=[0-9])[0-9]", lambda _: str(draw.randrange(10)), surface)


def _wide(surface: str) -> str:
    return surface.translate(_WIDE)


def _narrow(surface: str) -> str:
    return surface.translate(_NARROW)
