"""Equal-length normalised shadow of a text: matching runs on it, offsets stay true in the text."""

import re
from collections.abc import Mapping
from typing import Final

_HYPHENS: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d\u2500"
_SPACES: Final = "\u3000\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\t"
_MAP: Final = (
    {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}  # full-width ASCII
    | dict.fromkeys(_HYPHENS, "-")
    | dict.fromkeys(_SPACES, " ")
    | {"｡": "。", "､": "、", "｢": "「", "｣": "」"}
)
# A long-vowel sign or the numeral one in a hyphen's place is a hyphen: 1ー2ー3
_LONG_VOWEL: Final = re.compile("[ーｰ](?<=[0-9目番地号][ーｰ])(?=[0-9])")


def replaced(text: str, others: Mapping[str, str], signs: frozenset[str] | None = None) -> str:
    """The text, of these signs, with some of them exchanged for others."""
    for sign in others.keys() & (frozenset(text) if signs is None else signs):
        text = text.replace(sign, others[sign])
    return text


def shadow_of(text: str, signs: frozenset[str] | None = None) -> str:
    """The text with full-width ASCII, hyphens and spaces folded, of the same length."""
    if text.isascii():
        return text.replace("\t", " ")
    return _LONG_VOWEL.sub("-", replaced(text, _MAP, signs))
