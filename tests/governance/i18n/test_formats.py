"""Dates and numbers are written as each language writes them."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.terms import Lang
from governance.i18n.formats import (
    era_year,
    long_day,
    machine_time,
    moment,
    number,
    share,
    short_day,
    size,
)

SUNDAY = date(2026, 11, 22)
LATE_IN_LONDON = datetime(2026, 11, 21, 15, 5, 9, tzinfo=UTC)  # 0:05 of the 22nd in Tokyo


def test_japanese_day_carries_weekday_and_on_wish_the_era() -> None:
    assert long_day(SUNDAY, Lang.JA) == "2026年11月22日(日)"
    assert long_day(SUNDAY, Lang.JA, era=True) == "2026年(令和8年)11月22日(日)"
    assert short_day(SUNDAY, Lang.JA) == "11月22日(日)"


def test_english_day_carries_weekday_and_no_era() -> None:
    assert long_day(SUNDAY, Lang.EN, era=True) == "Sun 22 Nov 2026"
    assert short_day(SUNDAY, Lang.EN) == "Sun 22 Nov"


def test_moments_are_shown_in_tokyo_time() -> None:
    assert moment(LATE_IN_LONDON, Lang.JA) == "2026年11月22日(日) 0:05"
    assert moment(LATE_IN_LONDON, Lang.EN, seconds=True) == "Sun 22 Nov 2026, 0:05:09"
    assert machine_time(LATE_IN_LONDON) == "2026-11-22T00:05:09+09:00"
    assert machine_time(SUNDAY) == "2026-11-22"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2019, 4, 30), "平成31年"),
        (date(2019, 5, 1), "令和元年"),
        (date(1989, 1, 7), "昭和64年"),
        (date(1989, 1, 8), "平成元年"),
        (date(1926, 12, 25), "昭和元年"),
        (date(1912, 7, 30), "大正元年"),
        (date(1873, 1, 1), "明治6年"),
        (date(1872, 12, 31), None),
    ],
)
def test_eras_change_on_their_day(day: date, expected: str | None) -> None:
    assert era_year(day) == expected


@given(st.dates(min_value=date(1873, 1, 1)))
def test_every_day_has_an_era(day: date) -> None:
    assert era_year(day) is not None


@pytest.mark.parametrize(
    ("octets", "expected"),
    [(0, "0 B"), (999, "999 B"), (1200, "1.2 kB"), (48_000, "48 kB"), (1_250_000, "1.2 MB")],
)
def test_sizes_are_decimal(octets: int, expected: str) -> None:
    assert size(octets) == expected


def test_numbers_are_grouped() -> None:
    assert number(1284907) == "1,284,907"
    assert share(0.128) == "13%"
