"""The view of a browser: what it accepts, what a form changes, where it goes back to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.terms import Lang
from governance.ui.preferences import (
    COOKIE,
    Keys,
    Preferences,
    Theme,
    changed,
    preferences_of,
    safe_return,
)


@pytest.mark.parametrize(
    ("accepted", "lang"),
    [
        ("", Lang.JA),
        ("en-GB,en;q=0.9,ja;q=0.8", Lang.EN),
        ("ja,en;q=0.9", Lang.JA),
        ("de,fr;q=0.9", Lang.JA),
        ("de,en;q=0.3", Lang.EN),
        ("en;q=x", Lang.JA),
    ],
)
def test_browser_language_decides_until_somebody_chooses(accepted: str, lang: Lang) -> None:
    assert preferences_of({}, accept_language=accepted).lang is lang


@given(st.sampled_from(Lang), st.sampled_from(Theme), st.sampled_from(Keys))
def test_cookie_is_read_back_as_written(lang: Lang, theme: Theme, keys: Keys) -> None:
    chosen = Preferences(lang=lang, theme=theme, keys=keys)
    assert preferences_of({COOKIE: chosen.cookie_value()}) == chosen


@given(st.text())
def test_no_cookie_breaks_a_page(value: str) -> None:
    assert preferences_of({COOKIE: value}).lang in Lang


def test_unknown_values_change_nothing() -> None:
    before = Preferences(lang=Lang.EN, theme=Theme.DARK)
    assert changed(before, {"lang": "xx", "theme": "pink", "keys": ""}) == before
    assert changed(before, {"theme": "light"}).theme is Theme.LIGHT


@pytest.mark.parametrize(
    "path",
    ["https://example.com/", "//example.com", "/\\example.com", "javascript:x", "", "a", "/a\nb"],
)
def test_return_path_never_leaves_the_site(path: str) -> None:
    assert safe_return(path) == "/"


def test_return_path_keeps_query_of_our_pages() -> None:
    assert safe_return("/console/requests?page=2") == "/console/requests?page=2"
