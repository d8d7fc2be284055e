"""Counts hours of the log for the rules: by actor, and of the log itself."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    type_coerce,
)

from audit.actions import EventCode
from audit.alarms.models import HONEY
from audit.alarms.types import ActorHour, LogHour
from audit.decisions.models import DECISIONS
from audit.models import CHECKPOINTS, EVENTS, LEAVES, PENDING
from audit.types import Outcome
from governance.core.terms import ActorId
from governance.db.types import MICROSECOND

HOUR: Final = timedelta(hours=1)
PROBING: Final = ("denied.actor.", "denied.purpose.", "denied.subject.unknown")
PERSON: Final = "person:"  # how a reference names a person
SEEING: Final = frozenset(
    code.value
    for code in (
        EventCode.PERSON_READ,
        EventCode.PERSON_SEARCHED,
        EventCode.PERSON_USED,
        EventCode.PERSON_EXPORTED,
    )
)
_SINCE = and_(LEAVES.c.recorded_at >= bindparam("since"), LEAVES.c.recorded_at < bindparam("until"))
_EVENTS = (
    select(
        LEAVES.c.recorded_at,
        EVENTS.c.actor,
        EVENTS.c.action,
        EVENTS.c.outcome,
        EVENTS.c.subject,
        EVENTS.c.refs,
    )
    .join_from(LEAVES, EVENTS, EVENTS.c.id == LEAVES.c.event_id)
    .where(_SINCE)
    .order_by(LEAVES.c.seq)
)
_STEPS_BACK = (
    select(LEAVES.c.recorded_at)
    .join_from(LEAVES, EVENTS, EVENTS.c.id == LEAVES.c.event_id)
    .where(_SINCE, EVENTS.c.action == EventCode.CLOCK_ANOMALY.value)
)
_PLACED = (
    select(LEAVES.c.seq, LEAVES.c.recorded_at, EVENTS.c.occurred_at)
    .join_from(LEAVES, EVENTS, EVENTS.c.id == LEAVES.c.event_id)
    .where(_SINCE)
    .order_by(LEAVES.c.seq)
)
_BEFORE = select(func.max(LEAVES.c.recorded_at)).where(LEAVES.c.recorded_at < bindparam("since"))
_WAITING = (
    select(EVENTS.c.occurred_at)
    .join_from(PENDING, EVENTS, EVENTS.c.id == PENDING.c.event_id)
    .where(EVENTS.c.occurred_at < bindparam("until"))
    .order_by(PENDING.c.event_id)
    .limit(1)
)
_DECIDED = (
    select(
        DECISIONS.c.actor,
        DECISIONS.c.occurred_at,
        DECISIONS.c.outcome,
        DECISIONS.c.reasons,
        DECISIONS.c.subject,
    )
    .where(DECISIONS.c.occurred_at >= bindparam("since"))
    .where(DECISIONS.c.occurred_at < bindparam("until"))
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An event's place, and how long it waited for it beside a sequencer at rest."""

    seq: int
    recorded_at: datetime
    waited: timedelta


def actor_hours(tx: Connection, *, since: datetime, until: datetime) -> tuple[ActorHour, ...]:
    """Every hour in which an actor did something that a rule counts, in order.

    Decisions about uses stand in batches of their own. Persons who do not want a use are a system's
    daily answer, so only refusals that it should not meet count as refused.
    """
    hours: defaultdict[tuple[datetime, str], _Hour] = defaultdict(_Hour)
    decoys = frozenset(tx.execute(select(HONEY.c.subject)).scalars())
    span = {"since": since, "until": until}
    for row in tx.execute(_EVENTS, span):
        hour = hours[hour_of(row.recorded_at), row.actor]
        touched = _persons(row.subject, row.refs)
        hour.denied += row.outcome == Outcome.DENY.value
        hour.honey += not touched.isdisjoint(decoys)
        if row.action in SEEING:
            hour.reads += max(1, len(touched))
            hour.persons |= touched
    for asked in tx.execute(_DECIDED, span):
        hour = hours[hour_of(asked.occurred_at), asked.actor]
        hour.denied += _probing(asked.reasons)
        hour.reads += asked.outcome != Outcome.DENY.value
        hour.honey += asked.subject in decoys
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


