"""AuthZEN about persons: who asks decides for itself, obligations, batches, searches, pages."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from audit.decisions.models import DECISIONS
from consent.access import people
from consent.types import EventKind
from governance.core.terms import PurposeId
from governance.http.principal import Principal
from policies.snapshot import NO_POLICY
from tests.consent.access.conftest import MAILER, MARKETER, OFFICER, SHOP, Decider

Use = Callable[..., dict[str, Any]]
SYSTEM = {"type": "system"}
PERSON = {"type": "person"}


def codes(shape: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in shape["context"]["reasons"]]


def test_the_answer_says_what_it_rests_on_and_leaves_out_nulls(decider: Decider, use: Use) -> None:
    permitted = decider.ask("evaluation", use()).shape
    refused = decider.ask("evaluation", use(4)).shape
    assert (permitted["decision"], refused["decision"]) == (True, False)
    assert set(permitted["context"]) == {
        "decision_id", "reasons", "obligations", "snapshot", "valid_until",
    }  # fmt: skip
    assert "valid_until" not in refused["context"]
    assert None not in refused["context"].values()


@pytest.mark.parametrize("name", ["mailer", "svc:mailer"])
def test_a_system_names_itself_with_or_without_its_prefix(
    decider: Decider, use: Use, name: str
) -> None:
    assert decider.ask("evaluation", use(subject={**SYSTEM, "id": name})).shape["decision"]


@pytest.mark.parametrize(
    "subject",
    [
        {"type": "system", "id": "shop"},
        {"type": "system", "id": ""},
        {"type": "system", "id": "svc:"},
        {"type": "System", "id": "mailer"},
        {"type": "staff", "id": "mailer"},
        {"type": "staff", "id": "svc:mailer"},
        {"type": "staff", "id": "u:officer"},
        {"type": "user", "id": "mailer"},
        {"type": "", "id": "mailer"},
        {"type": "mail_sender", "id": "mail_sender"},
        {"type": "system", "id": "mail_sender"},
    ],
)
def test_the_rights_of_another_subject_are_not_the_callers(
    decider: Decider, use: Use, subject: dict[str, str]
) -> None:
    shape = decider.ask("evaluation", use(subject=subject)).shape
    assert shape["decision"] is False
    assert codes(shape) == ["denied.actor.unknown_subject"]


def test_who_may_read_the_register_may_ask_for_another(decider: Decider, use: Use) -> None:
    for subject, decision in (("mailer", True), ("shop", False), ("ghost", False)):
        asked = use(subject={**SYSTEM, "id": subject})
        assert decider.ask("evaluation", asked, by=OFFICER).shape["decision"] is decision


def test_asking_for_another_is_on_record_with_both(decider: Decider, use: Use) -> None:
    asked = decider.ask("evaluation", use(), by=OFFICER).shape
    row = recorded(decider, asked["context"]["decision_id"])
    assert (row.actor, row.actor_os) == ("svc:mailer", "u:officer")


def test_the_reason_about_a_person_is_for_who_may_explain(decider: Decider, use: Use) -> None:
    reader = replace(OFFICER, roles=frozenset({"privacy_officer"}))
    assert codes(decider.ask("evaluation", use(4), by=reader).shape) == [
        "denied.subject.no_consent"
    ]
    assert codes(decider.ask("evaluation", use(4)).shape) == ["denied.subject"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"action": {"name": "use"}}, "denied.purpose.missing"),
        ({"action": {"name": "use", "properties": {"purpose": ""}}}, "denied.purpose.missing"),
        ({"action": {"name": "use", "properties": {"purpose": "fun"}}}, "denied.purpose.unknown"),
        ({"action": {"name": "read"}}, "denied.actor.unknown_action"),
        ({"action": {"name": "Use"}}, "denied.actor.unknown_action"),
        ({"action": {"name": ""}}, "denied.actor.unknown_action"),
        ({"resource": {"type": "person", "id": ""}}, "denied.subject"),
        ({"resource": {"type": "person", "id": "nobody"}}, "denied.subject"),
        ({"resource": {"type": "Person", "id": "x"}}, "denied.actor.unknown_resource"),
        ({"resource": {"type": "", "id": ""}}, "denied.actor.unknown_resource"),
        ({"resource": {"type": "purchase", "id": "x"}}, "denied.actor.unknown_resource"),
        ({"resource": {"type": "route", "id": "action"}}, "denied.actor.unknown_resource"),
    ],
)
def test_what_is_unknown_or_empty_is_answered_no(
    decider: Decider, use: Use, more: dict[str, Any], code: str
) -> None:
    shape = decider.ask("evaluation", use(**more)).shape
    assert shape["decision"] is False
    assert codes(shape) == [code]


def test_a_generic_client_gets_decisions(decider: Decider) -> None:
    for subject in ({"type": "user", "id": "alice"}, {"type": "system", "id": "mailer"}):
        body = {
            "subject": subject,
            "action": {"name": "can_read"},
            "resource": {"type": "document", "id": "1"},
        }
        reply = decider.ask("evaluation", body)
        assert (reply.status, reply.shape["decision"]) == (200, False)


def test_obligations_follow_the_profile(decider: Decider, use: Use) -> None:
    asked = use(subject={"type": "staff", "id": "u:marketer"})
    duties = decider.ask("evaluation", asked, by=MARKETER).shape["context"]["obligations"]
    assert duties == [
        {"type": "custom", "id": "obl-1", "vendor": "sekisho", "action": "purpose_tag"}
    ]


@pytest.mark.parametrize(
    ("supported", "decision"),
    [(["custom"], True), (["notification"], False), ([], False), (["step-up", "custom"], True)],
)
def test_who_cannot_do_what_a_permit_asks_is_refused(
    decider: Decider, use: Use, supported: list[str], *, decision: bool
) -> None:
    asked = use(
        subject={"type": "staff", "id": "u:marketer"}, context={"obligations_supported": supported}
    )
    shape = decider.ask("evaluation", asked, by=MARKETER).shape
    assert shape["decision"] is decision
    if not decision:
        assert codes(shape) == ["unavailable.obligation"]


@pytest.mark.parametrize(
    ("semantic", "expected"),
    [
        ("execute_all", [True, False, False, True, False, True]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_a_batch_of_persons_entities_and_faults_keeps_its_order(
    decider: Decider, use: Use, semantic: str, expected: list[bool]
) -> None:
    body = {
        **use(),
        "options": {"evaluations_semantic": semantic},
        "evaluations": [
            {},
            {"resource": {"type": "record", "id": "1"}},
            {"context": {"channel": 7}},
            {"resource": {"id": decider.persons[1]}},
            {"resource": {"type": "person", "id": decider.persons[4]}},
            {"resource": {"type": "person", "id": decider.persons[2]}},
        ],
    }
    shape = decider.ask("evaluations", body).shape
    assert [one["decision"] for one in shape["evaluations"]] == expected


def test_a_batch_too_large_is_refused_whole(decider: Decider, use: Use) -> None:
    reply = decider.ask("evaluations", {**use(), "evaluations": [{}] * 1_001})
    assert reply.status == 400
    assert reply.shape["errors"][0] == {
        "field": "evaluations", "code": "too_many", "detail": "件数が多すぎます。",
    }  # fmt: skip


def search(decider: Decider, kind: str, body: dict[str, Any], by: Principal = MAILER) -> list[Any]:
    found: list[Any] = []
    page = body.get("page", {})
    while True:
        shape = decider.ask(f"search/{kind}", {**body, "page": page}, by=by).shape
        found += shape["results"]
        if not shape["page"]["next_token"]:
            return found
        page = {"token": shape["page"]["next_token"]}


@pytest.mark.parametrize("limit", [1, 2, 3, 1_000_000])
def test_persons_whose_data_may_be_used_are_found_page_by_page(
    decider: Decider, use: Use, limit: int
) -> None:
    found = search(decider, "resource", use(resource=PERSON, page={"limit": limit}))
    assert [one["id"] for one in found] == list(decider.persons[:3])
    assert {one["type"] for one in found} == {"person"}


def test_pages_are_one_answer_or_none(decider: Decider, use: Use) -> None:
    body = use(resource=PERSON)
    first = decider.ask("search/resource", {**body, "page": {"limit": 1}}).shape
    page = {"token": first["page"]["next_token"]}
    decider.choice(decider.persons[1], EventKind.WITHDRAWN)
    try:
        moved = decider.ask("search/resource", {**body, "page": page})
    finally:
        decider.choice(decider.persons[1], EventKind.GIVEN)
    assert (moved.status, moved.shape["code"]) == (409, "page_moved")
    assert "results" not in moved.shape


def test_a_choice_made_while_a_page_is_looked_for_refuses_it(
    decider: Decider, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = use(resource=PERSON)
    first = decider.ask("search/resource", {**body, "page": {"limit": 1}}).shape
    look = people.resources

    def meanwhile(*asked: Any) -> Any:
        found = look(*asked)
        decider.choice(decider.persons[0], EventKind.GIVEN)
        return found

    monkeypatch.setattr(people, "resources", meanwhile)
    page = {"token": first["page"]["next_token"]}
    assert decider.ask("search/resource", {**body, "page": page}).shape["code"] == "page_moved"


def test_a_withdrawal_counts_on_the_next_of_moving_pages(decider: Decider, use: Use) -> None:
    body, moving = use(resource=PERSON), {"properties": {"moving": True}}
    first = decider.ask("search/resource", {**body, "page": {"limit": 1, **moving}}).shape
    decider.choice(decider.persons[1], EventKind.WITHDRAWN)
    try:
        page = {"token": first["page"]["next_token"], **moving}
        second = decider.ask("search/resource", {**body, "page": page}).shape
    finally:
        decider.choice(decider.persons[1], EventKind.GIVEN)
    assert [one["id"] for one in second["results"]] == [decider.persons[2]]
    before, after = (one["context"]["snapshot"]["consent_seq"] for one in (first, second))
    assert after > before


def test_a_page_of_no_results_goes_on(decider: Decider, use: Use) -> None:
    shape = decider.ask("search/resource", use(resource=PERSON, page={"limit": 0})).shape
    assert shape["results"] == []
    assert shape["page"]["next_token"]


def test_a_token_is_good_for_its_search_and_caller_alone(decider: Decider, use: Use) -> None:
    body = use(resource=PERSON)
    first = decider.ask("search/resource", {**body, "page": {"limit": 1}}).shape
    token = first["page"]["next_token"]
    other = {"name": "use", "properties": {"purpose": "order_fulfilment"}}
    tries: list[tuple[str, dict[str, Any], Principal]] = [
        ("resource", {**body, "page": {"token": token}}, SHOP_LIKE_MAILER),
        ("resource", {**body, "action": other, "page": {"token": token}}, MAILER),
        ("resource", {**body, "context": {"channel": "email"}, "page": {"token": token}}, MAILER),
        ("resource", {**body, "page": {"token": token, "limit": 2}}, MAILER),
        ("resource", {**body, "page": {"token": token, "properties": {"x": 1}}}, MAILER),
        ("resource", {**body, "page": {"token": token[:-2] + "AA"}}, MAILER),
        ("resource", {**body, "page": {"token": "AAAA"}}, MAILER),
        ("resource", {**body, "page": {"token": "あ"}}, MAILER),
        ("subject", {**use(), "page": {"token": token}}, MAILER),
    ]
    for kind, asked, by in tries:
        reply = decider.ask(f"search/{kind}", asked, by=by)
        assert (reply.status, reply.shape["code"]) == (400, "page_token")
    same = {**body, "page": {"token": token, "limit": 1}}
    assert decider.ask("search/resource", same).status == 200


SHOP_LIKE_MAILER = replace(SHOP, roles=MAILER.roles, purposes=MAILER.purposes)


def test_a_token_ends_with_the_policy_that_it_was_made_under(decider: Decider, use: Use) -> None:
    body = use(resource=PERSON)
    token = decider.ask("search/resource", {**body, "page": {"limit": 1}}).shape["page"][
        "next_token"
    ]
    policies = decider.wiring.policies
    before = policies.current
    policies.swap(replace(before, digest="another"))
    try:
        reply = decider.ask("search/resource", {**body, "page": {"token": token}})
    finally:
        policies.swap(before)
    assert (reply.status, reply.shape["code"]) == (400, "page_token")


def test_a_token_tells_nothing(decider: Decider, use: Use) -> None:
    body = use(resource=PERSON, page={"limit": 1})
    token = decider.ask("search/resource", body).shape["page"]["next_token"]
    assert decider.persons[0] not in token
    assert "mail" not in token


def test_a_list_of_persons_needs_its_own_grant(decider: Decider, use: Use) -> None:
    reply = decider.ask(
        "search/resource", use(subject={**SYSTEM, "id": "shop"}, resource=PERSON), by=SHOP
    )
    assert (reply.status, reply.shape["code"]) == (403, "action_forbidden")


@pytest.mark.parametrize(
    "more",
    [
        {"action": {"name": "read"}},
        {"action": {"name": "use"}},
        {"action": {"name": "use", "properties": {"purpose": "order_fulfilment"}}},
        {"subject": {"type": "system", "id": "shop"}},
        {"subject": {"type": "user", "id": "mailer"}},
    ],
)
def test_a_search_that_no_gate_lets_pass_finds_nobody(
    decider: Decider, use: Use, more: dict[str, Any]
) -> None:
    assert search(decider, "resource", {**use(resource=PERSON), **more}) == []


def test_subjects_are_found_as_far_as_the_caller_may_know_them(decider: Decider, use: Use) -> None:
    for by in (MAILER, OFFICER):
        (mailer,) = search(decider, "subject", use(subject=SYSTEM), by=by)
        assert (mailer["type"], mailer["id"]) == ("system", "mailer")
        duties = [one["action"] for one in mailer["context"]["obligations"]]
        assert duties == ["purpose_tag", "no_onward_transfer"]
    assert search(decider, "subject", use(subject={"type": "staff"})) == []
    staff = search(decider, "subject", use(subject={"type": "staff"}), by=OFFICER)
    assert [one["id"] for one in staff] == ["marketer"]
    assert search(decider, "subject", use(4, subject=SYSTEM), by=OFFICER) == []
    assert search(decider, "subject", use(subject=PERSON), by=OFFICER) == []


def test_actions_on_a_person_are_uses_by_purpose(decider: Decider, use: Use) -> None:
    body = {name: part for name, part in use().items() if name != "action"}
    (found,) = search(decider, "action", body)
    assert (found["name"], found["properties"]) == ("use", {"purpose": "mail_marketing"})
    asked = use(action=found)
    assert decider.ask("evaluation", asked).shape["decision"]
    unknown = {**body, "subject": {"type": "user", "id": "x"}}
    assert search(decider, "action", unknown) == []


def test_without_a_policy_nothing_is_permitted(decider: Decider, use: Use) -> None:
    policies = decider.wiring.policies
    before = policies.swap(NO_POLICY)
    try:
        replies = [
            decider.ask("evaluation", use()),
            decider.ask("evaluations", {**use(), "evaluations": [{}]}),
            decider.ask("search/resource", use(resource=PERSON)),
        ]
    finally:
        policies.swap(before)
    assert {(reply.status, reply.shape["code"]) for reply in replies} == {
        (503, "policy_unavailable")
    }


def recorded(decider: Decider, decision: str) -> Any:
    decider.wiring.ports.decisions.settle()
    with decider.wiring.database.read() as tx:
        return tx.execute(DECISIONS.select().where(DECISIONS.c.id == decision)).one()


def test_the_log_keeps_words_of_the_policy_and_no_id(decider: Decider, use: Use) -> None:
    strange = {"type": "taro@example.com", "id": "山田太郎"}
    asked = decider.ask("evaluation", use(resource=strange)).shape
    row = recorded(decider, asked["context"]["decision_id"])
    assert (row.field, row.purpose, row.reasons) == (None, None, "denied.actor.unknown_resource")
    found = decider.ask("search/resource", use(resource=PERSON)).shape
    row = recorded(decider, found["context"]["decision_id"])
    assert (row.field, row.purpose, row.outcome) == (
        "search:resource:person", PurposeId("mail_marketing"), "permit",
    )  # fmt: skip
