"""Ids and the clock."""

import uuid
from datetime import UTC, datetime, timedelta

from governance.core.clock import JST, ForwardClock, utc_now
from governance.core.ids import new_event_id, new_request_id, new_row_id, new_subject_id


def test_rows_made_later_sort_later() -> None:
    made = [new_row_id() for _ in range(500)]
    assert made == sorted(made)
    assert len(set(made)) == 500
    for maker in (new_row_id, new_event_id, new_request_id):
        assert uuid.UUID(maker()).version == 7


def test_a_pseudonym_tells_no_time() -> None:
    made = [new_subject_id() for _ in range(100)]
    assert {uuid.UUID(subject).version for subject in made} == {4}
    assert made != sorted(made)


def test_the_present_is_aware_and_japan_is_nine_hours_ahead() -> None:
    now = utc_now()
    assert now.utcoffset() == timedelta(0)
    assert now.astimezone(JST).utcoffset() == timedelta(hours=9)


def test_a_forward_clock_stands_while_the_system_clock_is_back() -> None:
    hours = iter([5, 7, 3, 6, 8])
    clock = ForwardClock(lambda: datetime(2026, 10, 1, next(hours), tzinfo=UTC))
    assert [clock().hour for _ in range(5)] == [5, 7, 7, 7, 8]
