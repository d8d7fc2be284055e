"""Everything that can fail in a client answers no, and a permit is void when its ground is gone."""

import itertools
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.client.client import AsyncClient, Client, NotReadyError, UnknownDutyError
from consent.client.engine import HEARTBEAT
from consent.client.lease import boottime
from consent.client.otel import decisions_counted
from consent.client.records import Recorded, Records
from consent.client.sse import Event, events
from consent.client.upstream import Told
from consent.client.view import View, WireError

ANNA, BEN = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
DUTY = {"type": "mask", "method": "partial", "keep": 4}
NOW = 1_790_000_000_000  # milliseconds
NOWHERE = "http://127.0.0.1:9"


def document(**other: Any) -> dict[str, Any]:
    """What a server says of one purpose with one channel."""
    purpose = {
        "id": "offers",
        "code": "permit",
        "obligations": [],
        "recipients": ["internal"],
        "channels": ["email"],
        "countries": ["JP"],
        "outside": {},
        "cells": [[None, "internal"], ["email", "internal"]],
    }
    head = {"v": 1, "policy": "1", "home": "JP", "codes": ["denied.subject"], "aliases": {}}
    return head | {"purposes": [purpose | other], "tag": "t", "now": NOW}


def say(client: Client, kind: str, data: Any, *, at: str | None = None) -> None:
    """The feed says something."""
    engine = client._engine
    engine._connected = boottime()
    engine._apply(Event(kind, json.dumps(data), at))


@pytest.fixture
def client() -> Iterator[Client]:
    """A client that knows two persons at position 7, with a lease of an hour."""
    found = Client(NOWHERE, "key", queue=100)
    say(found, "policy", document())
    say(found, "rows", {"rows": {ANNA: [0, 0], BEN: [-1, -1]}})
    say(found, "at", {}, at="7")
    found._engine.lease.granted(asked=boottime(), seconds=3600)
    yield found
    found.close()


def code(client: Client, subject: str = ANNA, purpose: str = "offers", **asked: Any) -> str:
    decision = client.allowed(subject, purpose, **asked)
    assert bool(decision) is (decision.code == "permit")
    return decision.code


def test_a_known_permit_is_given_with_what_it_rests_on(client: Client) -> None:
    decision = client.allowed(ANNA, "offers", channel="email")
    assert decision
    assert decision.snapshot == {"policy_version": "1", "consent_seq": 7}
    assert decision.valid_until is not None
    assert decision.number == 1


def test_nobody_unknown_is_permitted(client: Client) -> None:
    assert code(client, BEN) == "denied.subject"
    assert code(client, "33333333-3333-4333-8333-333333333333") == "denied.subject"
    assert code(client, purpose="other") == "denied.actor.purpose_not_granted"
    assert code(client, purpose="") == "denied.purpose.missing"
    assert code(client, channel="sms") == "denied.purpose.channel"
    assert code(client, recipient="third_party:x") == "denied.purpose.recipient"
    assert code(client, country="US") == "denied.purpose.country"


def test_nothing_is_permitted_before_the_first_lease() -> None:
    client = Client(NOWHERE, "key")
    assert code(client) in {"unavailable.lease", "denied.actor.purpose_not_granted"}
    assert not client.allowed(ANNA, "offers")
    with pytest.raises(NotReadyError, match="not reached"):
        client.ready(0)
    client.close()


def test_nothing_is_permitted_after_the_lease(client: Client) -> None:
    held = client.allowed(ANNA, "offers")
    client._engine.lease.lost()
    assert code(client) == "unavailable.lease"
    assert held.retryable is False
    client._engine.lease.granted(asked=boottime() - 10, seconds=2)
    assert code(client) == "unavailable.lease"


def test_a_permit_is_void_when_its_own_end_has_come(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = client.allowed(ANNA, "offers")
    assert decision
    monkeypatch.setattr("consent.client.decision.boottime", lambda: decision.until)
    assert not decision
    client._engine.lease.granted(asked=boottime() + 3600, seconds=3600)
    assert not decision  # a later lease does not lengthen it


def test_a_permit_is_void_when_anything_of_the_person_changes(client: Client) -> None:
    decision = client.allowed(ANNA, "offers")
    assert decision
    say(client, "rows", {"rows": {ANNA: [-1, -1]}})
    assert not decision
    assert code(client) == "denied.subject"


def test_a_permit_is_void_when_the_policy_changes(client: Client) -> None:
    decision = client.allowed(ANNA, "offers")
    say(client, "policy", document())
    say(client, "rows", {"rows": {ANNA: [0, 0]}})
    assert decision  # the new one decides only when it is whole
    say(client, "at", {}, at="8")
    assert not decision
    assert client.allowed(ANNA, "offers")


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("policy", document() | {"v": 2}),
        ("policy", {"v": 1}),
        ("policy", document(cells="x")),
        ("policy", []),
        ("rows", {"rows": {ANNA: [0]}}),
        ("rows", {"rows": {ANNA: [0, "0"]}}),
        ("rows", {"rows": {ANNA: [0, -2]}}),
        ("rows", {"rows": {ANNA: [True, 0]}}),
        ("rows", {"rows": 1}),
        ("gone", {}),
        ("at", {}),
    ],
)
def test_a_message_that_cannot_be_read_stops_the_feed(client: Client, kind: str, data: Any) -> None:
    with pytest.raises(WireError):
        say(client, kind, data)
    client._engine._restart()  # what the feed's thread does then
    assert not client.allowed(ANNA, "offers")
    assert client.seq == -1