def past_reads(
    tx: Connection, *, since: datetime, until: datetime
) -> defaultdict[ActorId, list[int]]:
    """What each actor saw in every hour in which they saw something, in order; counted in SQL."""
    refs = func.coalesce(EVENTS.c.refs, "")
    named = (func.length(refs) - func.length(func.replace(refs, PERSON, ""))) // len(PERSON)
    touched = named + case((EVENTS.c.subject.is_not(None), 1), else_=0)
    hour = _hour(tx, LEAVES.c.recorded_at)
    events = (
        select(EVENTS.c.actor, hour, func.sum(case((touched > 0, touched), else_=1)))
        .join_from(LEAVES, EVENTS, EVENTS.c.id == LEAVES.c.event_id)
        .where(_SINCE, EVENTS.c.action.in_(sorted(SEEING)))
        .group_by(EVENTS.c.actor, hour)
    )
    hour = _hour(tx, DECISIONS.c.occurred_at)
    decisions = (
        select(DECISIONS.c.actor, hour, func.count())
        .where(DECISIONS.c.occurred_at >= bindparam("since"))
        .where(DECISIONS.c.occurred_at < bindparam("until"))
        .where(DECISIONS.c.outcome != Outcome.DENY.value)
        .group_by(DECISIONS.c.actor, hour)
    )
    counted: Counter[tuple[ActorId, int]] = Counter()
    for query in (events, decisions):
        for actor, at, reads in tx.execute(query, {"since": since, "until": until}):
            counted[ActorId(actor), int(at)] += int(reads)
    found: defaultdict[ActorId, list[int]] = defaultdict(list)
    for (actor, _), reads in sorted(counted.items()):
        found[actor].append(reads)
    return found


def _hour(tx: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The number of the hour since 1970."""
    if tx.dialect.name == "sqlite":
        return type_coerce(column, BigInteger) // literal(HOUR // MICROSECOND, BigInteger)
    seconds = func.extract("epoch", func.date_trunc("hour", column))
    return cast(seconds, BigInteger) // literal(int(HOUR.total_seconds()), BigInteger)


def _probing(reasons: str) -> bool:
    """Whether a refusal is about who asks, for what, or about nobody we know."""
    return any(reason.startswith(PROBING) for reason in reasons.split(","))


def _persons(subject: str | None, refs: str | None) -> set[str]:
    """The persons whom an event is about: its own, and those that a search or a merge names."""
    named = {ref[len(PERSON) :] for ref in (refs or "").split(",") if ref.startswith(PERSON)}
    return named if subject is None else named | {subject}


def placements(tx: Connection, *, since: datetime, until: datetime) -> Iterator[Placed]:
    """Every event placed in this time, by rising place.

    Long work records under the time of its beginning; so an event has waited at most since the
    place before it was given, which shows that the sequencer was at work then.
    """
    before = tx.execute(_BEFORE, {"since": since}).scalar()
    for row in tx.execute(_PLACED, {"since": since, "until": until}).all():
        yield Placed(
            seq=row.seq,
            recorded_at=row.recorded_at,
            waited=_waited(row.occurred_at, before, row.recorded_at),
        )
        before = row.recorded_at


def _waited(occurred_at: datetime, before: datetime | None, at: datetime) -> timedelta:
    began = occurred_at if before is None else max(occurred_at, before)
    return max(at - began, timedelta(0))


def log_hours(
    tx: Connection, *, since: datetime, until: datetime, at: datetime
) -> Iterator[LogHour]:
    """Every hour with events: steps of the clock, and the longest wait for a signature.

    An event that waits for its place to this day counts for the hour before `until`.
    """
    span = {"since": since, "until": until}
    back = Counter(map(hour_of, tx.execute(_STEPS_BACK, span).scalars()))
    waits: dict[datetime, timedelta] = {}
    size, signed = 0, None
    last: datetime | None = tx.execute(_BEFORE, {"since": since}).scalar()
    for place in placements(tx, since=since, until=until):
        if place.seq >= size:
            head = tx.execute(_SIGNED, {"size": place.seq}).first()
            size, signed = (place.seq + 1, None) if head is None else (head.size, head.signed_at)
        wait = place.waited + max((signed or at) - place.recorded_at, timedelta(0))
        start, last = hour_of(place.recorded_at), place.recorded_at
        waits[start] = max(wait, waits.get(start, timedelta(0)))
    waiting = tx.execute(_WAITING, {"until": until}).scalar()
    if waiting is not None and since < until:
        start = until - HOUR
        waits[start] = max(_waited(waiting, last, at), waits.get(start, timedelta(0)))
    for start, wait in sorted(waits.items()):
        yield LogHour(start=start, steps_back=back[start], unsigned=wait)
