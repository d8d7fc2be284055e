"""What is read in one go is answered as if it had been read in general, or not read at all."""

import asyncio
import json
from collections.abc import Mapping, MutableMapping
from typing import Any

import pytest

from consent.access import api
from consent.access.api import AccessApplication
from consent.checks import check
from consent.choices import Choice
from consent.gates import UseRequest
from consent.service import choose
from consent.types import EventKind
from governance.app.wiring import Wiring
from governance.core.ids import new_subject_id
from governance.core.terms import SubjectId
from tests.consent.state.town import Held
from tests.installation import AT, OFFICER, add_person, system

SENDER = system("mail_sender", "mail_marketing", "order_fulfilment")
MANY = "/access/v1/evaluations"
ONE = "/access/v1/evaluation"
SUBJECT = {"type": "system", "id": "mail_sender"}
ACTION = {"name": "use", "properties": {"purpose": "mail_marketing"}}


@pytest.fixture
def people(on_sqlite: Wiring) -> tuple[Wiring, list[SubjectId]]:
    """One who said yes, one who said no, one who said nothing, one whom nobody knows."""
    found = [add_person(on_sqlite) for _ in range(3)]
    for person, kind in zip(found, (EventKind.GIVEN, EventKind.WITHDRAWN), strict=False):
        choice = Choice(subject=person, purpose="mail_marketing", kind=kind)
        choose(on_sqlite.ports, OFFICER, choice, at=AT)
    on_sqlite.live.freshness = Held()
    on_sqlite.live.follow(at=AT)
    for person in found:  # the reasons of refusals are remembered
        use = UseRequest(subject=person, purpose="mail_marketing", channel="email")
        check(on_sqlite.ports, SENDER, use, at=AT, live=on_sqlite.live)
    return on_sqlite, [*found, new_subject_id()]


async def nothing(*_asked: Any) -> None:
    """No question goes on to it."""
    raise AssertionError


def application(wiring: Wiring) -> AccessApplication:
    live, ports = wiring.live, wiring.ports
    return AccessApplication(nothing, ports=ports, live=live, clock=lambda: AT, origin="http://x")


def asked(
    wiring: Wiring, path: str, body: bytes, *, app: AccessApplication | None = None
) -> tuple[int, Any]:
    parts: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        parts.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "state": {"principal": SENDER},
    }
    asyncio.run((app or application(wiring))(scope, receive, send))
    return int(parts[0]["status"]), plain(json.loads(parts[1]["body"]))


def plain(told: Any) -> Any:
    """The answer without the id and the end, which no two answers share."""
    if isinstance(told, dict):
        return {k: plain(v) for k, v in told.items() if k not in ("decision_id", "valid_until")}
    return [plain(one) for one in told] if isinstance(told, list) else told


def question(person: str, **more: Any) -> dict[str, Any]:
    resource = {"type": "person", "id": person}
    return {"subject": SUBJECT, "resource": resource, "action": ACTION} | more


def batch(people: list[SubjectId], **more: Any) -> dict[str, Any]:
    items = [{"resource": {"type": "person", "id": name}} for name in people]
    return {"subject": SUBJECT, "action": ACTION, "evaluations": items} | more


CONTEXTS: list[Mapping[str, Any]] = [
    {},
    {"context": {}},
    {"context": {"channel": "email"}},
    {"context": {"channel": "sms"}},
    {"context": {"channel": None}},
    {"context": {"channel": "email", "jurisdiction": "JP"}},
    {"context": {"channel": "email", "jurisdiction": ""}},
    {"context": {"jurisdiction": "", "country": "CN"}},
    {"context": {"recipient": "processor:nobody"}},
    {"context": {"min_seq": 1}},
    {"context": {"min_seq": 99_999}},
    {"context": {"min_seq": True}},
    {"context": {"field": "person.shoe_size"}},
    {"context": {"obligations_supported": []}},
    {"context": {"unknown": "x"}},
    {"context": 7},
    {"action": {"name": "use", "properties": {"purpose": ""}}},
    {"action": {"name": "use", "properties": {"purpose": "astrology"}}},
    {"action": {"name": "use", "properties": {"purpose": 1}}},
    {"action": {"name": "use"}, "context": {"purpose": "mail_marketing"}},
    {"action": {"name": "read", "properties": {"purpose": "mail_marketing"}}},
    {"subject": {"type": "system", "id": "svc:mail_sender"}},
    {"subject": {"type": "system", "id": "another"}},
    {"subject": {"type": "staff", "id": "mail_sender"}},
    {"subject": {"type": "system"}},
    {"options": {"evaluations_semantic": "deny_on_first_deny"}},
    {"extra": "ignored"},
]


