"""The customer's way: look, withdraw, agree again; other systems are told at once."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from governance.core.terms import Lang
from tests.journeys.conftest import Seen, Site, Visits
from tests.journeys.looks import fits, violations

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
PURPOSE = "mail_marketing"


def permitted(site: Site) -> bool:
    """What the mail sender is told about the customer now."""
    question: dict[str, Any] = {
        "subject": {"type": "system", "id": "journey"},
        "resource": {"type": "person", "id": site.customer},
        "action": {"name": "use", "properties": {"purpose": PURPOSE}},
        "context": {"channel": "email"},
    }
    answer = httpx.post(
        f"{site.base}/access/v1/evaluation",
        json=question,
        headers={"authorization": f"Bearer {site.key}"},
        timeout=30,
    )
    assert answer.status_code == 200
    return bool(answer.json()["decision"])


def press(page: Page) -> None:
    """The switch of the purpose is pressed and the page is there again."""
    if page.locator("#choices-fold:not([open])").count():
        page.locator("#choices-fold > summary").click()
    with page.expect_navigation(url="**/portal?changed=*"):
        page.locator(f'form[action="/portal/choices/{PURPOSE}"] button').first.click()


def is_on(page: Page) -> bool:
    switch = page.locator(f'form[action="/portal/choices/{PURPOSE}"] [aria-checked]').first
    return switch.get_attribute("aria-checked") == "true"


def sound(seen: Seen) -> None:
    assert fits(seen.page)
    assert seen.foreign == []
    assert seen.said == []


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("lang", [lang.value for lang in Lang])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_withdrawal_is_honoured_by_the_very_next_question(
    visits: Visits, site: Site, *, width: int, lang: str, script: bool
) -> None:
    seen = visits.signed_in(f"p:{site.customer}", width=width, lang=lang, script=script)
    assert seen.page.url == site.base + "/portal"
    expect(seen.page.locator("html")).to_have_attribute("lang", lang)
    if not is_on(seen.page):
        press(seen.page)
    assert permitted(site) is True
    press(seen.page)
    assert permitted(site) is False
    assert not is_on(seen.page)
    press(seen.page)
    assert permitted(site) is True
    assert is_on(seen.page)
    sound(seen)
    if script:
        assert violations(seen.page) == []


@pytest.mark.parametrize("lang", [lang.value for lang in Lang])
def test_the_page_fits_the_narrowest_phone(visits: Visits, site: Site, lang: str) -> None:
    seen = visits.signed_in(f"p:{site.customer}", width=320, lang=lang)
    assert violations(seen.page) == []
    sound(seen)


def test_a_link_works_once(visits: Visits, site: Site) -> None:
    code = site.code(f"p:{site.customer}")
    first = visits.open(f"/sign-in?code={code}")
    first.page.locator("main form button").click()
    first.page.wait_for_url("**/portal")
    second = visits.open(f"/sign-in?code={code}")
    second.page.locator("main form button").click()
    second.page.wait_for_load_state()
    assert "/portal" not in second.page.url
    expect(second.page.locator("main")).to_contain_text("サインインできません")


def test_the_customer_has_no_console(visits: Visits, site: Site) -> None:
    seen = visits.signed_in(f"p:{site.customer}")
    answer = seen.page.goto(f"{site.base}/console")
    assert answer is not None
    assert answer.status in (403, 404)
