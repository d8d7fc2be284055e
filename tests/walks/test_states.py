"""Pages in the states that nobody plans for: empty, refused, failed, forced colours, on paper."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import Page, Route, expect

from dsar.errors import RequestChangedError
from governance.app.factory import create_app
from governance.core.errors import UnavailableError
from tests.installation import create
from tests.journeys.looks import OVERFLOW, fits, violations
from tests.office import Office
from tests.serving import served
from tests.walks.finding import Stop
from tests.walks.house import NOBODY, PERSON, House
from tests.walks.seeding import LEAD
from tests.walks.walking import LANGS, UNSEEN, View, Walker, walker

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
REFUSED: Final = (
    ("marketing", "/console/requests", 403),
    (NOBODY, "/console/holds", 401),
    (LEAD, "/console/requests/00000000-0000-4000-8000-000000000000", 404),
    (LEAD, "/console/nowhere", 404),
    (NOBODY, "/portal/certificates/none", 404),
)
BROKEN: Final = ((RequestChangedError(), 409), (RuntimeError(), 500), (UnavailableError(), 503))
KEYED: Final = ("/console", "/console/requests", "/console/holds/new")


@pytest.fixture(scope="module")
def looker(furnished: House, browser: "Browser") -> Iterator[Walker]:
    with walker(furnished, browser) as made:
        yield made


def sound(page: Page) -> None:
    assert violations(page) == []
    assert fits(page)


def problem(looker: Walker, caller: str, address: str, status: int, lang: str) -> None:
    """What failed is told on a page of its own, on a telephone."""
    tab = looker.open(Stop(route="", address=address, caller=caller), View(width=390, lang=lang))
    expect(tab.page.locator("html")).to_have_attribute("lang", lang)
    assert tab.page.locator("h1").count() == 1, address
    assert tab.page.locator(".sk-problem").count() == 1, address
    sound(tab.page)
    said = tab.heard()
    assert [words for words in said if f"status of {status}" not in words] == [], address
    assert said, (address, status)


@pytest.mark.parametrize("lang", LANGS)
def test_a_refusal_is_a_page_of_its_own(
    looker: Walker, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    for caller, address, status in REFUSED:
        problem(looker, caller, address, status, lang)
    for error, status in BROKEN:

        def fails(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        with monkeypatch.context() as fault:
            fault.setattr("governance.console.hold_pages.listed", fails)
            problem(looker, LEAD, "/console/holds", status, lang)


# Both presses come before the answer: for a page that is leaving, the browser's driver waits.
TWICE: Final = """(one) => {
  one.click();
  one.click();
  const busy = document.getElementById('busy');
  const style = getComputedStyle(busy);
  return [one.form.getAttribute('aria-busy'), style.display, style.animationDelay,
    busy.textContent !== '' && busy.textContent === document.getElementById('said').textContent];
}"""


def test_what_is_under_way_is_said_and_not_sent_twice(looker: Walker, furnished: House) -> None:
    """Without motion; a list whose session has ended leads to the page that says so."""
    place = f"/console/consents/persons/{furnished.customer}"
    page = looker.open(Stop(route="", address=place, caller=LEAD), View()).page
    page.emulate_media(reduced_motion="reduce")
    waits: list[Route] = []

    def hold(route: Route) -> None:
        waits.append(route)

    page.route("**/told", hold)
    page.locator("#how").select_option("counter")
    said = page.locator("#told").evaluate(TWICE)
    assert said == ["true", "block", "0.4s", True], said
    while not waits:  # the driver tells of the request when it comes to it
        page.wait_for_timeout(10)
    waits.pop().continue_()
    page.wait_for_url("**told=*")
    expect(page.locator("#busy")).to_be_hidden()
    assert waits == [], "it was sent twice"
    page.goto(furnished.base + "/console/law")
    page.route("**/console/law?*", hold)
    page.locator("#list-law-duties-sort-article").click()
    expect(page.locator("#list-law-duties-busy")).to_be_visible()
    expect(page.locator("#list-law-duties")).to_have_attribute("aria-busy", "true")
    waits.pop().continue_()
    expect(page.locator("#list-law-duties th[aria-sort=ascending]")).to_be_visible()
    expect(page.locator("#list-law-duties-busy")).to_be_hidden()
    page.unroute_all()
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.locator("#list-law-duties-sort-article").click()
    expect(page.locator(".sk-problem")).to_be_visible()
    page.context.add_cookies([dict(one) for one in cookies])  # type: ignore[misc] # as it gave them
    page.emulate_media(reduced_motion="no-preference")


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


# Of what is pressed or filled in, or says a state: what no border sets off from its ground, or
# whose words have its colour. A box that the system draws has its own.
EDGELESS: Final = """() => [...document.querySelectorAll('.sk-button, input, select, textarea,\
 .sk-switch__track, .sk-chip, .sk-banner')]
  .filter((one) => one.type !== 'hidden' && one.checkVisibility({visibilityProperty: true}))
  .filter((one) => {
    const style = getComputedStyle(one);
    const ground = getComputedStyle(document.body).backgroundColor;
    const drawn = (colour) => colour !== ground && !/^rgba.*, 0\\)$/.test(colour);
    const edge = ['Top', 'Bottom'].every((side) => parseFloat(style[`border${side}Width`]) >= 1
      && style[`border${side}Style`] !== 'none' && drawn(style[`border${side}Color`]));
    return style.appearance === 'none' && !edge || !drawn(style.color);
  })
  .map((one) => one.outerHTML.slice(0, 90))"""
GROUND: Final = "(one) => getComputedStyle(one).backgroundColor"
TRACK: Final = '[role=switch][aria-checked="{}"] .sk-switch__track'


def test_controls_keep_edges_states_and_focus_in_forced_colours(looker: Walker) -> None:
    for address, caller in (("/console/style", LEAD), ("/portal", PERSON)):
        page = looker.open(Stop(route="", address=address, caller=caller), View()).page
        page.emulate_media(forced_colors="active")
        assert page.evaluate("matchMedia('(forced-colors: active)').matches")
        assert page.evaluate(EDGELESS) == [], address
        page.keyboard.press("Tab")
        assert page.evaluate(UNSEEN) == [], address
        if caller == LEAD:  # the page of styles has a switch of each state
            on, off = (page.locator(TRACK.format(said)).first for said in ("true", "false"))
            assert on.evaluate(GROUND) != off.evaluate(GROUND)
        page.emulate_media(forced_colors="none")


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
