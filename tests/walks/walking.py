"""One browser that opens pages as their readers do, and tells what is wrong with them."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tests.journeys.looks import CONTRAST, OVERFLOW, violations
from tests.walks.finding import Stop
from tests.walks.house import House

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

WIDTHS: Final = (1280, 768, 390, 320)  # 320 is 1280 at 400 %
PHONE: Final = 390
LAYOUTS: Final = (1280, PHONE)  # between them everything is seen that is at any width
LANGS: Final = ("ja", "en")
SCHEMES: Final = ("light", "dark")
WAIT_MS: Final = 30_000
LEAST: Final = 24  # px of a target, WCAG 2.2 (2.5.8); a link within a sentence is exempt
SMALL: Final = """(least) => [...document.querySelectorAll('a, button, input, select, summary')]
  .filter((one) => one.type !== 'hidden' && one.checkVisibility({visibilityProperty: true}))
  .filter((one) => !one.closest('p, li, td, dd, [role=cell], .sk-quiet') || one.matches('button'))
  .filter((one) => one.getBoundingClientRect().height < least && one.offsetHeight)
  .map((one) => one.outerHTML.slice(0, 80))"""
UNSEEN: Final = """() => [...document.querySelectorAll('a[href], button, input, select, textarea,\
 summary, [tabindex="0"]')]
  .filter((one) => one.type !== 'hidden' && !one.disabled
    && one.checkVisibility({visibilityProperty: true}))
  .filter((one) => {
    one.focus({preventScroll: true});
    if (document.activeElement !== one) return false;
    const style = getComputedStyle(one);
    const shown = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    return !shown && style.boxShadow === 'none';
  })
  .map((one) => one.outerHTML.slice(0, 80))"""
# A chart whose section has no table of the same figures.
TWINLESS: Final = """() => [...document.querySelectorAll('main svg[role=img][viewBox]')]
  .filter((one) => one.checkVisibility() && one.closest('figure, .sk-chart'))
  .filter((one) => !one.closest('section, .sk-panel, main').querySelector('table'))
  .map((one) => one.outerHTML.slice(0, 80))"""
# The bar that stays on the screen covers what lies under it: as axe sees it, a target too small.
TOP: Final = "() => { document.activeElement.blur(); scrollTo(0, 0); }"
# What would let the page scroll sideways, outside of a region that is meant to.
WIDE: Final = """() => [...document.querySelectorAll('main *')]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .filter((one) => !one.parentElement.closest('.sk-scroll, pre, svg'))
  .slice(0, 3).map((one) => one.outerHTML.slice(0, 80))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a reader sees a page."""

    width: int = 1280
    lang: str = "ja"
    scheme: str = "light"
    script: bool = True

    def __str__(self) -> str:
        return f"{self.width} {self.lang} {self.scheme}{'' if self.script else ' no script'}"


def a_view(route: str) -> View:
    """One view for a route, always the same, so that all pages together have every kind."""
    dice = zlib.crc32(route.encode())
    return View(width=WIDTHS[dice % 4], lang=LANGS[dice // 4 % 2], scheme=SCHEMES[dice // 8 % 2])


@dataclass(kw_only=True)
class Tab:
    """A page of the browser with everything that it said and asked for."""

    page: "Page"
    base: str
    said: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """From now on nothing is missed."""
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url))

    def _asked(self, url: str) -> None:
        if not url.startswith((self.base, "data:")):
            self.foreign.append(url)

    def heard(self) -> list[str]:
        """What was said and asked for since the last time."""
        found = [*self.said, *(f"asked {url}" for url in self.foreign)]
        self.said.clear()
        self.foreign.clear()
        return found


@dataclass(kw_only=True)
class Walker:
    """Tabs by caller, with script and without, in one browser."""

    house: House
    browser: "Browser"
    tabs: dict[tuple[str, bool], Tab] = field(default_factory=dict)
    contexts: "list[BrowserContext]" = field(default_factory=list)

    def tab(self, caller: str, *, script: bool = True) -> Tab:
        """The caller's tab, signed in."""
        if (caller, script) not in self.tabs:
            self.tabs[caller, script] = self._opened(caller, script=script)
        return self.tabs[caller, script]

    def _opened(self, caller: str, *, script: bool) -> Tab:
        context = self.browser.new_context(java_script_enabled=script)
        context.set_default_timeout(WAIT_MS)
        self.contexts.append(context)
        jar = self.house.browser(caller).cookies.jar
        context.add_cookies(
            [{"name": one.name, "value": one.value or "", "url": self.house.base} for one in jar]
        )
        tab = Tab(page=context.new_page(), base=self.house.base)
        tab.listen()
        return tab

    def open(self, stop: Stop, view: View) -> Tab:
        """The page of the stop in this view."""
        tab = self.tab(stop.caller, script=view.script)
        page = tab.page
        page.set_viewport_size({"width": view.width, "height": 900})
        page.set_extra_http_headers({"accept-language": view.lang})
        page.emulate_media(color_scheme="dark" if view.scheme == "dark" else "light")
        page.goto(self.house.base + stop.address)
        return tab

    def close(self) -> None:
        """No tab is left."""
        for context in self.contexts:
            context.close()


