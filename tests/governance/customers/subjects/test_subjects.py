"""Age, laws and states of persons: pure rules."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.terms import Law
from governance.customers.subjects import (
    LOWEST,
    AgeBand,
    age_at,
    age_band,
    below,
    country_of,
    known_laws,
    laws_of,
)

ON = date(2026, 10, 1)
BOTH = {Law.APPI, Law.GDPR}


@pytest.mark.parametrize(
    ("birth", "band"),
    [
        (date(2010, 10, 1), AgeBand.FROM_16),  # sixteen today
        (date(2010, 10, 2), AgeBand.AT_15),  # sixteen tomorrow
        (date(2011, 10, 2), AgeBand.AT_14),
        (date(2013, 10, 1), AgeBand.AT_13),
        (date(2013, 10, 2), AgeBand.UNDER_13),
        (date(2008, 10, 1), AgeBand.ADULT),
        (date(2008, 10, 2), AgeBand.FROM_16),
        (ON, AgeBand.UNDER_13),
        (date(1900, 1, 1), AgeBand.ADULT),
        (ON + timedelta(days=1), AgeBand.UNKNOWN),
        (None, AgeBand.UNKNOWN),
    ],
)
def test_the_band_changes_on_the_birthday(birth: date | None, band: AgeBand) -> None:
    assert age_band(birth, on=ON) is band


def test_a_leap_day_child_is_a_year_older_on_the_first_of_march() -> None:
    assert age_at(date(2008, 2, 29), on=date(2026, 2, 28)) == 17
    assert age_at(date(2008, 2, 29), on=date(2026, 3, 1)) == 18


@given(st.dates(date(1900, 1, 1), date(2026, 9, 30)), st.integers(0, 20000))
def test_nobody_grows_younger(birth: date, days: int) -> None:
    later = min(date(2100, 1, 1), birth + timedelta(days=days))
    assert age_at(birth, on=later) >= 0
    assert age_at(birth, on=later + timedelta(days=1)) >= age_at(birth, on=later)


def test_who_may_be_younger_counts_as_younger_and_the_unknown_as_neither() -> None:
    assert below(AgeBand.FROM_13, 14)  # one of three years
    assert not below(AgeBand.FROM_13, 13)
    assert [band for band in AgeBand if below(band, 16)] == list(AgeBand)[:5]
    assert not any(below(AgeBand.UNKNOWN, age) for age in range(100))
    assert set(LOWEST) == set(AgeBand) - {AgeBand.UNKNOWN}


@pytest.mark.parametrize(("origin", "country"), [("at", "AT"), ("EU", None), ("US", None)])
def test_the_age_of_consent_is_that_of_a_state_that_is_named(
    origin: str, country: str | None
) -> None:
    assert country_of(origin) == country
    assert country_of(None) is None


@pytest.mark.parametrize(
    ("origin", "laws", "evidence"),
    [
        (None, {Law.APPI}, None),
        ("", {Law.APPI}, None),
        (" jp ", {Law.APPI}, None),
        ("EU", BOTH, "origin"),
        ("de", BOTH, "origin"),
        ("不明", BOTH, "unknown"),
        ("US", BOTH, "unknown"),
    ],
)
def test_the_origin_of_data_says_which_laws_apply(
    origin: str | None, laws: set[Law], evidence: str | None
) -> None:
    found = laws_of(origin=origin)
    assert set(found) == laws
    assert found[Law.APPI] == "controller"
    assert found.get(Law.GDPR) == evidence


def test_unknown_laws_mean_all() -> None:
    assert known_laws([]) == BOTH
    assert known_laws([Law.APPI]) == {Law.APPI}
