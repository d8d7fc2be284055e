"""Calendar dates as people write them: ISO, slashes, 和暦 with signs or kanji, English."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from governance.pii.places import Groups, matches

_KANJI_DIGIT: Final = {"〇": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7,
                       "八": 8, "九": 9, "元": 1}  # fmt: skip
_ERA_START: Final = {"明治": 1868, "大正": 1912, "昭和": 1926, "平成": 1989, "令和": 2019,
                     "明": 1868, "大": 1912, "昭": 1926, "平": 1989, "令": 2019,
                     "M": 1868, "T": 1912, "S": 1926, "H": 1989, "R": 2019,
                     "皇紀": -659}  # fmt: skip
# Last year of each era
_ERA_YEARS: Final = {1868: 45, 1912: 15, 1926: 64, 1989: 31, 2019: 99, -659: 2759}
_MISREAD: Final = str.maketrans("OlI", "011")  # as scanners read digits
_N: Final = (
    r"[0-9]{1,2}|[OlI][0-9]|[0-9][OlI]|[OlI]{2}|[0-9] [0-9]|[〇一二三四五六七八九十]{1,3}|元"
)
_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_MONTH: Final = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_JAPANESE: Final = re.compile(
    r"(?=[0-9明大昭平令皇一二MTSHR])(?<![0-9A-Za-z])(?:"
    rf"(?P<era>明治|大正|昭和|平成|令和|[MTSHR]|[明大昭平令](?= ?[0-9]{{1,2}}[./年])"
    rf"|皇紀(?=[0-9]{{4}}年)) ?"
    rf"(?P<ey>{_N}|[0-9]{{4}}(?=年)) ?(?P<s1>年の?|[./・-]) ?(?P<em>{_N}) ?"
    rf"(?:月|[./・-]) ?(?P<ed>{_N})(?![0-9])[日曰]?"
    r"|(?<!皇紀)(?P<y>[12][0-9]{3}|[一二][〇一二三四五六七八九]{3}) ?(?:年|[./-]) ?"
    rf"(?P<m>{_N}) ?(?:月|[./-]) ?(?P<d>{_N})(?![0-9])日?"
    r"|(?P<c>(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))(?![0-9])"
    r"|(?P<d1>[0-3]?[0-9])(?P<s2>[./-])(?P<d2>[0-3]?[0-9])(?P=s2)(?P<dy>(?:19|20)[0-9]{2})(?![0-9])"
    r")"
)
# Where an era or a year in kanji begins, and where a month does
_ERA: Final = re.compile(
    "[明大昭平令皇一二MTSHR](?<![0-9A-Za-z][明大昭平令皇一二MTSHR])"
    "(?=[治正和成紀]? ?[0-9OlI〇一二三四五六七八九十元])"
)
_MONTH_AHEAD: Final = re.compile(
    "[ADFJMNOSadfjmnos](?<![0-9A-Za-z][A-Za-z])(?i:an|eb|ar|pr|ay|un|ul|ug|ep|ct|ov|ec)"
)
_DAY_BEFORE: Final = range(2, 9)  # signs from a day to its month: 9 May, 31st of May
_ENGLISH: Final = re.compile(
    rf"(?<![0-9A-Za-z])(?:(?P<m1>{_MONTH}) (?P<d1>[0-3]?[0-9])(?:st|nd"
    rf"|rd|th)?,? (?P<y1>[12][0-9]{{3}})"
    rf"|(?P<d2>[0-3]?[0-9])(?:st|nd|rd|th)? (?:of )?(?P<m2>{_MONTH}),? (?P<y2>[12][0-9]{{3"
    rf"}}))(?![0-9])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DateSpan:
    """One date that exists in the calendar, with its place in the text."""

    start: int
    end: int
    value: date = field(repr=False)


def _number(text: str) -> int:
    text = text.translate(_MISREAD).replace(" ", "")
    if text.isascii():
        return int(text)
    if "十" not in text:
        return int("".join(str(_KANJI_DIGIT[sign]) for sign in text))
    tens, _, ones = text.partition("十")
    return (_KANJI_DIGIT[tens] if tens else 1) * 10 + (_KANJI_DIGIT[ones] if ones else 0)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _era_date(era: str, year: int, month: int, day: int) -> date | None:
    start = _ERA_START[era]
    if not 1 <= year <= _ERA_YEARS[start]:
        return None
    return _date(start + year - 1, month, day)


def _japanese_value(found: re.Match[str]) -> date | None:
    part = found.groupdict()
    try:
        if part["era"]:
            return _era_date(
                part["era"], _number(part["ey"]), _number(part["em"]), _number(part["ed"])
            )
        if part["y"]:
            return _date(_number(part["y"]), _number(part["m"]), _number(part["d"]))
        if part["c"]:
            text = part["c"]
            return _date(int(text[:4]), int(text[4:6]), int(text[6:]))
        first, second, year = int(part["d1"]), int(part["d2"]), int(part["dy"])
    except (KeyError, ValueError):
        return None
    return _date(year, first, second) or _date(year, second, first)


def _english_value(found: re.Match[str]) -> date | None:
    part = found.groupdict()
    month = (part["m1"] or part["m2"])[:3].lower()
    return _date(
        int(part["y1"] or part["y2"]), _MONTHS.index(month) + 1, int(part["d1"] or part["d2"])
    )


def _japanese(shadow: str, groups: Groups) -> Iterator[re.Match[str]]:
    eras = [found.start() for found in _ERA.finditer(shadow)]
    places = sorted({*groups.of(4), *eras}) if eras else groups.of(4)
    return matches(_JAPANESE, shadow, places)


def _english(shadow: str, groups: Groups) -> Iterator[re.Match[str]]:
    months = [found.start() for found in _MONTH_AHEAD.finditer(shadow)]
    if not months:
        return iter(())
    days = {at - by for at in months for by in _DAY_BEFORE}.intersection(groups.of(1))
    return matches(_ENGLISH, shadow, sorted(days.union(months)))


def _days(shadow: str) -> Iterator[re.Match[str]]:
    return matches(_DAY, shadow, (found.start() for found in _MONTH_NUMBER.finditer(shadow)))


def dates_in(shadow: str, groups: Groups, *, english: bool) -> Iterator[DateSpan]:
    """Dates of the text in order of form, each one real in its calendar."""
    for found in _japanese(shadow, groups):
        if value := _japanese_value(found):
            yield DateSpan(start=found.start(), end=found.end(), value=value)
    for found in _english(shadow, groups) if english else ():
        if value := _english_value(found):
            yield DateSpan(start=found.start(), end=found.end(), value=value)


_DAY: Final = re.compile(
    r"(?=[0-9一二三四五六七八九十])(?:(?<![0-9A-Za-z年/.\-])(?P<m>[0-9]{1,2}|[一二三四五六七八九十]{1,3})(?:月|/)"
    r"(?P<d>[0-9]{1,2}|[一二三四五六七八九十]{1,3})(?:日|(?![0-9/.月日]))"
    r"|(?<![0-9A-Za-z/.\-])(?P<a>[0-9]{1,2})/(?P<b>[0-9]{1,2})/(?P<y>[0-9]{2})(?![0-9/]))"
)
_MONTH_NUMBER: Final = re.compile(
    "[0-9一二三四五六七八九十](?=[0-9一二三四五六七八九十]{0,2}[月/])"
)
_LEAP: Final = 2000  # a year that has every day


def days_in(shadow: str) -> Iterator[DateSpan]:
    """Days without a year, or with two digits of one; their value stands in a leap year."""
    for found in _days(shadow):
        first, second = found["m"] or found["a"], found["d"] or found["b"]
        try:
            month, day = _number(first), _number(second)
        except (KeyError, ValueError):
            continue
        value = _date(_LEAP, month, day) or (_date(_LEAP, day, month) if found["y"] else None)
        if value is not None:
            yield DateSpan(start=found.start(), end=found.end(), value=value)
