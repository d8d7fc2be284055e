"""Ten tasks of a newcomer, each done from the overview in at most six clicks (docs/ten-tasks.md).

A click is a link or a button that is pressed; what is typed or chosen in a form is none. With
`SEKISHO_TASK_PICTURES` naming a folder, each task leaves a picture of its end there.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from dsar.types import RequestKind
from governance.core.terms import SubjectId
from governance.customers.store import TABLES
from tests.journeys.looks import fits, violations
from tests.walks.finding import Stop
from tests.walks.house import House
from tests.walks.seeding import LEAD, SECOND, reviewed
from tests.walks.walking import View, Walker, walker

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
CLICKS: Final = 6
PICTURES: Final = os.environ.get("SEKISHO_TASK_PICTURES", "")
AUDITOR, DESK = "auditor", "support"


@dataclass(kw_only=True)
class Hand:
    """Somebody at the overview, whose clicks are counted."""

    page: Page
    clicks: int = 0
    pressed: list[str] = field(default_factory=list)

    def press(self, place: str) -> None:
        """A link or a button, and the page that follows."""
        with self.page.expect_navigation():
            self.touch(place)

    def touch(self, place: str) -> None:
        """A link, a button or a box that leads to no other page."""
        self.clicks += 1
        self.pressed.append(place)
        self.page.locator(place).first.click()

    def menu(self, place: str) -> None:
        """An entry of the menu; its group is opened first where another one is."""
        entry = f'.sk-menu a[href="{place}"]'
        if not self.page.locator(entry).is_visible():
            self.touch(f".sk-menu details:has({entry.removeprefix('.sk-menu ')}) > summary")
        self.press(entry)

    def write(self, name: str, words: str) -> None:
        """What is typed is no click."""
        self.page.locator(f"#{name}").fill(words)

    def choose(self, name: str, value: str) -> None:
        """What is chosen from the list of a form is none either."""
        self.page.locator(f"#{name}").select_option(value)

    def find(self, house: House) -> None:
        """The customer, by their name."""
        self.menu("/console/persons")
        self.write("words", name_of(house))
        self.press("#search")
        self.press(f'main a[href*="{house.customer}"]')

    def sees(self, *words: str) -> None:
        for one in words:
            expect(self.page.locator("main")).to_contain_text(one)


@pytest.fixture(scope="module")
def looker(furnished: House, browser: "Browser") -> Iterator[Walker]:
    with walker(furnished, browser) as made:
        yield made


def name_of(house: House) -> str:
    """The customer's name, as they see it themselves."""
    found = re.search(r"氏名</dt>\s*<dd[^>]*>(?:<[^>]+>)*([^<]+)", house.portal.get("/portal").text)
    assert found is not None
    return found[1].strip()


def who_saw_the_address(hand: Hand, house: House) -> None:
    hand.find(house)
    hand.press(f'main a[href="/console/audit/persons/{house.customer}"]')
    hand.choose("field", "person.address")
    hand.press("#look")
    hand.sees(DESK)
    hand.press('main a[href^="/console/audit/events/"]')
    expect(hand.page.locator(".sk-panel:has(#proof)")).to_contain_text("署名が一致")


def a_hold_is_placed(hand: Hand, house: House) -> None:
    hand.menu("/console/holds")
    hand.press("#new")
    for name, words in {
        "number": "2026-TASK", "name": "架空商事 対 架空", "reason": "訴状の送達",
        "persons": house.customer,
    }.items():  # fmt: skip
        hand.write(name, words)
    hand.press("#see")
    hand.press("#place")
    hand.sees("2026-TASK", "架空商事 対 架空")


def a_disclosure_is_refused_in_part(hand: Hand, house: House) -> None:
    request = reviewed(house.wiring, _another(house), RequestKind.DISCLOSURE)
    hand.menu("/console/requests")
    hand.press(f'main a[href="/console/requests/{request}"]')
    hand.press(f'.sk-stations a[href$="{request}/review"]')
    hand.page.locator("#field").select_option(index=1)
    hand.page.locator('select[id^="ground-"]').first.select_option(index=1)
    hand.press("#except")
    hand.press("#head button")
    hand.press("#decide")
    expect(hand.page.locator(".sk-panel:has(#decision)")).to_contain_text("一部に応じる")


