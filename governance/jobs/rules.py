"""Calendar arithmetic of schedules and the choice of what is due; pure."""

import calendar
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import assert_never
from zoneinfo import ZoneInfo

from governance.jobs.types import (
    Daily,
    EveryMinutes,
    JobState,
    LedgerState,
    Missed,
    Monthly,
    Rule,
    Schedule,
    Slot,
    Weekly,
)

CATCH_UP_LIMIT = 100  # slots of one job given out per look; the next look continues
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MONTHS = 12
BATCH_GROWTH = 2  # a batch at most doubles or halves from one step to the next


def wall_instant(day: date, at: time, zone: str) -> datetime:
    """The UTC instant of a wall time; one inside a spring gap moves forward by the gap."""
    local = datetime.combine(day, at, tzinfo=ZoneInfo(zone))  # fold=0: first of a doubled hour
    return local.astimezone(UTC)


def slots(rule: Rule, *, after: datetime, until: datetime) -> Iterator[datetime]:
    """Every slot s with after < s <= until, ascending, in UTC."""
    match rule:
        case EveryMinutes(minutes=minutes):
            yield from _every(timedelta(minutes=minutes), after=after, until=until)
        case Daily(at=at, zone=zone):
            yield from _within(_days(after, zone), at, zone, after=after, until=until)
        case Weekly(weekday=weekday, at=at, zone=zone):
            days = (day for day in _days(after, zone) if day.weekday() == weekday)
            yield from _within(days, at, zone, after=after, until=until)
        case Monthly(day=day, at=at, zone=zone):
            yield from _within(_month_days(after, zone, day), at, zone, after=after, until=until)
        case _:
            assert_never(rule)


def next_slot(rule: Rule, *, after: datetime) -> datetime:
    """The first slot after a moment."""
    return next(slots(rule, after=after, until=after + 40 * DAY))


def due_slots(
    schedules: Iterable[Schedule], state: LedgerState, *, since: datetime, at: datetime
) -> tuple[Slot, ...]:
    """Slots to run now: unfinished runs free to take, then new slots by each schedule's rule.

    `since` is the moment the installation began; no slot before it was ever owed.
    """
    planned = {schedule.job: schedule for schedule in schedules}
    resumed = (
        Slot(job=run.job, scheduled_for=run.scheduled_for, coalesced=run.coalesced)
        for run in state.unfinished
        if run.job in planned and free_to_take(run.state, run.lease_until, run.next_at, at=at)
    )
    fresh = (
        slot
        for schedule in planned.values()
        for slot in _new_slots(schedule, state.latest, since=since, at=at)
    )
    return (*resumed, *fresh)


def free_to_take(
    state: JobState, lease_until: datetime | None, next_at: datetime | None, *, at: datetime
) -> bool:
    """An expired lease may be taken over; a waiting run when its time has come."""
    match state:
        case JobState.RUNNING:
            return lease_until is None or lease_until <= at
        case JobState.WAITING:
            return next_at is None or next_at <= at
        case JobState.FINISHED | JobState.FAILED:
            return False
        case _:
            assert_never(state)


def retry_delay(schedule: Schedule, failures: int) -> timedelta:
    """Doubled from one failure to the next, at most a day."""
    doublings: int = min(failures - 1, 16)
    return min(schedule.retry_after * (1 << doublings), DAY)


def next_limit(limit: int, *, took: timedelta, aim: timedelta, most: int) -> int:
    """Batch size that would have met the aimed lock time, moved by at most a factor of two."""
    if took <= timedelta(0):
        return min(limit * BATCH_GROWTH, most)
    wanted = int(limit * (aim / took))
    return max(1, limit // BATCH_GROWTH, min(wanted, limit * BATCH_GROWTH, most))


def _new_slots(
    schedule: Schedule, latest: Mapping[str, datetime], *, since: datetime, at: datetime
) -> tuple[Slot, ...]:
    missed = slots(schedule.rule, after=latest.get(schedule.job, since), until=at)
    match schedule.missed:
        case Missed.CATCH_UP:
            first = islice(missed, CATCH_UP_LIMIT)
            return tuple(Slot(job=schedule.job, scheduled_for=moment) for moment in first)
        case Missed.COALESCE:
            numbered = deque(enumerate(missed), maxlen=1)
            return tuple(
                Slot(job=schedule.job, scheduled_for=moment, coalesced=count)
                for count, moment in numbered
            )
        case _:
            assert_never(schedule.missed)


def _every(step: timedelta, *, after: datetime, until: datetime) -> Iterator[datetime]:
    moment = EPOCH + ((after - EPOCH) // step + 1) * step
    while moment <= until:
        yield moment.astimezone(UTC)
        moment += step


def _days(after: datetime, zone: str) -> Iterator[date]:
    day = after.astimezone(ZoneInfo(zone)).date() - DAY
    while True:
        yield day
        day += DAY


def _month_days(after: datetime, zone: str, day: int) -> Iterator[date]:
    local = after.astimezone(ZoneInfo(zone)).date()
    month = local.year * MONTHS + local.month - 2  # one month early: zones may lag a day
    while True:
        year, index = divmod(month, MONTHS)
        last = calendar.monthrange(year, index + 1)[1]
        yield date(year, index + 1, min(day, last))
        month += 1


def _within(
    days: Iterator[date], at: time, zone: str, *, after: datetime, until: datetime
) -> Iterator[datetime]:
    for day in days:
        moment = wall_instant(day, at, zone)
        if moment > until:
            return
        if moment > after:
            yield moment
