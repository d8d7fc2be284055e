"""Addresses: stored as written with plain spaces; keys with numbers and building apart."""

import re
from dataclasses import dataclass, field

from governance.customers.normalise.chars import clean_text, hyphenated, is_absent, no_spaces
from governance.customers.normalise.names import fold_variants
from governance.customers.normalise.numerals import NUMERAL, digits_for_kanji
from governance.customers.normalise.postal import PREFECTURES
from governance.customers.types import NOTHING, Normalised

_KANJI_COUNTED = re.compile(
    rf"[{NUMERAL}]+(?=丁目|番地?|号|の\d)|(?:(?<=丁目)|(?<=番地)|(?<=番))[{NUMERAL}]+"
)
_NUMBERS = re.compile(r"\d+(?:-\d+)*")
_ROOM = re.compile(r"(\d{2,5})(?:号室|号)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressKey:
    """An address taken apart for comparison."""

    town: str = field(repr=False)  # without prefecture
    numbers: str = field(repr=False)  # 4-11-3
    room: str = field(repr=False)  # digits of the room, empty without a building

    @property
    def place(self) -> str:
        """Town and house numbers, the part that a building's name does not change."""
        return self.town + self.numbers


def normalise_address(text: str) -> Normalised:
    """The address in one line as written, control characters and line breaks gone."""
    plain = clean_text(text)
    if plain is None or is_absent(plain):
        return NOTHING
    value = re.sub(r"\s*\n\s*", "", plain)
    return Normalised(value=re.sub(r"[ \u3000\t]+", " ", value).strip(), dirt="address")


def address_key(text: str) -> AddressKey:
    """Town, house numbers and room with 丁目・番地・号 and kanji numerals as 4-11-3."""
    plain = fold_variants(no_spaces(hyphenated(text))).casefold()
    plain = re.sub(r"(?<=\d)ー(?=\d)", "-", plain)
    for prefecture in PREFECTURES:
        if plain.startswith(prefecture):
            plain = plain[len(prefecture) :]
            break
    plain = _KANJI_COUNTED.sub(lambda run: digits_for_kanji(run.group()), plain)
    plain = re.sub(r"(?<=\d)(?:丁目|番地の|番地|番|号(?!室)|の)(?=\d)", "-", plain)
    first = _NUMBERS.search(plain)
    if first is None:
        return AddressKey(town=plain, numbers="", room="")
    rest = re.sub(r"^(?:丁目|番地|番|号(?!室))", "", plain[first.end() :])
    room = _ROOM.search(rest)
    return AddressKey(
        town=plain[: first.start()], numbers=first.group(), room=room.group(1) if room else ""
    )
