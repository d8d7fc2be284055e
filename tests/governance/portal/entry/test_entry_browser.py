"""Signing in, choosing and reading on a telephone, in both languages, without script."""

from typing import TYPE_CHECKING

import pytest

from governance.ui.preferences import COOKIE, Preferences, Reading
from tests.governance.portal.entry.conftest import PARENT, Portal
from tests.journeys.looks import fits, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
READ = ("/portal", "/portal/requests", "/portal/receipts", "/portal/requests/return")


def test_a_customer_signs_in_by_keyboard_and_acts_for_a_child(
    browser: "Browser", portal: Portal
) -> None:
    portal.relation(3, 2)
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="ja-JP"
    )
    page = context.new_page()
    page.goto(f"{portal.base}/portal")
    assert page.url.endswith("/portal/sign-in")
    before = len(portal.letters())
    page.fill("#address", PARENT)
    page.press("#address", "Enter")
    page.wait_for_url("**/portal/sign-in/code")
    page.wait_for_timeout(200)
    assert len(portal.letters()) == before + 1
    page.fill("#code", portal.letters()[-1].params["code"])
    page.press("#code", "Enter")
    page.wait_for_url("**/portal")
    assert fits(page)
    page.click("#act-1")
    assert page.locator("#acting-end").is_visible()
    assert not page.locator("#choice-mail_marketing").is_visible(), "folded, and one press away"
    page.click("#choices-fold > summary")
    page.click("#choice-mail_marketing")
    assert page.locator('#choice-mail_marketing[aria-checked="true"]').count() == 1
    page.click("#acting-end")
    assert page.locator("#acting-end").count() == 0
    context.close()


@pytest.mark.parametrize(("lang", "width"), [("ja", 390), ("en", 1280)])
def test_every_way_of_reading_is_accessible_and_fits(
    browser: "Browser", portal: Portal, lang: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844}, locale=lang)
    signed = portal.signed_in(PARENT)
    view = Preferences(reading=frozenset(Reading)).cookie_value()
    if lang == "en":
        view = "en" + view.removeprefix("ja")
    kept = {**dict(signed.cookies), COOKIE: view}
    context.add_cookies([{"name": n, "value": v, "url": portal.base} for n, v in kept.items()])
    page = context.new_page()
    for path in READ:
        page.goto(portal.base + path)
        assert violations(page) == [], path
        assert fits(page), path
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px"
    context.clear_cookies()
    for path in ("/portal/sign-in", "/portal/sign-in/code"):
        page.goto(portal.base + path)
        assert violations(page) == [], path
        assert fits(page), path
    context.close()
