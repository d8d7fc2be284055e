"""Pages of notices, points, registers, emergency access and choices: each state, both languages."""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from consent.choices import Choice
from consent.receipts.issue import newest_choice
from consent.service import choose
from consent.types import EventKind
from governance.app.factory import create_app
from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, Lang, PurposeId, RowId, SubjectId
from governance.gateway.glass.store import GLASS
from governance.http.principal import PrincipalKind
from governance.i18n.catalogue import text
from governance.identity.service import issue_code
from governance.registers import service as registers
from governance.registers.provisions import service as provisions
from governance.registers.provisions.service import ReceivedRecord
from governance.registers.provisions.types import ProvisionGround
from tests.installation import AT, OFFICER, add_person, create
from tests.serving import served

ROLES = ("privacy_officer", "privacy_approver", "auditor", "support", "marketing")
MAIL = PurposeId("mail_marketing")
SHOWN = "メールマガジンを受け取る（架空）"
ABROAD = {
    "role": "third_party",
    "name": "Kakuu Inc.",
    "country": "US",
    "address": "1 Example Way",
    "representative": "Jane Kakuu",
}
LOCAL = {
    "role": "processor",
    "name": "架空配送株式会社",
    "country": "JP",
    "contracted_on": "2026-04-01",
}
EDITION = """
schema: sekisho-notice/1
notice: marketing
version: "9.0"
effective_on: {day}
change: material
predecessor: "{before}"
title: {{ja: 販売促進, en: Marketing}}
body: {{ja: 当社は週に一度お送りします。, en: We write once a week.}}
summary: {{ja: 回数を変えました。, en: The rate changed.}}
purposes: [{purposes}]
relatedness: {{ja: 同じ目的です。, en: The same aim.}}
transfers:
  - recipient: {{ja: 架空米国, en: Kakuu Inc.}}
    country: US
    country_name: {{ja: 米国, en: United States}}
    system: {{ja: 州法があります。, en: There are laws of states.}}
    measures: {{ja: 契約で義務付けます。, en: Bound by contract.}}
"""


class Office:
    """A served installation and a browser for each role."""

    def __init__(self, wiring: Wiring, base: str) -> None:
        self.wiring, self.base = wiring, base
        self.browsers = {role: self._signed_in(role) for role in ROLES}
        self.person = add_person(wiring)
        self.choice = self._choice()
        self._registers()

    def _signed_in(self, role: str) -> httpx.Client:
        database = self.wiring.database
        hire = partial(
            add_staff, wiring=self.wiring, login=role, display_name="架空", roles=[role], at=AT
        )
        database.write(hire)
        issue = partial(issue_code, actor=ActorId(f"u:{role}"), kind=PrincipalKind.STAFF, at=AT)
        client = httpx.Client(base_url=self.base, timeout=60, trust_env=False)
        client.headers["accept-language"] = "ja"
        assert client.post("/sign-in", data={"code": database.write(issue)}).status_code == 303
        return client

    def _choice(self) -> RowId:
        made = Choice(
            subject=self.person,
            purpose=MAIL,
            kind=EventKind.GIVEN,
            method="form",
            action="unticked_box",
            shown=SHOWN,
        )
        choose(self.wiring.ports, OFFICER, made, at=AT)
        with self.wiring.database.read() as tx:
            return newest_choice(tx, self.person, MAIL)

    def _registers(self) -> None:
        ports = self.wiring.ports

        def write(tx: object) -> RowId:
            registers.enter(tx, ports, OFFICER, "V1", LOCAL, at=AT)  # type: ignore[arg-type]
            registers.enter(tx, ports, OFFICER, "V2", ABROAD, at=AT)  # type: ignore[arg-type]
            record = ReceivedRecord(
                recipient="V2",
                received_on=AT.date(),
                acquisition="会員登録画面で同意を得て取得（架空）",
                ground=ProvisionGround.CONSENT,
                categories=("name",),
                fields=("person.name",),
                subjects=(self.person,),
            )
            return provisions.note_received(tx, ports, OFFICER, record, at=AT)  # type: ignore[arg-type]

        self.provision = self.wiring.database.write(write)

    def page(self, path: str, *, by: str = "privacy_officer", status: int = 200) -> str:
        answer = self.browsers[by].get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:300])
        return answer.text

    def send(
        self,
        path: str,
        shown: str,
        *,
        by: str = "privacy_officer",
        file: str | None = None,
        **form: str,
    ) -> httpx.Response:
        token = re.search(r'name="csrf" value="([^"]+)"', self.page(shown, by=by))
        assert token is not None
        files = {"file": ("a.yaml", file.encode(), "text/yaml")} if file is not None else None
        return self.browsers[by].post(path, data={"csrf": token[1], **form}, files=files)

    def close(self) -> None:
        for browser in self.browsers.values():
            browser.close()
        self.wiring.close()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    wiring = create(Path(tmp_path_factory.mktemp("duties")))
    with served(create_app(wiring)) as base:
        made = Office(wiring, base)
        yield made
        made.close()


