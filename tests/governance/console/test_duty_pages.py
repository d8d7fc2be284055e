"""Pages of notices, points, registers, emergency access and choices: each state, both languages."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import httpx
import pytest
from sqlalchemy import Connection, update

from governance.core.ids import new_row_id
from governance.core.terms import Lang
from governance.gateway.glass.store import GLASS
from governance.i18n.catalogue import text
from governance.reports.types import ReportId
from tests import duties
from tests.duties import ABROAD, ACQUIRED, LOCAL, MAIL, SHOWN
from tests.installation import AT, create
from tests.office import Office, opened

LEAD = "privacy_officer"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with opened(create(tmp_path_factory.mktemp("duties"))) as found:
        yield found


@pytest.fixture(scope="module", autouse=True)
def put(office: Office) -> duties.Duties:
    return duties.put_in(office.wiring, at=AT)


def send(
    office: Office,
    path: str,
    shown: str,
    *,
    by: str = LEAD,
    file: str | None = None,
    **form: str,
) -> httpx.Response:
    files = [("file", ("a.yaml", file.encode(), "text/yaml"))] if file is not None else None
    return office.send(path, by=by, shown=shown, files=files, form=form)


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
    page = office.page("/console", by=LEAD)
    for place in ("consents", "break-glass", "notices", "collect", "recipients", "provisions"):
        assert f'href="/console/{place}"' in page


def edition(office: Office, *, day: str = "2026-10-05") -> str:
    page = office.page("/console/notices/marketing", by=LEAD)
    before = re.search(r'<option value="([0-9.]+)" selected', page.partition('id="new"')[2])
    assert before is not None
    return duties.edition(office.wiring, before=before[1], day=date.fromisoformat(day))


def test_a_version_is_drafted_by_one_person_and_announced_by_another(office: Office) -> None:
    home = "/console/notices"
    wrong = send(office, f"{home}/draft", home, file="notice: [")
    assert wrong.status_code == 422
    assert 'href="#file"' in wrong.text
    lacking = send(office, f"{home}/draft", home, file=edition(office, day="2020-01-01"))
    place = lacking.headers["location"]
    assert text("consent.fault.in_the_past", Lang.JA) in office.page(place, by=LEAD)
    assert 'aria-disabled="true"' in office.page(place, by=LEAD)
    send(office, f"{home}/draft", home, file=edition(office))
    page = office.page(place, by=LEAD)
    assert "<ins>" in page
    assert "1人に取り直す" in page
    asked = send(office, f"{place}/propose", place)
    assert asked.status_code == 303, re.findall(r'<li><a href="#propose">([^<]+)', asked.text)
    own = office.page(place, by=LEAD)
    assert text("console.notices.own", Lang.JA) in own
    assert text("console.notices.state.asked", Lang.JA) in office.page(home, by=LEAD)
    page = office.page(place, by="privacy_approver")
    hidden = dict(re.findall(r'name="(approval|digest)" value="([^"]+)"', page))
    forged = send(
        office, f"{place}/approve", place, by="privacy_approver", **{**hidden, "digest": "0" * 64}
    )
    assert forged.status_code == 409
    done = send(office, f"{place}/approve", place, by="privacy_approver", **hidden)
    assert done.status_code == 303
    assert text("console.notices.state.announced", Lang.JA) in office.page(home, by=LEAD)
    assert office.page(f"{home}/marketing?old=0.0", status=404, by=LEAD)


def test_a_draft_that_is_given_up_stays_readable(office: Office) -> None:
    home = "/console/notices"
    body = edition(office).replace('"9.0"', '"9.1"').replace("marketing", "marketing", 1)
    place = send(office, f"{home}/draft", home, file=body).headers["location"]
    assert send(office, f"{place}/drop", place).status_code == 303
    assert text("console.notices.state.dropped", Lang.JA) in office.page(place, by=LEAD)
    assert send(office, f"{place}/drop", place).status_code == 409


def test_a_point_opens_and_closes_and_its_items_say_what_for(office: Office) -> None:
    place = "/console/collect/newsletter"
    page = office.page(place, by=LEAD)
    purpose = office.wiring.policies.current.purpose(MAIL)
    assert purpose is not None
    assert purpose.label.ja in page
    assert send(office, f"{place}/state", place, state="open").status_code == 303
    assert 'href="/collect/newsletter"' in office.page(place, by=LEAD)
    assert send(office, f"{place}/state", place, state="closed").status_code == 303
    assert 'href="/collect/newsletter"' not in office.page(place, by=LEAD)
    wrong = send(office, "/console/collect/declare", "/console/collect", file="points: 1")
    assert wrong.status_code == 422
    assert "aria-disabled" in office.page(place, by="support")


def test_the_register_tells_what_is_missing_and_what_stands_behind_transfers(
    office: Office,
) -> None:
    page = office.page("/console/recipients", by=LEAD)
    assert text("registers.missing.NO_TRANSFER_BASIS", Lang.JA) in page
    abroad = page.partition('id="list-transfers"')[2].partition("</table>")[0]
    assert ABROAD["name"] in abroad
    assert LOCAL["name"] not in abroad
    assert (
        LOCAL["name"]
        not in office.page("/console/recipients?role=third_party", by=LEAD)
        .partition('id="list-recipients"')[2]
        .partition("</table>")[0]
    )
    office.page("/console/recipients/unknown", status=404, by=LEAD)


def test_a_look_at_a_recipient_is_on_file_and_a_stop_is_seen(office: Office) -> None:
    place = "/console/recipients/V1"
    form = {"kind": "supervision", "method": "on_site", "checked_on": AT.date().isoformat()}
    wrong = send(
        office, f"{place}/checks", place, **{**form, "outcome": "stop", "checked_on": "2099-01-01"}
    )
    assert (wrong.status_code, 'href="#checked_on"' in wrong.text) == (422, True)
    done = send(office, f"{place}/checks", place, **form, outcome="stop", findings="鍵なし（架空）")
    assert done.status_code == 303
    assert text("console.recipients.stopped", Lang.JA) in office.page(place, by=LEAD)
    assert "鍵なし（架空）" in office.page(place, by=LEAD)
    assert "aria-disabled" in office.page(place, by="auditor")
    send(office, f"{place}/checks", place, **form, outcome="sound")
    assert text("console.recipients.stopped", Lang.JA) not in office.page(place, by=LEAD)


def test_a_webhook_of_a_recipient_is_set_its_secret_shown_once_and_taken_away(
    office: Office,
) -> None:
    place = "/console/recipients/V1"
    wrong = send(office, f"{place}/webhook", place, url='http://10.0.0.1/"><script>')
    assert (wrong.status_code, 'href="#url"' in wrong.text) == (422, True)
    assert "<script>" not in wrong.text
    made = send(office, f"{place}/webhook", place, url="https://hooks.example.com/in")
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    (secret,) = re.findall(r"whsec_[A-Za-z0-9+/=]+", made.text.replace("&#43;", "+"))
    again = office.page(place, by=LEAD)
    assert "https://hooks.example.com/in" in again
    assert "whsec_" not in again
    assert secret not in again
    refused = send(office, f"{place}/webhook/remove", place, by="auditor")
    assert refused.status_code == 403
    assert send(office, f"{place}/webhook/remove", place).status_code == 303
    assert text("console.recipients.hook_none", Lang.JA) in office.page(place, by=LEAD)


def test_every_report_that_one_may_make_is_offered_and_comes_as_a_file(office: Office) -> None:
    form = {"first": "2026-01-01", "last": AT.date().isoformat(), "form": "json"}
    page, place = office.page("/console/reports?report=R10", by=LEAD), "/console/reports"
    offered = re.findall(r'id="choose-(\w+)"', page)
    assert {"R09", "R10", "R11", "R19", "R22"} <= set(offered)
    assert re.search(r'<option value="R10" selected', page)
    for report in ReportId:
        made = send(office, place, place, report=report.value, **form)
        assert made.status_code == (200 if report in offered else 403), (report, made.text[:300])
        if report in offered:
            assert report in made.headers["content-disposition"]
    assert send(office, place, place, report="R99", **form).status_code == 404
    assert send(office, place, place, report="R10", **{**form, "form": "exe"}).status_code == 404


def test_a_provision_names_nobody_until_its_persons_are_asked_for(
    office: Office, put: duties.Duties
) -> None:
    assert ABROAD["name"] in office.page(
        "/console/provisions?recipient=V2&on.from=2026-01-01", by=LEAD
    )
    assert put.provision not in office.page("/console/provisions?recipient=V1", by=LEAD)
    place = f"/console/provisions/{put.provision}"
    page = office.page(place, by=LEAD)
    assert ACQUIRED in page
    assert put.person not in page
    assert put.person in office.page(f"{place}/persons", by=LEAD)
    office.page(f"/console/provisions/{new_row_id()}", status=404, by=LEAD)
    assert 'id="list-provisions-dropped"' in office.page("/console/provisions?before=x", by=LEAD)


def test_the_choices_of_a_person_lead_to_what_they_saw(office: Office, put: duties.Duties) -> None:
    page = office.page("/console/consents", by=LEAD)
    assert "メール" in page
    none = send(office, "/console/consents/find", "/console/consents", person="架空 太郎")
    assert none.status_code == 422
    assert "架空 太郎" not in none.text
    found = send(office, "/console/consents/find", "/console/consents", person=put.person)
    place = found.headers["location"]
    page = office.page(place, by=LEAD)
    assert text("consent.kind.given", Lang.JA) in page
    assert f"/console/consents/entries/{put.choice}" in page
    proof = office.page(f"/console/consents/entries/{put.choice}", by=LEAD)
    assert SHOWN in proof
    assert text("console.consents.same", Lang.JA) in proof
    assert f"/v1/consents/{put.choice}/receipt?form=zip" in proof
    assert text("console.consents.unexplained", Lang.JA) in office.page(place, by="support")
    office.page(f"/console/consents/persons/{new_row_id()}", status=404, by=LEAD)
    office.page("/console/consents/entries/x", status=404, by=LEAD)


def test_an_access_is_opened_with_a_reason_and_reviewed_by_another_later(
    office: Office, put: duties.Duties
) -> None:
    home = "/console/break-glass"
    assert text("console.glass.none", Lang.JA) in office.page(home, by="support")
    given = {"purpose": "order_support", "subject": put.person, "minutes": "10"}
    short = send(office, f"{home}/open", home, by="support", **given, reason="短い")
    assert (short.status_code, "短い</textarea>" in short.text) == (422, True)
    opened = send(
        office,
        f"{home}/open",
        home,
        by="support",
        **given,
        reason="本人の安全に関わる連絡のため（架空）",
    )
    assert opened.status_code == 303, opened.text[:500]
    place = opened.headers["location"]
    assert text("console.glass.own", Lang.JA) in office.page(place, by="support")
    page = office.page(place, by="auditor")
    assert text("console.glass.still_open", Lang.JA) in page
    assert "本人の安全に関わる連絡のため（架空）" in page
    assert send(office, f"{place}/end", place, by="support").status_code == 303
    mute = send(office, f"{place}/review", place, by="auditor", verdict="justified", comment=" ")
    assert (mute.status_code, 'href="#comment"' in mute.text) == (422, True)
    done = send(
        office,
        f"{place}/review",
        place,
        by="auditor",
        verdict="justified",
        comment="記録と照合（架空）",
    )
    assert done.status_code == 303
    assert "記録と照合（架空）" in office.page(place, by="auditor")
    row = place.rpartition("/")[2]
    assert row not in office.page(f"{home}?unreviewed=yes", by="auditor")
    assert row in office.page(home, by="auditor")


def test_a_late_review_stands_out(office: Office) -> None:
    def backdate(tx: Connection) -> None:
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
        tx.execute(GLASS.insert().values(**values))

    office.wiring.database.write(backdate)
    assert text("console.glass.late", Lang.JA) in office.page("/console/break-glass", by="auditor")
    office.wiring.database.write(
        lambda tx: tx.execute(
            update(GLASS).where(GLASS.c.actor == "u:gone").values(verdict="justified")
        )
    )
    page = office.page("/console/break-glass", by="auditor")
    assert text("console.glass.late", Lang.JA) not in page
