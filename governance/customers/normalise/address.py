"""Addresses: stored as written with plain spaces; keys with numbers and building apart."""

import re
from dataclasses import dataclass, field

from governance.customers.normalise.chars import clean_text, hyphenated, is_absent, no_spaces
from governance.customers.normalise.names import fold_variants
from governance.customers.normalise.numerals import NUMERAL, digits_for_kanji
from governance.customers.normalise.postal import PREFECTURES
from governance.customers.types import NOTHING, Normalised

_KANJI_COUNTED = re.compile(
    rf"[{NUMERAL}]+(?=丁目|番地?|号|条|[のノ][\d{NUMERAL}])|(?<=[\d{NUMERAL}][のノ])[{NUMERAL}]+|(?:(?<=丁目)|(?<=番地)|(?<=番))[{NUMERAL}]+"
)
_NUMBERS = re.compile(r"\d+(?!\d*条)(?:-\d+)*")  # 北5条 is a town
_AZA = re.compile(r"大字|小字|(?<=[市区町村])字")
_KYOTO_STREET = re.compile(  # 烏丸通四条上る: how to find the town, written or not
    r"^(京都市.{1,3}区)\D*(?:上[るルがガ]+|下[るルがガ]+|[東西]入[るル]?)(?=\D)"
)
_ROOM = re.compile(r"(\d{2,5})(?:号室|号)?$")


_BETWEEN_KANJI = re.compile(r"(?<=[\u3400-\u9fff])[ケがガノ之](?=[\u3400-\u9fff])")
_ONE_FORM = {"ケ": "ヶ", "が": "ヶ", "ガ": "ヶ", "ノ": "の", "之": "の"}  # 霞が関, 丸ノ内
HOUSE = 3  # numbers of a house: 丁目, 番, 号


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
    apart = re.sub(r"(?<=\d)\s+(?=\d)", "/", hyphenated(text).strip())  # 3-25-21 402
    plain = fold_variants(no_spaces(apart)).casefold()
    plain = re.sub(r"(?<=\d)ー(?=\d)", "-", plain)
    for prefecture in PREFECTURES:
        if plain.startswith(prefecture):
            plain = plain[len(prefecture) :]
            break
    plain = _BETWEEN_KANJI.sub(lambda found: _ONE_FORM[found.group()], plain)
    plain = _KYOTO_STREET.sub(r"\1", _AZA.sub("", plain))
    plain = _KANJI_COUNTED.sub(lambda run: digits_for_kanji(run.group()), plain)
    plain = re.sub(r"(?<=\d)(?:丁目|番地の|番地|番|号(?!室)|[のノ])(?=\d)", "-", plain)
    first = _NUMBERS.search(plain)
    if first is None:
        return AddressKey(town=plain, numbers="", room="")
    rest = re.sub(r"^(?:丁目|番地|番|号(?!室))", "", plain[first.end() :])
    room = _ROOM.search(rest)
    numbers, inside = _room_apart(first.group())
    return AddressKey(
        town=plain[: first.start()], numbers=numbers, room=room.group(1) if room else inside
    )


def _room_apart(numbers: str) -> tuple[str, str]:
    """House numbers and the room that was written behind them: 1-2-3-501."""
    *house, last = numbers.split("-")
    if len(house) == HOUSE or (len(house) > 1 and len(last) > 2):  # noqa: PLR2004 -- no house has a number of three digits behind a block's
        return "-".join(house), last
    return numbers, ""
