"""What a process has permitted before a change is waited out, wherever it is acknowledged."""

import time

import pytest

from consent.checks import check, check_many, check_now
from consent.choices import Choice
from consent.columns.service import sight
from consent.gates import UseRequest
from consent.leases.follower import Follower
from consent.leases.types import Terms
from consent.service import choose
from consent.state.live import PERMIT_LIFE
from consent.types import EventKind
from governance.app.following import follower_of
from governance.app.wiring import Wiring
from governance.core.terms import SubjectId
from tests.consent.state.town import Held
from tests.installation import AT, OFFICER, add_person, system

SENDER = system("mail_sender", "mail_marketing")
OFFERS = "mail_marketing"


def now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@pytest.fixture
def person(on_sqlite: Wiring) -> SubjectId:
    """Somebody who said yes; the process decides from memory."""
    found = add_person(on_sqlite)
    say(on_sqlite, found, EventKind.GIVEN)
    on_sqlite.live.freshness = Held()
    on_sqlite.live.follow(at=AT)
    return found


def say(wiring: Wiring, subject: SubjectId, kind: EventKind) -> int:
    return choose(wiring.ports, OFFICER, Choice(subject=subject, purpose=OFFERS, kind=kind), at=AT)


def follower(wiring: Wiring) -> Follower:
    """One that keeps its lease, turned by the test."""
    found = follower_of(wiring)
    while not found.ask():
        found.turn()
        time.sleep(0.01)
    return found


def test_every_way_to_ask_promises_before_it_looks(on_sqlite: Wiring, person: SubjectId) -> None:
    live, ports = on_sqlite.live, on_sqlite.ports
    request = UseRequest(subject=person, purpose=OFFERS, channel="email")
    asks = (
        lambda: check(ports, SENDER, request, at=AT, live=live),
        lambda: check_now(ports, live, SENDER, request, at=AT),
        lambda: check_many(ports, live, SENDER, [request], at=AT),
        lambda: sight(ports, live, SENDER, request, at=AT),
    )
    for ask in asks:
        before = live.promised
        begun = now()
        assert ask()
        assert live.promised > before
        assert live.promised >= begun + PERMIT_LIFE.total_seconds()


def test_an_acknowledgement_comes_after_the_permits_before_it(
    on_sqlite: Wiring, person: SubjectId
) -> None:
    mine = follower(on_sqlite)
    request = UseRequest(subject=person, purpose=OFFERS, channel="email")
    assert check(on_sqlite.ports, SENDER, request, at=AT, live=on_sqlite.live)
    stands = on_sqlite.live.promised
    position = say(on_sqlite, person, EventKind.WITHDRAWN)
    assert mine.catch_up(position) == mine.holder
    assert now() >= stands


def test_others_are_told_of_a_position_when_no_older_permit_stands(
    on_sqlite: Wiring, person: SubjectId
) -> None:
    mine = follower(on_sqlite)
    on_sqlite.live.promised = now() + 3600
    position = say(on_sqlite, person, EventKind.WITHDRAWN)
    mine.turn()
    assert mine.applied >= position
    assert mine.settled() < position
    on_sqlite.live.promised = now() + 7200  # by questions that saw the change
    mine._standing[-1] = (mine.applied, now())
    assert mine.settled() == mine.applied


def test_without_a_lease_a_permit_is_void_at_once(on_sqlite: Wiring, person: SubjectId) -> None:
    on_sqlite.live.freshness = follower_of(on_sqlite)  # never asked for one
    request = UseRequest(subject=person, purpose=OFFERS, channel="email")
    answer = check(on_sqlite.ports, SENDER, request, at=AT, live=on_sqlite.live)
    assert answer
    assert answer.valid_until == AT


def test_the_wait_is_shorter_than_a_heartbeat() -> None:
    """Or a process that answers questions all the time could not keep its lease."""
    assert PERMIT_LIFE.total_seconds() < Terms().heartbeat
