"""Readings (フリガナ) in full-width katakana, family and given name apart by one space."""

import re
from functools import cache
from importlib.resources import files

import jaconv

from governance.customers.normalise.chars import fold_width, is_absent, no_spaces, squeeze
from governance.customers.types import NOTHING, Normalised, ProblemKind

_KANA = re.compile(r"^[ァ-ヴーヷ-ヺヽヾ・ ゛゜]+$")
_USUAL = re.compile(r"([ァ-ヴー]+)[ \u3000]([ァ-ヴー]+)")  # nothing to fold or to turn
_POLITE = ("サマ", "ドノ")
_HONORIFIC = re.compile(r"(?<=.)\s*(?:サマ|ドノ|様|殿)$")
_WESTERN_ORDER = re.compile(r"^([ァ-ヴー]+)・([ァ-ヴー]+)$")
_KANJI = re.compile(r"[\u3400-\u9fff々〆ヶ]")
_BETWEEN = re.compile(r"(?<=[ぁ-ヿ])[,./=](?=[ぁ-ヿ])")
_COMPOSED = str.maketrans(dict.fromkeys("-‐‑–—―−－─", "ー")) | {
    ord("゛"): "\u3099",  # marks of their own compose with the kana before them
    ord("゜"): "\u309a",
}
# ジユンコ for ジュンコ: systems without small kana. Only where no Japanese name has the long form;
# ミユウ, キヨシ, トシユキ stay as they are.
_BIG_FOR_SMALL = re.compile(
    r"(?<=[シジチリギ])([ユヨ])(?=[ウンクツ])|(?<=[キヒニビピ])([ユヨ])(?=ウ)|(?<=[ヒシチ])ヤ(?=ク)"
)
_SMALL = {"ユ": "ュ", "ヨ": "ョ", "ヤ": "ャ"}
KEY_TABLE = str.maketrans(
    "ァィゥェォッャュョヮヵヶヂヅヲヰヱ", "アイウエオツヤユヨワカケジズオイエ"
)
USUAL_READING = re.compile(r"[ァ-ヴー・ \u3000]+")  # a usual reading: nothing to fold to katakana
_USUAL_KEY = KEY_TABLE | dict.fromkeys(map(ord, "ー・ \u3000"))


def normalise_kana(text: str, *, name: str = "") -> Normalised:
    """The reading in full-width katakana; none for kanji and romaji, which are no reading.

    `name` is the written name of the same row: a Western name read with a middle dot has the
    given name first and is turned.
    """
    if (usual := _USUAL.fullmatch(text)) is not None and not text.endswith(_POLITE):
        return Normalised(value=" ".join(map(small_kana, usual.groups())), dirt="full")
    if is_absent(text):
        return NOTHING
    plain = squeeze(_BETWEEN.sub(" ", fold_width(text.translate(_COMPOSED))))
    katakana = jaconv.hira2kata(plain)
    katakana = _HONORIFIC.sub("", katakana.replace("･", "・"))
    if not _KANA.match(katakana) or not re.search(r"[ァ-ヴ]", katakana):
        dirt = "kanji" if _KANJI.search(plain) else "romaji"
        return Normalised(problems=(ProblemKind.KANA_INVALID,), dirt=dirt)
    western = _WESTERN_ORDER.match(katakana)
    if western is not None and _is_western(name):
        return Normalised(value=f"{western[2]} {western[1]}", dirt="foreign")
    words = squeeze(katakana.replace("・", " ")).split(" ")
    if len(words) == 1:  # ホシユウコ: where the given name begins is unknown, nothing is restored
        return Normalised(value=words[0], dirt="nospace")
    return Normalised(value=" ".join(map(small_kana, words)), dirt="full")


def _is_western(name: str) -> bool:
    """True when the written name is in Latin letters, or in katakana with a middle dot."""
    letters = [c for c in no_spaces(name) if c.isalpha()]
    if letters and all(ord(c) < 0x250 for c in letters):  # noqa: PLR2004 -- end of Latin Extended-B
        return True
    return _WESTERN_ORDER.match(no_spaces(fold_width(name))) is not None


def small_kana(word: str) -> str:
    """Small ュ, ョ and ッ restored where a system without small kana wrote large ones."""
    restored = _BIG_FOR_SMALL.sub(lambda found: _SMALL[found.group()], word)
    if "ツ" not in restored:
        return restored
    for large, small in geminates().items():
        if restored.startswith(large):
            return small + restored[len(large) :]
    return restored


@cache
def geminates() -> dict[str, str]:
    """Family names with ッ by their spelling with ツ (ハツトリ: ハットリ)."""
    lines = files("governance.customers.data").joinpath("geminate_surnames.txt").read_text("utf-8")
    names = [line.strip() for line in lines.splitlines() if line.strip() and line[0] != "#"]
    return {name.replace("ッ", "ツ"): name for name in names}


def kana_key(value: str) -> str:
    """A reading for comparison: no spaces, small kana, long marks; ヂ ヅ ヲ as ジ ズ オ."""
    if USUAL_READING.fullmatch(value):
        return value.translate(_USUAL_KEY)
    folded = no_spaces(jaconv.hira2kata(fold_width(value.replace("・", ""))))
    return fold_width(folded.translate(KEY_TABLE).replace("ー", "").replace("・", ""))
