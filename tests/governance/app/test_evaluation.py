"""The decision endpoint: AuthZEN Authorization API 1.0 as its own schemas say, and strict."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from audit.decisions.models import DECISIONS
from audit.decisions.recorder import DecisionRecorder
from audit.decisions.store import decision_by_id
from audit.errors import DecisionUnrecordedError
from consent.choices import Choice
from consent.service import choose
from consent.types import EventKind
from governance.core.terms import ActorId, PurposeId, SubjectId
from governance.http.principal import Principal, PrincipalKind
from tests.governance.app.conftest import Town
from tests.installation import AT

SCHEMAS = Path(__file__).parents[2] / "data" / "authzen"
EVALUATION = "/access/v1/evaluation"
KINDS: dict[str, type] = {"object": dict, "string": str, "boolean": bool}


def follows(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value follows a schema made of type, required and properties alone."""
    assert set(schema) <= {
        *("$schema", "$id", "$comment", "title", "description", "example", "examples"),
        *("type", "required", "properties"),
    }
    if not isinstance(value, KINDS[schema["type"]]):
        return False
    if not isinstance(value, dict):
        return True
    if any(name not in value for name in schema.get("required", ())):
        return False
    return all(
        follows(value[name], inner)
        for name, inner in schema.get("properties", {}).items()
        if name in value
    )


def schema(kind: str) -> dict[str, Any]:
    path = SCHEMAS / f"evaluation-{kind}.schema.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def question(subject: str, purpose: str = "mail_marketing", **more: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "system", "id": "mailer"},
        "resource": {"type": "person", "id": subject},
        "action": {"name": "use", "properties": {"purpose": purpose}},
        **more,
    }


def agree(town: Town, subject: SubjectId, kind: EventKind) -> None:
    person = Principal(
        id=ActorId(f"p:{subject}"), kind=PrincipalKind.PERSON, roles=frozenset({"customer"})
    )
    choice = Choice(
        subject=subject, purpose=PurposeId("mail_marketing"), kind=kind, method="switch"
    )
    choose(town.wiring.ports, person, choice, at=AT)


@pytest.fixture
def sender(town: Town) -> httpx.Client:
    return town.system()


def asked(sender: httpx.Client, body: Any, **headers: str) -> dict[str, Any]:
    assert follows(body, schema("request"))
    answer = sender.post(EVALUATION, json=body, headers=headers)
    assert answer.status_code == 200
    shape: dict[str, Any] = answer.json()
    assert follows(shape, schema("response"))
    return shape


def test_a_choice_decides_the_very_next_question(town: Town, sender: httpx.Client) -> None:
    for kind, expected in (
        (EventKind.GIVEN, True),
        (EventKind.WITHDRAWN, False),
        (EventKind.GIVEN, True),
    ):
        agree(town, town.first, kind)
        shape = asked(sender, question(town.first, context={"channel": "email"}))
        assert shape["decision"] is expected
        assert shape["context"]["reasons"]
        assert shape["context"]["decision_id"]
        assert set(shape["context"]["snapshot"]) == {"policy_version", "consent_seq"}


def test_a_question_needs_no_context(town: Town, sender: httpx.Client) -> None:
    assert asked(sender, question(town.second))["decision"] is False


@pytest.mark.parametrize(
    ("purpose", "subject"),
    [
        ("no_such_purpose", None),
        ("", None),
        ("order_fulfilment", None),
        ("mail_marketing", "nobody"),
        ("x" * 10_000, None),
    ],
)
def test_what_is_unknown_is_answered_no(
    town: Town, sender: httpx.Client, purpose: str, subject: str | None
) -> None:
    shape = asked(sender, question(subject or town.first, purpose))
    assert shape["decision"] is False
    assert all(set(r) == {"code", "text_ja", "text_en"} for r in shape["context"]["reasons"])


def test_the_callers_request_number_comes_back_once(town: Town, sender: httpx.Client) -> None:
    answer = sender.post(
        EVALUATION, json=question(town.first), headers={"x-request-id": "call-0001"}
    )
    assert answer.headers.get_list("x-request-id") == ["call-0001"]


