"""Pages in the states that nobody plans for: empty, refused, failed, forced colours, on paper."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import Page, expect

from governance.app.factory import create_app
from tests.installation import create
from tests.journeys.looks import OVERFLOW, fits, violations
from tests.office import Office
from tests.serving import served
from tests.walks.finding import Stop
from tests.walks.house import NOBODY, House
from tests.walks.seeding import LEAD
from tests.walks.walking import View, Walker, walker

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
REFUSED: Final = (
    *(("marketing", "/console/requests", 403), ("marketing", "/console/audit", 403)),
    (NOBODY, "/console/holds", 401),
    (LEAD, "/console/requests/00000000-0000-4000-8000-000000000000", 404),
    (LEAD, "/console/nowhere", 404),
    (NOBODY, "/confirm/none", 404),
    (NOBODY, "/portal/certificates/none", 404),
)
KEYED: Final = ("/console", "/console/requests", "/console/holds/new")


@pytest.fixture(scope="module")
def looker(furnished: House, browser: "Browser") -> Iterator[Walker]:
    with walker(furnished, browser) as made:
        yield made


def sound(page: Page) -> None:
    assert violations(page) == []
    assert fits(page)


@pytest.mark.parametrize(("lang", "width"), [("ja", 320), ("en", 1280)])
def test_a_refusal_is_a_page_of_its_own(looker: Walker, lang: str, width: int) -> None:
    for caller, address, status in REFUSED:
        stop = Stop(route="", address=address, caller=caller)
        tab = looker.open(stop, View(width=width, lang=lang))
        expect(tab.page.locator("html")).to_have_attribute("lang", lang)
        assert tab.page.locator("h1").count() == 1, address
        assert tab.page.locator(".sk-problem").count() == 1, address
        sound(tab.page)
        said = [words for words in tab.heard() if f"status of {status}" not in words]
        assert said == [], address


def test_a_list_of_nothing_says_what_will_be_there(
    tmp_path_factory: pytest.TempPathFactory, browser: "Browser"
) -> None:
    """A fresh installation: every entry of the menu, on a phone."""
    wiring = create(tmp_path_factory.mktemp("empty"))
    with served(create_app(wiring)) as base:
        office = Office(wiring, base)
        context = browser.new_context(viewport={"width": 390, "height": 900}, locale="ja")
        context.set_extra_http_headers({"accept-language": "ja"})
        context.add_cookies(
            [
                {"name": one.name, "value": one.value or "", "url": base}
                for one in office.browsers[LEAD].cookies.jar
            ]
        )
        page = context.new_page()
        page.goto(base + "/console")
        places = page.eval_on_selector_all(".sk-menu a", "all => all.map(one => one.pathname)")
        for place in places[::3]:  # the walk of every page has the others with content
            page.goto(base + place)
            assert violations(page) == [], place
            assert fits(page), place
        context.close()
        office.close()
    wiring.close()


def test_the_keyboard_alone_reaches_everything_in_order(looker: Walker) -> None:
    for address in KEYED:
        page = looker.open(Stop(route="", address=address, caller=LEAD), View()).page
        page.keyboard.press("Tab")
        expect(page.locator(".sk-skip")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()
        tops = []
        for _ in range(12):
            page.keyboard.press("Tab")
            here = page.evaluate(
                """() => {
                  const one = document.activeElement, box = one.getBoundingClientRect();
                  return [document.getElementById('main').contains(one), scrollY + box.top,
                    box.bottom > 0 && box.top < innerHeight];
                }"""
            )
            if not here[0]:
                break
            assert here[2], address  # the focus is on the screen
            tops.append(here[1])
        assert len(tops) > 3, address


def test_the_focus_stays_after_the_list_was_ordered(looker: Walker) -> None:
    stop = Stop(route="", address="/console/requests", caller=LEAD)
    page = looker.open(stop, View()).page
    control = page.locator("#list-requests thead a").first
    name = control.get_attribute("id")
    assert name
    control.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**sort=*")
    expect(page.locator(f"#{name}")).to_be_focused()


def test_forced_colours_and_paper_keep_what_matters(looker: Walker, furnished: House) -> None:
    for address in ("/console", "/console/requests", f"/console/persons/{furnished.customer}"):
        page = looker.open(Stop(route="", address=address, caller=LEAD), View()).page
        page.emulate_media(forced_colors="active")
        here = page.locator(".sk-menu [aria-current]")
        if here.count():
            width = here.first.evaluate("(one) => getComputedStyle(one).borderInlineStartWidth")
            assert float(width.removesuffix("px")) >= 4, address
        page.emulate_media(forced_colors="none", media="print", color_scheme="dark")
        expect(page.locator(".sk-menu")).to_be_hidden()
        expect(page.locator("main h1")).to_be_visible()
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(255, 255, 255)", address
        assert page.evaluate(OVERFLOW) <= 0, address
        page.emulate_media(media="screen", forced_colors="none")
