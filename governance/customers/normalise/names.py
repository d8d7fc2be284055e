"""Names of persons: stored as written, with one space; keys for search fold variants and script."""

import re
import unicodedata
from functools import cache
from importlib.resources import files

import jaconv

from governance.customers.normalise.chars import (
    clean_text,
    fold_width,
    is_absent,
    is_lossy,
    no_spaces,
    squeeze,
)
from governance.customers.types import Normalised, ProblemKind

_FULL = re.compile(r"[\u4e00-\u9fa5ぁ-ゖァ-ヺー々 \u3000]+")  # no letter has another width
_USUAL = re.compile(r"[\u4e00-\u9fa5ァ-ヺー々 \u3000]+")  # nothing but variants to fold
_HONORIFIC = re.compile(r"(?<=\S)\s*(?:様|さま|サマ|殿|御中|先生|氏|さん)$")
_NOT_A_NAME = re.compile(
    r"^\W*(?:名前|氏名|お名前)?(?:未記入|未入力|未登録|不明|匿名|名無し|無記名|記載なし)\W*$"
)
_BRACKETS = re.compile(r"\(.*?\)")  # 旧姓, a nickname, a remark
_IVS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_MARKS = re.compile(r"[\s\u3000・･.,'’`\-‐－=＝_]+")
_ACCENTS = re.compile("[\u0300-\u036f]")
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "œ": "oe", "ł": "l"}
)


def normalise_name(text: str, *, required: bool = False) -> Normalised:
    """The name as written, honorific gone, one space between parts; variants are kept."""
    plain = clean_text(text)
    name = squeeze(_narrow_latin(plain)) if plain else ""
    name = squeeze(_HONORIFIC.sub("", name))
    if not name or is_absent(name) or _NOT_A_NAME.match(name):
        missing = (ProblemKind.MISSING_REQUIRED,) if required else ()
        return Normalised(problems=missing, dirt="missing" if required else None)
    problems = (ProblemKind.LOSSY_CHAR,) if is_lossy(name) else ()
    return Normalised(value=name, problems=problems, dirt="lossy" if problems else "name")


def _narrow_latin(text: str) -> str:
    """Full-width letters narrow and half-width kana wide, kanji untouched (NFKC alters some)."""
    if _FULL.fullmatch(text):
        return text.replace("\u3000", " ")
    return "".join(fold_width(c) if _is_width_form(c) else c for c in jaconv.h2z(text))


def _is_width_form(c: str) -> bool:
    return "\uff01" <= c <= "\uff5e" or c == "\u3000"


@cache
def variants() -> dict[int, str]:
    """Translation table from variant kanji to the folded form of each."""
    lines = files("governance.customers.data").joinpath("kanji_variants.tsv").read_text("utf-8")
    table: dict[int, str] = {}
    for line in lines.splitlines():
        folded, tab, others = line.partition("\t")
        if tab and not line.startswith("#"):
            table.update(dict.fromkeys(map(ord, others), folded))
    return table


def fold_variants(text: str) -> str:
    """Variation selectors dropped, compatibility and variant kanji folded by our own table."""
    return fold_width(_IVS.sub("", text)).translate(variants())


def name_key(text: str) -> str:
    """A name for search and comparison: no spaces, width, case and accents; kanji folded."""
    if _USUAL.fullmatch(text):
        return text.translate(_usual_key())
    plain = fold_variants(text)
    folded = (_BRACKETS.sub("", plain).strip() or plain).casefold().translate(_UMLAUTS)
    katakana = jaconv.hira2kata(_MARKS.sub("", folded))
    if katakana.isascii():
        return katakana
    return _without_accents(katakana)


@cache
def _usual_key() -> dict[int, str | None]:
    """Variant kanji folded, spaces gone."""
    return {**variants(), ord(" "): None, ord("\u3000"): None}


def _without_accents(text: str) -> str:
    """Accents of Latin letters dropped; voiced marks of kana stay."""
    plain = "".join(
        unicodedata.normalize("NFD", c)[0] if "\u00c0" <= c <= "\u024f" else c for c in text
    )
    return _ACCENTS.sub("", plain)


def name_parts(text: str) -> tuple[str, str]:
    """Family and given name as keys, split at the space; the second is empty without one."""
    family, _, given = squeeze(text).partition(" ")
    return name_key(family), name_key(given)


def latin_key(text: str) -> str:
    """A Latin name for comparison, parts sorted: Müller Silke, Silke Mueller, Muller Silke."""
    words = squeeze(fold_variants(text).casefold().translate(_UMLAUTS)).split(" ")
    bare = sorted(_without_accents(_MARKS.sub("", word)) for word in words)
    return re.sub(r"(?<=[aou])e", "", "".join(bare))


def is_kana_only(text: str) -> bool:
    """True when a written name is in kana alone, so that it is its own reading."""
    plain = no_spaces(fold_width(text))
    return bool(plain) and all("\u3041" <= c <= "\u30ff" for c in plain)
