"""Dates, numbers and sizes as people read them: 2026年11月22日(日), Sun 22 Nov 2026."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from governance.core.clock import JST
from governance.core.terms import Lang

WEEKDAYS_JA = "月火水木金土日"
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ERAS = (  # first day and name, newest first (元号法; 明治 from the Gregorian calendar on)
    (date(2019, 5, 1), "令和"),
    (date(1989, 1, 8), "平成"),
    (date(1926, 12, 25), "昭和"),
    (date(1912, 7, 30), "大正"),
    (date(1873, 1, 1), "明治"),
)
MEIJI_FIRST_YEAR = 1868
KILO = 1000  # sizes are decimal, as storage and mobile plans state them


def local_day(value: date | datetime, zone: ZoneInfo = JST) -> date:
    """The calendar day of a moment in the zone; a plain date is its own day."""
    return value.astimezone(zone).date() if isinstance(value, datetime) else value


def era_year(day: date) -> str | None:
    """The Japanese era year, for instance 令和8年; None before 1873."""
    for first, name in ERAS:
        if day >= first:
            start = MEIJI_FIRST_YEAR if name == "明治" else first.year
            number = day.year - start + 1
            return f"{name}{'元' if number == 1 else number}年"
    return None


def long_day(value: date | datetime, lang: Lang, *, era: bool = False, zone: ZoneInfo = JST) -> str:
    """2026年11月22日(日), with 和暦 2026年(令和8年)11月22日(日); Sun 22 Nov 2026."""
    day = local_day(value, zone)
    if lang is Lang.EN:
        return f"{WEEKDAYS_EN[day.weekday()]} {plain_day(day, lang)}"
    return f"{plain_day(day, lang, era=era)}({WEEKDAYS_JA[day.weekday()]})"


def plain_day(day: date, lang: Lang, *, era: bool = False) -> str:
    """1941年7月9日; 9 Jul 1941. A day of which nobody asks for the day of the week."""
    if lang is Lang.EN:
        return f"{day.day} {MONTHS_EN[day.month - 1]} {day.year}"
    japanese = f"({name})" if era and (name := era_year(day)) else ""
    return f"{day.year}年{japanese}{day.month}月{day.day}日"


def short_day(value: date | datetime, lang: Lang, *, zone: ZoneInfo = JST) -> str:
    """11月22日(日); Sun 22 Nov. Only where the year stands nearby."""
    day = local_day(value, zone)
    if lang is Lang.EN:
        return f"{WEEKDAYS_EN[day.weekday()]} {day.day} {MONTHS_EN[day.month - 1]}"
    return f"{day.month}月{day.day}日({WEEKDAYS_JA[day.weekday()]})"


def moment(
    value: datetime,
    lang: Lang,
    *,
    seconds: bool = False,
    era: bool = False,
    zone: ZoneInfo = JST,
) -> str:
    """2026年11月22日(日) 9:12; Sun 22 Nov 2026, 9:12."""
    local = value.astimezone(zone)
    clock = f"{local.hour}:{local.minute:02}" + (f":{local.second:02}" if seconds else "")
    join = ", " if lang is Lang.EN else " "
    return f"{long_day(local, lang, era=era, zone=zone)}{join}{clock}"


def machine_time(value: date | datetime, zone: ZoneInfo = JST) -> str:
    """The value of a `datetime` attribute: ISO 8601, moments with the offset of the zone."""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    return value.isoformat()


def quarter_words(name: str, lang: Lang) -> str:
    """2026Q4 as 2026年第4四半期; Q4 2026. Quarters of the calendar year."""
    year, _, place = name.partition("Q")
    return f"Q{place} {year}" if lang is Lang.EN else f"{year}年第{place}四半期"


def number(value: float) -> str:
    """1,284,907; fractions keep their own digits."""
    return f"{value:,}"


def share(value: float, *, digits: int = 0) -> str:
    """0.128 as 13%."""
    return f"{value * 100:.{digits}f}%"


def size(octets: int) -> str:
    """48 kB, 1.2 MB: two figures at most before the unit changes the thousand."""
    amount, unit = float(octets), "B"
    for larger in ("kB", "MB", "GB"):
        if amount < KILO:
            break
        amount, unit = amount / KILO, larger
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"  # noqa: PLR2004 - one decimal below ten
