"""Counts hours of the log for the rules: by actor, and of the log itself."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, and_, bindparam, select

from audit.actions import EventCode
from audit.alarms.models import HONEY
from audit.alarms.types import ActorHour, LogHour
from audit.models import CHECKPOINTS, EVENTS, LEAVES
from audit.types import Outcome
from governance.core.terms import ActorId

HOUR: Final = timedelta(hours=1)
SEEING: Final = frozenset(
    code.value
    for code in (
        EventCode.PERSON_READ,
        EventCode.PERSON_SEARCHED,
        EventCode.PERSON_USED,
        EventCode.PERSON_EXPORTED,
    )
)
_EVENTS = (
    select(
        LEAVES.c.recorded_at,
        EVENTS.c.actor,
        EVENTS.c.action,
        EVENTS.c.outcome,
        EVENTS.c.subject,
        HONEY.c.subject.label("honey"),
    )
    .join_from(LEAVES, EVENTS, EVENTS.c.id == LEAVES.c.event_id)
    .join(HONEY, HONEY.c.subject == EVENTS.c.subject, isouter=True)
    .where(
        and_(LEAVES.c.recorded_at >= bindparam("since"), LEAVES.c.recorded_at < bindparam("until"))
    )
    .order_by(LEAVES.c.seq)
)
_RECORDED = (
    select(LEAVES.c.seq, LEAVES.c.recorded_at)
    .where(
        and_(LEAVES.c.recorded_at >= bindparam("since"), LEAVES.c.recorded_at < bindparam("until"))
    )
    .order_by(LEAVES.c.seq)
)
_SIGNED = (
    select(CHECKPOINTS.c.size, CHECKPOINTS.c.signed_at)
    .where(CHECKPOINTS.c.size > bindparam("size"))
    .order_by(CHECKPOINTS.c.size)
    .limit(1)
)


@dataclass(slots=True, kw_only=True)
class _Hour:
    reads: int = 0
    persons: set[str] = field(default_factory=set)
    denied: int = 0
    honey: int = 0


def hour_of(moment: datetime) -> datetime:
    """The beginning of the hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def actor_hours(tx: Connection, *, since: datetime, until: datetime) -> tuple[ActorHour, ...]:
    """Every hour in which an actor did something that a rule counts, in order."""
    hours: defaultdict[tuple[datetime, str], _Hour] = defaultdict(_Hour)
    for row in tx.execute(_EVENTS, {"since": since, "until": until}):
        hour = hours[hour_of(row.recorded_at), row.actor]
        if row.outcome == Outcome.DENY.value:
            hour.denied += 1
        if row.honey is not None:
            hour.honey += 1
        if row.action in SEEING:
            hour.reads += 1
            if row.subject is not None:
                hour.persons.add(row.subject)
    return tuple(
        ActorHour(
            actor=ActorId(actor),
            start=start,
            reads=hour.reads,
            persons=len(hour.persons),
            denied=hour.denied,
            honey=hour.honey,
        )
        for (start, actor), hour in sorted(hours.items())
    )


def log_hours(
    tx: Connection, *, since: datetime, until: datetime, at: datetime
) -> Iterator[LogHour]:
    """Every hour with events: steps of the clock, and the longest wait for a signature."""
    back: defaultdict[datetime, int] = defaultdict(int)
    for row in tx.execute(_EVENTS, {"since": since, "until": until}):
        if row.action == EventCode.CLOCK_ANOMALY.value:
            back[hour_of(row.recorded_at)] += 1
    waits: dict[datetime, timedelta] = {}
    size, signed = 0, None
    for place in tx.execute(_RECORDED, {"since": since, "until": until}).all():
        if place.seq >= size:
            head = tx.execute(_SIGNED, {"size": place.seq}).first()
            size, signed = (place.seq + 1, None) if head is None else (head.size, head.signed_at)
        wait = (at if signed is None else signed) - place.recorded_at
        start = hour_of(place.recorded_at)
        waits[start] = max(wait, waits.get(start, timedelta(0)))
    for start, wait in sorted(waits.items()):
        yield LogHour(start=start, steps_back=back[start], unsigned=max(wait, timedelta(0)))
