"""`/v1/recipients`, `/v1/provisions`, `/v1/exports`, `/v1/uses` over HTTP."""

import json
from base64 import b64decode
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from consent.types import EventKind
from tests.governance.gateway.api.conftest import Desk, opened
from tests.governance.gateway.bulk.town import PARTNER, PROVISION, say, settle
from tests.installation import create

HOOK = {"url": "https://hooks.example.com/sekisho"}
ENTRY = {"key": "V100", "name": "架空配送", "role": "processor", "country": "JP"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Three customers of whom two agreed to the partner's getting their data."""
    folder: Path = tmp_path_factory.mktemp("recipients")
    wiring = create(folder)
    settle(wiring, folder, count=3, agree=(0, 1))
    with opened(wiring, folder) as found:
        yield found


def answered(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json()


def test_a_recipient_is_entered_changed_checked_and_shown(desk: Desk) -> None:
    officer = desk.staff("privacy_officer")
    made = officer.post("/v1/recipients", json=ENTRY)
    assert answered(made, 201)["recipient"] == "processor:V100"
    path, tag = "/v1/recipients/V100", made.headers["etag"]
    change = {"contracted_on": "2026-04-01", "representative": "架空　次郎"}
    assert answered(officer.patch(path, json=change), 428)["code"] == "precondition_required"
    changed = officer.patch(path, json=change, headers={"if-match": tag})
    assert answered(changed)["version"] == 2
    stale = officer.patch(path, json=change, headers={"if-match": tag})
    assert answered(stale, 409)["code"] == "recipient_changed"
    check = {"kind": "supervision", "method": "on_site", "outcome": "findings",
             "checked_on": "2026-09-01", "findings": "架空の指摘"}  # fmt: skip
    assert answered(officer.post(f"{path}/checks", json=check))["version"] == 3
    sub = {"name": "架空便", "country": "US"}
    answered(officer.post(f"{path}/subprocessors", json=sub))
    shown = answered(officer.get(path))
    assert shown["contact"]["representative"] == "架空　次郎"
    assert [one["findings"] for one in shown["checks"]] == ["架空の指摘"]
    assert [one["name"] for one in shown["subprocessors"]] == ["架空便"]
    assert len(shown["versions"]) == 3
    assert "NO_SAFEGUARDS" in shown["missing"]
    listed = answered(officer.get("/v1/recipients"))["items"]
    assert {"V100", "V900"} <= {one["source_key"] for one in listed}


def test_a_webhook_is_set_changed_and_taken_away(desk: Desk) -> None:
    officer, path = desk.staff("privacy_officer"), "/v1/recipients/V900/webhook"
    assert answered(officer.get(path), 404)["code"] == "recipient_hook_missing"
    assert answered(officer.post(f"{path}/secret"), 404)["code"] == "recipient_hook_missing"
    made = officer.put(path, json=HOOK)
    first = answered(made)
    assert made.headers["cache-control"] == "no-store"
    assert (first["url"], first["secrets"]) == (HOOK["url"], 1)
    turned = answered(officer.post(f"{path}/secret"))
    assert turned["secret"] != first["secret"]
    assert turned["secrets"] == 2
    shown = answered(officer.get(path))
    assert shown == {"url": HOOK["url"], "secrets": 2}, "no secret is shown again"
    own = answered(officer.post(f"{path}/secret", json={"secret": first["secret"]}))
    assert "secret" not in own, "who brings it knows it"
    assert answered(officer.delete(f"{path}/secret"))["secrets"] == 1
    assert officer.delete(path).status_code == 204
    assert officer.get(path).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://127.0.0.1/"},
        {"url": "https://127.0.0.1:8443/"},
        {"url": "https://x.example.com/", "secret": "=1+1"},
        {"url": "https://" + "a" * 5_000_000},
        {"url": "<script>"},
        {"url": 7},
        {"url": "https://x.example.com/", "more": 1},
        {},
    ],
)
def test_a_wrong_webhook_is_refused_and_nothing_said_comes_back(
    desk: Desk, body: dict[str, Any]
) -> None:
    answer = desk.staff("privacy_officer").put("/v1/recipients/V900/webhook", json=body)
    assert answer.status_code in (400, 413, 422)
    assert "<script>" not in answer.text
    assert "a" * 20 not in answer.text  # longer than an id holds by chance
    assert desk.staff("privacy_officer").get("/v1/recipients/V900/webhook").status_code == 404


