"""The customer's way on a phone: file a 開示 request, prove who asks, find it again."""

import pytest
from playwright.sync_api import Browser, Page, expect

from governance.core.terms import ActorId
from governance.http.principal import PrincipalKind
from governance.identity.service import issue_code
from tests.governance.portal.requests.conftest import REQUEST, ROOT, Portal
from tests.installation import AT, subjects
from tests.journeys.looks import fits, violations

pytestmark = pytest.mark.browser


def signed_in(portal: Portal, page: Page) -> None:
    (subject,) = subjects(portal.wiring)
    code = portal.wiring.database.write(
        lambda tx: issue_code(tx, actor=ActorId(f"p:{subject}"), kind=PrincipalKind.PERSON, at=AT)
    )
    page.goto(f"{portal.base}/sign-in?code={code}")
    page.locator("main form button").click()
    page.wait_for_url("**/portal")


def sound(page: Page) -> None:
    # axe takes a target that is scrolled half under the sticky head for a small one
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    assert violations(page) == []
    assert fits(page)


def answer(page: Page, choice: str) -> None:
    """One answer is chosen and the next question is there."""
    page.locator(choice).first.check()
    sound(page)
    asked = page.url
    page.locator("main form button").first.click()
    page.wait_for_url(lambda url: url != asked)


def test_a_disclosure_is_filed_and_its_asker_proved_on_a_phone(
    portal: Portal, browser: Browser
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="ja-JP")
    page, said = context.new_page(), list[str]()
    page.on("console", lambda message: said.append(message.text))
    before = portal.count(REQUEST)
    signed_in(portal, page)
    page.goto(portal.base + ROOT)
    sound(page)
    page.locator("main form button").first.click()
    answer(page, 'input[value="japan"]')
    answer(page, 'input[value="disclosure"]')
    answer(page, 'input[name="scope_everything"]')
    page.go_back()
    expect(page.locator('input[name="scope_everything"]')).to_be_checked()
    answer(page, 'input[name="scope_everything"]')
    answer(page, 'input[value="download"]')
    sound(page)
    page.locator("main form button").first.dblclick()
    expect(page.locator("h1")).to_have_text("ご本人の確認をお願いします")
    assert portal.count(REQUEST) == before + 1
    sound(page)
    page.locator("#send-email_code").click()
    page.locator("#code-email_code").fill(portal.code())
    sound(page)
    page.get_by_role("button", name="コードを確認する").click()
    expect(page.locator("h1")).to_have_text("確認が済みました。回答をお待ちください")
    sound(page)
    page.goto(portal.base + ROOT)
    assert page.get_by_role("link", name="どんな情報を持っているか見たい").count() >= 1
    assert said == []
    context.close()
