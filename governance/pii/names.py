"""Grammar of names: whether a string reads as surname, given name or both, in any script."""

import re
from enum import IntEnum
from functools import lru_cache
from importlib.resources import files
from typing import Final

import jaconv

from governance.pii.lexicon import words
from governance.pii.sudachi import katakana, senses

# CJK signs names are written with, their variants and the selectors of ideographic variants
KANJI: Final = "々〆〇㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff\ufe00-\ufe0f\U000e0100-\U000e01ef"
KATA: Final = "ァ-ヺー"
HIRA: Final = "ぁ-ゖ"
HALF: Final = "ｦ-ﾟ"
LATIN: Final = "A-Za-zÀ-ÖØ-öø-ÿĀ-žǍ-ǜ"

_KANJI_ONLY: Final = re.compile(rf"[{KANJI}ヶケノ]+")
_KATA_ONLY: Final = re.compile(rf"[{KATA}]+")
_HIRA_ONLY: Final = re.compile(rf"[{HIRA}ー]+")
_HALF_ONLY: Final = re.compile(rf"[{HALF}]+")
_FOREIGN: Final = re.compile(rf"[{KATA}]{{2,}}(?:[・＝=][{KATA}]{{1,}})+")
_LATIN_NAME: Final = re.compile(
    rf"(?:[A-ZÀ-ÖØ-Þ][{LATIN}'’\-]*\.?,? )(?:(?:van|von|de|der|den|da"
    rf"|di|del|la|le|bin|al|el|ter|dos) ){{0,2}}"
    rf"[A-ZÀ-ÖØ-Þ][{LATIN}'’\-]+(?: [A-ZÀ-ÖØ-Þ][{LATIN}'’\-]+)?"
)
_ONE_SCRIPT: Final = re.compile(rf"[{KANJI}ヶケノ]+[{HIRA}]?|[{KATA}]+|[{HIRA}ー]+")
_IVS: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")

# Words that stand before 様 or さん and are nobody's name, and words that end no name
NO_NAME: Final = words("no_names_ja.txt")
_COMMON_KANA: Final = words("no_names_kana.txt")


class Name(IntEnum):
    """How much of a name a string is; larger is surer."""

    NO = 0
    GIVEN = 1
    SURNAME = 2
    LIKELY = 3  # a known surname and something that can be a given name
    FULL = 4  # a known surname and a known given name
    FOREIGN = 5  # parts joined by ・, or Latin words


_MAX_SURNAME: Final = 5
_MAX_KANA: Final = 11


def _kanji_full(text: str) -> Name:
    """A surname in kanji followed by a given name in kanji or kana, without a sign between."""
    best = Name.NO
    for cut in range(min(_MAX_SURNAME + 1, len(text) - 1), 0, -1):
        head, rest = text[:cut], text[cut:]
        if not _KANJI_ONLY.fullmatch(head) or not surname(head):
            continue
        plain = _IVS.sub("", rest)
        if not 1 <= len(plain) <= 4 or plain in NO_NAME or plain[-1] in "様殿氏宅方邸宛":  # noqa: PLR2004
            continue
        if given_name(rest):
            return Name.FULL
        if _KANJI_ONLY.fullmatch(plain) and len(plain) <= 3 and not senses(plain).known:  # noqa: PLR2004
            best = Name.LIKELY
        elif (
            cut > 1
            and len(plain) > 1
            and (_HIRA_ONLY.fullmatch(plain) or _KATA_ONLY.fullmatch(plain))
        ):
            known = senses(plain)
            if not known.known or known.name:
                best = Name.LIKELY
    return best


@lru_cache(maxsize=1)
def _extra() -> tuple[frozenset[str], frozenset[str]]:
    """Given names and surnames that the dictionary lacks."""
    source = files("governance.pii").joinpath("data", "japanese_names.txt").read_text("utf-8")
    body = "\n".join(line for line in source.splitlines() if not line.startswith("#"))
    given, surnames = body.split("[surname]")
    return frozenset(given.replace("[given]", "").split()), frozenset(surnames.split())


