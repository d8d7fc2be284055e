"""Rows around a person over HTTP: wishes, tags, contracts, threads; merged persons."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from governance.core.ids import new_row_id
from governance.core.terms import ActorId
from governance.customers import store
from governance.customers.upkeep import merges
from governance.customers.upkeep.merges import Merge, MergeState, Standing
from tests.governance.gateway.api.conftest import Desk
from tests.installation import AT, events

SUPPORT = {"purpose": "order_support"}


def made(client: httpx.Client, path: str, fields: dict[str, Any], **headers: str) -> httpx.Response:
    return client.post(path, params=SUPPORT, json={"fields": fields}, headers=headers)


def test_a_wish_is_stored_changed_and_removed(desk: Desk) -> None:
    support, person = desk.staff("support"), desk.people[0]
    path = f"/v1/persons/{person}/permissions"
    wish = {"channel": "phone", "kind": "offer", "wanted": "unwanted", "source": "person"}
    answer = made(support, path, wish)
    assert answer.status_code == 201, answer.text
    where, tag = answer.headers["location"], answer.headers["etag"]
    patch = {"params": {**SUPPORT, "reason": "changed"}, "json": {"wanted": "wanted"}}
    assert support.patch(where, **patch).status_code == 428  # type: ignore[arg-type]
    done = support.patch(where, headers={"if-match": tag}, **patch)  # type: ignore[arg-type]
    assert done.status_code == 200, done.text
    stale = support.patch(where, headers={"if-match": tag}, **patch)  # type: ignore[arg-type]
    assert (stale.status_code, stale.json()["code"]) == (412, "version_conflict")
    wishes = support.get(f"/v1/persons/{person}/wishes", params=SUPPORT).json()["items"]
    assert {"channel": "phone", "kind": "offer", "wanted": "wanted"} in wishes
    assert support.delete(where, params=SUPPORT).status_code == 204
    assert support.get(where, params=SUPPORT).json()["code"] == "row_unknown"
    with desk.wiring.database.read() as tx:
        assert len(events(tx, "person.changed")) == 3


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("permissions", {"channel": "phone", "kind": "offer", "wanted": "perhaps"}, "wanted"),
        ("permissions", {"channel": "phone"}, "kind"),
        ("permissions", {"channel": 7, "kind": "offer", "wanted": "ask"}, "channel"),
        ("messages", {"body": "x", "direction": "in", "inquiry_id": "taro"}, "inquiry_id"),
    ],
)
def test_a_row_that_cannot_be_taken_is_named(
    town: Desk, kind: str, fields: dict[str, Any], expected: str
) -> None:
    answer = made(town.staff("support"), f"/v1/persons/{town.people[0]}/{kind}", fields)
    assert answer.status_code == 422, answer.text
    assert expected in {fault["field"] for fault in answer.json()["errors"]}


def test_a_message_sent_twice_with_one_key_stands_once(desk: Desk) -> None:
    support, person = desk.staff("support"), desk.people[0]
    inquiry = made(
        support,
        f"/v1/persons/{person}/inquiries",
        {"body": "届かない（架空）", "received_at": "2026-09-30T10:00:00+09:00"},
    ).json()["row"]
    message = {
        "inquiry_id": inquiry,
        "direction": "out",
        "author_kind": "staff",
        "channel": "email",
        "sent_at": "2026-09-30T12:00:00+09:00",
        "body": "本日発送した",
    }
    path = f"/v1/persons/{person}/messages"
    headers = {"idempotency-key": "m1"}
    first, second = (made(support, path, message, **headers) for _ in range(2))
    assert first.status_code == second.status_code == 201, first.text
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    thread = support.get(f"/v1/persons/{person}/inquiries/{inquiry}/thread", params=SUPPORT).json()
    assert [item["direction"] for item in thread["items"]] == ["in", "out"]
    assert thread["items"][1]["body"]["value"] == "本日発送した"
    other = made(support, path, {**message, "body": "別"}, **headers)
    assert other.json()["code"] == "idempotency_mismatch"


def test_rows_around_somebody_unknown_are_not_found(town: Desk) -> None:
    nobody = "/v1/persons/00000000-0000-4000-8000-000000000000"
    support = town.staff("support")
    answers = [
        support.get(f"{nobody}/wishes", params=SUPPORT),
        support.get(f"{nobody}/tags", params=SUPPORT),
        made(support, f"{nobody}/permissions", {"channel": "sms", "kind": "any", "wanted": "ask"}),
        support.delete(f"{nobody}/tags/{town.people[0]}", params=SUPPORT),
    ]
    assert {answer.json()["code"] for answer in answers} == {"person_unknown"}


def test_purchases_are_not_removed_by_a_call(town: Desk) -> None:
    path = f"/v1/persons/{town.people[0]}/purchases/{town.people[0]}"
    assert town.staff("support").delete(path, params=SUPPORT).status_code == 404


def test_a_merged_pseudonym_answers_as_the_person_it_stands_for(desk: Desk) -> None:
    survivor, absorbed = desk.people
    standing = Standing(state="active", restricted_at=None, band=None, guardian=False)
    merge = Merge(
        id=new_row_id(),
        survivor=survivor,
        absorbed=absorbed,
        state=MergeState.MERGED,
        consent_seq=0,
        undone_seq=None,
        left=new_row_id(),
        right=new_row_id(),
        before=standing,
        merged_by=ActorId("u:x"),
        merged_at=AT,
    )
    desk.wiring.database.write(lambda tx: merges.enter(tx, replace(merge)))
    support = desk.staff("support")
    shown = support.get(f"/v1/persons/{absorbed}", params=SUPPORT)
    done = support.patch(
        f"/v1/persons/{absorbed}",
        params={**SUPPORT, "reason": "changed"},
        headers={"if-match": shown.headers["etag"]},
        json={"email": "merged@example.com"},
    )
    assert done.status_code == 200, done.text
    assert done.json()["id"] == survivor
    with desk.wiring.database.read() as tx:
        (row,) = store.records_of(tx, survivor, "person")
    assert row.clear["version"] == 2


def test_a_parent_waits_for_a_second_person_and_nobody_else_learns_of_it(town: Desk) -> None:
    support, officer, parent = town.staff("support"), town.staff("privacy_officer"), town.people[0]
    born = {"name": "架空　小春", "birth_date": "2018-05-05"}
    came = {"acquired_from": "person", "method": "paper", "source": "店頭"}
    taken = town.staff("data_manager").post(
        "/v1/persons",
        params={"purpose": "data_quality"},
        json={"fields": born, "acquisition": came},
    )
    assert taken.status_code == 201, taken.text
    child = taken.json()["id"]
    answer = made(
        support,
        f"/v1/persons/{child}/relations",
        {
            "kind": "parent", "other_subject_id": parent, "until_majority": True,
            "verified_how": "family_register", "verified_on": "2026-09-01",
        },
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    row, approval = answer.json()["row"], answer.json()["approval_required"]
    path = f"/v1/persons/{child}/relations/{row}/second"
    assert support.get(path).json() | {"expires_at": ""} == {
        "row": row, "second": "waiting", "approval": approval, "expires_at": "",
    }  # fmt: skip
    asked = support.post(path)
    assert (asked.status_code, asked.json()) == (202, {"approval_required": approval})
    elsewhere = f"/v1/persons/{parent}/relations/{row}/second"
    assert support.get(elsewhere).json()["code"] == "guardian_unknown"
    said = {"approval": approval, "confirm": True}
    for who, place, status in (
        (support, path, 403),
        (town.staff("auditor"), path, 403),
        (town.nobody(), path, 401),
        (officer, elsewhere, 404),
    ):
        assert who.post(f"{place}/answer", json=said).status_code == status, (place, status)
    assert officer.post(f"{path}/answer", json={"approval": "x", "confirm": 1}).status_code == 422
    done = officer.post(f"{path}/answer", json=said)
    assert (done.status_code, done.json()["second"]) == (200, "confirmed"), done.text
    assert officer.post(f"{path}/answer", json=said).status_code == 409, "once"