def test_a_duty_that_the_caller_does_not_enforce_refuses() -> None:
    for enforced, expected in (((), "unavailable.obligation"), (("mask",), "permit")):
        client = Client(NOWHERE, "key", enforces=enforced)
        say(client, "policy", document(obligations=[DUTY]))
        say(client, "rows", {"rows": {ANNA: [0, 0]}})
        say(client, "at", {}, at="1")
        client._engine.lease.granted(asked=boottime(), seconds=3600)
        assert code(client) == expected
        client.close()


def test_a_duty_of_an_unknown_kind_is_never_enforced() -> None:
    with pytest.raises(UnknownDutyError):
        Client(NOWHERE, "key", enforces={"whatever"})


def test_an_older_position_than_demanded_refuses(client: Client) -> None:
    assert code(client, min_seq=7) == "permit"
    assert code(client, min_seq=8) == "unavailable.stale"


def test_whatever_goes_wrong_inside_refuses(client: Client) -> None:
    wrong: Any = ["a list is no purpose"]
    assert code(client, purpose=wrong) == "unavailable.error"
    assert code(client, subject=wrong) == "unavailable.error"
    client._engine.view.rows[ANNA] = ()
    assert code(client) == "unavailable.error"


def test_a_full_queue_of_records_refuses(client: Client) -> None:
    for _ in range(100):
        assert client.allowed(ANNA, "offers")
    refused = client.allowed(ANNA, "offers")
    assert (refused.code, refused.number) == ("unavailable.audit", 0)


def test_every_decision_is_numbered_and_waits_to_be_sent(client: Client) -> None:
    numbers = [client.allowed(ANNA, "offers").number for _ in range(5)]
    assert numbers == [1, 2, 3, 4, 5]
    assert client.unsent == 5


def test_a_forked_child_has_neither_lease_nor_numbers_of_its_parent(client: Client) -> None:
    assert client.allowed(ANNA, "offers").number == 1
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        found = client.allowed(ANNA, "offers")
        os.write(writing, f"{found.code} {found.number} {client.seq}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as told:
        assert told.read() == "unavailable.lease 1 -1"
    assert client.allowed(ANNA, "offers").number == 2


def test_a_lease_is_asked_for_again_at_once_when_the_way_fails(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, pauses = client._engine, list[float]()
    answers = iter((None, None, None, Told("granted", 7, 2.0, NOW)))

    def ask(_holder: str, *, applied: int) -> Told:
        assert applied == 7
        if (told := next(answers)) is None:
            raise ConnectionError
        return told

    def until_news(_seconds: float) -> bool:
        engine._stopping.set()
        return False

    engine.lease.lost()
    monkeypatch.setattr(engine.upstream, "ask", ask)
    monkeypatch.setattr(engine._stopping, "wait", pauses.append)
    monkeypatch.setattr(engine._moved, "wait", until_news)
    engine._keep_lease()
    assert engine.lease.holds()
    assert len(pauses) == 3
    assert sum(pauses) < HEARTBEAT


def test_asking_in_an_event_loop_never_waits() -> None:
    client = Client(NOWHERE, "key")
    assert AsyncClient(client).allowed == client.allowed
    client.close()


def _recorded(number: int) -> Any:
    return (number, ANNA, ("offers", None, None, None), "permit", 7, "1", 0.0)


@settings(max_examples=100)
@given(order=st.permutations(range(1, 9)), cuts=st.lists(st.integers(1, 3), min_size=8, max_size=8))
def test_records_leave_in_order_without_a_hole(order: list[int], cuts: list[int]) -> None:
    records, sent = Records(), []
    waiting = iter(order)
    for cut in cuts:
        records.waiting.extend(_recorded(n) for n in itertools.islice(waiting, cut))
        batch = records.batch()
        sent += [one.number for one in batch]
        records.stored(batch)
    assert sent == list(range(1, len(sent) + 1))
    assert records.count == 8 - len(sent) or list(waiting) == []


@settings(max_examples=100)
@given(told=st.lists(st.tuples(st.sampled_from(["rows", "at"]), st.integers(0, 99))))
def test_events_are_read_as_they_were_written(told: list[tuple[str, int]]) -> None:
    lines = []
    for kind, n in told:
        lines += [f"event: {kind}", f"id: {n}", f"data: {n}", "", ":", ""]
    found = [event for event in events(lines) if event.kind != ":"]
    assert found == [Event(kind, str(n), str(n)) for kind, n in told]


@settings(max_examples=100)
@given(ahead=st.integers(-(10**9), 10**9), delay=st.floats(0, 10), value=st.integers(1, 2**53))
def test_a_permit_never_outlives_its_end_on_the_servers_clock(
    ahead: int, delay: float, value: int
) -> None:
    view, asked = View(document(), frozenset()), 1000.0
    truly = asked + delay  # when the server looked at its clock, on ours
    view.told_time(round((truly + ahead) * 1000), asked=asked)
    assert view.boot(value) <= value / 1000 - ahead + 0.001


def test_decisions_are_counted_by_code_for_open_telemetry() -> None:
    added: list[tuple[int, dict[str, str]]] = []

    class Counter:
        def add(self, amount: int, attributes: dict[str, str]) -> None:
            added.append((amount, attributes))

    class Meter:
        def create_counter(self, _name: str, **_what: str) -> Counter:
            return Counter()

    observe = decisions_counted(Meter())
    observe([Recorded(*_recorded(1)), Recorded(*_recorded(2))])
    assert added == [(2, {"sekisho.purpose": "offers", "sekisho.code": "permit"})]
