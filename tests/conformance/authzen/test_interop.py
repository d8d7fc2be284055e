"""The interop scenarios of the specification's authors, each as a policy set with its vectors."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policies.check import FindingCode, check
from policies.proofs import try_tests
from policies.snapshot import load_snapshot
from tests.conformance.authzen.conftest import POLICIES, Pep

VECTORS = Path(__file__).parent / "vectors"
Scenario = Callable[[str], Pep]


def vectors(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def pep(request: pytest.FixtureRequest, scenario: Scenario) -> Pep:
    return scenario(request.param)


def todo(owner: str | None, kind: str, name: str) -> dict[str, Any]:
    told = {} if owner is None else {"properties": {"ownerID": owner}}
    return {"type": kind, "id": name, **told}


@pytest.mark.parametrize("pep", ["todo"], indirect=True)
def test_todo_decisions(pep: Pep) -> None:
    given = vectors("todo")
    wrong = []
    for user, action, kind, name, owner, expected in given["evaluation"]:
        subject = {"type": "user", "id": given["users"][user]}
        body = {"subject": subject, "action": {"name": action}, "context": {}}
        if pep.decides({**body, "resource": todo(owner, kind, name)}) is not expected:
            wrong.append((user, action, owner))
    assert wrong == []
    assert len(given["evaluation"]) == 40


@pytest.mark.parametrize("pep", ["todo"], indirect=True)
def test_todo_batches(pep: Pep) -> None:
    given = vectors("todo")
    for user, owners, expected in given["evaluations"]:
        body = {
            "subject": {"type": "user", "id": given["users"][user]},
            "action": {"name": "can_update_todo"},
            "resource": {},
            "context": {},
            "evaluations": [{"resource": todo(owner, "todo", "7240d0db")} for owner in owners],
        }
        assert pep.decides_all(body) == expected


@pytest.mark.parametrize("pep", ["todo"], indirect=True)
def test_a_role_is_not_told_by_the_caller(pep: Pep) -> None:
    jerry = {"type": "user", "id": vectors("todo")["users"]["jerry"]}
    told = {**jerry, "properties": {"roles": ["admin", "evil_genius", "editor"]}}
    body = {"action": {"name": "can_create_todo"}, "resource": todo(None, "todo", "todo-1")}
    assert pep.decides({**body, "subject": told}) is False


@pytest.mark.parametrize("pep", ["gateway"], indirect=True)
def test_gateway_decisions(pep: Pep) -> None:
    given = vectors("gateway")
    for identity, expected in given["evaluation"].items():
        body = {
            "subject": {"type": "identity", "id": identity},
            "evaluations": [
                {"action": {"name": verb}, "resource": {"type": "route", "id": route}}
                for verb, route in given["routes"]
            ],
        }
        assert pep.decides_all(body) == expected


@pytest.mark.parametrize("pep", ["search"], indirect=True)
@pytest.mark.parametrize("limit", [None, 1, 7])
def test_search_tables(pep: Pep, limit: int | None) -> None:
    given, page = vectors("search"), {} if limit is None else {"page": {"limit": limit}}
    rows = given["subject"][:: 1 if limit is None else 9]
    for record, action, expected in rows:
        body = {"resource": {"type": "record", "id": record}, "action": {"name": action}}
        found = pep.finds("subject", {**body, "subject": {"type": "user"}, **page})
        assert found == [{"type": "user", "id": name} for name in expected]
    for user, action, expected in given["resource"]:
        body = {"subject": {"type": "user", "id": user}, "action": {"name": action}}
        found = pep.finds("resource", {**body, "resource": {"type": "record"}, **page})
        assert found == [{"type": "record", "id": name} for name in expected]


@pytest.mark.parametrize("pep", ["search"], indirect=True)
def test_search_of_actions_agrees_with_the_tables(pep: Pep) -> None:
    given = vectors("search")
    for user in ("alice", "bob", "dan", "felix"):
        for record in ("101", "110", "115", "120"):
            body = {
                "subject": {"type": "user", "id": user},
                "resource": {"type": "record", "id": record},
            }
            found = {one["name"] for one in pep.finds("action", body)}
            permitted = {
                action
                for name, action, records in given["resource"]
                if name == user and record in records
            }
            assert found == permitted


@pytest.mark.parametrize("name", ["certification", "todo", "gateway", "search"])
def test_the_policy_of_each_scenario_proves_itself(name: str) -> None:
    snapshot = load_snapshot(POLICIES / name)
    assert all(run.passed for run in try_tests(snapshot))
    untested = {one.name for one in check(snapshot) if one.code is FindingCode.RULE_UNTESTED}
    assert untested == set()
