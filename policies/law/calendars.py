"""Which days are closed, and in which zone a day begins: Japan's offices, Member States, zones."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from governance.core.clock import JST
from policies.law.errors import CalendarYearError, UnknownCalendarError
from policies.law.types import JP_ADMIN

FIRST_YEAR, LAST_YEAR = 2000, 2099  # what the holiday tables hold for every country below
SATURDAY, SUNDAY = 5, 6
YEAR_END = frozenset({(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)})  # 同法1条1項3号

# Regulation 1182/71 Art. 2 speaks of the Member State; IS, LI and NO follow by the EEA Agreement.
MEMBER_STATE_ZONES: Mapping[str, str] = MappingProxyType(
    {
        "AT": "Europe/Vienna",
        "BE": "Europe/Brussels",
        "BG": "Europe/Sofia",
        "CY": "Asia/Nicosia",
        "CZ": "Europe/Prague",
        "DE": "Europe/Berlin",
        "DK": "Europe/Copenhagen",
        "EE": "Europe/Tallinn",
        "ES": "Europe/Madrid",
        "FI": "Europe/Helsinki",
        "FR": "Europe/Paris",
        "GR": "Europe/Athens",
        "HR": "Europe/Zagreb",
        "HU": "Europe/Budapest",
        "IE": "Europe/Dublin",
        "IS": "Atlantic/Reykjavik",
        "IT": "Europe/Rome",
        "LI": "Europe/Vaduz",
        "LT": "Europe/Vilnius",
        "LU": "Europe/Luxembourg",
        "LV": "Europe/Riga",
        "MT": "Europe/Malta",
        "NL": "Europe/Amsterdam",
        "NO": "Europe/Oslo",
        "PL": "Europe/Warsaw",
        "PT": "Europe/Lisbon",
        "RO": "Europe/Bucharest",
        "SE": "Europe/Stockholm",
        "SI": "Europe/Ljubljana",
        "SK": "Europe/Bratislava",
    }
)
REGION_ZONES: Mapping[str, str] = MappingProxyType(
    {"ES-CN": "Atlantic/Canary", "PT-20": "Atlantic/Azores", "PT-30": "Atlantic/Madeira"}
)
# HU and LV swap a working day for a Saturday: a rest day, not a public holiday. Fails early.
SWAPPED = "Day off (substituted from"
COUNTRY = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]{1,3}))?")


class Closure(StrEnum):
    """Why a day is closed."""

    SATURDAY = "saturday"
    SUNDAY = "sunday"
    HOLIDAY = "holiday"
    YEAR_END = "year_end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A closed day with its reason; the names are set for a public holiday."""

    day: date
    closure: Closure
    name_ja: str = ""
    name_en: str = ""


