"""`/v1/collect` and the page of a point: strict, once, with the notices that are in force."""

import re
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from consent.collecting import service, store
from governance.app.factory import create_app
from governance.app.wiring import Wiring
from governance.core.terms import Lang
from governance.http.throttle import Throttle
from governance.i18n.catalogue import text
from tests.governance.gateway.api.conftest import Desk
from tests.installation import AT, OFFICER
from tests.serving import served

BODY: dict[str, Any] = {
    "point": "newsletter",
    "fields": {"name": "架空 花子", "email": "hanako@example.com"},
    "consents": {"mail_marketing": True},
    "notices": {"marketing": "3.1"},
    "adult": True,
}


@pytest.fixture(scope="module", autouse=True)
def open_points(town: Desk) -> None:
    for name in ("newsletter", "membership", "survey"):
        town.wiring.database.write(
            lambda tx, name=name: service.set_open(
                tx, town.wiring.ports, OFFICER, name, opened=True, at=AT
            )
        )


def came_in(wiring: Wiring) -> int:
    with wiring.database.read() as tx:
        return int(tx.execute(select(func.count()).select_from(store.COLLECTED)).scalar_one())


def test_what_a_system_sends_is_stored_once(town: Desk) -> None:
    shop, before = town.system("shop"), came_in(town.wiring)
    headers = {"idempotency-key": "one"}
    first = shop.post("/v1/collect", json=BODY, headers=headers)
    again = shop.post("/v1/collect", json=BODY, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    other = shop.post("/v1/collect", json={**BODY, "lang": "en"}, headers=headers)
    assert other.json()["code"] == "idempotency_mismatch"
    assert came_in(town.wiring) == before + 1


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"point": "nothing"}, 404, "point_unknown"),
        ({"point": "paper_form"}, 404, "point_unknown"),
        ({"notices": {"marketing": "3.0"}}, 409, "notice_stale"),
        ({"notices": {}}, 409, "notice_stale"),
        ({"fields": {"name": "架空", "sex": "F"}}, 422, "collected_faults"),
        ({"fields": {"name": "架空", "email": "nobody"}}, 422, "fields_invalid"),
        ({"consents": {"ad_matching": True}}, 422, "collected_faults"),
        ({"consents": {"mail_marketing": "yes"}}, 422, "body_invalid"),
        ({"extra": 1}, 422, "body_invalid"),
        ({"shown_at": "2026-10-01T00:00:00"}, 422, "body_invalid"),
        ({"person": "01912f6a-0000-7000-8000-000000000101"}, 404, "person_unknown"),
    ],
)
def test_what_is_not_declared_is_refused_without_a_value(
    town: Desk, changes: dict[str, Any], status: int, code: str
) -> None:
    before = came_in(town.wiring)
    sent = {**BODY, **changes}
    headers = {"idempotency-key": f"refused {code} {sorted(changes)} {len(str(sent))}"}
    answer = town.system("shop").post("/v1/collect", json=sent, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "架空" not in answer.text
    assert came_in(town.wiring) == before


def test_a_key_and_the_right_to_write_are_needed(town: Desk) -> None:
    assert town.system("shop").post("/v1/collect", json=BODY).status_code == 400
    headers = {"idempotency-key": "two"}
    assert town.system("mailer").post("/v1/collect", json=BODY, headers=headers).status_code == 403
    assert town.nobody().post("/v1/collect", json=BODY, headers=headers).status_code == 401


def test_a_system_learns_what_to_show(town: Desk) -> None:
    found = town.system("shop").get("/v1/collect/newsletter").json()
    (notice,) = found["notices"]
    assert (notice["notice"], notice["version"]) == ("marketing", "3.1")
    assert notice["text"]["ja"]
    assert [one["name"] for one in found["fields"]] == ["name", "email", "interests"]


def form_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))


def filled(page: str, **more: str) -> dict[str, str]:
    hidden = {k: v for k, v in form_of(page).items() if k.startswith("n.") or k == "once"}
    values = {"f.name": "架空　月子", "f.email": "tsuki@example.com"}
    return {**hidden, **values, **more}


