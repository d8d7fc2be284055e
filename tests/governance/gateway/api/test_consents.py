"""`/v1/consents`: choices read and made over HTTP, by whom, once, and on record."""

from typing import Any

import httpx
import pytest

from consent.types import EventKind
from tests.governance.gateway.api.conftest import Desk
from tests.installation import add_person, events

OFFERS = "mail_marketing"


def body(person: str, kind: str = "given", **other: Any) -> dict[str, Any]:
    return {"person": person, "purpose": OFFERS, "kind": kind} | other


def cell(found: httpx.Response, purpose: str = OFFERS) -> dict[str, Any]:
    cells: list[dict[str, Any]] = found.json()["cells"]
    return next(
        one for one in cells if one["purpose"] == purpose and one["recipient_class"] == "internal"
    )


def test_a_choice_is_made_read_and_proved(town: Desk) -> None:
    officer, person = town.staff("privacy_officer"), add_person(town.wiring)
    made = officer.post("/v1/consents", json=body(person, shown="受け取る", channel="email"))
    assert made.status_code == 201, made.text
    found = officer.get(f"/v1/consents/{person}", params={"purpose": OFFERS})
    assert found.headers["etag"] == made.headers["etag"]
    assert (cell(found)["decision"], cell(found)["word"]["kind"]) == (True, "given")
    past = officer.get(f"/v1/consents/{person}/history").json()
    assert [one["id"] for one in past["items"]] == [made.json()["id"]]
    assert past["next"] is None
    proof = officer.get(f"/v1/consents/events/{made.json()['id']}/proof").json()
    assert (proof["proof"]["shown"], proof["acted_by"]) == ("受け取る", "officer")
    with town.wiring.database.read() as tx:
        told = [*events(tx, "consent.listed"), *events(tx, "consent.proof_read")]
    assert [one.subject for one in told].count(person) == 3


def test_an_unchanged_state_is_told_without_its_content(town: Desk) -> None:
    officer, person = town.staff("privacy_officer"), add_person(town.wiring)
    tag = officer.get(f"/v1/consents/{person}").headers["etag"]
    same = officer.get(f"/v1/consents/{person}", headers={"if-none-match": tag})
    assert (same.status_code, same.content) == (304, b"")
    officer.post("/v1/consents", json=body(person))
    other = officer.get(f"/v1/consents/{person}", headers={"if-none-match": tag})
    assert other.status_code == 200


def test_a_grant_on_an_older_state_is_refused_and_a_withdrawal_never(town: Desk) -> None:
    officer, person = town.staff("privacy_officer"), add_person(town.wiring)
    tag = officer.get(f"/v1/consents/{person}").headers["etag"]
    assert officer.post("/v1/consents", json=body(person, "refused")).status_code == 201
    late = {"if-match": tag}
    refused = officer.post("/v1/consents", json=body(person), headers=late)
    assert (refused.status_code, refused.json()["code"]) == (412, "choice_changed")
    taken = officer.post("/v1/consents", json=body(person, "withdrawn"), headers=late)
    assert taken.status_code == 201


