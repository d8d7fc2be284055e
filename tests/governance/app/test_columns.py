"""One purpose asked about many persons: the column form, audiences, saved lists."""

import json
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import pytest

from audit.decisions.recorder import DecisionRecorder
from audit.decisions.store import decision_by_id, prove_decision
from audit.errors import DecisionUnrecordedError
from consent.choices import Choice
from consent.client.lease import boottime
from consent.columns.segments import SEGMENT, _names
from consent.service import choose
from consent.types import EventKind
from governance.app.edge import LARGER, MAX_BODY
from governance.core.ids import new_subject_id
from governance.core.terms import EventId, PurposeId, SubjectId
from tests.governance.app.conftest import Town
from tests.installation import AT, OFFICER

CHECK, AUDIENCES = "/v1/consents/check", "/v1/audiences"
SEGMENTS = AUDIENCES + "/segments"
OFFERS = PurposeId("mail_marketing")


class Held:
    """A lease that lasts."""

    def holds_until(self) -> float | None:
        return boottime() + 60


class Ended:
    """A lease that is over."""

    def holds_until(self) -> float | None:
        return None


@pytest.fixture(params=["from memory", "by the database"])
def town_of_choices(request: pytest.FixtureRequest, town: Town) -> Iterator[Town]:
    """The first person says yes, the second no."""
    for person, kind in ((town.first, EventKind.GIVEN), (town.second, EventKind.WITHDRAWN)):
        choice = Choice(subject=person, purpose=OFFERS, kind=kind)
        choose(town.wiring.ports, OFFICER, choice, at=AT)
    live = town.wiring.live
    before = live.freshness
    live.freshness = Held() if request.param == "from memory" else Ended()
    live.follow(at=AT)
    yield town
    live.freshness = before


def ask(town: Town, path: str = CHECK, **body: Any) -> httpx.Response:
    return town.system().post(path, json={"purpose": OFFERS, **body})


def recorded(town: Town, answer: dict[str, Any]) -> Any:
    town.wiring.ports.decisions.settle()
    with town.wiring.database.read() as tx:
        record = decision_by_id(tx, EventId(answer["decision_id"]))
        assert prove_decision(tx, EventId(answer["decision_id"])).record == record
    return record


def lines(*names: str) -> str:
    return sha256(b"sekisho/set/1\n" + "\n".join(names).encode()).hexdigest()


def test_the_column_form_answers_who_may_be_used(town_of_choices: Town) -> None:
    town, nobody = town_of_choices, new_subject_id()
    asked = [town.second, nobody, town.first, "not an id"]
    answer = ask(town, subjects=asked, channel="email").json()
    assert answer["permit"] == [town.first]
    with town.wiring.database.read() as tx:
        head = town.wiring.live.follow(at=AT).seq
        assert answer["snapshot"]["consent_seq"] == head, tx
    assert answer["snapshot"]["policy_version"] == town.wiring.policies.current.version
    assert "valid_until" in answer
    record = recorded(town, answer)
    digest = sha256(
        b"sekisho/set/1\n" + f"{lines(*asked)}\n{lines(town.first)}".encode()
    ).hexdigest()
    assert record.link.subject == f"set:4:1:{digest}", "the list is proved by who has it"
    assert record.kept
    assert record.column("purpose") == OFFERS
    assert record.column("channel") == "email"


def test_a_withdrawal_counts_at_once(town_of_choices: Town) -> None:
    town = town_of_choices
    choice = Choice(subject=town.first, purpose=OFFERS, kind=EventKind.WITHDRAWN)
    seq = choose(town.wiring.ports, OFFICER, choice, at=AT)
    stale = ask(town, subjects=[town.first], min_seq=seq).json()
    assert stale["permit"] == []
    town.wiring.live.follow(at=AT)
    answer = ask(town, subjects=[town.first], min_seq=seq).json()
    assert (answer["permit"], "reasons" in answer) == ([], False)
    late = ask(town, subjects=[town.first], min_seq=seq + 1_000).json()
    assert late["reasons"][0]["code"] == "unavailable.stale"
    assert late["retry_after"] == 1


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"purpose": "astrology"}, "denied.purpose.unknown"),
        ({"purpose": ""}, "denied.purpose.missing"),
        ({"purpose": "location_use"}, "denied.actor.purpose_not_granted"),
        ({"channel": "sms"}, "denied.purpose.channel"),
        ({"recipient": "processor:nobody"}, "denied.purpose.recipient_unknown"),
    ],
)
def test_nobody_is_permitted_where_the_use_is_not(
    town_of_choices: Town, more: dict[str, str], code: str
) -> None:
    for path in (CHECK, AUDIENCES):
        answer = ask(town_of_choices, path, subjects=[town_of_choices.first], **more).json()
        assert answer["permit"] == []
        assert [reason["code"] for reason in answer["reasons"]] == [code]
        assert recorded(town_of_choices, answer).column("reasons") == code


def test_an_audience_is_a_list_a_count_or_bits(town_of_choices: Town) -> None:
    town = town_of_choices
    asked = [town.second, town.first, new_subject_id()]
    listed = ask(town, AUDIENCES, subjects=asked).json()
    assert (listed["permit"], listed["count"], listed["size"]) == ([town.first], 1, 3)
    bits = ask(town, AUDIENCES, subjects=asked, show="bits").json()
    assert b64decode(bits["bits"]) == b"\x02"
    counted = ask(town, AUDIENCES, subjects=asked, show="count").json()
    assert counted["count"] == 1
    assert not {"permit", "bits"} & counted.keys()
    record = recorded(town, bits)
    digest = sha256(b"sekisho/set/1\n" + lines(*asked).encode() + b"\n\x02").hexdigest()
    assert record.link.subject == f"set:3:1:{digest}"


