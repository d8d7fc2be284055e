"""Chromium looks at every page that there is: axe, width, focus, targets, quiet, both languages.

Each commit sees every fourth page in one view, with the widths beside it, and others without
script; `SEKISHO_SOAK=1` sees each in all of them (docs/soak.md). A new page is found by its route:
it fails here until it is sound.
"""

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import pytest

from tests.walks.finding import Stop, page_routes
from tests.walks.house import House
from tests.walks.walking import (
    LANGS,
    SCHEMES,
    WIDTHS,
    View,
    Walker,
    a_view,
    findings,
    shapes,
    walker,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
SOAK: Final = bool(os.environ.get("SEKISHO_SOAK"))
# Of these the house has nothing yet: they came after it was furnished, and are not walked.
BARE: Final = frozenset(
    {
        "/console/access/{quarter}", "/console/access/{quarter}/accounts/{account}",
        "/console/duplicates/merges/{merge}", "/console/quality/behind/{topic}",
        "/console/quality/tasks/{task}", "/console/staff/{login}/{act}", "/console/imports/find",
    }
)  # fmt: skip
Way = Mapping[str, list[Stop]]


@pytest.fixture(scope="module")
def looker(furnished: House, browser: "Browser") -> Iterator[Walker]:
    with walker(furnished, browser) as made:
        yield made


def test_every_route_of_a_page_is_on_the_way(furnished: House, way: Way) -> None:
    """A page that no link leads to, and nothing is seeded for, is named here: `seeding.py`."""
    missing = [one.path for one in page_routes(furnished) if one.path not in {*way, *BARE}]
    assert not missing, "\n".join(missing)


def test_every_page_is_sound_in_one_view(looker: Walker, way: Way) -> None:
    found = []
    for route, stops in list(way.items())[:: 1 if SOAK else 4]:
        found += findings(looker, stops[0], a_view(route))
        found += shapes(looker.tab(stops[0].caller).page, WIDTHS)
    assert not found, "\n".join(found)


def test_every_page_is_whole_without_script(looker: Walker, way: Way) -> None:
    found = []
    for route, stops in list(way.items())[0 if SOAK else 2 :: 1 if SOAK else 4]:
        view = a_view(route[::-1])
        found += findings(looker, stops[-1], View(width=view.width, lang=view.lang, script=False))
    assert not found, "\n".join(found)


@pytest.mark.skipif(not SOAK, reason="by design: a long walk (docs/soak.md)")
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("lang", LANGS)
def test_every_page_is_sound_in_every_view(
    looker: Walker, way: Way, lang: str, scheme: str, *, script: bool
) -> None:
    found, seen = [], 0
    for stops in way.values():
        for width in WIDTHS:
            view = View(width=width, lang=lang, scheme=scheme, script=script)
            found += findings(looker, stops[seen % len(stops)], view)
            seen += 1
    print(f"\nwalk: {seen} views of {len(way)} pages, {lang} {scheme} script={script}")  # noqa: T201 # on record
    assert not found, "\n".join(found)
