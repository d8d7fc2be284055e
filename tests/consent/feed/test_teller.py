"""What a client knows from its feed is what the gates would say, after every kind of change."""

import itertools
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from consent.choices import Choice
from consent.client.client import Client
from consent.client.lease import boottime
from consent.client.sse import events
from consent.feed import store, teller
from consent.feed.part import Part
from consent.feed.rows import rows_of
from consent.feed.teller import FeedEndedError, Resume, Teller
from consent.gates import UseRequest, decide_use
from consent.service import choose
from consent.types import EVERY, EventKind
from governance.app.wiring import Wiring
from governance.core.terms import ActorId, PurposeId, SubjectId
from governance.customers.changes import counter
from governance.customers.store import set_state
from governance.customers.subjects import SubjectState
from governance.identity.service import principal_of_client, register_client
from governance.identity.store import client_by_id, set_client_state
from governance.identity.types import AccountState
from policies.reasons import hidden
from tests.installation import AT, add_person, system

PURPOSES = (
    "mail_marketing",
    "phone_marketing",
    "order_fulfilment",
    "third_party_provision",
    "foreign_provision",
)
CHANNELS = (None, "email", "sms", "", "pigeon")
COUNTRIES = (None, "JP", "US", "")
SHOP = ActorId("svc:shop")


