"""Kanji numerals: 二十三, 二〇二六, 百五, 元 as one, in text with digits beside them."""

import re

_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {
    "零": 0,
    "壱": 1,
    "壹": 1,
    "弐": 2,
    "貳": 2,
    "参": 3,
    "參": 3,
    "伍": 5,
    "元": 1,
}
_UNITS = {"十": 10, "拾": 10, "百": 100, "千": 1000}
_TWENTY = {"廿": "二十", "卅": "三十"}
NUMERAL = "〇零一二三四五六七八九十百千壱壹弐貳参參伍拾廿卅"
_RUN = re.compile(f"[{NUMERAL}]+")


def kanji_number(text: str) -> int | None:
    """The number that the kanji numerals write; none for anything else."""
    for sign, spelled in _TWENTY.items():
        text = text.replace(sign, spelled)
    if not text or any(c not in _DIGITS and c not in _UNITS for c in text):
        return None
    if not any(c in _UNITS for c in text):
        return int("".join(str(_DIGITS[c]) for c in text))
    total, pending = 0, 0
    for c in text:
        if c in _UNITS:
            total += (pending or 1) * _UNITS[c]
            pending = 0
        else:
            pending = pending * 10 + _DIGITS[c]
    return total + pending


def digits_for_kanji(text: str) -> str:
    """Every run of kanji numerals is written in digits; other characters stand."""
    return _RUN.sub(lambda run: str(kanji_number(run.group())), text)