def test_the_page_shows_each_purpose_and_no_ticked_box(town: Desk) -> None:
    page = town.nobody().get("/collect/newsletter", headers={"accept-language": "ja"}).text
    assert page.count("利用目的：メールマガジンの配信") == 4  # three items and the box
    assert not re.search(r"<input[^>]*\schecked", page)
    assert 'href="/notices/marketing/3.1"' in page
    assert "アメリカ合衆国" in page  # APPI 28(2): before the box is ticked
    english = town.nobody().get("/collect/newsletter", headers={"accept-language": "en"}).text
    assert "Used for: E-mail newsletters" in english


def test_a_form_sent_twice_is_one_person_and_the_answer_is_the_same(town: Desk) -> None:
    client, before = town.nobody(), came_in(town.wiring)
    sent = filled(
        client.get("/collect/newsletter").text, **{"c.mail_marketing": "yes"}, adult="yes"
    )
    answers = [
        client.post("/collect/newsletter", data=sent, follow_redirects=False) for _ in range(2)
    ]
    assert {a.status_code for a in answers} == {303}
    assert {a.headers["location"] for a in answers} == {"/collect/newsletter/received"}
    assert came_in(town.wiring) == before + 1
    again = filled(client.get("/collect/newsletter").text)
    known = client.post("/collect/newsletter", data=again, follow_redirects=False)
    assert known.headers["location"] == answers[0].headers["location"]
    assert came_in(town.wiring) == before + 2
    assert text("portal.collect.received", Lang.JA) in client.get(known.headers["location"]).text


def test_mistakes_come_back_with_what_was_written(town: Desk) -> None:
    client, before = town.nobody(), came_in(town.wiring)
    page = client.get("/collect/newsletter").text
    sent = filled(page, **{"f.email": "nobody", "c.mail_marketing": "yes"})
    answer = client.post("/collect/newsletter", data=sent)
    assert answer.status_code == 422
    assert 'value="架空　月子"' in answer.text
    assert 'href="#adult"' in answer.text
    stale = client.post("/collect/newsletter", data={**sent, "n.marketing": "3.0"})
    assert stale.status_code == 409
    assert text("portal.collect.stale", Lang.JA) in stale.text
    assert form_of(stale.text)["n.marketing"] == "3.1"
    undeclared = client.post("/collect/newsletter", data={**sent, "f.sex": "F"})
    assert undeclared.status_code == 422
    assert came_in(town.wiring) == before


def test_a_date_is_written_in_three_parts_and_a_question_needs_its_answer(town: Desk) -> None:
    client = town.nobody()
    parts = {"f.birth_date_year": "1980", "f.birth_date_month": "5", "f.birth_date_day": "5"}
    sent = filled(client.get("/collect/membership").text, **parts)
    done = client.post("/collect/membership", data=sent, follow_redirects=False)
    assert done.status_code == 303
    survey = filled(client.get("/collect/survey").text, **{"f.interests": "登山"})
    answer = client.post("/collect/survey", data=survey)
    assert answer.status_code == 422
    assert 'href="#ask-purchase_analysis"' in answer.text


def test_no_page_for_a_closed_point_or_one_without_a_page(town: Desk) -> None:
    for name in ("event", "paper_form", "nothing"):
        assert town.nobody().get(f"/collect/{name}").status_code == 404


def test_a_form_of_another_site_is_refused(town: Desk) -> None:
    client = town.nobody()
    sent = filled(client.get("/collect/newsletter").text)
    crossed = client.post(
        "/collect/newsletter", data=sent, headers={"sec-fetch-site": "cross-site"}
    )
    assert crossed.status_code == 403


def test_too_many_forms_of_one_network_are_refused(town: Desk) -> None:
    app = create_app(town.wiring)
    app.state.collect_throttle = Throttle(0)
    before = came_in(town.wiring)
    with served(app) as base, httpx.Client(base_url=base) as client:
        sent = filled(client.get("/collect/newsletter").text)
        answer = client.post("/collect/newsletter", data=sent, headers={"accept": "text/html"})
    assert answer.status_code == 429
    assert text("http.error.too_many_requests", Lang.JA) in answer.text
    assert came_in(town.wiring) == before
