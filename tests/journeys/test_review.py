"""The review of what was found, as an officer does it in a browser: with script and without."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from governance.app.factory import create_app
from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.core.clock import utc_now
from tests.governance.console.test_review_pages import HOME, collected, others
from tests.installation import AT, create, with_ports
from tests.journeys.conftest import Seen, Site, Visits
from tests.journeys.looks import fits, violations
from tests.serving import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Wiring, str]]:
    """A served installation of its own with an officer and an approver."""
    made = create(Path(tmp_path_factory.mktemp("review")))
    wiring = with_ports(made, replace(made.ports, analyse=others))
    wiring = replace(wiring, clock=utc_now)
    for role in ("privacy_officer", "privacy_approver"):
        wiring.database.write(
            partial(add_staff, wiring=wiring, login=role, display_name="架空", roles=[role], at=AT)
        )
    with served(create_app(wiring)) as base:
        yield wiring, base
    wiring.close()


@pytest.fixture
def visits(desk: tuple[Wiring, str], browser: "Browser") -> Iterator[Visits]:
    wiring, base = desk
    site = Site(base=base, database=wiring.database, customer="", key="")
    made = Visits(site=site, browser=browser)
    yield made
    made.close()


def sound(seen: Seen) -> None:
    assert violations(seen.page) == []
    assert fits(seen.page)
    assert seen.foreign == []
    assert seen.said == []


def press(page: Page, locator: str) -> None:
    """A form goes and its answer is there."""
    with page.expect_navigation():
        page.locator(locator).click()


@pytest.mark.parametrize(("width", "lang", "script"), [(1280, "ja", True), (390, "en", False)])
def test_an_officer_judges_and_another_approves(
    desk: tuple[Wiring, str], visits: Visits, *, width: int, lang: str, script: bool
) -> None:
    wiring, base = desk
    place = f"{base}{HOME}/{collected(wiring)}"
    seen = visits.signed_in("u:privacy_officer", width=width, lang=lang, script=script)
    page = seen.page
    page.goto(f"{place}/review")
    expect(page.locator("html")).to_have_attribute("lang", lang)
    if script:
        sound(seen)
    given = page.locator(".sk-pair__given").first
    expect(given).not_to_contain_text("架空花子")
    expect(page.locator(".sk-black").first).to_be_visible()
    press(page, "#accept-3")
    page.locator("#undo-1").click()
    page.locator("#reason-1").select_option("consented")
    page.locator("#everywhere-1").check()
    press(page, "#undo-do-1")
    expect(page.locator(".sk-pair__given").first).to_contain_text("架空花子さん")
    page.locator("#phrase").fill("送ってください")
    page.locator("#scope").select_option("everywhere")
    press(page, "button#cover")
    expect(page.locator(".sk-pair__given").first).not_to_contain_text("送ってください")
    expect(page.locator("#own")).to_be_visible()
    if script:
        sound(seen)
    press(page, "#finish")
    page.goto(f"{place}/preview/report.{lang}.html")
    expect(page.locator("body")).to_contain_text("架空花子さん")
    expect(page.locator("body")).not_to_contain_text("送ってください")
    expect(page.locator("body")).not_to_contain_text("080-1111-2222")
    page.goto(f"{place}/review")
    press(page, "#decide")
    expect(page.locator("#approve")).to_have_count(0)
    second = visits.signed_in("u:privacy_approver", width=width, lang=lang, script=script)
    second.page.goto(f"{place}/review")
    press(second.page, "#approve")
    expect(second.page.locator("#decision")).to_be_visible()
    expect(second.page.locator("#approve")).to_have_count(0)