class Follower:
    """A client without a network: it is handed what a teller says."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.client = Client("http://127.0.0.1:9", "key", enforces={"mask", "expire", "notify"})
        self.client._engine.lease.granted(asked=boottime(), seconds=3600)
        self.teller = self.new_teller()

    def new_teller(self) -> Teller:
        return Teller(ports=self.wiring.ports, client=SHOP, wanted=None, clock=self.wiring.clock)

    def hear(self, parts: Iterator[bytes]) -> list[str]:
        lines = b"".join(parts).decode().split("\n")
        kinds = []
        self.client._engine._connected = boottime()
        for event in events(lines):
            kinds.append(event.kind)
            self.client._engine._apply(event)
        return kinds

    def hear_news(self) -> list[str]:
        return self.hear(self.teller.news(()))


@pytest.fixture
def follower(installation: Wiring) -> Iterator[Follower]:
    roles = frozenset(installation.policies.current.roles)
    installation.database.write(
        lambda tx: register_client(
            tx,
            name="shop",
            role="shop",
            purposes=[PurposeId(name) for name in PURPOSES],
            known_roles=roles,
            at=AT,
        )
    )
    found = Follower(installation)
    yield found
    found.client.close()


def _register(wiring: Wiring, *subjects: SubjectId) -> int:
    return wiring.database.write(lambda tx: store.register(tx, SHOP, subjects))


def _choose(
    wiring: Wiring, subject: SubjectId, kind: EventKind, purpose: str, channel: str = EVERY
) -> int:
    choice = Choice(subject=subject, purpose=PurposeId(purpose), kind=kind, channel=channel)
    return choose(wiring.ports, system("shop", *PURPOSES), choice, at=wiring.clock())


def _agrees(follower: Follower, subjects: list[SubjectId]) -> int:
    """How many questions the client and the gates answer alike; fails on the first difference."""
    wiring, policy = follower.wiring, follower.wiring.policies.current
    recipients = {None, "internal", "", "processor:nobody", "third_party:x"}
    recipients |= {name for p in PURPOSES for name in policy.purposes[PurposeId(p)].recipients}
    questions = list(
        itertools.product(
            subjects,
            (*PURPOSES, "", "unheard_of"),
            CHANNELS,
            sorted(recipients, key=str),
            COUNTRIES,
        )
    )
    random.Random(1).shuffle(questions)  # noqa: S311 # a test's dice
    permits = 0
    with wiring.database.read() as tx:
        client = client_by_id(tx, SHOP)
        assert client is not None
        principal = principal_of_client(client)
        for subject, purpose, channel, recipient, country in questions[:600]:
            request = UseRequest(
                subject=subject, purpose=purpose, channel=channel, recipient=recipient,
                country=country,
            )  # fmt: skip
            theirs = decide_use(tx, policy, principal, request, at=wiring.clock())
            mine = follower.client.allowed(
                subject, purpose, channel=channel, recipient=recipient, country=country
            )
            expected = hidden(theirs.code).value
            if purpose == "unheard_of":  # what a client may not claim, it never hears of
                expected = "denied.actor.purpose_not_granted"
            assert mine.code == expected, (purpose, channel, recipient, country)
            assert bool(mine) == bool(theirs)
            permits += bool(mine)
    return permits


def test_a_client_answers_as_the_gates_do_after_every_change(follower: Follower) -> None:
    wiring = follower.wiring
    subjects = [add_person(wiring) for _ in range(3)]
    _register(wiring, *subjects)
    assert follower.hear(follower.teller.opening(None))[0] == "policy"
    _agrees(follower, subjects)
    for subject in subjects:
        for purpose in ("mail_marketing", "third_party_provision"):
            _choose(wiring, subject, EventKind.GIVEN, purpose)
    assert follower.hear_news() == ["rows", "at"]
    assert _agrees(follower, subjects) > 0
    _choose(wiring, subjects[0], EventKind.WITHDRAWN, "mail_marketing")
    _choose(wiring, subjects[1], EventKind.OBJECTED, "mail_marketing")
    follower.hear_news()
    _agrees(follower, subjects)
    wiring.database.write(lambda tx: set_state(tx, subjects[2], SubjectState.RESTRICTED))
    follower.hear_news()
    _agrees(follower, subjects)
    assert follower.client.seq == _head(wiring)


def test_who_chose_by_channel_is_answered_by_channel(follower: Follower) -> None:
    wiring, may = follower.wiring, follower.client.allowed
    everywhere, by_sms = add_person(wiring), add_person(wiring)
    _register(wiring, everywhere, by_sms)
    for subject in (everywhere, by_sms):
        _choose(wiring, subject, EventKind.GIVEN, "phone_marketing")
    _choose(wiring, by_sms, EventKind.WITHDRAWN, "phone_marketing", channel="phone")
    follower.hear(follower.teller.opening(None))
    asked = (None, "phone", "sms")
    told = [bool(may(everywhere, "phone_marketing", channel=one)) for one in asked]
    assert told == [True, True, True]
    told = [bool(may(by_sms, "phone_marketing", channel=one)) for one in asked]
    assert told == [False, False, True]
    assert _agrees(follower, [everywhere, by_sms]) > 0


def _head(wiring: Wiring) -> int:
    with wiring.database.read() as tx:
        return counter.head(tx)


def test_only_registered_persons_are_told(follower: Follower) -> None:
    mine, other = add_person(follower.wiring), add_person(follower.wiring)
    _register(follower.wiring, mine)
    follower.hear(follower.teller.opening(None))
    _choose(follower.wiring, other, EventKind.GIVEN, "mail_marketing")
    assert follower.hear_news() == ["at"]
    assert set(follower.client._engine.view.rows) == {mine}


def test_a_person_registered_later_is_told_and_one_taken_out_is_refused(follower: Follower) -> None:
    wiring, subject = follower.wiring, add_person(follower.wiring)
    follower.hear(follower.teller.opening(None))
    _choose(wiring, subject, EventKind.GIVEN, "mail_marketing")
    _register(wiring, subject)
    assert follower.hear_news() == ["rows", "at"]
    assert follower.client.allowed(subject, "mail_marketing")
    wiring.database.write(lambda tx: store.unregister(tx, SHOP, [subject]))
    assert follower.hear_news() == ["gone", "at"]
    assert not follower.client.allowed(subject, "mail_marketing")


def _resume(follower: Follower) -> Resume:
    engine = follower.client._engine
    return Resume(after=engine.view.seq, tag=engine._tag, rows=len(engine.view.rows))


def test_a_cut_feed_goes_on_where_it_stood(follower: Follower) -> None:
    wiring, subject = follower.wiring, add_person(follower.wiring)
    _register(wiring, subject)
    _choose(wiring, subject, EventKind.GIVEN, "mail_marketing")
    follower.hear(follower.teller.opening(None))
    _choose(wiring, subject, EventKind.WITHDRAWN, "mail_marketing")
    follower.teller = follower.new_teller()
    assert follower.hear(follower.teller.opening(_resume(follower))) == ["rows", "at"]
    assert not follower.client.allowed(subject, "mail_marketing")


def test_a_resumed_feed_never_keeps_a_person_who_is_registered_no_more(follower: Follower) -> None:
    wiring, subject = follower.wiring, add_person(follower.wiring)
    _register(wiring, subject)
    _choose(wiring, subject, EventKind.GIVEN, "mail_marketing")
    follower.hear(follower.teller.opening(None))
    wiring.database.write(lambda tx: store.unregister(tx, SHOP, [subject]))
    follower.teller = follower.new_teller()
    assert follower.hear(follower.teller.opening(_resume(follower)))[0] == "policy"
    assert not follower.client.allowed(subject, "mail_marketing")


def test_a_client_that_reads_no_further_holds_no_transaction_open(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiring, opened = follower.wiring, list[int]()
    subject = add_person(wiring)
    _register(wiring, subject)
    database = wiring.ports.database
    read = database.read

    @contextmanager
    def counted() -> Iterator[Connection]:
        opened.append(1)
        with read() as tx:
            yield tx
        opened.pop()

    monkeypatch.setattr(database, "read", counted)
    parts = follower.teller.opening(None)
    first = next(parts)
    assert opened == []
    follower.hear(itertools.chain((first,), parts))
    _choose(wiring, subject, EventKind.GIVEN, "mail_marketing")
    parts = follower.teller.news(())
    assert next(parts).startswith(b"event: rows")
    assert opened == []


def test_a_client_hears_something_before_everybody_was_looked_at(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or one that registers thousands hears nothing for so long that it begins again, for ever."""
    wiring, looked = follower.wiring, list[int]()
    follower.hear(follower.teller.opening(None))
    subjects = [add_person(wiring) for _ in range(5)]
    for subject in subjects:
        _choose(wiring, subject, EventKind.GIVEN, "mail_marketing")
    _register(wiring, *subjects)

    def counted(tx: Connection, some: list[SubjectId], part: Part, *, at: datetime) -> object:
        looked.append(len(some))
        return rows_of(tx, some, part, at=at)

    monkeypatch.setattr(store, "PART", 2)
    monkeypatch.setattr(teller, "rows_of", counted)
    parts = follower.teller.news(())
    first = next(parts)
    assert looked == [2]
    kinds = follower.hear(itertools.chain((first,), parts))
    assert kinds == ["rows", "rows", "rows", "at"]
    assert all(follower.client.allowed(one, "mail_marketing") for one in subjects)