PLACES = (
    *("/console/notices", "/console/notices/marketing", "/console/collect", "/console/recipients"),
    *("/console/collect/newsletter", "/console/recipients/V1", "/console/recipients/V2"),
    *("/console/provisions", "/console/consents", "/console/break-glass"),
)


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("place", PLACES)
def test_each_page_opens_in_both_languages_and_its_forms_are_guarded(
    office: Office, place: str, lang: Lang
) -> None:
    browser = office.browsers["privacy_officer"]
    answer = browser.get(place, headers={"accept-language": lang.value})
    assert answer.status_code == 200, answer.text[:300]
    assert f'<html lang="{lang.value}"' in answer.text
    posting = re.findall(r'<form[^>]*method="post".*?</form>', answer.text, re.DOTALL)
    ours = [form for form in posting if 'action="/console' in form]
    assert all('name="csrf"' in form for form in ours)


@pytest.mark.parametrize("place", [one for one in PLACES if "notices" not in one])
def test_who_may_not_is_told_so_and_has_no_entry_in_the_menu(office: Office, place: str) -> None:
    if "collect" in place:
        return  # everybody of the staff reads what is asked where
    office.page(place, by="marketing", status=403)
    assert f'href="{place}"' not in office.page("/console", by="marketing")


def test_the_menu_leads_to_every_place(office: Office) -> None:
    page = office.page("/console")
    for place in ("consents", "break-glass", "notices", "collect", "recipients", "provisions"):
        assert f'href="/console/{place}"' in page


def edition(office: Office, *, day: str = "2026-10-05") -> str:
    policy = office.wiring.policies.current
    uses = ", ".join(one.id for one in policy.purposes.values() if one.notice == "marketing")
    page = office.page("/console/notices/marketing")
    before = re.search(r'<option value="([0-9.]+)" selected', page.partition('id="new"')[2])
    assert before is not None
    return EDITION.format(day=day, before=before[1], purposes=uses)


def test_a_version_is_drafted_by_one_person_and_announced_by_another(office: Office) -> None:
    home = "/console/notices"
    wrong = office.send(f"{home}/draft", home, file="notice: [")
    assert wrong.status_code == 422
    assert 'href="#file"' in wrong.text
    lacking = office.send(f"{home}/draft", home, file=edition(office, day="2020-01-01"))
    place = lacking.headers["location"]
    assert text("consent.fault.in_the_past", Lang.JA) in office.page(place)
    assert 'aria-disabled="true"' in office.page(place)
    office.send(f"{home}/draft", home, file=edition(office))
    page = office.page(place)
    assert "<ins>" in page
    assert "1 人に取り直す" in page
    asked = office.send(f"{place}/propose", place)
    assert asked.status_code == 303, re.findall(r'<li><a href="#propose">([^<]+)', asked.text)
    own = office.page(place)
    assert text("console.notices.own", Lang.JA) in own
    assert text("console.notices.state.asked", Lang.JA) in office.page(home)
    page = office.page(place, by="privacy_approver")
    hidden = dict(re.findall(r'name="(approval|digest)" value="([^"]+)"', page))
    forged = office.send(
        f"{place}/approve", place, by="privacy_approver", **{**hidden, "digest": "0" * 64}
    )
    assert forged.status_code == 409
    done = office.send(f"{place}/approve", place, by="privacy_approver", **hidden)
    assert done.status_code == 303
    assert text("console.notices.state.announced", Lang.JA) in office.page(home)
    assert office.page(f"{home}/marketing?old=0.0", status=404)


