"""Every level of the working group's certification scenario: Basic, Batch, Search, Discovery.

The numbers are the scenario's (openid/authzen, certification/authorization-api-1_0-scenario.md).
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.conformance.authzen.conftest import Pep

Body = dict[str, Any]
ALICE: Body = {"type": "user", "id": "alice"}
BOB: Body = {"type": "user", "id": "bob"}
ADMIN: Body = {**BOB, "properties": {"role": "admin"}}
USER: Body = {"type": "user"}
ONE: Body = {"type": "record", "id": "record-1"}
TWO: Body = {"type": "record", "id": "record-2"}
ARCHIVED: Body = {**TWO, "properties": {"status": "archived"}}
ACTIVE: Body = {**ONE, "properties": {"status": "active"}}
RECORD: Body = {"type": "record"}
READ, WRITE = {"name": "read"}, {"name": "write"}


@pytest.fixture(scope="module")
def pep(scenario: Callable[[str], Pep]) -> Pep:
    return scenario("certification")


def question(subject: Body, action: Body, resource: Body, **more: Any) -> Body:
    return {"subject": subject, "action": action, "resource": resource, **more}


def delete(*, soft: bool) -> Body:
    return {"name": "delete", "properties": {"soft": soft}}


BASIC_CORE: Mapping[str, tuple[Body, bool]] = {
    "2.2.1": (question(ALICE, READ, ONE), True),
    "2.2.2": (question(BOB, WRITE, ONE), False),
    "rule 2": (question(ALICE, WRITE, ONE), True),
    "rule 3": (question(BOB, READ, ONE), True),
    "2.2.3": (
        question(ALICE, READ, ONE, context={"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}),
        True,
    ),
    "2.2.8": (
        question(
            {**ALICE, "properties": {"department": "Sales", "role": "manager"}},
            {"name": "read", "properties": {"method": "GET"}},
            {**ONE, "properties": {"status": "active", "owner": "bob"}},
        ),
        True,
    ),
    "2.2.9": (question(ALICE, READ, ONE, foo="bar", futureField={"nested": True}), True),
}
BASIC_PROPERTIES: Mapping[str, tuple[Body, bool]] = {
    "2.2.4": (question(ALICE, WRITE, ARCHIVED), False),
    "2.2.5": (question(ADMIN, WRITE, ARCHIVED), True),
    "2.2.6": (question(ALICE, delete(soft=True), ONE), True),
    "2.2.7": (question(ALICE, delete(soft=False), ONE), False),
    "rule 5 on record-1": (
        question(ALICE, WRITE, {**ONE, "properties": {"status": "archived"}}),
        False,
    ),
    "rule 6 on record-1": (
        question(ADMIN, WRITE, {**ONE, "properties": {"status": "archived"}}),
        True,
    ),
    "rule 6 for alice": (
        question({**ALICE, "properties": {"role": "admin"}}, WRITE, ARCHIVED),
        True,
    ),
}


@pytest.mark.parametrize("number", BASIC_CORE)
def test_basic_core(pep: Pep, number: str) -> None:
    body, expected = BASIC_CORE[number]
    assert pep.decides(body) is expected


@pytest.mark.parametrize("number", BASIC_PROPERTIES)
def test_basic_properties(pep: Pep, number: str) -> None:
    body, expected = BASIC_PROPERTIES[number]
    assert pep.decides(body) is expected


GOOD = question(ALICE, READ, ONE)
BAD: Mapping[str, Any] = {
    "2.4.1 subject": {"action": READ, "resource": ONE},
    "2.4.1 action": {"subject": ALICE, "resource": ONE},
    "2.4.1 resource": {"subject": ALICE, "action": READ},
    "2.4.2 subject.type": question({"id": "alice"}, READ, ONE),
    "2.4.2 subject.id": question(USER, READ, ONE),
    "2.4.2 action.name": question(ALICE, {}, ONE),
    "2.4.2 resource.type": question(ALICE, READ, {"id": "record-1"}),
    "2.4.2 resource.id": question(ALICE, READ, RECORD),
    "2.4.6 subject": {**GOOD, "subject": "alice"},
    "2.4.6 action.name": question(ALICE, {"name": 123}, ONE),
}


@pytest.mark.parametrize("place", ["evaluation", "evaluations"])
@pytest.mark.parametrize("number", BAD)
def test_what_is_missing_or_of_another_type_is_a_bad_request(
    pep: Pep, place: str, number: str
) -> None:
    answer = pep.post(place, BAD[number])
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == number.split()[1]


@pytest.mark.parametrize("place", ["evaluation", "evaluations", "search/subject"])
@pytest.mark.parametrize(
    ("number", "content", "media"),
    [
        ("2.4.3", json.dumps(GOOD), "text/plain"),
        ("2.4.3", json.dumps(GOOD), ""),
        ("2.4.4", "{subject: alice}", "application/json"),
        ("2.4.5", "", "application/json"),
    ],
)
def test_another_media_type_or_no_json_is_a_bad_request(
    pep: Pep, place: str, number: str, content: str, media: str
) -> None:
    headers = {"content-type": media} if media else {}
    answer = pep.client.post(f"/access/v1/{place}", content=content, headers=headers)
    assert answer.status_code == 400, number


@pytest.mark.parametrize("place", ["evaluation", "evaluations", "search/action"])
@pytest.mark.parametrize("body", [GOOD, {}], ids=["answered", "refused"])
def test_2_5_the_request_id_comes_back(pep: Pep, place: str, body: Body) -> None:
    given = "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"
    assert pep.post(place, body, **{"x-request-id": given}).headers["x-request-id"] == given
    assert pep.post(place, body).status_code in (200, 400)


def test_2_6_the_same_question_has_the_same_answer(pep: Pep) -> None:
    assert {pep.decides(GOOD) for _ in range(10)} == {True}


BATCH_CORE: Mapping[str, tuple[Body, list[bool]]] = {
    "3.2.1": (
        {"subject": ALICE, "action": READ, "evaluations": [{"resource": ONE}, {"resource": TWO}]},
        [True, True],
    ),
    "3.2.2": (
        {"subject": BOB, "resource": ONE, "evaluations": [{"action": READ}, {"action": WRITE}]},
        [True, False],
    ),
    "3.2.5": (
        {"evaluations": [question(ALICE, READ, ONE), question(BOB, WRITE, ONE)]},
        [True, False],
    ),
    "3.2.6": (
        {
            "subject": ALICE,
            "action": READ,
            "context": {"time": "2025-06-27T18:03-07:00"},
            "evaluations": [
                {"resource": ONE},
                {"resource": TWO, "context": {"time": "x", "source": "batch-override"}},
            ],
        },
        [True, True],
    ),
    "3.4.1": (
        {"subject": ALICE, "action": READ, "evaluations": [{"resource": ONE}, {}]},
        [True, False],
    ),
}
BATCH_PROPERTIES: Mapping[str, tuple[Body, list[bool]]] = {
    "3.2.3": (
        {
            "subject": ALICE,
            "action": WRITE,
            "evaluations": [{"resource": ACTIVE}, {"resource": ARCHIVED}],
        },
        [True, False],
    ),
    "3.2.4": (
        {
            "action": WRITE,
            "resource": ARCHIVED,
            "evaluations": [{"subject": ALICE}, {"subject": ADMIN}],
        },
        [False, True],
    ),
    "3.2.7": (
        {
            "subject": ALICE,
            "action": WRITE,
            "resource": RECORD,
            "evaluations": [
                {"resource": {"id": "record-1", "properties": {"status": "active"}}},
                {"resource": ARCHIVED},
            ],
        },
        [True, False],
    ),
}


@pytest.mark.parametrize("number", [*BATCH_CORE, *BATCH_PROPERTIES])
def test_batch(pep: Pep, number: str) -> None:
    body, expected = {**BATCH_CORE, **BATCH_PROPERTIES}[number]
    assert pep.decides_all(body) == expected


def test_3_4_1_the_failed_question_says_what_is_wrong(pep: Pep) -> None:
    body, _ = BATCH_CORE["3.4.1"]
    second = pep.post("evaluations", body).json()["evaluations"][1]
    assert second["context"]["error"]["status"] == 400
    assert second["context"]["error"]["field"] == "resource"
    assert second["context"]["error"]["message"]


@pytest.mark.parametrize("more", [{}, {"evaluations": []}], ids=["3.4.2", "3.4.3"])
def test_without_evaluations_a_batch_is_one_question(pep: Pep, more: Body) -> None:
    shape = pep.post("evaluations", {**GOOD, **more}).json()
    assert shape["decision"] is True
    assert "evaluations" not in shape


@pytest.mark.parametrize(
    ("semantic", "expected"),
    [
        ("execute_all", [True, False, True, False]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_the_three_semantics(pep: Pep, semantic: str, expected: list[bool]) -> None:
    resources = [ACTIVE, ARCHIVED, ACTIVE, ARCHIVED]
    body = {
        "subject": ALICE,
        "action": WRITE,
        "options": {"evaluations_semantic": semantic, "another_option": "value"},
        "evaluations": [{"resource": resource} for resource in resources],
    }
    assert pep.decides_all(body) == expected


def test_a_failed_question_counts_as_a_denial_of_the_order(pep: Pep) -> None:
    body = {
        "subject": ALICE,
        "action": READ,
        "options": {"evaluations_semantic": "deny_on_first_deny"},
        "evaluations": [{"resource": ONE}, {"resource": "record-1"}, {"resource": ONE}],
    }
    assert pep.decides_all(body) == [True, False]


SEARCHES: Mapping[str, tuple[str, Body, list[Body]]] = {
    "4.2.1": ("subject", question(USER, READ, ONE), [ALICE, BOB]),
    "4.2.2": ("subject", question(USER, READ, ONE, context={"time": "now"}), [ALICE, BOB]),
    "4.2.4": ("subject", question(USER, WRITE, ARCHIVED), [BOB]),
    "id ignored": ("subject", question({**USER, "id": "alice"}, READ, ONE), [ALICE, BOB]),
    "4.3.1": ("resource", question(ALICE, READ, RECORD), [ONE, TWO]),
    "4.3.3": ("resource", question(ADMIN, WRITE, RECORD), [TWO]),
    "4.4.1": ("action", {"subject": ALICE, "resource": ONE}, [READ, WRITE]),
    "4.4.2": ("action", {"subject": ALICE, "resource": ONE, "context": {}}, [READ, WRITE]),
    "4.4.3": ("action", {"subject": ADMIN, "resource": ARCHIVED}, [READ, WRITE]),
    "4.5.1": ("subject", question(USER, READ, ONE, page={"limit": 1}), [ALICE, BOB]),
    "4.6.1": ("action", {"subject": {**USER, "id": "nonexistent-user"}, "resource": ONE}, []),
    "4.6.2": ("subject", question({"type": "spaceship"}, READ, ONE), []),
    "unknown record": ("subject", question(USER, READ, {**RECORD, "id": "record-9"}), []),
    "unknown action": ("resource", question(ALICE, {"name": "fly"}, RECORD), []),
    "unknown type": ("resource", question(ALICE, READ, {"type": "spaceship"}), []),
}


@pytest.mark.parametrize("number", SEARCHES)
def test_search(pep: Pep, number: str) -> None:
    kind, body, expected = SEARCHES[number]
    assert pep.finds(kind, body) == expected


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("subject", {"subject": USER, "resource": ONE}),
        ("resource", {"action": READ, "resource": RECORD}),
        ("action", {"subject": ALICE}),
        ("subject", question(USER, READ, RECORD)),
        ("resource", question(USER, READ, RECORD)),
        ("subject", question({}, READ, ONE)),
        ("subject", question(USER, READ, ONE, page=[])),
        ("subject", question(USER, READ, ONE, page={"limit": -1})),
        ("subject", question(USER, READ, ONE, page={"limit": True})),
        ("subject", question(USER, READ, ONE, page={"token": 1})),
    ],
)
def test_4_7_a_search_without_what_it_needs_is_a_bad_request(
    pep: Pep, kind: str, body: Body
) -> None:
    assert pep.post(f"search/{kind}", body).status_code == 400


def test_what_a_search_finds_an_evaluation_permits(pep: Pep) -> None:
    for subject in pep.finds("subject", question(USER, READ, ONE)):
        for resource in pep.finds("resource", question(subject, READ, RECORD)):
            for action in pep.finds("action", {"subject": subject, "resource": resource}):
                assert pep.decides(question(subject, action, resource))


def test_6_the_metadata_are_for_everybody(pep: Pep, anonymous: Pep) -> None:
    for one in (pep, anonymous):
        answer = one.client.get("/.well-known/authzen-configuration")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        shape = answer.json()
        base = shape["policy_decision_point"]
        assert base == "https://consent.example.com"
        assert shape["access_evaluation_endpoint"] == f"{base}/access/v1/evaluation"
        assert shape["access_evaluations_endpoint"] == f"{base}/access/v1/evaluations"
        for kind in ("subject", "resource", "action"):
            assert shape[f"search_{kind}_endpoint"] == f"{base}/access/v1/search/{kind}"
        assert shape["obligations_supported"] == ["custom", "notification"]


def test_who_is_not_known_is_told_how_to_be(anonymous: Pep) -> None:
    answer = anonymous.post("evaluation", GOOD, **{"x-request-id": "mine"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["x-request-id"] == "mine"
