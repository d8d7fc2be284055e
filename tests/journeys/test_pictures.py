"""The pictures of the guides, taken of the demo: `make pictures` takes them anew.

Without `SEKISHO_PICTURES` only their names are checked (tests/docs); a page that is gone, or whose
heading is another, fails here before a picture of it is kept.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.journeys.pictures import FOLDER, PICTURES, Picture

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Page

    from tests.journeys.conftest import Visits

pytestmark = pytest.mark.skipif(
    not os.environ.get("SEKISHO_PICTURES"), reason="the pictures are taken by `make pictures`"
)
ROOT = Path(__file__).parents[2]


def walked(page: "Page", picture: Picture) -> None:
    """The browser has gone where the picture is taken."""
    for step in picture.steps:
        if step.words is not None:
            page.locator(step.place).first.fill(step.words)
        else:
            page.locator(step.place).first.click()
            page.wait_for_load_state()


@pytest.mark.parametrize("picture", PICTURES, ids=lambda one: one.name)
def test_a_picture_is_taken(picture: Picture, visits: "Visits") -> None:
    actor = f"p:{visits.site.customer}" if picture.who == "customer" else picture.who
    if actor:
        seen = visits.signed_in(actor, width=picture.width)
        seen.page.goto(visits.site.base + picture.path)
    else:
        seen = visits.open(picture.path, width=picture.width)
    walked(seen.page, picture)
    assert picture.heading in seen.page.locator("h1").inner_text()
    high = seen.page.evaluate("document.documentElement.scrollHeight")
    clip: FloatRect = {"x": 0, "y": 0, "width": picture.width, "height": min(high, picture.tallest)}
    place = ROOT / FOLDER / f"{picture.name}.png"
    place.parent.mkdir(exist_ok=True)
    seen.page.screenshot(path=place, full_page=True, clip=clip)
    assert place.stat().st_size > 1_000
