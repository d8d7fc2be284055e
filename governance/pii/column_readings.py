"""Names in romaji, kana and the short forms of old systems, as the words that they stand for.

SYNCD is 社員コード, KIHONK 基本給, ﾆｭｳｶｲﾋﾞ 入会日: a name that no word explains is spelled by
its reading, whole or cut short, and what stands behind it.
"""

import re
import unicodedata
from functools import lru_cache
from importlib.resources import files
from typing import Final

from governance.pii.shadow import shadow_of

_END: Final = "END"
_LEAST: Final = 3  # letters of a reading that is cut short
_BARE: Final = 4  # the same, where nothing stands behind it
_SAME: Final = 4  # first letters of a reading of which letters within are left out
_LONGEST: Final = 24  # letters; longer names are words of another kind
_LATIN: Final = re.compile(r"[A-Za-z]+\Z")
_KANA: Final = re.compile(r"[ァ-ヺー]+\Z")
_INDEX: Final = re.compile(r"[0-9]{1,2}\Z")
_ROWS: Final = (
    *(
        "アイウエオ",
        "カキクケコ",
        "サシスセソ",
        "タチツテト",
        "ナニヌネノ",
        "ハヒフヘホ",
        "マミムメモ",
    ),
    *("ラリルレロ", "ガギグゲゴ", "ザジズゼゾ", "ダヂヅデド", "バビブベボ", "パピプペポ"),
)
_SIGNS: Final = {
    **{kana: consonant + vowel
       for row, consonant in zip(_ROWS, ("", *"kstnhmrgzdbp"), strict=True)
       for kana, vowel in zip(row, "aiueo", strict=True)},
    **dict(zip("ヤユヨワヲンッー", ("ya", "yu", "yo", "wa", "o", "n", "", ""), strict=True)),
    **dict(zip("ャュョ", ("<ya", "<yu", "<yo"), strict=True)),  # takes the vowel before it away
}  # fmt: skip
_ONE_WAY: Final = (
    ("shi", "si"), ("chi", "ti"), ("tsu", "tu"), ("sh", "sy"), ("ch", "ty"), ("jy", "zy"),
    ("ji", "zi"), ("j", "zy"), ("fu", "hu"), ("ou", "o"), ("oo", "o"), ("uu", "u"), ("mb", "nb"),
    ("mp", "np"), ("cc", "tt"), ("ssy", "sy"),
)  # fmt: skip


def _latin(kana: str) -> str:
    """The letters of a reading in katakana: ニュウカイ becomes nyukai."""
    return re.sub("[a-z]<", "", "".join(_SIGNS.get(sign, sign) for sign in kana))


def _one_way(reading: str) -> str:
    """One spelling for all romanisations: shain, syain and SYAIN are the same."""
    text = reading.lower().replace(" ", "")
    for other, ours in _ONE_WAY:
        text = text.replace(other, ours)
    return text


@lru_cache(maxsize=1)
def _words() -> tuple[dict[str, str], dict[str, str]]:
    source = files("governance.pii").joinpath("data", "readings.tsv").read_text(encoding="utf-8")
    lines = [line for line in source.splitlines() if line and not line.startswith("#")]
    cut = lines.index(_END)
    pairs = ([line.split("\t") for line in part] for part in (lines[:cut], lines[cut + 1 :]))
    heads, ends = ({_one_way(reading): word for reading, word in part} for part in pairs)
    return heads, ends


@lru_cache(maxsize=1)
def _longest() -> tuple[tuple[str, str], ...]:
    """Readings that a longer name in kana may end with: ゲンザイノビョウキ."""
    heads = _words()[0].items()
    return tuple(
        sorted((one for one in heads if len(one[0]) >= _BARE), key=lambda one: -len(one[0]))
    )


def _head(stem: str, *, alone: bool) -> str | None:
    """The word whose reading this is, whole, cut short, or with letters left out."""
    heads, _ = _words()
    if stem in heads:
        return heads[stem]
    if len(stem) < (_BARE if alone else _LEAST):
        return None
    short = [word for reading, word in heads.items() if reading.startswith(stem)]
    if short:
        return short[0]
    if len(stem) <= _SAME:
        return None
    return next((word for reading, word in heads.items() if _thinned(stem, reading)), None)


def _thinned(stem: str, reading: str) -> bool:
    letters = iter(reading)
    return reading.startswith(stem[:_SAME]) and all(sign in letters for sign in stem)


@lru_cache(maxsize=4_096)
def spelled(name: str) -> str | None:
    """The Japanese words that a short name stands for, or None where nobody can tell."""
    plain = unicodedata.normalize("NFKC", shadow_of(name[:_LONGEST])).replace("_", "")
    plain = _INDEX.sub("", plain)
    if kana := _KANA.match(plain) is not None:
        plain = _latin(plain)
    elif not _LATIN.match(plain):
        return None
    text, (_, ends) = _one_way(plain), _words()
    if (whole := _words()[0].get(text)) is not None:
        return whole
    for end in sorted(ends, key=len, reverse=True):
        stem = text.removesuffix(end)
        if stem == text or len(stem) < (_LEAST if len(end) > 1 else _BARE):
            continue
        if (word := _head(stem, alone=False)) is not None:
            return word if word.endswith(ends[end]) else word + ends[end]
    if kana:
        return next((word for reading, word in _longest() if text.endswith(reading)), None)
    return _head(text, alone=True)
