"""Telephone numbers in E.164; Japanese numbers by the length rules of 電気通信番号計画."""

import re

from governance.customers.normalise.chars import hyphenated, is_absent
from governance.customers.types import NOTHING, Normalised, ProblemKind

_LABEL = re.compile(
    r"^(?:tel|phone|fax|mobile|電話番号|電話|携帯電話|携帯番号|携帯|自宅|勤務先|会社|℡|☎|📞)"
    r"\s*[:;.]?\s*",
    re.IGNORECASE,
)
_NOTE = re.compile(r"[(（\[【][^()（）\[\]]*[^\d()（）\[\]\s+\-.][^()（）\[\]]*[)）\]】]")
_EXTENSION = re.compile(r"\s*(?:内線?|ext\.?|extension|ｘ|x|#)\s*[:.]?\s*\d+\s*$", re.IGNORECASE)
_SEPARATOR = re.compile(r"\s*(?:[/／;；,、，|・･\n]|又は|または|及び|or)\s*", re.IGNORECASE)
_APART = re.compile(r"(?<=\d)\s+(?=[+(]?0)")
_EXPONENT = re.compile(r"^\d(?:\.\d+)?E\+?\d+$", re.IGNORECASE)
_ALLOWED = re.compile(r"^\+?[\d\s()._\-]+$")
_WORDS = re.compile(r"^[\u3041-\u30ff\u3400-\u9fff々:\s]+|[\u3041-\u30ff\u3400-\u9fff々:\s]+$")
_FLOAT = re.compile(r"^(\d{9,11})\.0+$")  # a number that a spreadsheet took for one
_TRUNK = re.compile(r"^(\+\d{1,3}[\s\-]*)\(0\)")  # +44 (0)20: the zero is dialled at home only
_COUNTRY = re.compile(r"^\((\+\d{1,3})\)")
_USUAL = re.compile(r"0[\d\-]{8,12}\d", re.ASCII)  # nothing to fold or to cut
_ELEVEN = ("020", "050", "060", "070", "080", "090", "0800")  # numbers of eleven digits
_MOBILE = re.compile(r"^[6789]0[1-9]")
_JAPAN = "81"
MIN_E164, MAX_E164 = 8, 15  # digits with country code; shorter ones are no subscribers


def normalise_phone(text: str) -> Normalised:
    """The first number of the cell in E.164, or none when its digits are not a number's."""
    if _USUAL.fullmatch(text):
        return _of_digits(text.replace("-", ""), dirt=None)
    if is_absent(text):
        return NOTHING
    plain = _FLOAT.sub(r"\1", hyphenated(text).strip().lstrip("'"))
    if _EXPONENT.match(plain.replace(" ", "")):
        return Normalised(problems=(ProblemKind.PHONE_DIGITS,), dirt="excel_exponent")
    if sum(map(str.isdigit, plain)) > MAX_E164:  # two numbers with only a space between them
        plain = _APART.sub("/", plain)
    parts = [part for part in _SEPARATOR.split(plain) if sum(map(str.isdigit, part)) > 5]  # noqa: PLR2004 -- shorter parts are remarks
    found = _one(parts[0] if parts else plain)
    if len(parts) > 1:
        problems = (ProblemKind.MULTI_VALUE, *found.problems)
        return Normalised(value=found.value, problems=problems, dirt="multi")
    return found


def _one(text: str) -> Normalised:
    """One number without its label, remark and extension."""
    body = _LABEL.sub("", text.strip())
    dirt = "prefix" if body != text.strip() else None
    bare = _WORDS.sub("", _EXTENSION.sub("", _NOTE.sub("", body)))
    stripped = _TRUNK.sub(r"\1", _COUNTRY.sub(r"\1", bare.strip()))
    dirt = "suffix" if stripped != body else dirt
    if not _ALLOWED.match(stripped):
        return Normalised(problems=(ProblemKind.PHONE_DIGITS,), dirt="digits")
    digits = re.sub(r"\D", "", stripped)
    if stripped.startswith("+") and not is_placeholder(digits):
        return _international(digits, dirt="intl")
    return _of_digits(digits, dirt=dirt)


def _of_digits(digits: str, *, dirt: str | None) -> Normalised:
    """A number without anything between its digits, as it is dialled in Japan."""
    if is_placeholder(digits):
        return Normalised(problems=(ProblemKind.PLACEHOLDER,), dirt="placeholder")
    for prefix in ("010", "00"):  # 010 is Japan's prefix for calls abroad, 00 that of ITU-T E.164
        if digits.startswith(prefix) and len(digits) > 11:  # noqa: PLR2004 -- no domestic number is longer
            return _international(digits[len(prefix) :], dirt="intl")
    return _national(digits, dirt=dirt or "domestic")


def is_placeholder(digits: str) -> bool:
    """True for digits written to fill a field: all zero after the area code, or one digit only."""
    if len(digits) < 9:  # noqa: PLR2004 -- too short for any number
        return False
    return not digits[3:].strip("0") or len(set(digits)) == 1 or digits in _FILLERS


_FILLERS = frozenset({"0123456789", "01234567890", "09012345678", "0312345678", "1234567890"})


def _international(digits: str, *, dirt: str) -> Normalised:
    """A number with its country code; Japan's own prefix zero dropped, lengths checked."""
    if digits.startswith(_JAPAN):
        inner = digits[2:]
        return _national(inner if inner.startswith("0") else "0" + inner, dirt=dirt)
    if digits.startswith("0") or not MIN_E164 <= len(digits) <= MAX_E164:
        return Normalised(problems=(ProblemKind.PHONE_DIGITS,), dirt="digits")
    return Normalised(value="+" + digits, dirt=dirt)


def _national(digits: str, *, dirt: str) -> Normalised:
    """A domestic number; a zero that a spreadsheet swallowed is put back."""
    if is_placeholder(digits):
        return Normalised(problems=(ProblemKind.PLACEHOLDER,), dirt="placeholder")
    if valid_national(digits):
        return Normalised(value=f"+{_JAPAN}{digits[1:]}", dirt=dirt)
    if not digits.startswith("0") and valid_national("0" + digits):
        landline, mobile = len(digits) == 9, bool(_MOBILE.match(digits))  # noqa: PLR2004 -- 0A-J without its zero
        if landline or mobile or digits.startswith(("50", "800")):
            return Normalised(
                value=f"+{_JAPAN}{digits}",
                problems=(ProblemKind.LEADING_ZERO_LOST,),
                dirt="leading_zero_lost",
            )
    if digits.startswith(_JAPAN) and valid_national("0" + digits[2:]):
        return Normalised(value="+" + digits, dirt="intl")
    return Normalised(problems=(ProblemKind.PHONE_DIGITS,), dirt="digits")


def valid_national(digits: str) -> bool:
    """True for a domestic number with its trunk zero and the right length."""
    if not digits.startswith("0") or digits.startswith("00"):
        return False
    return len(digits) == (11 if digits.startswith(_ELEVEN) else 10)
