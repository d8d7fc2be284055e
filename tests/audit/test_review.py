"""Officers find events by what they know of them, page by page."""

from datetime import timedelta

import pytest

from audit.actions import EventCode
from audit.review import EventFilter, count, erasures_of, events, waiting
from audit.types import Outcome
from governance.core.terms import ActorId, PurposeId
from tests.audit.bench import NOW, OTHER, SUBJECT, Bench


@pytest.mark.parametrize(
    ("asked", "places"),
    [
        (EventFilter(), [6, 5, 4, 3, 2, 1, 0]),
        (EventFilter(subject=SUBJECT), [2]),
        (EventFilter(subject=OTHER), [3, 2]),
        (EventFilter(purpose=PurposeId("order_support")), [6, 5, 4]),
        (EventFilter(purpose=PurposeId("order_support"), actor=ActorId("u:nobody")), []),
        (EventFilter(action=EventCode.PERSON_READ, outcome=Outcome.DENY), []),
        (EventFilter(since=NOW + timedelta(seconds=1)), [6, 5, 4]),
        (EventFilter(until=NOW + timedelta(seconds=1)), [3, 2, 1, 0]),
    ],
)
def test_events_are_found_by_every_condition(
    filled: Bench, asked: EventFilter, places: list[int]
) -> None:
    with filled.db.read() as tx:
        assert [event.seq for event in events(tx, asked)] == places
        assert count(tx, asked) == len(places)


def test_pages_do_not_move_while_the_log_grows(filled: Bench) -> None:
    with filled.db.read() as tx:
        first = events(tx, EventFilter(), limit=3)
    filled.add(count=2)
    with filled.db.read() as tx:
        assert waiting(tx) == 2
    filled.sequence(5)
    with filled.db.read() as tx:
        second = events(tx, EventFilter(), before=first[-1].seq, limit=3)
    assert [event.seq for event in first + second] == [6, 5, 4, 3, 2, 1]


def test_a_timeline_says_when_and_by_which_event_it_was_erased(filled: Bench) -> None:
    erasure = filled.erase()
    filled.sequence(9)
    with filled.db.read() as tx:
        (found,) = erasures_of(tx, SUBJECT)
        assert erasures_of(tx, OTHER) == ()
        assert events(tx, EventFilter(subject=SUBJECT))[0].id == erasure
    assert (found.event_id, found.seq, found.parts) == (erasure, 7, 1)
    assert found.recorded_at == NOW + timedelta(seconds=9)