GOOD = json.dumps(question("s"))
BAD: dict[str, bytes | str] = {
    "empty": b"",
    "not json": b"decision=1",
    "not utf-8": b'{"subject": "\xff\xfe"}',
    "a list": "[]",
    "a string": '"use"',
    "twice": GOOD.replace('"subject":', '"subject": {"type": "a", "id": "b"}, "subject":', 1),
    "twice inside": GOOD.replace('"id": "s"', '"id": "s", "id": "t"'),
    "deep": GOOD[:-1] + ', "context": ' + '{"a":' * 40_000 + "1" + "}" * 40_000 + "}",
    "deep lists": GOOD[:-1] + ', "context": {"a": ' + "[" * 40_000 + "]" * 40_000 + "}}",
    "ten megabytes": GOOD[:-1] + ', "context": {"a": "' + "x" * 10_000_000 + '"}}',
    "no subject": json.dumps({k: v for k, v in question("s").items() if k != "subject"}),
    "no resource": json.dumps({k: v for k, v in question("s").items() if k != "resource"}),
    "no action": json.dumps({k: v for k, v in question("s").items() if k != "action"}),
    "subject a string": json.dumps(question("s") | {"subject": "mailer"}),
    "id a number": json.dumps(question("s") | {"resource": {"type": "person", "id": 7}}),
    "id null": json.dumps(question("s") | {"resource": {"type": "person", "id": None}}),
    "name missing": json.dumps(question("s") | {"action": {"properties": {}}}),
    "properties a list": json.dumps(
        question("s") | {"action": {"name": "use", "properties": ["mail_marketing"]}}
    ),
    "purpose a number": json.dumps(
        question("s") | {"action": {"name": "use", "properties": {"purpose": 1}}}
    ),
    "context a list": json.dumps(question("s", context=["email"])),
    "channel a number": json.dumps(question("s", context={"channel": 5})),
    "seq a string": json.dumps(question("s", context={"min_seq": "9"})),
    "seq true": json.dumps(question("s", context={"min_seq": True})),
    "not a number": GOOD[:-1] + ', "context": {"min_seq": NaN}}',
    "a NUL": GOOD.replace('"s"', '"\\u0000"'),
    "a lone surrogate": GOOD.replace('"s"', '"\\ud800"'),
}  # fmt: skip


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_what_is_not_an_evaluation_is_refused(sender: httpx.Client, body: bytes | str) -> None:
    answer = sender.post(EVALUATION, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 413)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    if answer.status_code == 400:
        assert answer.json()["code"] == "evaluation_form"


def test_a_refused_question_leaves_the_server_well(town: Town, sender: httpx.Client) -> None:
    sender.post(EVALUATION, content=BAD["deep"])
    assert sender.get("/readyz").status_code == 200
    assert asked(sender, question(town.second))["decision"] is False


@pytest.mark.parametrize("key", ["", "sk_wrong", "Bearer"])
def test_an_unknown_system_is_not_answered(town: Town, anybody: httpx.Client, key: str) -> None:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    answer = anybody.post(EVALUATION, json=question(town.first), headers=headers)
    assert answer.status_code == 401


def test_a_customer_may_not_ask(town: Town, person: httpx.Client) -> None:
    assert person.post(EVALUATION, json=question(town.first)).status_code == 403


def test_who_may_not_act_is_on_record(town: Town, person: httpx.Client) -> None:
    person.post(EVALUATION, json=question(town.first))
    person.get("/v1/audit/checkpoint")
    town.wiring.ports.decisions.settle()
    mine = DECISIONS.c.actor == f"p:{town.first}"
    with town.wiring.database.read() as tx:
        rows = tx.execute(DECISIONS.select().where(mine).order_by(DECISIONS.c.n.desc())).all()
    assert [(row.field, row.outcome) for row in rows[:2]] == [
        ("audit:verify", "deny"),
        ("consent:check", "deny"),
    ]
    assert {row.reasons for row in rows[:2]} == {"denied.actor.no_rule"}


def test_every_answer_is_on_record(town: Town, sender: httpx.Client) -> None:
    shape = asked(sender, question(town.first))
    town.wiring.ports.decisions.settle()
    with town.wiring.database.read() as tx:
        kept = decision_by_id(tx, shape["context"]["decision_id"])
    assert kept.column("actor") == "svc:mailer"
    assert kept.link is not None
    assert kept.link.subject == town.first


def test_what_cannot_be_recorded_is_not_permitted(
    town: Town, sender: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(town, town.first, EventKind.GIVEN)
    assert asked(sender, question(town.first))["decision"]

    def full(*_: object) -> None:
        raise DecisionUnrecordedError

    monkeypatch.setattr(DecisionRecorder, "record_now", lambda *_: False)
    monkeypatch.setattr(DecisionRecorder, "record_all", full)
    shape = asked(sender, question(town.first))
    assert not shape["decision"]
    assert shape["context"]["reasons"][0]["code"] == "unavailable.audit"
    assert shape["context"]["retry_after"] > 0


def test_answers_stay_apart_under_concurrent_callers(town: Town) -> None:
    agree(town, town.first, EventKind.GIVEN)
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 # here alone

    ask = partial(_one, town)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, [town.first, town.second] * 20))
    assert found == [True, False] * 20


def _one(town: Town, subject: SubjectId) -> bool:
    headers = {"authorization": f"Bearer {town.key}"}
    answer = httpx.post(
        f"{town.base}{EVALUATION}", json=question(subject), headers=headers, timeout=30
    )
    decision: bool = answer.json()["decision"]
    return decision
