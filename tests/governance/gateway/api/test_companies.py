"""`/v1/companies` and the rows about persons: purchases, inquiries, deals."""

from typing import Any

import httpx
import pytest

from governance.core.terms import RowId, SubjectId
from governance.customers import store
from governance.customers.store import set_state
from governance.customers.subjects import SubjectState
from governance.gateway.rows import owner_of
from tests.governance.gateway.api.conftest import Desk
from tests.installation import events

SALES = {"purpose": "corporate_sales"}
NOBODY = "00000000-0000-4000-8000-000000000000"


def founded(desk: Desk, **fields: Any) -> httpx.Response:
    body = {"fields": {"name": "株式会社架空", "representative": "架空　代表", **fields}}
    return desk.staff("sales").post("/v1/companies", params=SALES, json=body)


def test_a_company_is_stored_read_and_corrected(desk: Desk) -> None:
    answer = founded(desk, phone="０３－５５５５－１２３４", employees=30)
    assert answer.status_code == 201, answer.text
    path, sales = answer.headers["location"], desk.staff("sales")
    shown = sales.get(path, params=SALES)
    fields = shown.json()["fields"]
    assert fields["phone"]["value"] == answer.json()["normalised"]["phone"]
    assert fields["representative"]["value"] == "架空 代表"
    done = sales.patch(
        path,
        params={**SALES, "reason": "changed"},
        headers={"if-match": shown.headers["etag"]},
        json={"employees": 31, "industry": "小売"},
    )
    assert done.status_code == 200, done.text
    stale = sales.patch(
        path,
        params={**SALES, "reason": "changed"},
        headers={"if-match": shown.headers["etag"]},
        json={"employees": 32},
    )
    assert stale.status_code == 412
    with desk.wiring.database.read() as tx:
        assert len(events(tx, "company.changed")) == 2
    listed = sales.get("/v1/companies", params={**SALES, "fields": "name,employees"}).json()
    assert [one["fields"]["employees"]["value"] for one in listed["items"]] == ["31"]


def test_a_company_outlives_its_representative(desk: Desk) -> None:
    path, sales = founded(desk).headers["location"], desk.staff("sales")
    row = RowId(path.rpartition("/")[2])
    with desk.wiring.database.read() as tx:
        owner = owner_of(tx, "company", row)
    assert owner is not None
    desk.wiring.database.write(lambda tx: set_state(tx, owner, SubjectState.ERASED))
    shown = sales.get(path, params=SALES)
    assert shown.status_code == 200
    assert shown.json()["fields"]["name"]["value"]
    assert "value" not in shown.json()["fields"]["representative"]
    headers, params = {"if-match": shown.headers["etag"]}, {**SALES, "reason": "changed"}
    person = {"representative": "架空 後任"}
    refused = sales.patch(path, params=params, headers=headers, json=person)
    assert refused.status_code in (403, 409)
    done = sales.patch(path, params=params, headers=headers, json={"industry": "卸売"})
    assert done.status_code == 200, done.text


def test_a_company_nobody_may_know_of_is_unknown(desk: Desk) -> None:
    path = founded(desk).headers["location"]
    support = desk.staff("support")
    for one in (path, f"/v1/companies/{NOBODY}"):
        answer = support.get(one, params=SALES)
        assert (answer.status_code, answer.json()["code"]) == (404, "row_unknown")
        patch = support.patch(
            one, params={**SALES, "reason": "error"}, headers={"if-match": '"x"'}, json={}
        )
        assert (patch.status_code, patch.json()["code"]) == (404, "row_unknown")


def test_a_deal_belongs_to_a_person_and_a_company(desk: Desk) -> None:
    company = founded(desk).headers["location"]
    person, sales = desk.people[0], desk.staff("sales")
    body = {
        "fields": {"deal_name": "架空の商談", "contact_email": "ｂ@example.com", "probability": 60},
        "company": company.rpartition("/")[2],
    }
    made = sales.post(f"/v1/persons/{person}/deals", params=SALES, json=body)
    assert made.status_code == 201, made.text
    listed = sales.get(f"{company}/deals", params={**SALES, "fields": "deal_name"}).json()
    assert [one["fields"]["deal_name"]["value"] for one in listed["items"]] == ["架空の商談"]
    missing = sales.post(
        f"/v1/persons/{person}/deals", params=SALES, json={**body, "company": NOBODY}
    )
    assert (missing.status_code, missing.json()["code"]) == (404, "row_unknown")
    beyond = {"fields": {"deal_name": "x", "probability": 101}}
    refused = sales.post(f"/v1/persons/{person}/deals", params=SALES, json=beyond)
    assert refused.json()["errors"] == [
        {
            "field": "probability",
            "code": "NUMBER_INVALID",
            "detail": refused.json()["errors"][0]["detail"],
        }
    ]