@lru_cache(maxsize=65_536)
def given_name(text: str) -> bool:
    """The dictionary, in kanji or by reading, knows it as a given name."""
    if text in NO_NAME or text in _COMMON_KANA:
        return False
    if text in _extra()[0] or senses(text).given:
        return True
    kana = katakana(text)
    return bool(_HIRA_ONLY.fullmatch(text)) and (kana in _extra()[0] or senses(kana).given)


@lru_cache(maxsize=65_536)
def surname(text: str) -> bool:
    """The dictionary, in kanji or by reading, knows it as a surname."""
    if text in NO_NAME or text in _COMMON_KANA:
        return False
    if text in _extra()[1] or senses(text).surname:
        return True
    kana = katakana(text)
    return bool(_HIRA_ONLY.fullmatch(text)) and (kana in _extra()[1] or senses(kana).surname)


def _kana_full(text: str) -> Name:
    """A surname and given name in one script of kana, without a sign between."""
    best = Name.NO
    for cut in range(min(6, len(text) - 2), 1, -1):
        if surname(text[:cut]):
            rest = text[cut:]
            if given_name(rest):
                return Name.FULL
            if 2 <= len(rest) <= 4 and not senses(rest).common:  # noqa: PLR2004
                best = Name.LIKELY
    return best


def _spaced(first: str, second: str) -> Name:
    """Two parts with a space between."""
    known_first, known_second = surname(first), given_name(second)
    same = any(
        p.fullmatch(first) and p.fullmatch(second) for p in (_KATA_ONLY, _HIRA_ONLY, _HALF_ONLY)
    )
    if known_first and known_second:
        return Name.FULL
    if second[-1:] in "様殿氏宅方邸宛儀" or not _ONE_SCRIPT.fullmatch(second):
        return Name.NO
    if second in NO_NAME or first in NO_NAME or second in _COMMON_KANA or first in _COMMON_KANA:
        return Name.NO
    plain = _IVS.sub("", second)
    if known_first and 1 <= len(plain) <= 4 and (same or not senses(second).common):  # noqa: PLR2004
        return Name.LIKELY
    if known_second and same and 2 <= len(first) <= 6 and not senses(first).common:  # noqa: PLR2004
        return Name.LIKELY
    if known_second and not senses(first).known and len(_IVS.sub("", first)) <= 3:  # noqa: PLR2004
        return Name.LIKELY
    return Name.NO


@lru_cache(maxsize=65_536)
def name_of(text: str) -> Name:
    """What the whole string reads as; spaces of any width count as one separator."""
    folded = text.replace("　", " ").strip()
    if not folded or len(folded) > 40:  # noqa: PLR2004
        return Name.NO
    if " " in folded and not re.search(rf"[{LATIN}]", folded):
        first, _, second = jaconv.h2z(folded).replace("　", " ").partition(" ")
        return Name.NO if " " in second.strip() else _spaced(first, second.strip())
    if folded in NO_NAME or folded in _COMMON_KANA:
        return Name.NO
    return _unspaced(jaconv.h2z(folded) if _HALF_ONLY.fullmatch(folded) else folded)


def _unspaced(folded: str) -> Name:
    """A string without a space, or in Latin letters."""
    if _LATIN_NAME.fullmatch(folded) or _FOREIGN.fullmatch(folded):
        return Name.FOREIGN
    if _KATA_ONLY.fullmatch(folded) or _HIRA_ONLY.fullmatch(folded):
        return _kana_kind(katakana(folded))
    known = senses(folded)
    if surname(folded):
        return Name.SURNAME
    full = _kanji_full(folded)
    if full is Name.FULL:
        return full
    return Name.GIVEN if full is Name.NO and (known.given or given_name(folded)) else full


def _kana_kind(text: str) -> Name:
    if not 2 <= len(text) <= _MAX_KANA:  # noqa: PLR2004
        return Name.NO
    known = senses(text)
    if surname(text):
        return Name.SURNAME
    if given_name(text):
        return Name.GIVEN
    full = _kana_full(text)
    if full is Name.FULL:
        return full
    if known.common:
        return Name.NO
    return full if full is not Name.NO else (Name.GIVEN if known.person else Name.NO)