def test_a_draft_that_is_given_up_stays_readable(office: Office) -> None:
    home = "/console/notices"
    body = edition(office).replace('"9.0"', '"9.1"').replace("marketing", "marketing", 1)
    place = office.send(f"{home}/draft", home, file=body).headers["location"]
    assert office.send(f"{place}/drop", place).status_code == 303
    assert text("console.notices.state.dropped", Lang.JA) in office.page(place)
    assert office.send(f"{place}/drop", place).status_code == 409


def test_a_point_opens_and_closes_and_its_items_say_what_for(office: Office) -> None:
    place = "/console/collect/newsletter"
    page = office.page(place)
    purpose = office.wiring.policies.current.purpose(MAIL)
    assert purpose is not None
    assert purpose.label.ja in page
    assert office.send(f"{place}/state", place, state="open").status_code == 303
    assert 'href="/collect/newsletter"' in office.page(place)
    assert office.send(f"{place}/state", place, state="closed").status_code == 303
    assert 'href="/collect/newsletter"' not in office.page(place)
    wrong = office.send("/console/collect/declare", "/console/collect", file="points: 1")
    assert wrong.status_code == 422
    assert "aria-disabled" in office.page(place, by="support")


def test_the_register_tells_what_is_missing_and_what_stands_behind_transfers(
    office: Office,
) -> None:
    page = office.page("/console/recipients")
    assert text("registers.missing.NO_TRANSFER_BASIS", Lang.JA) in page
    abroad = page.partition('id="transfers"')[2].partition("</table>")[0]
    assert ABROAD["name"] in abroad
    assert LOCAL["name"] not in abroad
    assert (
        LOCAL["name"]
        not in office.page("/console/recipients?role=third_party")
        .partition('id="recipients"')[2]
        .partition("</table>")[0]
    )
    office.page("/console/recipients/unknown", status=404)


def test_a_look_at_a_recipient_is_on_file_and_a_stop_is_seen(office: Office) -> None:
    place = "/console/recipients/V1"
    form = {"kind": "supervision", "method": "on_site", "checked_on": AT.date().isoformat()}
    wrong = office.send(
        f"{place}/checks", place, **{**form, "outcome": "stop", "checked_on": "2099-01-01"}
    )
    assert (wrong.status_code, 'href="#checked_on"' in wrong.text) == (422, True)
    done = office.send(f"{place}/checks", place, **form, outcome="stop", findings="鍵なし（架空）")
    assert done.status_code == 303
    assert text("console.recipients.stopped", Lang.JA) in office.page(place)
    assert "鍵なし（架空）" in office.page(place)
    assert "aria-disabled" in office.page(place, by="auditor")
    office.send(f"{place}/checks", place, **form, outcome="sound")
    assert text("console.recipients.stopped", Lang.JA) not in office.page(place)


def test_reports_of_the_registers_come_as_files(office: Office) -> None:
    form = {"first": "2026-01-01", "last": AT.date().isoformat()}
    for report in ("R09", "R10", "R11"):
        made = office.send(
            "/console/reports/registers", "/console/provisions", report=report, form="json", **form
        )
        assert made.status_code == 200, made.text[:300]
        assert report in made.headers["content-disposition"]
    other = office.send(
        "/console/reports/registers", "/console/provisions", report="R14", form="json", **form
    )
    assert other.status_code == 404