def a_told_withdrawal_holds(hand: Hand, house: House) -> None:
    hand.find(house)
    hand.press(f'main a[href="/console/consents/persons/{house.customer}"]')
    hand.choose("withdrawn", "mail_marketing")
    hand.choose("how", "phone")
    hand.press("#told")
    hand.sees("の撤回を記録しました")


def why_the_mail_system_may_not(hand: Hand, house: House) -> None:
    hand.find(house)
    hand.choose("system", "mailer")
    hand.choose("use", "mail_marketing")
    hand.press("#ask")
    expect(hand.page.locator("section:has(#check) .sk-banner")).to_be_visible()
    expect(hand.page.locator("section:has(#check) .sk-gates")).to_be_visible()


def a_policy_is_applied_after_a_look_at_the_affected(hand: Hand, house: House) -> None:
    before = house.wiring.policies.number
    hand.menu("/console/policies")
    hand.press('main a[href^="/console/policies/changes/"]')
    hand.sees("人")  # who is affected
    hand.press("#approve")
    assert house.wiring.policies.number == before + 1


def what_will_be_purged_and_why_one_is_kept(hand: Hand, house: House) -> None:
    del house
    hand.menu("/console/retention")
    hand.press('main a[href="/console/retention/simulations"]')
    hand.press('main a[href^="/console/retention/simulations/"]')
    expect(hand.page.locator("#chart svg")).to_be_visible()
    hand.press('main a[href*="/persons?decision=keep"], main a[href*="decision=kept"]')
    expect(hand.page.locator("main table tbody tr").first).to_be_visible()


def overdue_requests_are_assigned(hand: Hand, house: House) -> None:
    del house
    hand.press('main a[href*="urgency=overdue"]')
    hand.touch("#list-requests-every")
    hand.page.locator("#assign-to").select_option(index=1)
    hand.press("#assign-chosen")
    hand.sees("担当")


def the_record_of_provisions_goes_out(hand: Hand, house: House) -> None:
    del house
    hand.menu("/console/provisions")
    with hand.page.expect_download() as made:
        hand.touch("#make")
    assert "R09" in made.value.suggested_filename


def the_log_is_verified_and_signed_off(hand: Hand, house: House) -> None:
    del house
    hand.menu("/console/audit")
    hand.sees("改ざんは見つかっていません")
    hand.write("comment", "架空の所見")
    hand.press("#sign")
    hand.sees("架空の所見")


Task = Callable[[Hand, House], None]
TASKS: Final[tuple[tuple[str, Task], ...]] = (
    (LEAD, who_saw_the_address),
    (LEAD, a_hold_is_placed),
    (LEAD, a_disclosure_is_refused_in_part),
    (LEAD, a_told_withdrawal_holds),
    (LEAD, why_the_mail_system_may_not),
    (SECOND, a_policy_is_applied_after_a_look_at_the_affected),
    (LEAD, what_will_be_purged_and_why_one_is_kept),
    (LEAD, overdue_requests_are_assigned),
    (LEAD, the_record_of_provisions_goes_out),
    (AUDITOR, the_log_is_verified_and_signed_off),
)


@pytest.mark.parametrize(("caller", "task"), TASKS, ids=[task.__name__ for _, task in TASKS])
def test_a_newcomer_is_done_within_six_clicks(
    looker: Walker, furnished: House, caller: str, task: Task
) -> None:
    tab = looker.open(Stop(route="", address="/console", caller=caller), View())
    hand = Hand(page=tab.page)
    task(hand, furnished)
    if PICTURES:
        hand.page.screenshot(path=Path(PICTURES) / f"{task.__name__}.png", full_page=True)
    print(f"\n{task.__name__}: {hand.clicks} clicks")  # noqa: T201 # on record
    assert hand.clicks <= CLICKS, hand.pressed
    hand.page.evaluate("scrollTo(0, 0)")  # a head that stays may lie over a row that is passed by
    assert violations(hand.page) == []
    assert fits(hand.page)
    assert tab.heard() == []


def _another(house: House) -> SubjectId:
    person = TABLES["person"]
    with house.wiring.database.read() as tx:
        others = select(person.c.subject_id).where(person.c.subject_id != house.customer)
        found = tx.execute(others.order_by(person.c.source_row.desc())).scalars().first()
    return SubjectId(found or "")
