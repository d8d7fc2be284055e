"""Romaji (ヘボン式, 訓令式, typed at a keyboard) as the reading it writes.

Passports leave long vowels out and write ン before m, b and p as m; an n before a vowel may be
ン or the beginning of ナ. So one spelling can be several readings, and all of them are given.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from typing import Final

LONGEST: Final = 3  # letters of a syllable that is only begun: tsu, shi
READINGS_MOST: Final = 8  # of one spelling; each doubtful n doubles them
_VOWELS: Final = "aiueo"
_ROWS: Final = {
    "": "アイウエオ", "k": "カキクケコ", "s": "サシスセソ", "t": "タチツテト", "n": "ナニヌネノ",
    "h": "ハヒフヘホ", "m": "マミムメモ", "r": "ラリルレロ", "g": "ガギグゲゴ", "z": "ザジズゼゾ",
    "d": "ダヂヅデド", "b": "バビブベボ", "p": "パピプペポ", "v": "ヴ____", "l": "ラリルレロ",
    "c": "カ_ク_コ",
}  # fmt: skip
_CONTRACTED: Final = {
    "ky": "キ", "gy": "ギ", "ny": "ニ", "hy": "ヒ", "my": "ミ", "ry": "リ", "by": "ビ", "py": "ピ",
    "sy": "シ", "sh": "シ", "ty": "チ", "ch": "チ", "cy": "チ", "zy": "ジ", "j": "ジ", "jy": "ジ",
    "dy": "ヂ", "ly": "リ",
}  # fmt: skip
_SMALL: Final = {"a": "ャ", "u": "ュ", "o": "ョ", "e": "ェ"}
_SINGLE: Final = {
    "ya": "ヤ", "yu": "ユ", "yo": "ヨ", "wa": "ワ", "wi": "ウィ", "we": "ウェ", "wo": "ヲ",
    "shi": "シ", "chi": "チ", "tsu": "ツ", "ji": "ジ", "jyi": "ジ", "dzu": "ヅ", "fu": "フ",
    "fa": "ファ", "fi": "フィ", "fe": "フェ", "fo": "フォ", "va": "ヴァ", "vi": "ヴィ",
    "vu": "ヴ", "ve": "ヴェ", "vo": "ヴォ", "tsa": "ツァ", "thi": "ティ", "dhi": "ディ",
    "xa": "ァ", "xi": "ィ", "xu": "ゥ", "xe": "ェ", "xo": "ォ", "xya": "ャ", "xyu": "ュ",
    "xyo": "ョ", "xtu": "ッ", "xtsu": "ッ", "ltu": "ッ", "ltsu": "ッ", "dja": "ジャ",
    "dju": "ジュ", "djo": "ジョ", "dji": "ジ",
}  # fmt: skip
_MACRONS: Final = str.maketrans("âîûêô", "aiueo")
_NOT_ROMAJI: Final = re.compile(r"[^a-z']")
_LONG_H: Final = re.compile(r"(?<=o)h(?![aiueoy])")  # Ohno, Satoh
_LABIAL_N: Final = re.compile(r"m(?=[bpm])")  # Namba, Homma
_APART: Final = str.maketrans("", "", " \u3000-ー・.,’‘`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Whole syllables in katakana, and with what the next one must begin when one was begun."""

    kana: str = field(repr=False)
    begun: frozenset[str] = field(default=frozenset(), repr=False)


@cache
def _syllables() -> dict[str, str]:
    """Every spelling of a syllable with its kana."""
    table = dict(_SINGLE)
    for consonant, row in _ROWS.items():
        pairs = zip(_VOWELS, row, strict=True)
        table.update((consonant + vowel, kana) for vowel, kana in pairs if kana != "_")
    for consonant, kana in _CONTRACTED.items():
        table.update((consonant + vowel, kana + small) for vowel, small in _SMALL.items())
    return table | {"ji": "ジ", "vu": "ヴ"}


@cache
def _begun_by(letters: str) -> frozenset[str]:
    """First kana of the syllables that begin with these letters."""
    found = {kana[0] for spelling, kana in _syllables().items() if spelling.startswith(letters)}
    return frozenset(found | ({"ン"} if letters in {"n", "m"} else set()))


def is_romaji(text: str) -> bool:
    """True for letters, spaces and the marks of a name written in Latin letters alone."""
    plain = _letters(text)
    return bool(plain) and _NOT_ROMAJI.search(plain) is None


def _letters(text: str) -> str:
    """Lower case letters without accents, spaces and hyphens; other signs stand."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    bare = "".join(c for c in unicodedata.normalize("NFD", plain) if not "\u0300" <= c <= "\u036f")
    return bare.translate(_MACRONS).translate(_APART)


def readings(text: str) -> tuple[Reading, ...]:
    """What the spelling can be read as, the plainest first; none for what is no romaji."""
    plain = _letters(text)
    if not plain or _NOT_ROMAJI.search(plain):
        return ()
    spelled = _LABIAL_N.sub("n", _LONG_H.sub("", plain))
    found: dict[Reading, None] = {}
    for kana, begun in _spelled(spelled):
        found.setdefault(Reading(kana=kana, begun=begun))
        if len(found) == READINGS_MOST:
            break
    return tuple(found)


def _spelled(rest: str) -> list[tuple[str, frozenset[str]]]:
    """Readings of the letters from here on; a syllable that is only begun must be the last."""
    ways: list[tuple[str, frozenset[str]]] = []
    open_ways: list[tuple[str, str]] = [("", rest)]
    while open_ways and len(ways) < READINGS_MOST:
        done, left = open_ways.pop(0)
        if not left:
            ways.append((done, frozenset()))
            continue
        open_ways[:0] = [(done + kana, left[used:]) for kana, used in _steps(done, left)]
        if len(left) <= LONGEST and left not in _syllables() and (begun := _begun_by(left)):
            ways.append((done, begun))
    return sorted((way for way in ways if way[0]), key=lambda way: bool(way[1]))


def _steps(done: str, left: str) -> list[tuple[str, int]]:
    """What the next letters can be: a syllable, a doubled consonant, ン."""
    table, steps = _syllables(), list[tuple[str, int]]()
    sizes = (size for size in (4, 3, 2, 1) if left[:size] in table and len(left) >= size)
    if (size := next(sizes, 0)) != 0:
        steps.append((table[left[:size]], size))
    first, second, third = left[0], left[1:2], left[2:3]
    vowel_follows = bool(third) and third in _VOWELS + "y"
    if first == "'":
        return [("", 1)]
    if first == "n" and second == "n":
        return [("ン", 1), ("ン", 2)] if vowel_follows else [("ン", 2)]
    if first == "n" and second == "'":
        return [("ン", 2)]
    if first == "n":
        return [*steps, ("ン", 1)] if done and not done.endswith("ン") else steps
    if (first == second and first not in _VOWELS) or left.startswith("tch"):
        return [("ッ", 1)] if done and not done.endswith("ッ") else []
    return steps