def test_a_saved_list_is_asked_by_its_random_id(town_of_choices: Town) -> None:
    town = town_of_choices
    asked = [town.second, town.first, new_subject_id()]
    saved = town.system().post(SEGMENTS, json={"subjects": asked}).json()
    assert saved["size"] == 3
    for _ in range(2):
        answer = ask(town, AUDIENCES, segment=saved["segment"]).json()
        assert (b64decode(answer["bits"]), answer["count"]) == (b"\x02", 1)
    assert ask(town, AUDIENCES, segment=saved["segment"], show="ids").json()["permit"] == [
        town.first
    ]
    choice = Choice(subject=town.second, purpose=OFFERS, kind=EventKind.GIVEN)
    choose(town.wiring.ports, OFFICER, choice, at=AT)
    town.wiring.live.follow(at=AT)
    again = ask(town, AUDIENCES, segment=saved["segment"]).json()
    assert (b64decode(again["bits"]), again["count"]) == (b"\x03", 2)
    stranger = town.signed_in("u:marketing")
    foreign = stranger.post(AUDIENCES, json={"purpose": OFFERS, "segment": saved["segment"]})
    assert foreign.status_code in (403, 404)
    gone = town.system().delete(f"{SEGMENTS}/{saved['segment']}")
    assert gone.status_code == 200
    assert ask(town, AUDIENCES, segment=saved["segment"]).status_code == 404
    with town.wiring.database.read() as tx:
        assert tx.execute(SEGMENT.select()).all() == []


BROKEN = [
    b"",
    b"[]",
    b"{",
    b'{"purpose": "mail_marketing"}',
    b'{"purpose": 1, "subjects": []}',
    b'{"purpose": "mail_marketing", "subjects": "x"}',
    b'{"purpose": "mail_marketing", "subjects": [1]}',
    b'{"purpose": "mail_marketing", "subjects": [["a"]]}',
    b'{"purpose": "mail_marketing", "subjects": [], "subjects": []}',
    b'{"purpose": "mail_marketing", "subjects": [], "purpose": "order_support"}',
    b'{"purpose": "mail_marketing", "subjects": [], "min_seq": true}',
    b'{"purpose": "mail_marketing", "subjects": [], "segment": "x"}',
    b'{"purpose": "mail_marketing", "subjects": [], "extra": "x"}',
    b'{"purpose": "mail_marketing", "subjects": ["\\ud800"]}',
    b'{"purpose": "mail_marketing", "subjects": [], "min_seq": NaN}',
    b"\xff\xfe",
    b"[" * 10_000,
]


def test_what_is_not_of_the_form_is_refused(town: Town) -> None:
    client, headers = town.system(), {"content-type": "application/json"}
    for body in BROKEN:
        for path in (CHECK, AUDIENCES, SEGMENTS):
            if path == SEGMENTS and b'"subjects": []' in body:
                continue
            answer = client.post(path, content=body, headers=headers)
            assert answer.status_code == 400, (path, body[:60])
            assert answer.json()["code"] == "column_form"


def test_the_form_names_every_place_that_is_wrong(town: Town) -> None:
    answer = ask(town, purpose=7, subjects=[1], show="all")
    found = {(fault["field"], fault["code"]) for fault in answer.json()["errors"]}
    assert found == {
        ("purpose", "not_a_text"),
        ("subjects", "not_a_text"),
        ("show", "unknown_word"),
    }
    saved = town.system().post(SEGMENTS, json={"subjects": ["架空"]})
    assert saved.json()["errors"][0]["field"] == "subjects.0"


def test_only_who_may_ask_is_answered(town: Town) -> None:
    body = {"purpose": OFFERS, "subjects": [town.first]}
    assert town.client().post(CHECK, json=body).status_code == 401
    assert town.signed_in(f"p:{town.first}").post(CHECK, json=body).status_code == 403
    assert town.system().get(CHECK).status_code == 405
    assert town.system().put(f"{SEGMENTS}/x").status_code == 405
    assert town.system().delete(f"{SEGMENTS}/x").status_code == 404
    assert town.system().post(AUDIENCES + "x", json=body).status_code == 404
    form = town.system().post(CHECK, data={"purpose": "x"})
    assert form.json()["code"] == "evaluation_media_type"


def test_a_list_of_a_million_fits_and_no_other_body(town: Town) -> None:
    assert LARGER[AUDIENCES] > 1_000_000 * 39 > MAX_BODY
    large = json.dumps({"purpose": OFFERS, "subjects": [town.first] * 300_000})
    headers = {"content-type": "application/json"}
    assert len(large) > MAX_BODY
    assert town.system().post(CHECK, content=large, headers=headers).status_code == 413
    answer = town.system().post(AUDIENCES, content=large, headers=headers)
    assert answer.json()["size"] == 300_000


def test_a_full_queue_permits_nobody(
    town_of_choices: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise DecisionUnrecordedError

    monkeypatch.setattr(DecisionRecorder, "record", full)
    monkeypatch.setattr(DecisionRecorder, "record_now", lambda *_: False)
    for path in (CHECK, AUDIENCES):
        answer = ask(town_of_choices, path, subjects=[town_of_choices.first]).json()
        assert answer["permit"] == []
        assert answer["reasons"][0]["code"] == "unavailable.audit"


def test_ids_are_pseudonyms_of_sixteen_octets() -> None:
    names = [SubjectId(str(new_subject_id())) for _ in range(3)]
    assert _names(bytes.fromhex("".join(names).replace("-", ""))) == names
