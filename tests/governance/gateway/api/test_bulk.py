"""Many rows in one request, and what an API must never do: leak, half-store, store unsearched."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from audit.log import AuditLog
from governance.core.terms import EventId, Lang
from governance.customers import store
from governance.customers.store import FINDING
from governance.pii.errors import PiiWorkerError
from governance.pii.types import Entity, Span
from governance.pii.types import Reason as Why
from policies.snapshot import NO_POLICY, PolicyHolder
from tests.governance.gateway.api.conftest import Desk, other_ports
from tests.installation import data_bytes, events

NOBODY = "00000000-0000-4000-8000-000000000000"
QUALITY = {"purpose": "data_quality"}
ACQUIRED = {"acquired_from": "person", "method": "web_form", "source": "会員登録"}
MY_NUMBER, CARD = "123456789018", "4111 1111 1111 1111"


def item(name: str = "架空 太郎", **fields: Any) -> dict[str, Any]:
    return {"op": "create", "fields": {"name": name, **fields}, "acquisition": ACQUIRED}


def bulk(client: httpx.Client, items: Sequence[Any], key: str = "k", **more: Any) -> httpx.Response:
    body = {"purpose": "data_quality", "items": items, **more}
    return client.post("/v1/persons:bulk-write", json=body, headers={"idempotency-key": key})


def count(desk: Desk, table: str = "person") -> int:
    with desk.wiring.database.read() as tx:
        return store.count_rows(tx, table)


# --- writing


def test_each_item_of_a_bulk_write_has_its_own_end(desk: Desk) -> None:
    manager, (first, second), before = desk.staff("data_manager"), desk.people, count(desk)
    tags = [
        manager.get(f"/v1/persons/{name}", params=QUALITY).headers["etag"]
        for name in (first, second)
    ]
    fix: dict[str, Any] = {"op": "correct", "fields": {"rank": "gold"}, "reason": "quality"}
    answer = bulk(
        manager,
        [
            item(),
            item(email="nobody"),
            {**fix, "id": first, "if_match": tags[0]},
            {**fix, "id": first, "if_match": tags[0]},
            {**fix, "id": second, "if_match": '"stale"'},
            {**fix, "id": NOBODY, "if_match": tags[0]},
            item(customer_id="C8"),
            item(customer_id="c-8"),
        ],
    )
    assert answer.status_code == 200, answer.text
    shape = answer.json()
    assert [one["status"] for one in shape["items"]] == [201, 422, 200, 412, 412, 404, 201, 409]
    assert (shape["stored"], shape["refused"]) == (3, 5)
    assert shape["items"][1]["problem"]["errors"][0]["field"] == "email"
    assert count(desk) == before + 2
    again = bulk(manager, [item()], key="k")
    assert again.json()["code"] == "idempotency_mismatch"


def test_all_or_nothing_stores_nothing_when_one_fails(desk: Desk) -> None:
    manager, before = desk.staff("data_manager"), count(desk)
    answer = bulk(manager, [item(), item(phone="12"), item()], atomic=True)
    assert [one["status"] for one in answer.json()["items"]] == [424, 422, 424]
    assert count(desk) == before
    assert bulk(manager, [item(), item()], atomic=True).json()["stored"] == 2
    assert count(desk) == before + 2
    with desk.wiring.database.read() as tx:
        assert len(events(tx, "person.created")) == 2


def test_a_repeated_bulk_write_tells_of_each_item_again(desk: Desk) -> None:
    manager, items = (
        desk.staff("data_manager"),
        [item(mobile="０９０１１１１２２２２"), item(sex="?!")],
    )
    first, second = bulk(manager, items), bulk(manager, items)
    assert first.json() == second.json()
    assert first.json()["items"][0]["normalised"] == {"mobile": "+819011112222"}
    assert second.headers["idempotency-replayed"] == "true"
    assert count(desk) == len(desk.people) + 1


@pytest.mark.parametrize(
    ("items", "place"),
    [
        ([], "items"),
        ([{"op": "delete", "id": NOBODY}], "items.0"),
        ([{"fields": {}}], "items.0"),
        ([{"op": "correct", "id": "taro", "if_match": "x", "fields": {}, "reason": "error"}],
         "items.0.id"),
        ([{"op": "correct", "id": NOBODY, "fields": {}, "reason": "error"}], "items.0.if_match"),
        ([item()] * 1_001, "items"),
    ],
)  # fmt: skip
def test_a_bulk_write_is_of_its_form(town: Desk, items: list[Any], place: str) -> None:
    answer = bulk(town.staff("data_manager"), items)
    assert (answer.status_code, answer.json()["code"]) == (422, "body_invalid")
    assert place in {fault["field"] for fault in answer.json()["errors"]}


def test_a_bulk_write_carries_a_key(town: Desk) -> None:
    body = {"purpose": "data_quality", "items": [item()]}
    answer = town.staff("data_manager").post("/v1/persons:bulk-write", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


# --- reading


def test_a_bulk_read_answers_for_each_and_records_each(desk: Desk) -> None:
    first, second = desk.people
    body = {**QUALITY, "ids": [second, NOBODY, first, first], "fields": ["name"]}
    answer = desk.staff("data_manager").post("/v1/persons:bulk-read", json=body)
    found = answer.json()["items"]
    assert [(one["id"], one["status"]) for one in found] == [
        (second, 200), (NOBODY, 404), (first, 200),
    ]  # fmt: skip
    assert found[0]["fields"]["name"]["value"] == "架空 花子三"
    with desk.wiring.database.read() as tx:
        assert {event.subject for event in events(tx, "person.read")} == {first, second}


def test_a_bulk_read_tells_nobody_who_exists(town: Desk) -> None:
    body = {"purpose": "corporate_sales", "ids": [town.people[0], NOBODY]}
    answer = town.staff("support").post("/v1/persons:bulk-read", json=body)
    assert [one["status"] for one in answer.json()["items"]] == [404, 404]


# --- what fails, fails closed


def officer(desk: Desk, **fields: Any) -> httpx.Response:
    body = {"fields": {"name": "架空 太郎", **fields}, "acquisition": ACQUIRED}
    params = {"purpose": "dsar_fulfilment"}
    return desk.staff("privacy_officer").post("/v1/persons", params=params, json=body)


def down(_texts: Sequence[str], _lang: Lang) -> tuple[tuple[Span, ...], ...]:
    raise PiiWorkerError


def test_while_texts_cannot_be_searched_no_text_is_stored(desk: Desk) -> None:
    before = count(desk)
    with other_ports(desk, replace(desk.wiring.ports, analyse=down)) as other:
        answer = officer(other, notes="夕方に電話（架空）")
        assert (answer.status_code, answer.json()["code"]) == (503, "pii_worker_unavailable")
        assert count(desk) == before
        assert officer(other, email="a@example.com").status_code == 201  # no text to search
    assert count(desk) == before + 1


def test_without_a_policy_nothing_is_read_or_written(desk: Desk) -> None:
    before = count(desk)
    with other_ports(desk, replace(desk.wiring.ports, policies=PolicyHolder(NO_POLICY))) as other:
        path = f"/v1/persons/{desk.people[0]}"
        answers = (
            officer(other),
            other.staff("support").get(path, params={"purpose": "order_support"}),
        )
        assert {answer.json()["code"] for answer in answers} == {"policy_unavailable"}
        assert {answer.status_code for answer in answers} == {503}
    assert count(desk) == before


class FullLog(AuditLog):
    """A log whose disk is full."""

    def append(self, *_event: object) -> EventId:
        raise OSError

    def append_many(self, *_events: object) -> tuple[EventId, ...]:
        raise OSError


def test_what_cannot_be_recorded_is_not_stored_or_shown(desk: Desk) -> None:
    before = count(desk)
    full = FullLog(
        desk.wiring.database.writer_engine, process_id="full", sealer=desk.wiring.vault.seal_part
    )
    with other_ports(desk, replace(desk.wiring.ports, audit=full)) as other:
        assert officer(other).status_code == 500
        body = {**QUALITY, "ids": list(desk.people)}
        answer = other.staff("data_manager").post("/v1/persons:bulk-read", json=body)
        assert answer.status_code == 500
        assert "架空" not in answer.text
    assert count(desk) == before


# --- numbers and 要配慮


def test_my_numbers_and_card_numbers_are_masked_before_anything_is_stored(desk: Desk) -> None:
    answer = officer(
        desk, notes=f"番号 {MY_NUMBER}、カード {CARD}", occupation=f"会社員 {MY_NUMBER}"
    )
    assert answer.status_code == 201, answer.text
    assert set(answer.json()["masked"]) == {"notes", "occupation"}
    assert MY_NUMBER not in answer.text
    read = desk.staff("privacy_officer").get(
        answer.headers["location"], params={"purpose": "dsar_fulfilment"}
    )
    for number in (MY_NUMBER, CARD, CARD.replace(" ", "")):
        assert number not in read.text
    with desk.wiring.database.read() as tx:
        found = tx.execute(select(FINDING.c.entity)).scalars().all()
    assert {"MY_NUMBER", "CREDIT_CARD"} <= set(found)


def sensitive(texts: Sequence[str], _lang: Lang) -> tuple[tuple[Span, ...], ...]:
    """Finds an illness in every text."""
    span = Span(start=0, end=2, entity=Entity.SENSITIVE, score=0.9, reason=Why.LEXICON, kind=None)
    return tuple((span,) for _ in texts)


@pytest.mark.parametrize(
    ("acquired", "status", "ground"),
    [
        ({"acquired_from": "person"}, 201, "provided_by_person"),
        ({"acquired_from": "third_party", "provider": "架空商事"}, 422, None),
        ({"acquired_from": "third_party", "provider": "架空商事", "ground": "consent"}, 201,
         "consent"),
        ({"acquired_from": "public"}, 422, None),
        ({"acquired_from": "person", "source": "前任者名簿"}, 422, None),
    ],
)  # fmt: skip
def test_special_care_data_needs_a_ground(
    desk: Desk, acquired: dict[str, str], status: int, ground: str | None
) -> None:
    before = count(desk)
    with other_ports(desk, replace(desk.wiring.ports, analyse=sensitive)) as other:
        body = {
            "fields": {"name": "架空 太郎", "notes": "持病あり（架空）"},
            "acquisition": {**ACQUIRED, **acquired},
        }
        answer = other.staff("privacy_officer").post(
            "/v1/persons", params={"purpose": "dsar_fulfilment"}, json=body
        )
    assert answer.status_code == status, answer.text
    with desk.wiring.database.read() as tx:
        grounds = tx.execute(select(FINDING.c.ground)).scalars().all()
    assert grounds == ([ground] if ground else [])
    assert count(desk) == before + (status == 201)
    if status != 201:
        assert answer.json()["code"] == "special_care_refused"


# --- no value leaves its place


def test_no_value_is_in_the_files_logs_or_errors(
    desk: Desk, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, logger="sekisho")
    name, mail = "特異名残留", "tokui-zanryu@example.com"
    manager = desk.staff("data_manager")
    answer = bulk(manager, [item(name, email=mail), item(name, email="x@x", customer_id=mail)])
    assert answer.json()["stored"] == 1
    subject = answer.json()["items"][0]["id"]
    again = manager.get(f"/v1/persons/{subject}", params=QUALITY)
    assert name in again.text
    manager.patch(
        f"/v1/persons/{subject}",
        params={**QUALITY, "reason": "error"},
        headers={"if-match": again.headers["etag"]},
        json={"name": name + "二", "nosuch": mail},
    )
    printed = capfd.readouterr()
    for text in (name, mail):
        assert text not in printed.out + printed.err
        assert text not in caplog.text
        if desk.wiring.database.dialect == "sqlite":
            assert text.encode() not in data_bytes(desk.wiring)
