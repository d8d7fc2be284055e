"""Chromium reads every page as a person does: axe, reflow, keyboard, no script, forced colours."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from governance.core.terms import Lang

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WIDTHS = (1280, 390, 320)
SCHEMES = ("light", "dark")
MIN_TARGET = 24  # px, WCAG 2.2 2.5.8; a link inside a sentence is exempt
OVERFLOWING = (
    """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""
)
SMALL_TARGETS = """(least) => [...document.querySelectorAll('a, button, input, select, summary')]
  .filter((one) => one.offsetParent && one.type !== 'hidden')
  .filter((one) => !one.matches('p:not(.sk-banner__end) a'))
  .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
  .filter(([, box]) => box.height < least)
  .map(([text]) => text)"""


@dataclass  # no slots: Playwright marks the object that listens
class Opened:
    page: Page
    base: str
    said: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        self.said.append(message.text)

    def watch(self, request: Request) -> None:
        if not request.url.startswith(self.base):
            self.foreign.append(request.url)


Open = Callable[..., Opened]


@pytest.fixture
def opened(browser: Browser, site: object) -> Iterator[Open]:
    contexts: list[BrowserContext] = []
    base: str = site.base  # type: ignore[attr-defined] # the Site of conftest

    def open_page(name: str, *, width: int = 1280, **options: object) -> Opened:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)  # type: ignore[arg-type] # as Playwright names them
        contexts.append(context)
        made = Opened(page=context.new_page(), base=base)
        made.page.on("console", made.hear)
        made.page.on("pageerror", lambda error: made.said.append(str(error)))
        made.page.on("request", made.watch)
        made.page.goto(f"{base}/{name}")
        made.page.wait_for_load_state("networkidle")
        return made

    yield open_page
    for context in contexts:
        context.close()


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:90]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_style_page_has_no_finding_no_foreign_request_no_overflow(
    opened: Open, width: int, lang: Lang, scheme: str
) -> None:
    seen = opened("style", width=width, locale=lang.value, color_scheme=scheme)
    assert violations(seen.page) == []
    assert seen.page.evaluate(OVERFLOWING) == 0
    assert seen.page.evaluate(SMALL_TARGETS, MIN_TARGET) == []
    assert seen.said == []
    assert seen.foreign == []


@pytest.mark.parametrize("width", [1280, 320])
def test_every_ready_page_has_no_finding(
    opened: Open, page_name: str, width: int, lang: Lang
) -> None:
    seen = opened(page_name, width=width, locale=lang.value)
    assert violations(seen.page) == []
    assert seen.page.evaluate(OVERFLOWING) == 0
    assert seen.said == []
    assert seen.foreign == []


def test_first_tab_offers_the_content_and_takes_the_reader_there(opened: Open) -> None:
    page = opened("style").page
    page.keyboard.press("Tab")
    expect(page.locator(".sk-skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_language_and_theme_change_without_script(opened: Open) -> None:
    page = opened("style", java_script_enabled=False, locale="ja").page
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.url.endswith("/console/style")
    page.get_by_role("button", name="Switch to dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(22, 24, 29)"


def test_a_device_that_is_dark_is_offered_the_light_colours(opened: Open) -> None:
    page = opened("style", java_script_enabled=False, locale="en").page
    page.emulate_media(color_scheme="dark")
    expect(page.get_by_role("button", name="Switch to dark")).to_have_count(0)
    page.get_by_role("button", name="Switch to light").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"


def test_menu_opens_without_script_on_a_phone(opened: Open) -> None:
    page = opened("style", width=390, java_script_enabled=False, locale="ja").page
    page.get_by_text("メニュー", exact=True).click()
    expect(page.locator(".sk-drawer__sheet").get_by_role("link", name="監査")).to_be_visible()


def test_escape_closes_the_menu_and_keeps_the_focus(opened: Open) -> None:
    page = opened("style", width=390, locale="ja").page
    page.locator(".sk-drawer > summary").click()
    page.keyboard.press("Escape")
    expect(page.locator(".sk-drawer")).not_to_have_attribute("open", "")
    expect(page.locator(".sk-drawer > summary")).to_be_focused()


def test_refused_form_takes_the_focus_to_its_summary(opened: Open) -> None:
    page = opened("sign_in", locale="ja").page
    expect(page.locator(".sk-summary")).to_be_focused()
    page.locator(".sk-summary a").click()
    expect(page.locator("#address")).to_be_focused()


def test_letters_move_between_rows_until_turned_off(opened: Open) -> None:
    page = opened("style", locale="ja").page
    page.keyboard.press("/")
    expect(page.locator("#seek")).to_be_focused()
    page.locator("#main").focus()
    page.keyboard.press("j")
    expect(page.locator("#due tbody a").first).to_be_focused()
    page.get_by_role("button", name="1文字のキー操作を切る").click()
    expect(page.locator("html")).to_have_attribute("data-keys", "off")
    page.keyboard.press("/")
    expect(page.locator("#seek")).not_to_be_focused()


def test_focus_stays_on_the_same_control_after_a_swap(opened: Open) -> None:
    seen = opened("style", locale="ja")
    seen.page.evaluate(
        """() => {
          const link = document.getElementById('due-sort-kind');
          link.focus();
          return htmx.ajax('GET', '/part', {target: '#due', swap: 'innerHTML'});
        }"""
    )
    expect(seen.page.locator("#due-sort-kind")).to_have_text("swapped")
    expect(seen.page.locator("#due-sort-kind")).to_be_focused()
    assert seen.said == []


def test_focus_ring_is_black_and_yellow(opened: Open) -> None:
    page = opened("style").page
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    ring = page.evaluate(
        """() => {
          const style = getComputedStyle(document.activeElement);
          return [style.outlineColor, style.outlineWidth, style.boxShadow];
        }"""
    )
    assert ring[0] == "rgb(0, 0, 0)"
    assert ring[1] == "4px"
    assert "rgb(255, 212, 61)" in ring[2]


@pytest.mark.parametrize("width", [1280, 390])
def test_forced_colours_keep_states_visible(opened: Open, width: int) -> None:
    page = opened("style", width=width, forced_colors="active").page
    here = page.locator(".sk-switch[aria-checked=true] .sk-switch__track")
    off = page.locator(".sk-switch[aria-checked=false] .sk-switch__track")
    colour = "(one) => getComputedStyle(one).backgroundColor"
    assert here.evaluate(colour) != off.evaluate(colour)
    assert page.evaluate(OVERFLOWING) == 0


def test_paper_drops_the_frame_and_is_light(opened: Open) -> None:
    page = opened("style", color_scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator(".sk-brand")).to_be_hidden()
    expect(page.locator(".sk-who")).to_be_visible()  # whose page it was
    expect(page.locator(".sk-menu")).to_be_hidden()
    expect(page.locator(".sk-certificate")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_double_press_sends_a_form_once(opened: Open) -> None:
    seen = opened("confirm", locale="ja")
    sent: list[str] = []
    seen.page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    seen.page.route("**/confirm", lambda _: None)  # the answer never comes
    seen.page.evaluate(
        """() => {
          const button = document.querySelector('main form button');
          for (const later of [0, 150, 300]) setTimeout(() => button.click(), later);
        }"""
    )
    seen.page.wait_for_timeout(600)
    assert len(sent) == 1