def test_a_provision_names_nobody_until_its_persons_are_asked_for(office: Office) -> None:
    assert ABROAD["name"] in office.page("/console/provisions?recipient=V2&first=2026-01-01")
    assert office.provision not in office.page("/console/provisions?recipient=V1")
    place = f"/console/provisions/{office.provision}"
    page = office.page(place)
    assert "会員登録画面で同意を得て取得（架空）" in page
    assert office.person not in page
    assert office.person in office.page(f"{place}/persons")
    office.page(f"/console/provisions/{new_row_id()}", status=404)
    office.page("/console/provisions?before=x", status=404)


def test_the_choices_of_a_person_lead_to_what_they_saw(office: Office) -> None:
    page = office.page("/console/consents")
    assert "メール" in page
    none = office.send("/console/consents/find", "/console/consents", person="架空 太郎")
    assert none.status_code == 422
    assert "架空 太郎" not in none.text
    found = office.send("/console/consents/find", "/console/consents", person=office.person)
    place = found.headers["location"]
    page = office.page(place)
    assert text("consent.kind.given", Lang.JA) in page
    assert f"/console/consents/entries/{office.choice}" in page
    proof = office.page(f"/console/consents/entries/{office.choice}")
    assert SHOWN in proof
    assert text("console.consents.same", Lang.JA) in proof
    assert f"/v1/consents/{office.choice}/receipt?form=zip" in proof
    assert text("console.consents.unexplained", Lang.JA) in office.page(place, by="support")
    office.page(f"/console/consents/persons/{new_row_id()}", status=404)
    office.page("/console/consents/entries/x", status=404)


def test_an_access_is_opened_with_a_reason_and_reviewed_by_another_later(office: Office) -> None:
    home = "/console/break-glass"
    assert text("console.glass.none", Lang.JA) in office.page(home, by="support")
    given = {"purpose": "order_support", "subject": SubjectId(office.person), "minutes": "10"}
    short = office.send(f"{home}/open", home, by="support", **given, reason="短い")
    assert (short.status_code, "短い</textarea>" in short.text) == (422, True)
    opened = office.send(
        f"{home}/open", home, by="support", **given, reason="本人の安全に関わる連絡のため（架空）"
    )
    assert opened.status_code == 303, opened.text[:500]
    place = opened.headers["location"]
    assert text("console.glass.own", Lang.JA) in office.page(place, by="support")
    page = office.page(place, by="auditor")
    assert text("console.glass.still_open", Lang.JA) in page
    assert "本人の安全に関わる連絡のため（架空）" in page
    assert office.send(f"{place}/end", place, by="support").status_code == 303
    mute = office.send(f"{place}/review", place, by="auditor", verdict="justified", comment=" ")
    assert (mute.status_code, 'href="#comment"' in mute.text) == (422, True)
    done = office.send(
        f"{place}/review", place, by="auditor", verdict="justified", comment="記録と照合（架空）"
    )
    assert done.status_code == 303
    assert "記録と照合（架空）" in office.page(place, by="auditor")
    row = place.rpartition("/")[2]
    assert row not in office.page(f"{home}?unreviewed=yes", by="auditor")
    assert row in office.page(home, by="auditor")


def test_a_late_review_stands_out(office: Office) -> None:
    def backdate(tx: object) -> None:
        long_ago = AT - timedelta(days=60)
        values = {
            "id": new_row_id(),
            "actor": "u:gone",
            "purpose": "order_support",
            "reason": b"",
            "opened_at": long_ago,
            "ends_at": long_ago,
            "review_due": long_ago.date(),
        }
        tx.execute(GLASS.insert().values(**values))  # type: ignore[attr-defined]

    office.wiring.database.write(backdate)
    assert text("console.glass.late", Lang.JA) in office.page("/console/break-glass", by="auditor")
    office.wiring.database.write(
        lambda tx: tx.execute(
            update(GLASS).where(GLASS.c.actor == "u:gone").values(verdict="justified")
        )
    )
    page = office.page("/console/break-glass", by="auditor")
    assert text("console.glass.late", Lang.JA) not in page
