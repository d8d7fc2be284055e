"""Sec-GPC on pages and calls: kept once for each way, before the choice that came with it."""

from functools import partial

import httpx
import pytest

from consent import ledger
from consent.types import EventKind
from governance.core.terms import ActorId, SubjectId
from governance.http.principal import PrincipalKind
from governance.identity.service import issue_code
from tests.governance.gateway.api.conftest import Desk
from tests.installation import AT, add_person

GPC = {"sec-gpc": "1"}
ANALYSIS = "purchase_analysis"  # heeds the signal; an explicit opt-in wins


def told(desk: Desk, person: SubjectId) -> list[EventKind]:
    with desk.wiring.database.read() as tx:
        return [event.kind for event in ledger.full_history(tx, person)]


def signed_in(desk: Desk, person: SubjectId) -> httpx.Client:
    work = partial(issue_code, actor=ActorId(f"p:{person}"), kind=PrincipalKind.PERSON, at=AT)
    code = desk.wiring.database.write(work)
    client = httpx.Client(base_url=desk.base, timeout=60)
    desk.made.append(client)
    assert client.post("/sign-in", data={"code": code}).status_code in (200, 303)
    return client


def test_a_page_opened_with_the_signal_keeps_it_once_and_tells_the_person(town: Desk) -> None:
    person = town.people[0]
    browser = signed_in(town, person)
    plain = browser.get("/portal")
    assert 'id="gpc"' not in plain.text
    for _ in range(2):
        page = browser.get("/portal", headers=GPC)
        assert page.status_code == 200
    assert told(town, person) == [EventKind.SIGNAL]
    assert "プライバシー信号（GPC）を 2026年10月1日(木) に受け取りました" in page.text
    assert "購買履歴の分析" in page.text


@pytest.mark.parametrize("value", ["0", "true", "", "11"])
def test_what_is_not_the_signal_is_none(town: Desk, value: str) -> None:
    officer, person = town.staff("privacy_officer"), add_person(town.wiring)
    body = {"person": person, "purpose": ANALYSIS, "kind": "given"}
    made = officer.post("/v1/consents", json=body, headers={"sec-gpc": value})
    assert made.status_code == 201
    assert told(town, person) == [EventKind.GIVEN]


def test_a_call_that_passes_the_signal_on_keeps_it_before_the_choice(town: Desk) -> None:
    officer, person = town.staff("privacy_officer"), add_person(town.wiring)
    body = {"person": person, "purpose": ANALYSIS, "kind": "given"}
    for _ in range(2):
        assert officer.post("/v1/consents", json=body, headers=GPC).status_code == 201
    assert told(town, person) == [EventKind.SIGNAL, EventKind.GIVEN, EventKind.GIVEN]
    found = officer.get(f"/v1/consents/{person}", params={"purpose": ANALYSIS}).json()
    inside = [one["decision"] for one in found["cells"] if one["recipient_class"] == "internal"]
    assert inside == [True], "an explicit later opt-in wins where the purpose says so"
    location = {"person": person, "purpose": "location_use", "kind": "given"}
    officer.post("/v1/consents", json=location, headers=GPC)
    closed = officer.get(f"/v1/consents/{person}", params={"purpose": "location_use"}).json()
    assert {one["code"] for one in closed["cells"]} == {"denied.subject.objected"}
