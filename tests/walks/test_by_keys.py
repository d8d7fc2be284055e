"""Without a mouse: the officer from the sign-in to a decision, the customer on a telephone."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from dsar.types import RequestKind
from governance.core.terms import ActorId, SubjectId
from governance.customers.store import TABLES
from governance.http.principal import PrincipalKind
from governance.identity.service import issue_code
from tests.walks.house import House
from tests.walks.seeding import LEAD, REQUESTS, reviewed

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
FAR: Final = 90  # presses of Tab after which a control counts as out of reach
SWITCH: Final = 'form[action="/portal/choices/mail_marketing"] button'
SEEN: Final = """(one) => {
  const box = one.getBoundingClientRect();
  return one === document.activeElement && box.bottom > 0 && box.top < innerHeight;
}"""


@pytest.fixture
def page(browser: "Browser") -> Iterator[Page]:
    context = browser.new_context(locale="ja")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def reach(page: Page, place: str) -> None:
    """The control has the focus and is on the screen, by Tab alone."""
    wanted = page.locator(place).first
    for _ in range(FAR):
        if wanted.evaluate("(one) => one === document.activeElement"):
            break
        page.keyboard.press("Tab")
    assert wanted.evaluate(SEEN), place


def press(page: Page, place: str) -> None:
    """The control is reached and pressed; the page that follows is there."""
    reach(page, place)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def main(page: Page) -> None:
    """The link past the menu is taken, which is the first of every page."""
    page.keyboard.press("Tab")
    expect(page.locator(".sk-skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def signed_in(page: Page, house: House, actor: str, kind: PrincipalKind) -> None:
    write, at = house.wiring.database.write, house.wiring.clock()
    code = write(partial(issue_code, actor=ActorId(actor), kind=kind, at=at))
    page.goto(f"{house.base}/sign-in?code={code}")
    press(page, "main form button")


def test_an_officer_assigns_and_decides(furnished: House, page: Page) -> None:
    someone = a_person(furnished)
    request = reviewed(furnished.wiring, someone, RequestKind.DISCLOSURE)
    _ = furnished.browser(LEAD)  # who is hired when somebody first looks for them
    signed_in(page, furnished, f"u:{LEAD}", PrincipalKind.STAFF)
    press(page, f'.sk-menu a[href="{REQUESTS}"]')
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("#list-requests-chosen")).to_contain_text("2")
    reach(page, "#assign-to")
    page.keyboard.press("ArrowDown")
    press(page, "#assign-chosen")
    expect(page.locator("main")).to_contain_text("担当")
    main(page)
    press(page, f'main a[href="{REQUESTS}/{request}"]')
    main(page)
    press(page, f'.sk-stations a[href$="{request}/review"]')
    press(page, "#head button")
    press(page, "#decide")
    expect(page.locator(".sk-panel:has(#decision)")).to_be_visible()


def test_a_customer_chooses_and_asks_on_a_telephone(furnished: House, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    signed_in(page, furnished, f"p:{a_person(furnished)}", PrincipalKind.PERSON)
    before = is_on(page)
    reach(page, "#choices-fold > summary")
    page.keyboard.press("Enter")
    press(page, SWITCH)
    assert is_on(page) is not before
    press(page, SWITCH)
    assert is_on(page) is before
    press(page, 'a[href="/portal/requests"]')
    press(page, 'form[action$="/new"] button')
    for choice in (
        'input[value="japan"]', 'input[value="disclosure"]', 'input[name="scope_everything"]',
        'input[value="download"]',
    ):  # fmt: skip
        choose(page, choice)
        press(page, "main form button")
    press(page, "main form button")
    expect(page.locator("main")).to_contain_text("R-")  # the number of the request


def is_on(page: Page) -> bool:
    switch = page.locator(SWITCH.replace(" button", " [aria-checked]")).first
    return switch.get_attribute("aria-checked") == "true"


def choose(page: Page, place: str) -> None:
    """An answer is marked: of a group by its arrows, otherwise where Tab leads."""
    wanted = page.locator(place).first
    name = wanted.get_attribute("name")
    if wanted.get_attribute("type") == "checkbox":
        reach(page, place)
        page.keyboard.press("Space")
    else:
        for _ in range(FAR):
            if page.evaluate("document.activeElement.name") == name:
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
        for _ in range(FAR):
            if wanted.is_checked():
                break
            page.keyboard.press("ArrowDown")
    expect(wanted).to_be_checked()


def a_person(house: House) -> SubjectId:
    """Somebody of whom no other walk knows."""
    person = TABLES["person"]
    with house.wiring.database.read() as tx:
        others = select(person.c.subject_id).where(person.c.subject_id != house.customer)
        found = tx.execute(others.order_by(person.c.source_row.desc()).offset(7)).scalars().first()
    return SubjectId(found or "")
