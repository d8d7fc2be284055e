"""A list in Chromium: keys, choice, columns, order; with and without script, wide and narrow."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.walks.finding import Stop
from tests.walks.house import House
from tests.walks.walking import View, Walker, walker

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
STOP: Final = Stop(route="/console/law", address="/console/law", caller="auditor")
LIST: Final = "list-law-duties"
FOCUS: Final = "document.activeElement.id || document.activeElement.closest('tr')?.id"


@pytest.fixture(scope="module")
def looker(furnished: House, browser: "Browser") -> Iterator[Walker]:
    with walker(furnished, browser) as made:
        yield made


def asked(page: "Page") -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def focus(page: "Page") -> str:
    return str(page.evaluate(FOCUS))


def test_keys_move_choose_search_and_help(looker: Walker) -> None:
    tab = looker.open(STOP, View(width=1280))
    page = tab.page
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert focus(page) == f"{LIST}-row-2"
    page.keyboard.press("x")
    assert page.locator(f"#{LIST}-pick-2").is_checked()
    assert page.locator(f"#{LIST}-chosen").inner_text().startswith("1")
    page.keyboard.press("?")
    assert page.locator("#keys-help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#keys-help").is_visible()
    with page.expect_download() as made:
        page.locator(f"#{LIST}-chosen-csv").click()
    assert made.value.suggested_filename.startswith("law-duties_")
    assert len(made.value.path().read_bytes().splitlines()) == 2, "the chosen row and a heading"
    page.keyboard.press("/")
    assert focus(page) == f"{LIST}-q"
    page.locator(f"#{LIST}-every").check()
    rows = page.locator(f"#{LIST} tbody .sk-rows__pick input").count()
    assert page.locator(f"#{LIST}-chosen").inner_text().startswith(str(rows))
    page.locator(f"#{LIST}-row-3 a[data-open]").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/law/*")
    assert tab.heard() == []


def test_an_order_and_columns_come_without_a_new_page_and_the_focus_stays(looker: Walker) -> None:
    tab = looker.open(STOP, View(width=1280))
    page = tab.page
    page.evaluate("window.stays = true")
    page.locator(f"#{LIST}-sort-article").click()
    page.wait_for_url("**sort=article*")
    page.locator(f"#{LIST} th[aria-sort=ascending]").wait_for()
    assert focus(page) == f"{LIST}-sort-article"
    page.locator(f"#{LIST}-columns-open").click()
    page.locator(f"#{LIST}-col-binds").uncheck()
    page.locator(f"#{LIST}-columns-apply").click()
    page.locator(f"#{LIST}-sort-binds").wait_for(state="detached")
    assert "binds" not in asked(page)["cols"][0]
    assert asked(page)["sort"] == ["article"]
    page.locator(f"#{LIST}-narrow").click()
    page.locator(f"#{LIST}-law").select_option("GDPR")
    page.locator(f"#{LIST}-apply").click()
    page.wait_for_url("**law=GDPR*")
    page.locator(f"#{LIST}-clear").wait_for()
    assert page.evaluate("window.stays") is True, "the page was not left"
    page.go_back()
    page.locator(f"#{LIST}-clear").wait_for(state="detached")
    assert tab.heard() == []


@pytest.mark.parametrize("width", [1280, 390])
def test_a_list_works_without_script(looker: Walker, width: int) -> None:
    tab = looker.open(STOP, View(width=width, script=False))
    page = tab.page
    assert not page.locator(f"#{LIST}-every").is_visible()
    page.locator(f"#{LIST}-narrow").click()
    page.locator(f"#{LIST}-law").select_option("GDPR")
    page.locator(f"#{LIST}-apply").click()
    assert asked(page)["law"] == ["GDPR"]
    page.locator(f"#{LIST}-columns-open").click()
    page.locator(f"#{LIST}-col-binds").uncheck()
    page.locator(f"#{LIST}-columns-apply").click()
    assert (asked(page)["law"], "binds" in str(asked(page)["cols"])) == (["GDPR"], False)
    page.locator(f"#{LIST}-pick-1").check()
    with page.expect_download() as made:
        page.locator(f"#{LIST}-chosen-csv").click()
    assert len(made.value.path().read_bytes().splitlines()) == 2
    page.locator(f"#{LIST}-columns-open").click()
    page.locator(f"#{LIST}-order").select_option("-article")
    page.locator(f"#{LIST}-columns-apply").click()
    assert (asked(page)["sort"], asked(page)["law"]) == (["-article"], ["GDPR"])
    assert tab.heard() == []
