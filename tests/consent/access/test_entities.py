"""Questions about resources that the policy declares: by its subjects, by staff, by systems."""

from collections.abc import Iterator
from typing import Any

import pytest

from audit.decisions.models import DECISIONS
from policies.load import load_sources
from policies.snapshot import compile_policy
from tests.consent.access.conftest import MARKETER, OFFICER, Decider

POLICY = """
version: "1"
title: 値引き / Discounts
owner: 責任者
categories: {contact: {label: 連絡先 / Contacts}}
roles:
  privacy_officer: {label: 管理者 / Officer, may: ["consent:check", "staff:read"]}
  marketing: {label: 販促 / Marketing, may: ["consent:check"]}
purposes:
  order: {label: 注文 / Orders, basis: {appi: within_purpose, gdpr: contract},
          categories: [contact]}
subjects:
  user: {label: 利用者 / User, attributes: {grade: integer}}
resources:
  discount:
    label: 値引き / Discount
    attributes: {branch: string}
    actions: [approve, see]
entities:
  user: {taro@example.com: {grade: 2}, hanako@example.com: {grade: 1}}
  discount: {d1: {branch: north}, d2: {branch: south}, d3: {}}
rules:
  - {id: D-1, allow: [marketing], to: approve, on: discount, for: [order],
     when: ["resource.branch == 'north'"], because: 北支店 / North}
  - {id: D-2, allow: [user], to: see, on: discount, when: [subject.grade == 2],
     obligations: [{log: detailed}, {notify: owner}], because: 二級 / Grade two}
tests:
  - {who: marketing, does: approve, on: discount.record, for: order, resource: {branch: north},
     expect: permit, by: D-1}
"""
ORDER = {"name": "approve", "properties": {"purpose": "order"}}
MINE = {"type": "staff", "id": "marketer"}
TARO = {"type": "user", "id": "taro@example.com"}
SEE = {"name": "see"}


def discount(name: str) -> dict[str, str]:
    return {"type": "discount", "id": name}


@pytest.fixture(autouse=True)
def in_force(decider: Decider) -> Iterator[None]:
    policies = decider.wiring.policies
    before = policies.swap(compile_policy(load_sources({"p.yaml": POLICY})))
    yield
    policies.swap(before)


def codes(decider: Decider, body: dict[str, Any]) -> list[str]:
    shape = decider.ask("evaluation", body, by=MARKETER).shape
    assert shape["decision"] is (shape["context"]["reasons"][0]["code"] == "permit")
    return [reason["code"] for reason in shape["context"]["reasons"]]


@pytest.mark.parametrize(
    ("subject", "action", "resource", "code"),
    [
        (MINE, ORDER, "d1", "permit"),
        ({"type": "staff", "id": "u:marketer"}, ORDER, "d1", "permit"),
        (MINE, ORDER, "d2", "denied.actor.no_rule"),
        (MINE, ORDER, "d3", "denied.actor.no_rule"),
        (MINE, ORDER, "d9", "denied.actor.unknown_resource"),
        (MINE, ORDER, "", "denied.actor.unknown_resource"),
        (MINE, {"name": "approve"}, "d1", "denied.purpose.missing"),
        (MINE, {"name": "approve", "properties": {"purpose": "x"}}, "d1", "denied.purpose.unknown"),
        (MINE, {"name": "Approve", "properties": {"purpose": "order"}}, "d1",
         "denied.actor.unknown_action"),
        ({"type": "staff", "id": "officer"}, ORDER, "d1", "denied.actor.unknown_subject"),
        ({"type": "marketing", "id": "marketing"}, ORDER, "d1", "denied.actor.unknown_subject"),
        (TARO, SEE, "d1", "permit"),
        ({**TARO, "id": "hanako@example.com"}, SEE, "d1", "denied.actor.no_rule"),
        ({**TARO, "id": "hanako@example.com", "properties": {"grade": 2}}, SEE, "d1",
         "denied.actor.no_rule"),
        (TARO, ORDER, "d1", "denied.actor.no_rule"),
    ],
)  # fmt: skip
def test_who_asks_what_of_a_resource_of_the_policy(
    decider: Decider, subject: dict[str, Any], action: dict[str, Any], resource: str, code: str
) -> None:
    body = {"subject": subject, "action": action, "resource": discount(resource)}
    assert codes(decider, body) == [code]


def test_obligations_of_a_rule_on_subjects_come_with_the_permit(decider: Decider) -> None:
    body = {"subject": TARO, "action": SEE, "resource": discount("d1")}
    duties = decider.ask("evaluation", body, by=MARKETER).shape["context"]["obligations"]
    assert [(one["type"], one["id"]) for one in duties] == [
        ("custom", "obl-1"),
        ("notification", "obl-2"),
    ]
    assert duties[0]["detail"] == "detailed"
    assert duties[1]["to"] == "owner"
    assert duties[1]["body"]
    lacking = {**body, "context": {"obligations_supported": ["custom"]}}
    assert codes(decider, lacking) == ["unavailable.obligation"]
    able = {**body, "context": {"obligations_supported": ["custom", "notification"]}}
    assert codes(decider, able) == ["permit"]


def found(decider: Decider, kind: str, body: dict[str, Any], by: Any = MARKETER) -> list[Any]:
    shape = decider.ask(f"search/{kind}", body, by=by).shape
    return [one.get("id", one.get("name")) for one in shape["results"]]


def test_searches_go_over_entries_staff_and_actions(decider: Decider) -> None:
    kind = {"type": "discount"}
    assert found(decider, "resource", {"subject": MINE, "action": ORDER, "resource": kind}) == [
        "d1"
    ]
    who = {"subject": {"type": "staff"}, "action": ORDER, "resource": discount("d1")}
    assert found(decider, "subject", who) == ["marketer"]
    assert found(decider, "subject", who, by=OFFICER) == ["marketer"]
    assert found(decider, "subject", {**who, "resource": discount("d2")}, by=OFFICER) == []
    users = {"subject": {"type": "user"}, "action": SEE, "resource": discount("d2")}
    assert found(decider, "subject", users) == ["taro@example.com"]
    assert found(decider, "action", {"subject": TARO, "resource": discount("d1")}) == ["see"]
    mine = {"subject": MINE, "resource": discount("d1"), "context": {"purpose": "order"}}
    assert found(decider, "action", mine) == ["approve"]


def test_the_log_names_kind_and_action_and_no_entity(decider: Decider) -> None:
    body = {"subject": TARO, "action": SEE, "resource": discount("d1")}
    decision = decider.ask("evaluation", body, by=MARKETER).shape["context"]["decision_id"]
    decider.wiring.ports.decisions.settle()
    with decider.wiring.database.read() as tx:
        row = tx.execute(DECISIONS.select().where(DECISIONS.c.id == decision)).one()
    assert (row.actor, row.field, row.outcome) == ("u:marketer", "discount:see", "permit")
    assert "taro" not in repr(row)
