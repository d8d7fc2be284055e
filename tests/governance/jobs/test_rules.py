from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from governance.core.terms import RowId
from governance.jobs.rules import due_slots, next_limit, next_slot, retry_delay, slots
from governance.jobs.types import (
    Daily,
    EveryMinutes,
    JobRun,
    JobState,
    LedgerState,
    Missed,
    Monthly,
    Rule,
    Schedule,
    Slot,
    Weekly,
)

NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
NOTHING = LedgerState(latest={}, unfinished=())
ZONES = st.sampled_from(["Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
MOMENTS = st.datetimes(
    min_value=datetime(2024, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    max_value=datetime(2028, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
TIMES = st.times().map(lambda t: t.replace(second=0, microsecond=0))
RULES = st.one_of(
    st.builds(EveryMinutes, minutes=st.integers(1, 1440)),
    st.builds(Daily, at=TIMES, zone=ZONES),
    st.builds(Weekly, weekday=st.integers(0, 6), at=TIMES, zone=ZONES),
    st.builds(Monthly, day=st.integers(1, 31), at=TIMES, zone=ZONES),
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]  # numbers in order


def found(rule: Rule, after: datetime, until: datetime) -> list[datetime]:
    return list(slots(rule, after=after, until=until))


def run(state: JobState, *, lease_until: datetime | None, next_at: datetime | None) -> JobRun:
    return JobRun(
        id=RowId("r"),
        job="purge",
        scheduled_for=utc(2026, 3, 9, 18),
        state=state,
        cursor=None,
        done=0,
        batches=0,
        coalesced=0,
        fence=1,
        failures=0,
        lease_owner="a",
        lease_until=lease_until,
        next_at=next_at,
        error_code=None,
        started_at=utc(2026, 3, 9, 18),
        finished_at=None,
    )


def test_daily_in_tokyo_is_the_same_utc_hour_every_day() -> None:
    assert found(Daily(at=time(3)), utc(2026, 2, 27, 18), utc(2026, 3, 2)) == [
        utc(2026, 2, 28, 18),
        utc(2026, 3, 1, 18),
    ]


def test_wall_time_in_the_spring_gap_moves_forward_and_is_not_lost() -> None:
    rule = Daily(at=time(2, 30), zone="Europe/Berlin")
    assert found(rule, utc(2026, 3, 28, 12), utc(2026, 3, 30, 12)) == [
        utc(2026, 3, 29, 1, 30),  # 03:30 summer time: the gap's wall time, moved forward
        utc(2026, 3, 30, 0, 30),
    ]


def test_doubled_wall_time_in_autumn_runs_once() -> None:
    rule = Daily(at=time(2, 30), zone="Europe/Berlin")
    assert found(rule, utc(2026, 10, 24, 12), utc(2026, 10, 25, 12)) == [utc(2026, 10, 25, 0, 30)]


def test_day_31_becomes_each_months_last_day() -> None:
    rule = Monthly(day=31, at=time(12), zone="UTC")
    assert [s.day for s in found(rule, utc(2027, 12, 31, 12), utc(2028, 5, 1))] == [31, 29, 31, 30]


def test_monthly_around_new_year_skips_nothing() -> None:
    rule = Monthly(day=1, at=time(0, 5))
    assert found(rule, utc(2026, 12, 1), utc(2027, 1, 31, 16)) == [
        utc(2026, 12, 31, 15, 5),
        utc(2027, 1, 31, 15, 5),
    ]


def test_every_n_minutes_is_anchored_to_the_epoch_not_to_the_reader() -> None:
    rule = EveryMinutes(minutes=7)
    one = found(rule, NOW, NOW + timedelta(hours=2))
    other = found(rule, NOW + timedelta(minutes=3), NOW + timedelta(hours=2))
    assert set(other) <= set(one)


@given(rule=RULES, start=MOMENTS, first=st.integers(1, 4000), second=st.integers(1, 4000))
def test_splitting_an_interval_neither_loses_nor_doubles_a_slot(
    rule: Rule, start: datetime, first: int, second: int
) -> None:
    middle, end = start + timedelta(minutes=first), start + timedelta(minutes=first + second)
    whole = found(rule, start, end)
    assert found(rule, start, middle) + found(rule, middle, end) == whole
    assert all(a < b for a, b in pairwise(whole))


@given(rule=RULES, start=MOMENTS)
def test_there_is_always_a_next_slot(rule: Rule, start: datetime) -> None:
    assert next_slot(rule, after=start) > start


def test_coalescing_runs_the_latest_slot_and_counts_the_rest() -> None:
    schedule = Schedule(job="sweep", rule=EveryMinutes(minutes=60))
    due = due_slots([schedule], NOTHING, since=NOW - timedelta(hours=5), at=NOW)
    assert due == (Slot(job="sweep", scheduled_for=NOW, coalesced=4),)


def test_catching_up_runs_every_missed_slot_oldest_first() -> None:
    schedule = Schedule(job="sweep", rule=EveryMinutes(minutes=60), missed=Missed.CATCH_UP)
    state = LedgerState(latest={"sweep": NOW - timedelta(hours=3)}, unfinished=())
    due = due_slots([schedule], state, since=utc(2020, 1, 1), at=NOW)
    assert [slot.scheduled_for for slot in due] == [
        NOW - timedelta(hours=2),
        NOW - timedelta(hours=1),
        NOW,
    ]


@given(rule=RULES, start=MOMENTS, minutes=st.integers(1, 20_000))
def test_catching_up_step_by_step_runs_every_slot_once(
    rule: Rule, start: datetime, minutes: int
) -> None:
    end = start + timedelta(minutes=minutes)
    schedule = Schedule(job="j", rule=rule, missed=Missed.CATCH_UP)
    ran: list[datetime] = []
    while True:
        latest = {"j": ran[-1]} if ran else {}
        state = LedgerState(latest=latest, unfinished=())
        due = due_slots([schedule], state, since=start, at=end)
        if not due:
            break
        ran += [slot.scheduled_for for slot in due]
    assert ran == found(rule, start, end)


@given(rule=RULES, start=MOMENTS, minutes=st.integers(1, 20_000))
def test_coalescing_stands_for_exactly_what_was_missed(
    rule: Rule, start: datetime, minutes: int
) -> None:
    end = start + timedelta(minutes=minutes)
    schedule = Schedule(job="j", rule=rule, missed=Missed.COALESCE)
    missed = found(rule, start, end)
    due = due_slots([schedule], NOTHING, since=start, at=end)
    assert [slot.scheduled_for for slot in due] == missed[-1:]
    assert sum(slot.coalesced + 1 for slot in due) == len(missed)


@given(
    rule=RULES,
    start=MOMENTS,
    missed=st.sampled_from(Missed),
    jumps=st.lists(st.integers(-180, 600), max_size=40),
)
def test_a_clock_that_jumps_neither_repeats_a_slot_nor_leaves_one_out(
    rule: Rule, start: datetime, missed: Missed, jumps: list[int]
) -> None:
    """Whatever the clock of whoever looks: each slot is given out once, in the rule's order."""
    schedule = Schedule(job="j", rule=rule, missed=missed)
    ran, stood_for, at, furthest = list[datetime](), 0, start, start
    for jump in jumps:
        at += timedelta(minutes=jump)
        furthest = max(furthest, at)
        latest = {"j": ran[-1]} if ran else {}
        state = LedgerState(latest=latest, unfinished=())
        for slot in due_slots([schedule], state, since=start, at=at):
            ran.append(slot.scheduled_for)
            stood_for += slot.coalesced
    assert all(a < b for a, b in pairwise(ran))
    assert len(ran) + stood_for == len(found(rule, start, furthest))


def test_only_free_unfinished_runs_are_due_again() -> None:
    schedule = Schedule(job="purge", rule=Daily(at=time(3)))
    soon = NOW + timedelta(minutes=1)
    cases = {
        run(JobState.RUNNING, lease_until=NOW, next_at=None): True,
        run(JobState.RUNNING, lease_until=soon, next_at=None): False,
        run(JobState.WAITING, lease_until=None, next_at=NOW): True,
        run(JobState.WAITING, lease_until=None, next_at=soon): False,
        run(JobState.FAILED, lease_until=None, next_at=None): False,
    }
    for unfinished, expected in cases.items():
        state = LedgerState(latest={"purge": utc(2026, 3, 9, 18)}, unfinished=(unfinished,))
        assert bool(due_slots([schedule], state, since=NOW, at=NOW)) is expected


def test_retry_delay_doubles_and_ends_at_a_day() -> None:
    schedule = Schedule(job="x", rule=Daily(at=time(0)))
    delays = [retry_delay(schedule, n) for n in (1, 2, 3, 40)]
    assert delays == [
        timedelta(minutes=1),
        timedelta(minutes=2),
        timedelta(minutes=4),
        timedelta(days=1),
    ]


@given(limit=st.integers(1, 5000), took=st.integers(0, 10_000), aim=st.integers(1, 100))
def test_batch_size_stays_within_its_bounds(limit: int, took: int, aim: int) -> None:
    found_limit = next_limit(
        limit, took=timedelta(milliseconds=took), aim=timedelta(milliseconds=aim), most=5000
    )
    assert 1 <= found_limit <= 5000
    assert limit // 2 <= found_limit <= limit * 2
