"""What was entered is not lost: lost session, server error, two tabs, sent twice, the way back."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import Page, expect

from tests.installation import events
from tests.journeys.looks import fits, violations
from tests.walks.finding import Stop
from tests.walks.house import House
from tests.walks.seeding import LEAD, REQUESTS, proposed
from tests.walks.walking import Tab, View, Walker, walker

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
WORDS: Final = "もう送らないでほしい（架空）"
KEPT: Final = "入力した内容は残っています"


@pytest.fixture
def looker(furnished: House, browser: "Browser") -> Iterator[Walker]:
    with walker(furnished, browser) as made:
        yield made


@pytest.fixture
def tab(looker: Walker, furnished: House) -> Tab:
    """The form for what a person told, filled in."""
    place = f"/console/consents/persons/{furnished.customer}"
    opened = looker.open(Stop(route="", address=place, caller=LEAD), View())
    opened.page.locator("#words").fill(WORDS)
    opened.page.locator("#how").select_option("counter")
    return opened


def press(page: Page, place: str) -> None:
    with page.expect_navigation():
        page.locator(place).click()


def noted(house: House) -> int:
    with house.wiring.database.read() as tx:
        found = events(tx, "consent.withdrawn")
    return [one.subject for one in found].count(house.customer)


def offered(page: Page) -> None:
    """The page says what happened, and has the content; it is as sound as any other."""
    expect(page.locator("main")).to_contain_text(KEPT)
    expect(page.locator('#again-form input[name="words"]')).to_have_value(WORDS)
    assert violations(page) == []
    assert fits(page)


def test_a_form_outlives_its_session(tab: Tab, furnished: House) -> None:
    page, before = tab.page, noted(furnished)
    cookies = page.context.cookies()
    page.context.clear_cookies()
    press(page, "#told")
    offered(page)
    expect(page.locator("#again-sign-in")).to_be_visible()
    assert noted(furnished) == before
    page.context.add_cookies([dict(one) for one in cookies])  # type: ignore[misc] # as it gave them
    press(page, "#again")  # signed in anew, the form needs the token of that session
    offered(page)
    press(page, "#again")
    expect(page.locator("main")).to_contain_text("の撤回を記録しました")
    assert noted(furnished) == before + 1


def test_a_form_outlives_a_fault_of_the_server(
    tab: Tab, furnished: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, before = tab.page, noted(furnished)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as fault:
        fault.setattr("governance.console.told_choices.choose", broken)
        press(page, "#told")
    offered(page)
    assert noted(furnished) == before
    press(page, "#again")
    while page.locator("#again").count():
        press(page, "#again")
    expect(page.locator("main")).to_contain_text("の撤回を記録しました")
    assert noted(furnished) == before + 1


def test_sent_twice_and_sent_again_from_the_page_before_is_once(tab: Tab, furnished: House) -> None:
    page, before = tab.page, noted(furnished)
    with page.expect_navigation():
        page.evaluate(
            "() => { const one = document.getElementById('told'); one.click(); one.click(); }"
        )
    page.wait_for_url(re.compile("told="))
    assert noted(furnished) == before + 1
    page.go_back()
    expect(page.locator("#told")).to_be_visible()
    assert noted(furnished) == before + 1


def test_of_two_tabs_the_later_loses_nothing(looker: Walker, furnished: House) -> None:
    page = looker.open(Stop(route="", address=REQUESTS, caller=LEAD), View()).page
    page.locator('main a[href^="/console/requests/0"]').first.click()
    page.wait_for_url(re.compile(r"/console/requests/0[0-9a-f-]+$"))
    page.goto(page.url + "/letters")
    page.locator("#template").select_option("method_impossible")
    press(page, "#compose")
    other = page.context.new_page()
    other.goto(page.url)
    for one, words in ((page, "先の一文（架空）"), (other, "後の一文（架空）")):
        one.locator("#body").fill(words)
        press(one, 'button[value="save"]')
    expect(other.locator("#body")).to_have_value("後の一文（架空）")
    expect(other.locator(".sk-summary")).to_be_visible()
    assert violations(other) == []


def test_who_asked_is_told_that_another_must_approve(looker: Walker, furnished: House) -> None:
    place = proposed(furnished, "2099-01-02.1")  # its own: another test agrees to the first
    page = looker.open(Stop(route="", address=place, caller=LEAD), View()).page
    expect(page.locator("#approve")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("main")).to_contain_text("自分の申請は承認できません")