@contextmanager
def walker(house: House, browser: "Browser") -> Iterator[Walker]:
    """A walker whose tabs are closed at the end."""
    made = Walker(house=house, browser=browser)
    try:
        yield made
    finally:
        made.close()


def findings(walker: Walker, stop: Stop, view: View) -> list[str]:
    """Everything that is wrong with the page in this view."""
    tab = walker.open(stop, view)
    page = tab.page
    found = [] if page.locator("html").get_attribute("lang") == view.lang else ["language"]
    if view.script:
        found += violations(page)
        found += [f"focus unseen: {one}" for one in _unseen(page)]
    found += [f"a chart without its table: {one}" for one in page.evaluate(TWINLESS)]
    found += shapes(page, (view.width,))
    place = urlsplit(page.url).path
    return [f"{stop.route} ({place}) {view}: {one}" for one in (*found, *tab.heard())]


def thorough(walker: Walker, stop: Stop, *, lang: str, script: bool) -> Iterator[list[str]]:
    """What is wrong with the page in each view of one language, from one load of it.

    Nothing but the style depends on width and scheme. Of axe, what looks at colours is asked in
    both schemes where the page is in columns and where it is not; all else once at each width.
    """
    tab = walker.open(stop, View(lang=lang, script=script))
    page = tab.page
    path = urlsplit(page.url).path
    wrong = [] if page.locator("html").get_attribute("lang") == lang else ["language"]
    for scheme in SCHEMES:
        page.emulate_media(
            color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
        )
        for width in WIDTHS:
            view = View(width=width, lang=lang, scheme=scheme, script=script)
            found = [*wrong, *shapes(page, (width,))]
            page.evaluate(TOP)
            if script:
                found += violations(page, but=(CONTRAST,)) if scheme == SCHEMES[0] else []
                found += violations(page, only=(CONTRAST,)) if width in LAYOUTS else []
                found += [f"focus unseen: {one}" for one in _unseen(page)]
            if view == View(width=WIDTHS[-1], lang=lang, scheme=SCHEMES[-1], script=script):
                found += enlarged(page)
            yield [f"{stop.route} ({path}) {view}: {one}" for one in (*found, *tab.heard())]


def shapes(page: "Page", widths: tuple[int, ...]) -> list[str]:
    """What is too wide or too small at these widths."""
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate(OVERFLOW) > 0:
            found.append(f"wide at {width}: {page.evaluate(WIDE)}")
        found += [f"small at {width}: {one}" for one in page.evaluate(SMALL, LEAST)]
    return found


def enlarged(page: "Page") -> list[str]:
    """What is too wide on a telephone whose letters are twice as large (WCAG 1.4.4)."""
    page.set_viewport_size({"width": PHONE, "height": 900})
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    found = []
    if page.evaluate(OVERFLOW) > 0:
        found = [f"wide at {PHONE} with letters of 200 %: {page.evaluate(WIDE)}"]
    page.evaluate("() => { document.documentElement.style.fontSize = ''; }")
    return found


def _unseen(page: "Page") -> list[str]:
    page.keyboard.press("Tab")  # from now on the focus is shown as to whoever uses the keyboard
    found: list[str] = page.evaluate(UNSEEN)
    return found