@pytest.mark.parametrize("number", range(0, len(CONTEXTS), 9))
def test_both_readings_answer_alike(
    people: tuple[Wiring, list[SubjectId]], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    wiring, names = people
    bodies: list[tuple[str, bytes]] = []
    for more in CONTEXTS[number : number + 9]:
        bodies += [(ONE, json.dumps(question(name, **more)).encode()) for name in (*names, "a:b")]
        bodies.append((MANY, json.dumps(batch(names, **more)).encode()))
    app = application(wiring)
    quick = [asked(wiring, path, body, app=app) for path, body in bodies]
    monkeypatch.setattr(api, "QUICK", {})
    for (path, body), told in zip(bodies, quick, strict=True):
        assert asked(wiring, path, body) == told, body


def test_what_surrounds_a_person_is_remembered_for_that_place_alone(
    people: tuple[Wiring, list[SubjectId]], monkeypatch: pytest.MonkeyPatch
) -> None:
    wiring, (yes, no, *_) = people
    plain_one = json.dumps(question(yes)).encode()
    front = b'{"context": {"recipient": "%b"}, '
    bodies = [
        plain_one,
        plain_one.replace(yes.encode(), no.encode()),
        plain_one.replace(yes.encode(), yes[:-1].encode()),
        plain_one.replace(yes.encode(), yes.upper().encode()),
        plain_one.replace(yes.encode(), b"x" + yes.encode()),
        plain_one.replace(b"}}", b"}},") + b"}",
        front % yes.encode() + plain_one[1:],  # the same pseudonym at two places
        front % no.encode() + plain_one[1:],
        front % no.encode() + plain_one.replace(yes.encode(), no.encode())[1:],
        plain_one.replace(b"mail_sender", yes.encode()),
        plain_one.replace(b"mail_sender", no.encode()),
        plain_one,
    ]
    app = application(wiring)
    quick = [asked(wiring, ONE, body, app=app) for body in bodies * 2]
    monkeypatch.setattr(api, "QUICK", {})
    assert quick == [asked(wiring, ONE, body) for body in bodies * 2]


def test_a_key_that_stands_twice_is_refused_by_both(
    people: tuple[Wiring, list[SubjectId]],
) -> None:
    wiring, names = people
    for body in (
        json.dumps(question(names[0])).encode()[:-1] + b', "subject": {"type": "a", "id": "b"}}',
        json.dumps(question(names[0])).encode().replace(b'"id": "mail', b'"id": "x", "id": "mail'),
        json.dumps(question(names[0])).encode().replace(b"mail_sender", b"mail_sender\\ud800"),
        b"\xff" + json.dumps(question(names[0])).encode(),
    ):
        assert asked(wiring, ONE, body)[0] == 400
    twice = (
        json.dumps(batch(names)).encode().replace(b'"evaluations"', b'"action": 1, "evaluations"')
    )
    assert asked(wiring, MANY, twice)[0] == 400


def test_the_common_question_is_read_in_one_go(
    people: tuple[Wiring, list[SubjectId]], monkeypatch: pytest.MonkeyPatch
) -> None:
    wiring, names = people

    def never(_body: bytes) -> None:
        raise AssertionError("it went the long way")

    monkeypatch.setattr(api, "_document", never)
    for more in ({}, {"context": {"channel": "email"}}):
        assert asked(wiring, ONE, json.dumps(question(names[0], **more)).encode())[1]["decision"]
    told = asked(wiring, MANY, json.dumps(batch(names, context={"channel": "email"})).encode())[1][
        "evaluations"
    ]
    assert [one["decision"] for one in told] == [True, False, False, False]
