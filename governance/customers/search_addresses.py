"""Addresses as a search compares them: no prefecture, 丁目・番地・号 as hyphens. Pure."""

import re

from governance.customers.normalise.chars import hyphenated, no_spaces
from governance.customers.normalise.names import fold_variants
from governance.customers.normalise.numerals import NUMERAL, digits_for_kanji
from governance.customers.normalise.postal import PREFECTURES

_COUNTED = re.compile(
    rf"[{NUMERAL}]+(?=丁目|番地?|号|の)|(?:(?<=丁目)|(?<=番地)|(?<=番))[{NUMERAL}]+"
)
_UNIT = re.compile(r"(?<=\d)(?:丁目|番地の|番地|番|号(?!室)|の)(?:(?=\d)|(?=\D)|$)")
_LONG_MARK = re.compile(r"(?<=\d)ー(?=\d)")


def address_keys(text: str) -> tuple[str, str]:
    """The address as written without the prefecture, and with 丁目・番地・号 as hyphens."""
    plain = fold_variants(no_spaces(hyphenated(text))).casefold()
    for prefecture in PREFECTURES:  # 47 values with published frequencies are no search term
        if plain.startswith(prefecture):
            plain = plain[len(prefecture) :]
            break
    numbered = _COUNTED.sub(lambda run: digits_for_kanji(run.group()), _LONG_MARK.sub("-", plain))
    return plain, _UNIT.sub(lambda _: "-", numbered).replace("--", "-")