class Calendar(Protocol):
    """Closed days and the zone of one place."""

    @property
    def name(self) -> str:
        """How the calendar is asked for."""
        ...

    @property
    def zone(self) -> ZoneInfo | None:
        """Zone in which its days begin; None where the instant's own offset decides."""
        ...

    @property
    def knows_closed_days(self) -> bool:
        """False when it can say nothing about closed days."""
        ...

    def closed(self, day: date) -> Closed | None:
        """Why the day is closed; None when it is open."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JapanOffices:
    """行政機関の休日 (行政機関の休日に関する法律1条)."""

    name: str = JP_ADMIN
    zone: ZoneInfo = JST
    knows_closed_days: bool = True

    def closed(self, day: date) -> Closed | None:
        """Sunday, Saturday, 国民の祝日, 12-29 to 01-03; the holiday's name goes first."""
        if (found := holiday("JP", None, day)) is not None:
            return found
        if (day.month, day.day) in YEAR_END:
            return Closed(day=day, closure=Closure.YEAR_END)
        return weekend(day)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryDays:
    """Saturday, Sunday and public holidays of a country or one of its regions (1182/71 Art. 2)."""

    country: str
    region: str | None = None
    knows_closed_days: bool = True

    @property
    def name(self) -> str:
        """DE, or DE-BY with a region."""
        return f"{self.country}-{self.region}" if self.region else self.country

    @property
    def zone(self) -> ZoneInfo | None:
        """The Member State's zone; None for other countries."""
        key = REGION_ZONES.get(self.name) or MEMBER_STATE_ZONES.get(self.country)
        return ZoneInfo(key) if key else None

    def closed(self, day: date) -> Closed | None:
        """The public holiday, else the weekend."""
        return holiday(self.country, self.region, day) or weekend(day)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneOnly:
    """A zone for instants; it knows no closed days."""

    name: str
    zone: ZoneInfo
    knows_closed_days: bool = False

    def closed(self, day: date) -> Closed | None:  # noqa: ARG002 - no day is known to be closed
        """None: nothing is known."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoCalendar:
    """No calendar clearly applies."""

    name: str = "none"
    zone: ZoneInfo | None = None
    knows_closed_days: bool = False

    def closed(self, day: date) -> Closed | None:  # noqa: ARG002 - no day is known to be closed
        """None: nothing is known."""
        return None


NO_CALENDAR = NoCalendar()
JAPAN_OFFICES = JapanOffices()


def calendar_of(name: str) -> Calendar:
    """The calendar of this name: `none`, `jp_admin`, a country code (DE, DE-BY) or an IANA zone."""
    if name == NO_CALENDAR.name:
        return NO_CALENDAR
    if name in {JP_ADMIN, "JP"}:  # the offices' year-end days close a filing too
        return JAPAN_OFFICES
    if code := COUNTRY.fullmatch(name):
        return country_days(code[1], code[2])
    try:
        return ZoneOnly(name=name, zone=ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownCalendarError(calendar=shown(name)) from None


def shown(name: str) -> str:
    """The name, short enough for a sentence."""
    limit = 40  # longer than any zone's name
    return name if len(name) <= limit else f"{name[:limit]}…"


@cache
def country_days(country: str, region: str | None) -> CountryDays:
    """The days of a country that the holiday tables know; fails closed on any other."""
    regions = holidays.list_supported_countries(include_aliases=False).get(country)
    if regions is None or (region is not None and region not in regions):
        raise UnknownCalendarError(calendar=f"{country}-{region}" if region else country)
    return CountryDays(country=country, region=region)


def is_member_state(calendar: Calendar) -> bool:
    """True for a country whose days Regulation 1182/71 counts."""
    return isinstance(calendar, CountryDays) and calendar.country in MEMBER_STATE_ZONES


def weekend(day: date) -> Closed | None:
    """Saturday and Sunday."""
    match day.weekday():
        case 5:
            return Closed(day=day, closure=Closure.SATURDAY)
        case 6:
            return Closed(day=day, closure=Closure.SUNDAY)
        case _:
            return None


def holiday(country: str, region: str | None, day: date) -> Closed | None:
    """The public holiday of this day."""
    names = public_holidays(country, region, day.year).get(day)
    if names is None:
        return None
    name_ja, name_en = names
    return Closed(day=day, closure=Closure.HOLIDAY, name_ja=name_ja, name_en=name_en)


@cache
def public_holidays(country: str, region: str | None, year: int) -> Mapping[date, tuple[str, str]]:
    """Public holidays of one year with their names in Japanese (Japan's own) and English."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise CalendarYearError(calendar=country, year=year)  # fails closed: no table
    english = holidays.country_holidays(country, subdiv=region, years=year, language="en_US")
    native = holidays.country_holidays("JP", years=year, language="ja") if country == "JP" else {}
    return MappingProxyType(
        {
            day: (native.get(day, name), name)
            for day, name in english.items()
            if not name.startswith(SWAPPED)
        }
    )


def next_open(day: date, calendar: Calendar) -> tuple[date, tuple[Closed, ...]]:
    """The first open day from this one on, and the closed days passed on the way."""
    passed: list[Closed] = []
    while (closed := calendar.closed(day)) is not None:
        passed.append(closed)
        day += timedelta(days=1)
    return day, tuple(passed)
