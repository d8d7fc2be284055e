"""A list in Chromium: keys, choice, columns, order; with and without script, wide and narrow."""

import csv
import re
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


def test_chosen_persons_leave_as_their_page_shows_them(looker: Walker) -> None:
    """By keys in Chromium: the file holds the rows that were chosen, cell by cell."""
    stop = Stop(route="/console/persons", address="/console/persons", caller="privacy_officer")
    tab = looker.open(stop, View(width=1280))
    page = tab.page
    page.locator("#words").fill("佐藤 幸恵")
    page.locator("#search").click()
    page.wait_for_url("**/console/persons/searches/*")
    rows = page.locator("#list-persons tbody tr")
    assert rows.count() > 2, "several persons of the demo have this name"
    for key in "jxjjx":
        page.keyboard.press(key)
    assert page.locator("#list-persons-chosen").inner_text().startswith("2")
    shown = [
        [" ".join(cell.split()) for cell in rows.nth(place).locator("th, td").all_inner_texts()[1:]]
        for place in (0, 2)
    ]
    with page.expect_download() as made:
        page.locator("#list-persons-chosen-csv").click()
    assert made.value.suggested_filename.startswith("persons_")
    with made.value.path().open(encoding="utf-8-sig", newline="") as stream:
        _, *held = csv.reader(stream)
    assert [bare(row) for row in held] == [bare(row) for row in shown]
    assert tab.heard() == []


def bare(row: list[str]) -> list[str]:
    """Words without what a page and a file each write in their own way: blanks, brackets, none."""
    return [re.sub(r"[\s()–－-]", "", cell) for cell in row]