def test_purchases_come_in_pages_oldest_first(desk: Desk) -> None:
    shop, person = desk.system("shop"), desk.people[0]
    path, params = f"/v1/persons/{person}/purchases", {"purpose": "order_fulfilment"}
    for n in range(3):
        body = {"fields": {"type": "single", "amount": n, "source_key": f"P{n}"}}
        refused = shop.post(path, params=params, json=body)
        assert refused.status_code == 403  # the number is not the shop's to set
        del body["fields"]["source_key"]
        assert shop.post(path, params=params, json=body).status_code == 201
    first = shop.get(path, params={**params, "limit": 2, "fields": "amount"}).json()
    assert [one["fields"]["amount"]["value"] for one in first["items"]] == ["0", "1"]
    rest = shop.get(path, params={**params, "after": first["next"], "fields": "amount"}).json()
    assert [one["fields"]["amount"]["value"] for one in rest["items"]] == ["2"]
    assert rest["next"] is None


def test_a_row_of_one_person_is_not_found_at_another(desk: Desk) -> None:
    shop, (first, second), params = (
        desk.system("shop"),
        desk.people,
        {"purpose": "order_fulfilment"},
    )
    body = {"fields": {"type": "single", "amount": 5}}
    path = shop.post(f"/v1/persons/{first}/purchases", params=params, json=body).headers["location"]
    assert shop.get(path, params=params).status_code == 200
    other = path.replace(first, second)
    assert shop.get(other, params=params).json()["code"] == "row_unknown"
    tag = shop.get(path, params=params).headers["etag"]
    patch = {"params": {**params, "reason": "error"}, "headers": {"if-match": tag}}
    assert shop.patch(other, json={"amount": 6}, **patch).json()["code"] == "row_unknown"
    assert shop.patch(path, json={"amount": 6}, **patch).status_code == 200
    assert shop.patch(path, json={"amount": 7}, **patch).status_code == 412


def test_support_notes_an_inquiry_and_its_answer(desk: Desk) -> None:
    support, person, params = desk.staff("support"), desk.people[0], {"purpose": "order_support"}
    body = {
        "fields": {
            "body": "届いた茶が違う（架空）",
            "received_at": "2026-09-30T10:00:00+09:00",
            "channel": "電話",
        }
    }
    made = support.post(f"/v1/persons/{person}/inquiries", params=params, json=body)
    assert made.status_code == 201, made.text
    done = support.patch(
        made.headers["location"],
        params={**params, "reason": "changed"},
        headers={"if-match": made.headers["etag"]},
        json={"response": "交換した", "status": "完了"},
    )
    assert done.status_code == 200, done.text
    shown = support.get(made.headers["location"], params=params).json()
    assert shown["fields"]["response"]["value"] == "交換した"


@pytest.mark.parametrize("kind", ["secrets", "person", "purchase"])
def test_an_unknown_kind_of_rows_is_no_address(town: Desk, kind: str) -> None:
    params = {"purpose": "order_support"}
    answer = town.staff("support").get(f"/v1/persons/{town.people[0]}/{kind}", params=params)
    assert answer.status_code == 404


def test_companies_are_read_and_written_in_bulk(desk: Desk) -> None:
    sales, headers = desk.staff("sales"), {"idempotency-key": "c"}
    body = {
        **SALES,
        "items": [{"op": "create", "fields": {"name": f"架空{n}社"}} for n in range(3)],
    }
    made = sales.post("/v1/companies:bulk-write", json=body, headers=headers).json()
    assert made["stored"] == 3
    ids = [one["id"] for one in made["items"]]
    read = sales.post("/v1/companies:bulk-read", json={**SALES, "ids": [*ids, NOBODY]}).json()
    assert [one["status"] for one in read["items"]] == [200, 200, 200, 404]
    assert [one["id"] for one in read["items"]] == [*ids, NOBODY]
    with desk.wiring.database.read() as tx:
        assert store.count_rows(tx, "company") == 3
        assert len({owner_of(tx, "company", RowId(one)) for one in ids}) == 3
    assert SubjectId(ids[0])
