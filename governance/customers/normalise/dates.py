"""Dates in every form of Japanese business: 西暦, 和暦, Excel serials, DE order; no guessing.

A date that cannot be known is none with the reason: two-digit years are ambiguous, an era has its
last day (元号法 and the cabinet orders), a day must exist, a birth is not in the future.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from governance.core.clock import JST
from governance.customers.normalise.chars import hyphenated, is_absent, no_spaces
from governance.customers.normalise.numerals import NUMERAL, digits_for_kanji
from governance.customers.types import NOTHING, Normalised, ProblemKind


class DateRole(StrEnum):
    """What the date says, which decides what is possible."""

    BIRTH = "birth"
    EVENT = "event"  # something that has happened or is agreed


@dataclass(frozen=True, slots=True, kw_only=True)
class Era:
    """One 元号 with its first and last day."""

    first: date
    last: date


ERAS = {
    "M": Era(first=date(1868, 1, 25), last=date(1912, 7, 30)),
    "T": Era(first=date(1912, 7, 30), last=date(1926, 12, 25)),
    "S": Era(first=date(1926, 12, 25), last=date(1989, 1, 7)),
    "H": Era(first=date(1989, 1, 8), last=date(2019, 4, 30)),
    "R": Era(first=date(2019, 5, 1), last=date(9999, 12, 31)),
}
_ERA_NAMES = {
    "明治": "M", "大正": "T", "昭和": "S", "平成": "H", "令和": "R",
    "明": "M", "大": "T", "昭": "S", "平": "H", "令": "R",
    "㍾": "M", "㍽": "T", "㍼": "S", "㍻": "H", "㋿": "R",
}  # fmt: skip
_ERA_ALTERNATIVES = "|".join(_ERA_NAMES)
_SEP = r"[/.\-年月,・]"
_WAREKI = re.compile(
    rf"^(?P<era>{_ERA_ALTERNATIVES}|[MTSHR])[.\-]?(?P<y>元|\d{{1,2}}){_SEP}"
    rf"(?:(?P<m>\d{{1,2}})(?:{_SEP}(?P<d>\d{{1,2}})日?|月?)?)?$",
    re.IGNORECASE,
)
_ERA_COMPACT = re.compile(
    rf"^(?P<era>{_ERA_ALTERNATIVES}|[MTSHR])(?P<y>\d{{2}})(?P<m>\d{{2}})(?P<d>\d{{2}})$",
    re.IGNORECASE,
)
_WESTERN = re.compile(
    r"^(?:西暦)?(?P<y>\d{4})[/.\-年,・](?P<m>\d{1,2})[/.\-月,・](?P<d>\d{1,2})日?$"
)
_USUAL = re.compile(r"(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})", re.ASCII)  # nothing to fold
_COMPACT = re.compile(r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})$")
_DAY_FIRST = re.compile(r"^(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})$")
_ANY_ORDER = re.compile(r"^(?P<a>\d{1,2})[/\-](?P<b>\d{1,2})[/\-](?P<y>\d{4})$")
_WORDED = re.compile(
    r"^(?:(?P<d>\d{1,2})[.\-]?(?P<m>[A-Za-zä]{3,9})|(?P<m2>[A-Za-zä]{3,9})\.?(?P<d2>\d{1,2}))"
    r"[.,\-]*(?P<y>\d{4})$"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_GERMAN_MONTHS = {"mär": 3, "mrz": 3, "mai": 5, "okt": 10, "dez": 12}
_PARTIAL = re.compile(r"^\d{4}(?:[/.\-年]\d{1,2}月?|年)?(?:頃|生)?$")
_NO_YEAR = re.compile(r"^\d{1,2}(?:月\d{1,2}日|月|[/.\-]\d{1,2})$")
_TWO_DIGIT = re.compile(r"^'?\d{2}[/.\-年]\d{1,2}[/.\-月]\d{1,2}日?$")
_SHORT = re.compile(r"^\d{6}$")
_SERIAL = re.compile(r"^\d{4,5}(?:\.0+)?$")
_TAIL = re.compile(r"(?:生まれ|生れ|生|頃|現在)$")
_TIME = re.compile(
    r"^(?P<day>.*?\d日?)[Tt\s]+(?:(?:AM|PM|午前|午後)\s*)?"
    r"(?:\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s*[AP]M|Z|[+-]\d{2}:?\d{2})?)?$",
    re.IGNORECASE,
)
_OTHER_CALENDAR = re.compile(  # 1985年(昭和60年)3月9日: the same year said twice
    rf"\((?:(?P<era>{_ERA_ALTERNATIVES}|[MTSHR])\.?(?P<n>元|\d{{1,2}})|(?P<y>\d{{4}}))年?\)",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(r"\([日月火水木金土]\)$")
_EXCEL_EPOCH = date(1899, 12, 30)  # the 1900 system, with its false 29 February
_SERIAL_FROM, _SERIAL_TO = 3_000, 80_000  # 1908 to 2119
PLACEHOLDERS = frozenset({(0, 0, 0), (1111, 11, 11), (1900, 1, 1), (1899, 12, 31), (1899, 12, 30),
                          (9999, 12, 31), (9999, 99, 99), (1, 1, 1), (1234, 5, 6)})  # fmt: skip
OLDEST_BIRTH_YEAR = 1890  # nobody alive was born before


def normalise_date(
    text: str, *, at: date, role: DateRole = DateRole.EVENT, required: bool = False
) -> Normalised:
    """The day as ISO 8601, or none with the reason that it cannot be known."""
    if (usual := _USUAL.fullmatch(text)) is not None:
        year, month, day = usual.groups()
        return _day(int(year), int(month), int(day), at=at, role=role, dirt="western")
    if is_absent(text):
        named = required and bool(no_spaces(text))
        return _bad(ProblemKind.DATE_UNPARSEABLE, "unparseable") if named else NOTHING
    plain = hyphenated(text).strip().strip("'\"")
    if (timed := _TIME.match(plain)) is not None:
        plain = timed.group("day")
    plain = _TAIL.sub("", _WEEKDAY.sub("", no_spaces(plain)))
    if not plain.isascii() and any(c in NUMERAL for c in plain):
        plain = digits_for_kanji(plain)
    if (said := _OTHER_CALENDAR.search(plain)) is not None:
        return _said_twice(plain.replace(said.group(), "", 1), said, at=at, role=role)
    if (wareki := _WAREKI.match(plain) or _ERA_COMPACT.match(plain)) is not None:
        return _japanese(wareki, at=at, role=role)
    for form, dirt in ((_WESTERN, "western"), (_COMPACT, "compact"), (_DAY_FIRST, "german")):
        if (found := form.match(plain)) is not None:
            return _day(
                int(found["y"]), int(found["m"]), int(found["d"]), at=at, role=role, dirt=dirt
            )
    return _other(plain, at=at, role=role)


def _said_twice(plain: str, said: re.Match[str], *, at: date, role: DateRole) -> Normalised:
    """A day whose year stands in both calendars; none when the two contradict each other."""
    if said["y"]:
        year = int(said["y"])
    else:
        era = ERAS[_ERA_NAMES.get(said["era"], said["era"].upper())]
        year = era.first.year + (1 if said["n"] == "元" else int(said["n"])) - 1
    found = normalise_date(plain, at=at, role=role)
    if found.value is not None and not found.value.startswith(f"{year:04}-"):
        return _bad(ProblemKind.DATE_AMBIGUOUS, "contradiction")
    return found


def _other(plain: str, *, at: date, role: DateRole) -> Normalised:
    """Forms that need more than reading: serials, orders, halves of dates."""
    if (
        _SERIAL.match(plain)
        and _SERIAL_FROM <= int(float(plain)) <= _SERIAL_TO
        and _is_serial(plain)
    ):
        day = _EXCEL_EPOCH + timedelta(days=int(float(plain)))
        found = _day(day.year, day.month, day.day, at=at, role=role, dirt="excel_serial")
        problems = (ProblemKind.EXCEL_SERIAL, *found.problems)
        return Normalised(value=found.value, problems=problems, dirt="excel_serial")
    if (order := _ANY_ORDER.match(plain)) is not None:
        return _either_order(int(order["a"]), int(order["b"]), int(order["y"]), at=at, role=role)
    if (worded := _WORDED.match(plain)) is not None:
        return _with_month_name(worded, at=at, role=role)
    if _TWO_DIGIT.match(plain) or _SHORT.match(plain):
        return _bad(ProblemKind.DATE_AMBIGUOUS, "two_digit_year")
    if _PARTIAL.match(plain) or _NO_YEAR.match(plain):
        return _bad(ProblemKind.DATE_PARTIAL, "partial")
    return _bad(ProblemKind.DATE_UNPARSEABLE, "unparseable")


def _with_month_name(found: re.Match[str], *, at: date, role: DateRole) -> Normalised:
    """A day whose month is a word, English or German."""
    word = (found["m"] or found["m2"]).casefold()[:3]
    month = _MONTHS.index(word) + 1 if word in _MONTHS else _GERMAN_MONTHS.get(word)
    if month is None:
        return _bad(ProblemKind.DATE_UNPARSEABLE, "unparseable")
    day = int(found["d"] or found["d2"])
    return _day(int(found["y"]), month, day, at=at, role=role, dirt="month_name")


def _is_serial(plain: str) -> bool:
    """Four digits alone are a year (1950), not a serial (1905-05-03)."""
    return len(plain.partition(".")[0]) == 5  # noqa: PLR2004 -- digits of the serials since 1927


def _either_order(a: int, b: int, year: int, *, at: date, role: DateRole) -> Normalised:
    """Day and month in unknown order: known only when one of them cannot be a month."""
    if a == b or b > 12 >= a:  # noqa: PLR2004 -- months
        return _day(year, a, b, at=at, role=role, dirt="month_first")
    if a > 12 >= b:  # noqa: PLR2004 -- months
        return _day(year, b, a, at=at, role=role, dirt="day_first")
    if a > 12:  # noqa: PLR2004 -- months
        return _bad(ProblemKind.DATE_IMPOSSIBLE, "impossible")
    return _bad(ProblemKind.DATE_AMBIGUOUS, "unknown_order")


def _japanese(found: re.Match[str], *, at: date, role: DateRole) -> Normalised:
    """A 和暦 date, which must lie inside its era."""
    era = ERAS[_ERA_NAMES.get(found["era"], found["era"].upper())]
    if found["m"] is None or found["d"] is None:
        return _bad(ProblemKind.DATE_PARTIAL, "partial")
    count = 1 if found["y"] == "元" else int(found["y"])
    year, month, day = era.first.year + count - 1, int(found["m"]), int(found["d"])
    if not _exists(year, month, day):
        return _bad(ProblemKind.DATE_IMPOSSIBLE, "impossible")
    if count == 0 or not era.first <= date(year, month, day) <= era.last:
        return _bad(ProblemKind.ERA_INVALID, "era_invalid")
    return _day(year, month, day, at=at, role=role, dirt="wareki")


def _day(year: int, month: int, day: int, *, at: date, role: DateRole, dirt: str) -> Normalised:
    """A day of three numbers when it exists and can be meant."""
    if (year, month, day) in PLACEHOLDERS or year == month == day == 0:
        return _bad(ProblemKind.PLACEHOLDER, "placeholder")
    if not _exists(year, month, day):
        return _bad(ProblemKind.DATE_IMPOSSIBLE, "impossible")
    if role is DateRole.BIRTH and year < OLDEST_BIRTH_YEAR:
        return _bad(ProblemKind.DATE_IMPOSSIBLE, "impossible")
    found = date(year, month, day)
    if role is DateRole.BIRTH and found > at:
        return _bad(ProblemKind.DATE_FUTURE, "future")
    return Normalised(value=found.isoformat(), dirt=dirt)


def _exists(year: int, month: int, day: int) -> bool:
    """True when the calendar has this day."""
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _bad(kind: ProblemKind, dirt: str) -> Normalised:
    return Normalised(problems=(kind,), dirt=dirt)


_INSTANT = re.compile(
    r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s*"
    r"(Z|[+-]\d{2}:?\d{2})?$",
    re.IGNORECASE,
)


def normalise_instant(text: str, *, at: date) -> Normalised:
    """The instant in UTC as ISO 8601; without an offset it is Japanese time, and said so."""
    if is_absent(text):
        return NOTHING
    found = _INSTANT.match(hyphenated(text).strip())
    if found is None:
        day = normalise_date(text, at=at)
        if day.value is None:
            return day
        moment = datetime.fromisoformat(day.value).replace(tzinfo=JST)
        problems = (ProblemKind.NO_OFFSET, *day.problems)
        return Normalised(value=_utc(moment), problems=problems, dirt="date_only")
    year, month, day_, hour, minute, second, fraction, offset = found.groups()
    stamp = f"{year}-{int(month):02}-{int(day_):02}T{int(hour):02}:{minute}:{second or '00'}"
    micro = f".{(fraction or '0')[:6]:0<6}"
    zone = (offset or "").upper().replace("Z", "+00:00")
    try:
        moment = datetime.fromisoformat(stamp + micro + zone)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=JST)
        value = _utc(moment)
    except (ValueError, OverflowError):
        return _bad(ProblemKind.DATE_IMPOSSIBLE, "impossible")
    if offset is None:
        return Normalised(value=value, problems=(ProblemKind.NO_OFFSET,), dirt="no_offset")
    return Normalised(value=value, dirt="iso")


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
