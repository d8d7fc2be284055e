"""Closed days against independent sources."""

from datetime import date, timedelta

import jpholiday
import pytest

from policies.law.calendars import (
    JAPAN_OFFICES,
    MEMBER_STATE_ZONES,
    CountryDays,
    calendar_of,
    is_member_state,
    next_open,
)
from policies.law.errors import CalendarYearError, UnknownCalendarError


@pytest.mark.parametrize("year", range(2020, 2031))
def test_japanese_offices_close_as_the_act_says(year: int) -> None:
    day = date(year, 1, 1)
    while day.year == year:
        closed = (
            day.weekday() in {5, 6}
            or jpholiday.is_holiday(day)
            or (day.month, day.day) >= (12, 29)
            or (day.month, day.day) <= (1, 3)
        )
        assert (JAPAN_OFFICES.closed(day) is not None) == closed, day
        day += timedelta(days=1)


def easter(year: int) -> date:
    """Gregorian Easter Sunday (Meeus, Jones, Butcher), written apart from the product."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), g = divmod(b, 4), (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    (i, k) = divmod(c, 4)
    length = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * length) // 451
    month, day = divmod(h + length - 7 * m + 114, 31)
    return date(year, month, day + 1)


@pytest.mark.parametrize("year", range(2020, 2041))
@pytest.mark.parametrize("country", ["DE", "FR", "AT", "BE", "DK", "IE", "NL", "PL", "SE", "LU"])
def test_easter_monday_is_closed(country: str, year: int) -> None:
    assert calendar_of(country).closed(easter(year) + timedelta(days=1)) is not None


def test_every_member_state_has_days_and_a_zone() -> None:
    assert len(MEMBER_STATE_ZONES) == 27 + 3
    for code in MEMBER_STATE_ZONES:
        calendar = calendar_of(code)
        assert is_member_state(calendar)
        assert calendar.zone is not None
        assert calendar.closed(date(2026, 12, 25)) is not None


def test_a_region_adds_its_own_days_and_zone() -> None:
    assert calendar_of("DE-BY").closed(date(2026, 11, 1)) is not None
    assert calendar_of("DE-BY").closed(date(2027, 1, 6)) is not None
    assert calendar_of("DE").closed(date(2027, 1, 6)) is None
    assert str(calendar_of("ES-CN").zone) == "Atlantic/Canary"


def test_a_holiday_is_named_in_both_languages() -> None:
    closed = JAPAN_OFFICES.closed(date(2026, 5, 6))
    assert (closed.name_ja, closed.name_en) == ("振替休日", "Substitute Holiday")


def test_next_open_day_names_what_it_passed() -> None:
    day, passed = next_open(date(2026, 5, 2), JAPAN_OFFICES)
    assert day == date(2026, 5, 7)
    assert [item.closure.value for item in passed] == ["saturday", *["holiday"] * 4]


@pytest.mark.parametrize(
    "name",
    ["", "XX", "de", "DE-XX", "Europe/Nowhere", "../etc/passwd", "Europe", "jp-admin", "x" * 99],
)
def test_an_unknown_calendar_is_refused(name: str) -> None:
    with pytest.raises(UnknownCalendarError) as caught:
        calendar_of(name)
    assert len(str(caught.value.params["calendar"])) <= 41


@pytest.mark.parametrize("year", [1999, 2100])
def test_a_year_without_a_table_is_refused_not_taken_as_open(year: int) -> None:
    for calendar in (JAPAN_OFFICES, CountryDays(country="DE")):
        with pytest.raises(CalendarYearError):
            calendar.closed(date(year, 6, 1))
