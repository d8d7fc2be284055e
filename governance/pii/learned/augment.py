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
from governance.pii.types import Entity

_HONORIFIC: Final = re.compile("[ 　]?(?:様|さま|さん|ちゃん|くん|君|氏|殿|先生)")
_WIDE: Final = {code: code + 0xFEE0 for code in (*range(0x30, 0x3A), 0x2D)}
_NARROW: Final = {wide: code for code, wide in _WIDE.items()}
_BREAKS: Final = re.compile("、|。|／| / |　")
_LEAST: Final = 8  # names of one form, before they are exchanged for each other

Piece = tuple[str, Entity | None]


def augmented(examples: Sequence[Example], *, copies: int, seed: int) -> Iterator[Example]:
    """The examples, and so many changed copies of each that has a name or an address in it."""
    draw = random.Random(seed)  # noqa: S311 (repeatable on purpose; nothing secret)
    names = _names(examples)
    for example in examples:
        yield example
        if any(entity in {Entity.PERSON, Entity.ADDRESS} for _, _, entity in example.spans):
            for _ in range(copies):
                yield _joined(list(_changed(_pieces(example), names, draw)))


def _names(examples: Sequence[Example]) -> dict[str, list[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for example in examples:
        for start, end, entity in example.spans:
            if entity is Entity.PERSON:
                surface = example.text[start:end]
                found[_form(surface)].add(surface)
    return {form: sorted(held) for form, held in found.items() if len(held) >= _LEAST}


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


def _changed(
    pieces: list[Piece], names: dict[str, list[str]], draw: random.Random
) -> Iterator[Piece]:
    others: dict[str, str] = {}
    bare, broken = draw.random() < 0.25, draw.random() < 0.15  # noqa: PLR2004
    width = draw.choice((str, str, _wide, _narrow))
    after_name = False
    for surface, entity in pieces:
        if entity is Entity.PERSON:
            if surface not in others:
                same = names.get(_form(surface), [surface])
                others[surface] = draw.choice(same)
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
