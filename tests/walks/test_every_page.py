"""Chromium looks at every page that there is: axe, width, focus, targets, quiet, both languages.

Each commit sees every fourth page in one view, with the widths beside it, and others without
script; `SEKISHO_SOAK=1` sees each in all of them (docs/soak.md). A new page is found by its route:
it fails here until it is sound.
"""

import os
import zlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import pytest

from tests.walks.finding import Stop, page_routes
from tests.walks.house import House
from tests.walks.swapping import lost, nameless, triggers
from tests.walks.walking import (
    LANGS,
    WIDTHS,
    View,
    Walker,
    a_view,
    enlarged,
    findings,
    shapes,
    thorough,
    walker,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
SOAK: Final = bool(os.environ.get("SEKISHO_SOAK"))
PARTS: Final = 6  # of the long walk, so that a part of it can be walked again
Way = Mapping[str, list[Stop]]


@pytest.fixture(scope="module")
def looker(furnished: House, browser: "Browser") -> Iterator[Walker]:
    with walker(furnished, browser) as made:
        yield made


def test_every_route_of_a_page_is_on_the_way(furnished: House, way: Way) -> None:
    """A page that no link leads to, and nothing is seeded for, is named here: `seeding.py`."""
    missing = [one.path for one in page_routes(furnished) if one.path not in way]
    assert not missing, "\n".join(missing)


def test_every_page_is_sound_in_one_view(looker: Walker, way: Way) -> None:
    found = []
    for route, stops in list(way.items())[:: 1 if SOAK else 4]:
        found += findings(looker, stops[0], a_view(route))
        page = looker.tab(stops[0].caller).page
        found += [f"{route}: {one}" for one in (*shapes(page, WIDTHS), *enlarged(page))]
    assert not found, "\n".join(found)


def test_every_page_is_whole_without_script(looker: Walker, way: Way) -> None:
    found = []
    for route, stops in list(way.items())[0 if SOAK else 2 :: 1 if SOAK else 4]:
        view = a_view(route[::-1])
        found += findings(looker, stops[-1], View(width=view.width, lang=view.lang, script=False))
    assert not found, "\n".join(found)


def test_the_focus_is_where_the_reader_is_after_every_swap(looker: Walker, way: Way) -> None:
    found, pressed = [], 0
    for route, stops in list(way.items())[0 if SOAK else 1 :: 1 if SOAK else 4]:
        page = looker.open(stops[0], a_view(route)).page
        found += [f"{route}: {one}" for one in nameless(page)]
        count = triggers(page)
        for at in range(count) if SOAK else range(count)[zlib.crc32(route.encode()) % 7 :: 40]:
            if at:
                looker.open(stops[0], a_view(route))
            pressed += 1
            wrong = lost(page, at)
            found += [f"{route}: {wrong}"] if wrong else []
    print(f"\nwalk: {pressed} swaps")  # noqa: T201 # on record
    assert not found, "\n".join(found)
    assert pressed


@pytest.mark.skipif(not SOAK, reason="by design: a long walk (docs/soak.md)")
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("lang", LANGS)
def test_every_page_is_sound_in_every_view(
    looker: Walker, way: Way, lang: str, part: int, *, script: bool
) -> None:
    found, seen, pages = [], 0, [*way.values()][part::PARTS]
    for stops in pages:
        for wrong in thorough(looker, stops[part % len(stops)], lang=lang, script=script):
            seen += 1
            found += wrong
    print(f"\nwalk: {seen} views of {len(pages)} pages, {lang} script={script}")  # noqa: T201 # on record
    assert not found, "\n".join(found)
