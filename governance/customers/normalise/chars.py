"""Characters: width, hyphens, spaces, absent marks, control and lost characters, formulas.

NFKC leaves U+2010, U+2212 and the dashes alone and turns half-width kana into full-width kana;
hyphens are folded here, and only where a hyphen cannot be a long-vowel mark.
"""

import re
import unicodedata
from collections.abc import Iterator

from governance.customers.types import ProblemKind

HYPHENS = "-‐‑‒–—―−﹣－ー─━ｰ"
_HYPHEN_TABLE = str.maketrans(dict.fromkeys(HYPHENS, "-"))
_SPACE = re.compile(r"[\s\u3000\u00a0\u200b\ufeff]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
ABSENT = frozenset(
    {
        "なし",
        "無し",
        "無",
        "不明",
        "未登録",
        "未記入",
        "未入力",
        "持っていない",
        "もっていない",
        "該当なし",
        "ありません",
        "特になし",
        "n/a",
        "na",
        "none",
        "null",
        "nil",
        "unknown",
        "#n/a",
        "-",
        "--",
        "---",
        "*",
        "/",
        "・",
        ".",
    }
)
_ABSENT_STARTS = frozenset(mark[0] for mark in ABSENT)
LONGEST_ABSENT = 16  # characters, with spaces and brackets around the mark
OVERLONG_AT = 5_000  # characters; where exports cut a note, the rest is lost


def fold_width(text: str) -> str:
    """Compatibility forms gone: full-width digits and letters narrow, half-width kana wide."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def squeeze(text: str) -> str:
    """Every run of spaces is one space, none at the ends."""
    return _SPACE.sub(" ", text).strip()


def no_spaces(text: str) -> str:
    """The text without any space."""
    if text.isalnum():
        return text
    plain = "".join(text.split())  # half the price of the expression
    return plain if plain.isascii() else plain.replace("\u200b", "").replace("\ufeff", "")


def folded_word(text: str) -> str:
    """A word as closed lists compare it: without width, spaces and case."""
    return no_spaces(fold_width(text)).casefold()


def hyphenated(text: str) -> str:
    """Width folded and every dash a hyphen-minus; for digits, never for names."""
    if text.isascii():
        return text
    return fold_width(text.translate(_HYPHEN_TABLE)).translate(_HYPHEN_TABLE)


def is_absent(text: str) -> bool:
    """True for an empty cell and for the marks people write into an empty cell."""
    if "0" <= text[-1:] <= "9" or (len(text) > LONGEST_ABSENT and text.strip()):
        return False  # no mark has a digit
    if _is_letter(text[:1]) and text[0] not in _ABSENT_STARTS:
        return False
    plain = no_spaces(hyphenated(text)).casefold().strip("()")
    return not plain or plain in ABSENT


def _is_letter(char: str) -> bool:
    """True for kanji and kana that folding leaves as they are."""
    return "\u4e00" <= char <= "\u9fa5" or "ァ" <= char <= "ヺ" or "ぁ" <= char <= "ゖ"


def clean_text(text: str) -> str | None:
    """Control characters gone, ends trimmed, inner line breaks kept as LF; none when empty."""
    if text.isprintable():
        return text.strip(" ") or None
    plain = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return plain.strip(" \t\n\u3000\u00a0\ufeff") or None


_STARTS = frozenset("=+-@\t\r＝＋－＠−﹣﹢﹦﹫")
_FORMULA_START = re.compile(r"[\t\r\n]*[=+\-@]")
_CALL = re.compile(r"[A-Za-z][A-Za-z0-9._]*\s*\(")
_DDE = re.compile(r"[A-Za-z]+\s*\|")
_ARITHMETIC = re.compile(r"[=+\-@]\s*[A-Za-z$]{0,3}\$?\d+(?:\.\d+)?\s*[+*/^&]\s*[A-Za-z(\d]")


def formula_problem(text: str) -> ProblemKind | None:
    """Whether a spreadsheet would run this cell: an attack, an honest sign, or nothing.

    OWASP CSV injection: cells beginning with ``= + - @``, TAB or CR. Full-width signs count,
    because Japanese spreadsheets read them as the narrow ones.
    """
    if text[:1] not in _STARTS:
        return None
    plain = fold_width(text)
    if not _FORMULA_START.match(plain) or is_absent(text):
        return None
    body = plain.lstrip("\t\r\n")
    if _CALL.search(body) or _DDE.search(body) or _ARITHMETIC.match(body):
        return ProblemKind.FORMULA_INJECTION
    if body.startswith("=") and body[1:2].isascii() and body[1:2] not in {"=", ""}:
        return ProblemKind.FORMULA_INJECTION
    if plain[0] in "\t\r":
        return ProblemKind.FORMULA_INJECTION  # fails closed: a hidden sign before a formula
    return ProblemKind.FORMULA_LEADING


def is_plain(text: str) -> bool:
    """True for a cell in which `cell_problems` finds nothing; quick, for most cells."""
    return text[:1] not in _STARTS and text.isprintable() and len(text) < OVERLONG_AT


def cell_problems(text: str) -> Iterator[ProblemKind]:
    """What is wrong with a cell whatever its column is."""
    if (formula := formula_problem(text)) is not None:
        yield formula
    if not text.isprintable() and _CONTROL.search(text):
        yield ProblemKind.CONTROL_CHAR
    if len(text) >= OVERLONG_AT:
        yield ProblemKind.OVERLONG


_LOSSY_ANYWHERE = re.compile(r"[〓�□]")
_LOSSY_EDGE = re.compile(r"(?:^|[\s\u3000])・|・(?:$|[\s\u3000])")
_LOSSY_MARK = re.compile(r"[?？]")


def is_lossy(text: str) -> bool:
    """True when a name holds a sign that stands for a lost character (geta, ?, lone middle dot)."""
    return bool(
        _LOSSY_ANYWHERE.search(text) or _LOSSY_EDGE.search(text.strip()) or _LOSSY_MARK.search(text)
    )
