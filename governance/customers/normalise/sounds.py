"""How a reading sounds: long vowels written one way, or left out as passports do."""

import jaconv

from governance.customers.normalise.chars import fold_width, no_spaces
from governance.customers.normalise.kana import KEY_TABLE, USUAL_READING

_ROWS = {
    "a": "アカサタナハマヤラワガザダバパ",
    "i": "イキシチニヒミリギジビピ",
    "u": "ウクスツヌフムユルグズブプヴ",
    "e": "エケセテネヘメレゲゼデベペ",
    "o": "オコソトノホモヨロゴゾドボポ",
}
_VOWEL_OF = {kana: vowel for vowel, row in _ROWS.items() for kana in row}
_LENGTHENS = {"a": "ア", "i": "イ", "u": "ウ", "e": "エイ", "o": "オウ"}
_LEFT_OUT = {
    "u": "ウ",
    "o": "オウ",
}  # Hepburn of passports writes サトウ as SATO, ニイガタ as NIIGATA
_LARGE = KEY_TABLE | dict.fromkeys(map(ord, "・ \u3000"))


def large_kana(text: str) -> str:
    """Large katakana with the long mark kept; spaces and middle dots gone."""
    if USUAL_READING.fullmatch(text):
        return text.translate(_LARGE)
    katakana = no_spaces(jaconv.hira2kata(fold_width(text))).replace("・", "")
    return fold_width(katakana.translate(KEY_TABLE))


def long_vowels(text: str) -> str:
    """The reading with every long vowel as ー: サトウ is サトー, but オノ is not オオノ."""
    return _drawn(large_kana(text), _LENGTHENS, mark="ー")


def sound(text: str) -> str:
    """The reading without any long vowel, the widest form under which a reading is indexed."""
    return _drawn(large_kana(text), _LENGTHENS, mark="")


def passport(text: str) -> str:
    """The reading without the long vowels that passports leave out."""
    return _drawn(large_kana(text), _LEFT_OUT, mark="")


def _drawn(kana: str, lengthens: dict[str, str], *, mark: str) -> str:
    """The kana with what lengthens the vowel before it replaced by the mark, once for a run."""
    out: list[str] = []
    vowel, long = "", False
    for sign in kana:
        if sign == "ー" or sign in lengthens.get(vowel, ""):
            if not long and vowel:
                out.append(mark)
            long = True
            continue
        vowel, long = _VOWEL_OF.get(sign, ""), False
        out.append(sign)
    return "".join(out)
