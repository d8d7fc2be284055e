"""The rules of the watch: pure functions from counted hours to alarms."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from math import sqrt
from typing import Final

from audit.alarms.types import ActorHour, Alarm, LogHour, Rule, Watching
from governance.core.clock import JST
from policies.law.calendars import holiday

DEVIATIONS: Final = 4  # standard deviations above the actor's own mean
LEAST_HISTORY: Final = 20  # active hours before an actor has a usual number
SATURDAY: Final = 5
STAFF: Final = "u:"


def actor_alarms(hour: ActorHour, history: Sequence[int], watching: Watching) -> Iterator[Alarm]:
    """What the rules say of one actor's hour; `history` are their readings in earlier hours."""
    usual = usual_limit(history, watching.limit(Rule.VOLUME))
    mean = round(sum(history) / len(history)) if history else 0
    told = (
        (Rule.VOLUME, hour.reads, usual, mean),
        (Rule.PERSONS, hour.persons, watching.limit(Rule.PERSONS), 0),
        (Rule.DENIED, hour.denied, watching.limit(Rule.DENIED), 0),
        (Rule.HONEY, hour.honey, watching.limit(Rule.HONEY), 0),
    )
    for rule, value, limit, own in told:
        if limit is not None and value >= limit:
            yield Alarm(
                rule=rule, actor=hour.actor, start=hour.start, number=value, limit=limit, usual=own
            )
    off = watching.limit(Rule.OFF_HOURS)
    person = hour.actor.startswith(STAFF)  # systems and customers keep no office hours
    if person and hour.reads >= off and not working(hour, watching):
        yield Alarm(
            rule=Rule.OFF_HOURS, actor=hour.actor, start=hour.start, number=hour.reads, limit=off
        )


def usual_limit(history: Sequence[int], least: int) -> int | None:
    """From which number an hour is unusual for this actor; None while too little is known."""
    if len(history) < LEAST_HISTORY:
        return None
    mean = sum(history) / len(history)
    spread = sqrt(sum((n - mean) ** 2 for n in history) / len(history))
    return max(least, int(mean + DEVIATIONS * spread) + 1)


def working(hour: ActorHour, watching: Watching) -> bool:
    """Whether the hour lies inside the working hours (Japanese time, public holidays closed)."""
    local = hour.start.astimezone(JST)
    if not watching.weekend and local.weekday() >= SATURDAY:
        return False
    if not watching.holidays and holiday("JP", None, local.date()) is not None:
        return False
    return watching.opens <= local.time() < watching.closes


def log_alarms(hour: LogHour, watching: Watching) -> Iterator[Alarm]:
    """What the rules say of one hour of the log itself."""
    minutes = int(hour.unsigned / timedelta(minutes=1))
    for rule, value in ((Rule.CLOCK, hour.steps_back), (Rule.GAP, minutes)):
        if value >= watching.limit(rule):
            yield Alarm(
                rule=rule, actor=None, start=hour.start, number=value, limit=watching.limit(rule)
            )


def raised(alarms: Iterable[Alarm], watching: Watching) -> Iterator[Alarm]:
    """Those of the rules that are switched on."""
    return (alarm for alarm in alarms if watching.on(alarm.rule))
