"""The officers' duties in a browser: each journey by the persons it needs, in both languages.

Whoever begins reads Japanese on a wide screen, whoever ends reads English on a telephone's.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import FilePayload, Page, expect

from dsar import service as requests
from dsar.types import Intake, RequestKind
from governance.app.factory import create_app
from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.core.clock import JST, utc_now
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from policies.admin.documents import shipped_documents
from tests.duties import ABROAD, ACQUIRED, SHOWN, Duties, edition, put_in
from tests.installation import OFFICER, create, customer, import_file, register, write_file
from tests.journeys.conftest import Seen, Site, Visits
from tests.journeys.looks import fits, violations
from tests.serving import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
LEAD, APPROVER, AUDITOR, SUPPORT, MANAGER = (
    *("privacy_officer", "privacy_approver", "auditor", "support", "data_manager"),
)
WIDE, NARROW = 1280, 390
QUICK = 5_000  # requests of the comparison with Casbin; other tests put all


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    made = replace(create(tmp_path_factory.mktemp("duties")), clock=utc_now)
    for role in (LEAD, APPROVER, AUDITOR, SUPPORT, MANAGER):
        hire = partial(
            add_staff, wiring=made, login=role, display_name="架空", roles=[role], at=utc_now()
        )
        made.database.write(hire)
    yield made
    made.close()


@pytest.fixture(scope="module")
def put(wiring: Wiring) -> Duties:
    return put_in(wiring, at=utc_now())


@pytest.fixture(scope="module")
def site(wiring: Wiring, put: Duties) -> Iterator[Site]:
    """The installation, served here."""
    with pytest.MonkeyPatch.context() as quick, served(create_app(wiring)) as base:
        quick.setattr("policies.compare.BUDGET", QUICK)
        yield Site(base=base, database=wiring.database, customer=put.person, key="")


class People:
    """Browsers of the staff, each signed in once."""

    def __init__(self, visits: Visits) -> None:
        self._visits = visits
        self._seen: dict[tuple[str, str], Seen] = {}

    def at(self, path: str, *, by: str, lang: str = "ja") -> Page:
        """The page before this employee, found sound."""
        seen = self._seen.get((by, lang))
        if seen is None:
            width = WIDE if lang == "ja" else NARROW
            seen = self._visits.signed_in(f"u:{by}", width=width, lang=lang)
            self._seen[by, lang] = seen
            seen.page.goto(self._visits.site.base + path)
            self.refused(403, by=by, lang=lang)  # the overview is not everybody's
        seen.page.goto(self._visits.site.base + path)
        self.sound(by=by, lang=lang)
        return seen.page

    def refused(self, status: int, *, by: str, lang: str = "ja") -> None:
        """The browser told of an answer with this status, as it should."""
        said = self._seen[by, lang].said
        said[:] = [words for words in said if f"status of {status} " not in words]

    def sound(self, *, by: str, lang: str = "ja") -> None:
        """No finding, no sideways scrolling, nothing said, asked or refused by the policy."""
        seen = self._seen[by, lang]
        expect(seen.page.locator("html")).to_have_attribute("lang", lang)
        assert violations(seen.page) == []
        assert fits(seen.page)
        seen.quiet()


@pytest.fixture(scope="module")
def people(site: Site, browser: "Browser") -> Iterator[People]:
    visits = Visits(site=site, browser=browser)
    yield People(visits)
    visits.close()


def press(page: Page, name: str) -> None:
    """The button with this id was pressed and the answer is here."""
    with page.expect_navigation():
        page.locator(f"#{name}").click()


def path_of(page: Page) -> str:
    """Where the page is, on this server."""
    return urlsplit(page.url).path


def file_of(name: str, words: str) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": words.encode()}


def test_a_notice_is_drafted_compared_and_announced_by_two(people: People, wiring: Wiring) -> None:
    home = "/console/notices"
    page = people.at(f"{home}/marketing", by=LEAD)
    before = page.locator("#new").input_value()
    day = utc_now().astimezone(JST).date() + timedelta(days=3)
    page = people.at(home, by=LEAD)
    page.locator("#file").set_input_files(file_of("no.yaml", "notice: ["))
    press(page, "keep")
    expect(page.locator('a[href="#file"]')).to_be_visible()
    people.refused(422, by=LEAD)
    page.locator("#file").set_input_files(
        file_of("marketing.yaml", edition(wiring, before=before, day=day))
    )
    press(page, "keep")
    expect(page.locator("ins").first).to_be_visible()
    people.sound(by=LEAD)
    press(page, "propose")
    expect(page.locator("#approve")).to_have_attribute("aria-disabled", "true")
    place = path_of(page)
    other = people.at(place, by=APPROVER, lang="en")
    press(other, "approve")
    people.sound(by=APPROVER, lang="en")
    page = people.at(home, by=LEAD)
    expect(page.locator("#list-notice-drafts tbody")).to_contain_text(
        text("console.notices.state.announced", Lang.JA)
    )


def test_a_point_opens_and_closes(people: People) -> None:
    place, form = "/console/collect/newsletter", 'a[href="/collect/newsletter"]'
    people.at("/console/collect", by=LEAD)
    page = people.at(place, by=LEAD)
    press(page, "state")
    expect(page.locator(form)).to_be_visible()
    other = people.at(place, by=LEAD, lang="en")
    expect(other.locator(form)).to_be_visible()
    press(other, "state")
    expect(other.locator(form)).to_have_count(0)
    people.sound(by=LEAD, lang="en")


def test_a_recipient_is_looked_at_and_a_stop_stands_out(people: People) -> None:
    page = people.at("/console/recipients", by=LEAD)
    expect(page.locator("#list-transfers tbody")).to_contain_text(ABROAD["name"])
    page.locator('#list-recipients tbody a[href="/console/recipients/V1"]').click()
    page.wait_for_url("**/recipients/V1")
    page.locator("#outcome").select_option("stop")
    page.locator("#findings").fill("鍵なし（架空）")
    press(page, "keep")
    expect(page.locator("main")).to_contain_text(text("console.recipients.stopped", Lang.JA))
    other = people.at("/console/recipients/V1", by=AUDITOR, lang="en")
    expect(other.locator("main")).to_contain_text(text("console.recipients.stopped", Lang.EN))
    expect(other.locator("#looks")).to_contain_text("鍵なし（架空）")
    expect(other.locator("#keep")).to_have_attribute("aria-disabled", "true")


def test_a_provision_names_nobody_until_asked_and_its_report_is_made(
    people: People, put: Duties
) -> None:
    page = people.at("/console/provisions?recipient=V2", by=LEAD)
    page.locator(f'#list-provisions tbody a[href="/console/provisions/{put.provision}"]').click()
    page.wait_for_url(f"**/{put.provision}")
    expect(page.locator("main")).to_contain_text(ACQUIRED)
    expect(page.locator("main")).not_to_contain_text(put.person)
    press(page, "persons")
    expect(page.locator("main")).to_contain_text(put.person)
    people.sound(by=LEAD)
    other = people.at("/console/provisions", by=AUDITOR, lang="en")
    with other.expect_download() as made:
        other.locator("#make").click()
    assert "R09" in made.value.suggested_filename


def test_an_emergency_access_is_opened_ended_and_reviewed(people: People, put: Duties) -> None:
    home = "/console/break-glass"
    page = people.at(home, by=SUPPORT)
    page.locator("#purpose").select_option("order_support")
    page.locator("#subject").fill(put.person)
    page.locator("#minutes").fill("10")
    page.locator("#reason").fill("本人の安全に関わる連絡のため（架空）")
    press(page, "open-now")
    place = path_of(page)
    expect(page.locator("#judge")).to_have_attribute("aria-disabled", "true")
    people.sound(by=SUPPORT)
    press(page, "end")
    expect(page.locator("#end")).to_have_count(0)
    other = people.at(place, by=AUDITOR, lang="en")
    expect(other.locator("main")).to_contain_text("本人の安全に関わる")
    other.locator('input[name="verdict"][value="justified"]').check()
    other.locator("#comment").fill("記録と照合（架空）")
    press(other, "judge")
    expect(other.locator("main")).to_contain_text("記録と照合（架空）")
    people.sound(by=AUDITOR, lang="en")


def test_a_policy_is_asked_for_by_one_and_applied_by_another(
    people: People, wiring: Wiring
) -> None:
    home, number = "/console/policies", wiring.policies.number
    wider = "fields: [name, status]", "fields: [name, status, rank]"
    version = '"2026-10-01.1"', '"2099-01-01.1"'
    files = [
        file_of(name, words.replace(*version, 1).replace(*wider, 1))
        for name, words in shipped_documents().files
    ]
    page = people.at(home, by=LEAD)
    page.locator("#files").set_input_files(files)
    press(page, "propose")
    expect(page.locator("main")).to_contain_text("顧客ランク")
    expect(page.locator("#approve")).to_have_attribute("aria-disabled", "true")
    people.sound(by=LEAD)
    other = people.at(path_of(page), by=APPROVER, lang="en")
    press(other, "approve")
    assert wiring.policies.number == number + 1
    other = people.at(home, by=APPROVER, lang="en")
    expect(other.locator("#list-policy-history tbody")).to_contain_text("2099-01-01.1")
    people.at(f"{home}/matrix?purpose=audit_review", by=LEAD)


def test_choices_lead_to_what_the_person_saw_and_to_receipts(people: People, put: Duties) -> None:
    page = people.at("/console/consents", by=LEAD)
    page.locator("#person").fill("架空 太郎")
    press(page, "find")
    expect(page.locator('a[href="#person"]')).to_be_visible()
    people.refused(422, by=LEAD)
    page.locator("#person").fill(put.person)
    press(page, "find")
    people.sound(by=LEAD)
    proof = f"/console/consents/entries/{put.choice}"
    expect(page.locator(f'a[href="{proof}"]').first).to_be_visible()
    other = people.at(proof, by=AUDITOR, lang="en")
    expect(other.locator("#same")).to_be_visible()
    expect(other.locator("main")).to_contain_text(SHOWN)
    with other.expect_download() as made:
        other.locator("#zip").click()
    assert made.value.suggested_filename.endswith(".zip")


def test_a_complaint_is_filed_taken_up_and_seen_by_the_auditor(
    people: People, wiring: Wiring
) -> None:
    new = requests.NewRequest(kind=RequestKind.ACCESS, intake=Intake.POST, policy_days=14)
    prepared = requests.prepare_request(wiring.ports, new)
    case = wiring.database.write(
        lambda tx: requests.receive(tx, wiring.ports, OFFICER, new, prepared, at=utc_now())
    )
    page = people.at("/console/complaints", by=LEAD)
    page.locator("#request").fill("R-none")
    press(page, "file")
    expect(page.locator('a[href="#request"]')).to_be_visible()
    people.refused(404, by=LEAD)
    page.locator("#request").fill(case.reference)
    press(page, "file")
    people.sound(by=LEAD)
    place = path_of(page)
    assert place.startswith("/console/complaints/")
    other = people.at(place, by=LEAD, lang="en")
    other.locator('input[name="event"][value="take_up"]').check()
    press(other, "take")
    expect(other.locator('input[value="take_up"]')).to_have_count(0)
    people.sound(by=LEAD, lang="en")
    page = people.at("/console/complaints", by=AUDITOR)
    expect(page.locator(f'#list-complaints tbody a[href="{place}"]')).to_be_visible()


def test_the_law_is_shown_by_law_and_day_down_to_an_entry(people: People) -> None:
    page = people.at("/console/law", by=LEAD)
    duties = page.locator("#list-law-duties tbody")
    japanese = duties.locator('a[href^="/console/law/APPI-"]')
    expect(japanese.first).to_be_visible()
    page.locator("#list-law-duties-narrow").click()
    page.locator("#list-law-duties-law").select_option("GDPR")
    press(page, "list-law-duties-apply")
    expect(japanese).to_have_count(0)
    people.sound(by=LEAD)
    entry = duties.locator("a").first.get_attribute("href")
    assert entry is not None
    other = people.at(entry, by=AUDITOR, lang="en")
    expect(other.locator("main")).to_contain_text(entry.rpartition("/")[2])


def test_a_file_is_looked_through_and_the_result_exported(people: People) -> None:
    rows = "".join(f"hanako{n}@example.com,A\n" for n in range(20))
    page = people.at("/console/scans", by=MANAGER)
    page.locator("#file").set_input_files(file_of("架空.csv", f"メール,区分\n{rows}"))
    press(page, "look")
    people.sound(by=MANAGER)
    place = path_of(page)
    other = people.at(f"{place}?columns=every", by=LEAD, lang="en")
    expect(other.locator("h1")).to_have_text("架空.csv")
    expect(other.locator("#rows-place-0")).to_contain_text("区分")
    with other.expect_download() as made:
        other.locator("#export-xlsx").click()
    assert made.value.suggested_filename.endswith(".xlsx")


def test_a_schedule_is_adopted_simulated_planned_and_run_by_two(
    people: People, wiring: Wiring, tmp_path: Path
) -> None:
    home = "/console/retention"
    old = [customer(number, 登録日="2010/04/01") for number in (8001, 8002)]
    import_file(wiring, write_file(tmp_path, register(old)), at=utc_now())
    page = people.at(f"{home}/schedules", by=LEAD)
    words = page.locator("#content").input_value()
    page.locator("#content").fill(words.replace("period: {years: 10}", "period: {years: 11}", 1))
    press(page, "propose")
    place = path_of(page)
    expect(page.locator("#approve")).to_have_attribute("aria-disabled", "true")
    other = people.at(place, by=APPROVER, lang="en")
    press(other, "approve")
    page = people.at(f"{home}/simulations", by=LEAD)
    press(page, "simulate")
    expect(page.locator("#chart svg")).to_be_visible()
    people.sound(by=LEAD)
    press(page, "plan")
    place = path_of(page)
    press(page, "run")
    other = people.at(place, by=APPROVER, lang="en")
    press(other, "approve")
    place = path_of(other)
    expect(other.locator("#certificate-head")).to_be_visible()
    page = people.at(place, by=LEAD)
    while page.locator("#again").count():
        press(page, "again")
    with page.expect_download() as made:
        page.locator("#certificate").click()
    assert made.value.suggested_filename.startswith("certificate-")
    people.at(home, by=AUDITOR, lang="en")