def test_a_repeated_request_chooses_once(town: Desk) -> None:
    officer, person = town.staff("privacy_officer"), add_person(town.wiring)
    key = {"idempotency-key": "k-1"}
    first = officer.post("/v1/consents", json=body(person), headers=key)
    again = officer.post("/v1/consents", json=body(person), headers=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    other = officer.post("/v1/consents", json=body(person, "refused"), headers=key)
    assert other.status_code == 422
    past = officer.get(f"/v1/consents/{person}/history").json()["items"]
    assert len(past) == 1


def test_a_list_of_withdrawals_holds_together_or_not_at_all(town: Desk) -> None:
    officer = town.staff("privacy_officer")
    people = [add_person(town.wiring) for _ in range(2)]
    for person in people:
        officer.post("/v1/consents", json=body(person))
    items = [{"person": person, "purpose": OFFERS} for person in people]
    stranger = {"person": "00000000-0000-4000-8000-000000000000", "purpose": OFFERS}
    address, key = "/v1/consents/withdrawals", {"idempotency-key": "w"}
    assert officer.post(address, json={"items": items}).status_code == 400  # no key
    whole = officer.post(address, json={"items": [*items, stranger]}, headers=key)
    assert whole.status_code == 404
    assert all(cell(officer.get(f"/v1/consents/{one}"))["decision"] for one in people)
    done = officer.post(address, json={"items": items}, headers={"idempotency-key": "w2"})
    assert done.json()["withdrawn"] == 2
    assert not any(cell(officer.get(f"/v1/consents/{one}"))["decision"] for one in people)


def test_a_system_speaks_of_its_own_purposes_alone(town: Desk) -> None:
    probe, shop = town.system("probe"), town.system("shop")
    person = add_person(town.wiring)
    assert probe.post("/v1/consents", json=body(person)).status_code == 201
    foreign = shop.post("/v1/consents", json=body(person))
    assert (foreign.status_code, foreign.json()["code"]) == (422, "choice_unknown")
    everything = shop.post("/v1/consents", json=body(person, "objected", purpose="*"))
    assert everything.status_code == 201
    unspecific = shop.post("/v1/consents", json=body(person, "given", purpose="*"))
    assert unspecific.status_code == 422
    own = [one["id"] for one in probe.get("/v1/purposes").json()["items"]]
    assert own == [OFFERS]
    assert len(town.staff("privacy_officer").get("/v1/purposes").json()["items"]) > 10


def test_reasons_are_for_whom_may_know_them(town: Desk) -> None:
    person = add_person(town.wiring)
    town.staff("privacy_officer").post("/v1/consents", json=body(person, "withdrawn"))
    explained = cell(town.staff("auditor").get(f"/v1/consents/{person}"))
    assert explained["code"] == "denied.subject.withdrawn"
    plain = cell(town.staff("data_manager").get(f"/v1/consents/{person}"))
    assert plain["code"] == "denied.subject"
    assert "word" not in plain


def test_whoever_may_not_is_refused(town: Desk) -> None:
    person = add_person(town.wiring)
    assert town.nobody().get(f"/v1/consents/{person}").status_code == 401
    assert town.staff("marketing").get(f"/v1/consents/{person}").status_code == 403
    assert town.staff("auditor").post("/v1/consents", json=body(person)).status_code == 403
    unknown = "00000000-0000-4000-8000-000000000000"
    assert town.staff("auditor").get(f"/v1/consents/{unknown}").status_code == 404
    assert town.staff("auditor").get(f"/v1/consents/events/{unknown}/proof").status_code == 404


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "expired"},
        {"kind": "Given"},
        {"purpose": "nothing"},
        {"channel": "pigeon"},
        {"recipient_class": "everybody"},
        {"notice_version": "9.9"},
        {"occurred_at": "2026-09-01T00:00:00"},
        {"occurred_at": "2027-09-01T00:00:00Z"},
        {"surprise": 1},
        {"guardian": "yes"},
    ],
)
def test_what_is_not_of_the_form_is_refused(town: Desk, other: dict[str, Any]) -> None:
    officer, person = town.staff("privacy_officer"), add_person(town.wiring)
    refused = officer.post("/v1/consents", json=body(person) | other)
    assert refused.status_code == 422, refused.text
    past = officer.get(f"/v1/consents/{person}/history").json()["items"]
    assert past == []


def test_choices_are_counted_by_month(town: Desk) -> None:
    officer, purpose = town.staff("privacy_officer"), "postal_marketing"
    first, second = add_person(town.wiring), add_person(town.wiring)
    for person, day in ((first, "2026-08-31T14:59:59Z"), (second, "2026-08-31T15:00:00Z")):
        officer.post("/v1/consents", json=body(person, occurred_at=day, purpose=purpose))
    officer.post("/v1/consents", json=body(first, "withdrawn", purpose=purpose))
    whole = officer.get("/v1/consent-counts", params={"purpose": purpose}).json()["items"]
    assert [(one["kind"], one["events"], one["persons"]) for one in whole] == [
        ("given", 2, 2),
        ("withdrawn", 1, 1),
    ]
    monthly = officer.get(
        "/v1/consent-counts", params={"purpose": purpose, "monthly": True}
    ).json()["items"]
    assert [(one["month"], one["kind"], one["events"]) for one in monthly] == [
        ("2026-08", "given", 1),
        ("2026-09", "given", 1),
        ("2026-10", "withdrawn", 1),
    ]


def test_a_page_of_the_history_says_how_it_goes_on(town: Desk) -> None:
    officer, person = town.staff("privacy_officer"), add_person(town.wiring)
    for kind in (EventKind.GIVEN, EventKind.WITHDRAWN, EventKind.RENEWED):
        officer.post("/v1/consents", json=body(person, kind.value))
    address = f"/v1/consents/{person}/history"
    first = officer.get(address, params={"limit": 2}).json()
    rest = officer.get(address, params={"limit": 2, "after": first["next"]}).json()
    kinds = [one["kind"] for one in (*first["items"], *rest["items"])]
    assert (kinds, rest["next"]) == (["given", "withdrawn", "renewed"], None)