def test_only_keepers_of_the_register_change_a_webhook(desk: Desk) -> None:
    path = "/v1/recipients/V900/webhook"
    assert desk.staff("auditor").get(path).status_code == 404
    for who, status in ((desk.staff("auditor"), 403), (desk.nobody(), 401)):
        assert who.put(path, json=HOOK).status_code == status
        assert who.post(f"{path}/secret").status_code == status
        assert who.delete(path).status_code == status


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "架空", "role": "processor"}, 422, "recipient_field"),
        ({**ENTRY, "key": "架空"}, 422, "recipient_field"),
        ({**ENTRY, "key": "V900"}, 409, "recipient_key_taken"),
        ({**ENTRY, "key": "V101", "colour": "red"}, 422, "recipient_field"),
        ({**ENTRY, "key": "V101", "purposes": ["world_peace"]}, 422, "recipient_field"),
        ({**ENTRY, "key": "V101", "name": 7}, 422, "recipient_field"),
    ],
)
def test_what_cannot_be_entered_is_refused(
    desk: Desk, body: dict[str, Any], status: int, code: str
) -> None:
    officer = desk.staff("privacy_officer")
    assert answered(officer.post("/v1/recipients", json=body), status)["code"] == code


def test_the_registers_are_closed_to_who_may_not_see_them(desk: Desk) -> None:
    for path in ("/v1/recipients", "/v1/recipients/V900", "/v1/provisions"):
        assert desk.staff("support").get(path).status_code == 403
        assert desk.nobody().get(path).status_code == 401
    assert desk.staff("data_manager").post("/v1/recipients", json=ENTRY).status_code == 403
    assert desk.staff("privacy_officer").get("/v1/recipients/V404").status_code == 404


def test_an_export_answers_the_file_and_its_record_is_listed(desk: Desk) -> None:
    manager, officer = desk.staff("data_manager"), desk.staff("privacy_officer")
    body = {"purpose": PROVISION, "recipient": PARTNER, "fields": ["name"], "format": "ndjson"}
    answer = manager.post("/v1/exports", json=body)
    assert answer.status_code == 200, answer.text
    manifest = json.loads(b64decode(answer.headers["sekisho-manifest"]))
    assert manifest["persons"] == len(answer.text.splitlines()) == 2
    assert answer.headers["cache-control"] == "no-store"
    (record,) = answered(officer.get("/v1/provisions", params={"recipient": "V900"}))["items"]
    assert record["provision"] == manifest["provision"]
    assert record["decision_id"] == manifest["decision_id"]
    path = f"/v1/provisions/{record['provision']}"
    assert answered(officer.get(path))["party"]["representative"] == "架空　代表"
    people = answered(officer.get(f"{path}/persons"))["items"]
    assert {one["identity"]["person.customer_id"] for one in people} == {"C000001", "C000002"}
    assert answered(officer.get("/v1/provisions/none"), 404)["code"] == "provision_unknown"


def test_a_refused_export_says_why_and_is_on_record(desk: Desk) -> None:
    body = {"purpose": PROVISION, "recipient": "third_party:V404"}
    refused = answered(desk.staff("data_manager").post("/v1/exports", json=body), 403)
    assert refused["code"] == "export_refused"
    assert "recipient_unknown" in refused["detail"]
    for wrong in ({"format": "exe"}, {"naming": "name"}, {"fields": ["nose"]}):
        answer = desk.staff("data_manager").post("/v1/exports", json=body | wrong)
        assert answer.status_code == 422
    assert desk.staff("support").post("/v1/exports", json=body).status_code == 403


def test_a_use_lists_pseudonyms_alone(desk: Desk) -> None:
    say(desk.wiring, desk.people[2], EventKind.GIVEN, "mail_marketing")
    body = {"purpose": "mail_marketing", "channel": "email"}
    found = answered(desk.staff("marketing").post("/v1/uses", json=body))
    assert found["permit"] == [desk.people[2]]
    assert datetime.fromisoformat(found["valid_until"]).tzinfo is not None
    named = body | {"subjects": [desk.people[0]]}
    assert answered(desk.staff("marketing").post("/v1/uses", json=named))["permit"] == []


def test_a_receipt_is_confirmed_on_record(desk: Desk) -> None:
    officer = desk.staff("privacy_officer")
    source = ENTRY | {"key": "S1", "role": "source", "address": "東京都", "representative": "架空"}
    answered(officer.post("/v1/recipients", json=source), 201)
    body = {
        "recipient": "S1",
        "received_on": "2026-09-30",
        "acquisition": "会員登録の際に同意を得た（架空）",
        "ground": "consent",
        "categories": ["name"],
        "fields": ["person.name"],
        "subjects": [desk.people[0]],
    }
    made = answered(officer.post("/v1/provisions", json=body), 201)
    shown = answered(officer.get(f"/v1/provisions/{made['provision']}"))
    assert (shown["direction"], shown["duty"]) == ("received", "APPI-30")
    assert shown["acquisition"] == body["acquisition"]
    for wrong in ({"acquisition": " "}, {"received_on": "2027-01-01"}):
        answer = officer.post("/v1/provisions", json=body | wrong)
        assert answered(answer, 422)["code"] == "provision_received"