def test_an_older_or_foreign_position_begins_anew(follower: Follower) -> None:
    follower.hear(follower.teller.opening(None))
    for resume in (
        Resume(after=follower.client.seq, tag="other", rows=0),
        Resume(after=follower.client.seq + 1, tag=follower.client._engine._tag, rows=0),
    ):
        anew = follower.new_teller()
        assert follower.hear(anew.opening(resume))[0] == "policy"


def test_a_system_whose_key_was_ended_is_told_nothing_more(follower: Follower) -> None:
    follower.hear(follower.teller.opening(None))
    follower.wiring.database.write(lambda tx: set_client_state(tx, SHOP, AccountState.ENDED))
    with pytest.raises(FeedEndedError):
        follower.hear_news()


def test_no_position_is_told_while_this_process_has_another_policy(follower: Follower) -> None:
    policies = follower.wiring.policies
    policies.swap(policies.current, number=policies.number + 1)
    assert follower.hear(follower.teller.opening(None)) == []
    assert follower.client.seq == -1


def test_a_permit_ends_by_itself_when_the_consent_does(follower: Follower) -> None:
    wiring, subject = follower.wiring, add_person(follower.wiring)
    _register(wiring, subject)
    _choose(wiring, subject, EventKind.GIVEN, "mail_marketing")
    follower.hear(follower.teller.opening(None))
    decision = follower.client.allowed(subject, "mail_marketing", channel="email")
    ends = wiring.policies.current.purposes[PurposeId("mail_marketing")].expires_months
    assert decision
    assert ends is not None
    view = follower.client._engine.view
    view.told_time(round((AT + timedelta(days=31 * ends)).timestamp() * 1000), asked=boottime())
    late = follower.client.allowed(subject, "mail_marketing", channel="email")
    assert (late.code, bool(late)) == ("denied.subject", False)
