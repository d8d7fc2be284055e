"""Masking methods: pure functions from a value to what may be shown of it.

No method uses a hash: nothing can be guessed from the answer, and a token is random for each data
set, so that two of them cannot be joined. Whatever a method cannot read is hidden whole. The mark
has one length, so that it tells no length either.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

from policies.address import municipality_of, prefecture_of

MARK = "＊＊＊"
KEEP = 4  # characters that keep_last shows when the policy names no number
OLDEST_BAND = 90  # above it a band would single a person out


class MaskMethod(StrEnum):
    """The closed list of masking methods, from what shows most to what shows nothing."""

    PARTIAL = "partial"
    INITIAL = "initial"
    KEEP_LAST = "keep_last"
    YEAR_MONTH = "year_month"
    YEAR = "year"
    AGE_BAND = "age_band"
    MUNICIPALITY = "municipality"
    PREFECTURE = "prefecture"
    REDACT = "redact"
    TOKEN = "token"  # noqa: S105 - a random sign for each value, in one data set alone
    HIDE = "hide"
    NULL = "null"  # nothing at all, not even the mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Masking:
    """A method with the number of characters that it may keep."""

    method: MaskMethod
    keep: int = KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One found place in a text, in code points, end exclusive."""

    start: int
    end: int
    label: str


_EMAIL = re.compile(r"([^@\s]+)@[^@\s]*\.([A-Za-z]{2,24})")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_JOINER = "\u200d"  # the sign after it belongs to the one before
_SOUND = frozenset("\uff9e\uff9f")  # half-width voiced marks: ｶﾞ is one sign
_DIGIT = re.compile(r"\d")
Tokens = Callable[[str], str]  # the sign of a value in the data set at hand


def signs(value: str) -> list[str]:
    """The signs as people count them: marks, variants and voiced marks go with their base."""
    found: list[str] = []
    for character in value:
        joined = bool(found) and found[-1].endswith(_JOINER)
        if found and (joined or _belongs(character)):
            found[-1] += character
        else:
            found.append(character)
    return found


def _belongs(character: str) -> bool:
    mark = unicodedata.category(character).startswith("M")
    return mark or character == _JOINER or character in _SOUND


def keep_last(value: str, *, keep: int) -> str:
    """The last characters after a mark; hidden whole when they would be over a half of it."""
    found = signs(value.strip())
    if keep < 1 or len(found) < 2 * keep:
        return MARK
    return MARK + "".join(found[-keep:])


def partial(value: str, *, keep: int) -> str:
    """First letter and top-level domain of an e-mail, or the last digits of a number."""
    found = _EMAIL.fullmatch(value.strip())
    if found is not None:
        local = signs(found.group(1))
        first = local[0] if len(local) > 1 else ""  # a single sign would be the whole of it
        return f"{first}{MARK}@{MARK}.{found.group(2)}"
    digits = "".join(_DIGIT.findall(value))
    return keep_last(digits, keep=keep)


def initial(value: str) -> str:
    """The first character of a name; a name of one character is hidden."""
    found = signs(value.strip())
    return found[0] + MARK if len(found) > 1 else MARK


def _day(value: str) -> date | None:
    found = _DATE.match(value.strip())
    if found is None:
        return None
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        return None


def year_month(value: str) -> str:
    """Year and month of an ISO date."""
    day = _day(value)
    return MARK if day is None else f"{day.year:04d}-{day.month:02d}"


def year(value: str) -> str:
    """Year of an ISO date."""
    day = _day(value)
    return MARK if day is None else f"{day.year:04d}"


def age_band(value: str, *, on: date | None) -> str:
    """The decade of the age on that day, ``40-49``; hidden without a day to count on."""
    born = _day(value)
    if born is None or on is None or born > on:
        return MARK
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    if age >= OLDEST_BAND:
        return f"{OLDEST_BAND}+"
    low = age // 10 * 10
    return f"{low}-{low + 9}"


_NO_NAMES: Mapping[str, str] = MappingProxyType({})


def redact(value: str, *, spans: Iterable[Span], names: Mapping[str, str] = _NO_NAMES) -> str:
    """The text with every span replaced by its label; hidden whole when a span does not fit."""
    found = sorted(spans, key=lambda span: (span.start, -span.end))
    parts: list[str] = []
    at = 0
    for span in found:
        if not 0 <= span.start < span.end <= len(value):
            return MARK  # fails closed: these spans belong to another text
        if span.start >= at:
            parts += [value[at : span.start], f"［{names.get(span.label, span.label)}］"]
        at = max(at, span.end)
    return "".join([*parts, value[at:]])


def mask(
    value: str,
    masking: Masking,
    *,
    on: date | None = None,
    spans: Iterable[Span] | None = None,
    names: Mapping[str, str] = _NO_NAMES,
    tokens: Tokens | None = None,
) -> str:
    """What may be shown of the value; an empty value stays empty."""
    if not value.strip():
        return ""
    match masking.method:
        case MaskMethod.PARTIAL:
            return partial(value, keep=masking.keep)
        case MaskMethod.KEEP_LAST:
            return keep_last(value, keep=masking.keep)
        case MaskMethod.AGE_BAND:
            return age_band(value, on=on)
        case MaskMethod.REDACT:
            # fails closed: a text that was not analysed is not shown
            return MARK if spans is None else redact(value, spans=spans, names=names)
        case MaskMethod.TOKEN:
            return MARK if tokens is None else tokens(value)  # fails closed: no data set, no token
        case (
            MaskMethod.INITIAL
            | MaskMethod.YEAR_MONTH
            | MaskMethod.YEAR
            | MaskMethod.PREFECTURE
            | MaskMethod.MUNICIPALITY
            | MaskMethod.HIDE
            | MaskMethod.NULL
        ) as plain:
            return _PLAIN[plain](value)
        case never:
            assert_never(never)


_PLAIN: Mapping[MaskMethod, Callable[[str], str]] = MappingProxyType(
    {
        MaskMethod.INITIAL: initial,
        MaskMethod.YEAR_MONTH: year_month,
        MaskMethod.YEAR: year,
        MaskMethod.PREFECTURE: lambda value: prefecture_of(value) or MARK,
        MaskMethod.MUNICIPALITY: lambda value: municipality_of(value) or MARK,
        MaskMethod.HIDE: lambda _: MARK,
        MaskMethod.NULL: lambda _: "",
    }
)

MILDNESS: Mapping[MaskMethod, int] = MappingProxyType(
    {method: place for place, method in enumerate(MaskMethod, start=1)}
)
