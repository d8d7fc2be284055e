"""The pace of a purge follows the lock that it held and the disk, within its bounds."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from retention.pace import LEAST, MOST, MOST_REST, NOTICED, SHARE, Pace, Taken, paced

AIM = timedelta(milliseconds=10)
SPANS = st.integers(0, 5_000_000).map(lambda us: timedelta(microseconds=us))
BATCHES = st.builds(Taken, rows=st.integers(0, 10**6), held=SPANS, commit=SPANS)


def ms(number: float) -> timedelta:
    return timedelta(milliseconds=number)


def settled(*, row_us: float, fixed: timedelta, commit: timedelta, batches: int = 40) -> Pace:
    """Where the pace comes to on a disk where each batch and row costs the same."""
    pace = Pace()
    for _ in range(batches):
        held = fixed + timedelta(microseconds=pace.rows * row_us) + commit
        pace = paced(pace, Taken(rows=pace.rows, held=held, commit=commit), aim=AIM)
    return pace


@given(batches=st.lists(BATCHES, max_size=30))
def test_a_pace_stays_within_its_bounds_whatever_happens(batches: list[Taken]) -> None:
    pace = Pace()
    for taken in batches:
        pace = paced(pace, taken, aim=AIM)
        assert LEAST <= pace.rows <= MOST
        assert timedelta(0) <= pace.rest <= MOST_REST


@given(taken=BATCHES)
def test_others_have_at_least_half_as_long_as_a_batch_held_the_lock(taken: Taken) -> None:
    assert paced(Pace(calm=ms(1)), taken, aim=AIM).rest >= min(taken.held * SHARE, MOST_REST)


def test_a_steady_disk_brings_the_lock_to_its_aim() -> None:
    pace = settled(row_us=4, fixed=ms(1), commit=ms(1))
    held = ms(2) + timedelta(microseconds=pace.rows * 4)
    assert ms(8) <= held <= ms(11)


def test_a_commit_much_slower_than_the_calm_ones_halves_the_batch_and_lengthens_the_rest() -> None:
    pace = Pace(rows=8_000, calm=ms(3))
    slow = paced(pace, Taken(rows=8_000, held=ms(30), commit=ms(20)), aim=AIM)
    assert (slow.rows, slow.rest) == (4_000, ms(60))
    again = paced(slow, Taken(rows=4_000, held=ms(5), commit=ms(3)), aim=AIM)
    assert slow.rows < again.rows <= slow.rows + 1_000  # back by small steps


def test_a_short_commit_is_never_called_slow() -> None:
    pace = Pace(rows=2_000, calm=ms(0.1))
    found = paced(pace, Taken(rows=2_000, held=ms(9), commit=NOTICED), aim=AIM)
    assert found.rows > 1_000
    assert found.rest == ms(4.5)


def test_a_disk_that_stays_slower_becomes_the_measure() -> None:
    pace = Pace(rows=2_000, calm=ms(4))
    for _ in range(200):
        pace = paced(pace, Taken(rows=pace.rows, held=ms(15), commit=ms(12)), aim=AIM)
    assert pace.calm == ms(12)
    assert pace.rest == ms(7.5)
