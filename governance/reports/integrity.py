"""R14, the integrity of the audit log: the facts, read once for one checkpoint.

Every fact speaks of the tree of that checkpoint alone; what came later is in no figure.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from audit.actions import ERASING, EventCode
from audit.alarms.counting import log_hours, placements
from audit.decisions.models import DECISIONS
from audit.findings import Report
from audit.gaps import LostEvents, lost_events
from audit.models import CHECKPOINTS, EVENTS, LEAVES, PARTS
from audit.reviewing.outside import Outsider, authorities, witnesses
from audit.reviewing.signing import Review, Unreviewed, reviews, unreviewed
from governance.reports.types import Period

NINETY_NINE = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """An event of the log that the report lists."""

    seq: int
    at: datetime
    id: str
    action: str
    actor: str
    object_id: str
    reasons: str
    counts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How long events of the period waited for their place, and for a signature."""

    median: timedelta
    p99: timedelta
    longest: timedelta
    unsigned: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrity:
    """The facts of R14."""

    size: int
    events: int
    first_seq: int | None
    last_seq: int | None
    decisions: int
    checkpoints: int
    lag: Lag
    verification: Report
    witnesses: tuple[Outsider, ...]
    stamps: tuple[Outsider, ...]
    lost: tuple[LostEvents, ...]
    lost_decisions: tuple[Noted, ...]
    clock_steps: int
    erasures: tuple[Noted, ...]
    parts_destroyed: int
    parts_living: int
    key_changes: tuple[Noted, ...]
    signed_off: tuple[Review, ...]
    open: Unreviewed
    alarms: tuple[Noted, ...]
    exports: tuple[Noted, ...]

    @property
    def lost_numbers(self) -> int:
        """Events whose number is missing and that no later event names as rolled back."""
        return sum(len(one.numbers) for one in self.lost if one.settled)

    @property
    def alarms_by_rule(self) -> tuple[tuple[str, int], ...]:
        """How often each rule spoke."""
        return tuple(sorted(Counter(one.reasons for one in self.alarms).items()))


def collect(
    tx: Connection,
    *,
    period: Period,
    size: int,
    verification: Report,
    within: timedelta,
    at: datetime,
) -> Integrity:
    """The facts about the tree of this size, of this period where they are about a time."""
    inside = _inside(period, size)
    events, first, last = tx.execute(
        select(func.count(), func.min(LEAVES.c.seq), func.max(LEAVES.c.seq)).where(*inside)
    ).one()
    return Integrity(
        size=size,
        events=events,
        first_seq=first,
        last_seq=last,
        decisions=_decisions(tx, inside),
        checkpoints=_checkpoints(tx, period, size),
        lag=_lag(tx, period, size, at=at),
        verification=verification,
        witnesses=witnesses(tx, since=period.since, until=period.until),
        stamps=authorities(tx, since=period.since, until=period.until),
        lost=lost_events(tx),
        lost_decisions=_noted(tx, inside, EventCode.DECISIONS_LOST),
        clock_steps=len(_noted(tx, inside, EventCode.CLOCK_ANOMALY)),
        erasures=_noted(tx, inside, *ERASING),
        parts_destroyed=_destroyed(tx, inside),
        parts_living=_living(tx, size),
        key_changes=_noted(
            tx, inside, EventCode.LOG_KEY_CHANGED, EventCode.KEY_ROTATED, EventCode.KEY_DESTROYED
        ),
        signed_off=tuple(
            one for one in reviews(tx) if period.since <= one.reviewed_at < period.until
        ),
        open=unreviewed(tx, within=within, at=at),
        alarms=_noted(tx, inside, EventCode.LOG_ALERT),
        exports=_noted(tx, inside, EventCode.LOG_EXPORTED),
    )


def _inside(period: Period, size: int) -> tuple[ColumnElement[bool], ...]:
    return (
        LEAVES.c.seq < size,
        LEAVES.c.recorded_at >= period.since,
        LEAVES.c.recorded_at < period.until,
    )


def _decisions(tx: Connection, inside: Sequence[ColumnElement[bool]]) -> int:
    """Decisions in the batches that events of the period stand for."""
    query = (
        select(func.count())
        .select_from(DECISIONS)
        .join(LEAVES, LEAVES.c.event_id == DECISIONS.c.event_id)
        .where(*inside)
    )
    return int(tx.execute(query).scalar_one())


def _checkpoints(tx: Connection, period: Period, size: int) -> int:
    query = (
        select(func.count())
        .select_from(CHECKPOINTS)
        .where(
            CHECKPOINTS.c.size <= size,
            CHECKPOINTS.c.signed_at >= period.since,
            CHECKPOINTS.c.signed_at < period.until,
        )
    )
    return int(tx.execute(query).scalar_one())


def _lag(tx: Connection, period: Period, size: int, *, at: datetime) -> Lag:
    """Waits of the period's events for their place, and the longest for a signature."""
    span = {"since": period.since, "until": period.until}
    waits = sorted(one.waited for one in placements(tx, **span) if one.seq < size)
    zero = timedelta(0)
    return Lag(
        median=waits[len(waits) // 2] if waits else zero,
        p99=waits[int((len(waits) - 1) * NINETY_NINE)] if waits else zero,
        longest=waits[-1] if waits else zero,
        unsigned=max((hour.unsigned for hour in log_hours(tx, **span, at=at)), default=zero),
    )


def _with_events(query: Select[Any]) -> Select[Any]:
    return query.select_from(LEAVES).join(EVENTS, EVENTS.c.id == LEAVES.c.event_id)


def _noted(
    tx: Connection, inside: Sequence[ColumnElement[bool]], *actions: EventCode
) -> tuple[Noted, ...]:
    """The events of these actions, in their order."""
    columns = (
        *(LEAVES.c.seq, LEAVES.c.recorded_at, EVENTS.c.id, EVENTS.c.action, EVENTS.c.actor),
        *(EVENTS.c.object_id, EVENTS.c.reasons, EVENTS.c.counts),
    )
    wanted = EVENTS.c.action.in_([code.value for code in actions])
    query = _with_events(select(*columns)).where(*inside, wanted).order_by(LEAVES.c.seq)
    return tuple(
        Noted(
            seq=row.seq,
            at=row.recorded_at,
            id=row.id,
            action=row.action,
            actor=row.actor,
            object_id=row.object_id,
            reasons=row.reasons or "",
            counts=counts_in(row.counts),
        )
        for row in tx.execute(query)
    )


def counts_in(text: str | None) -> dict[str, int]:
    """The counts of an event, which its leaf covers as `name=number,...`."""
    pairs = (part.partition("=") for part in (text or "").split(",") if part)
    return {name: int(number) for name, _, number in pairs}


def _destroyed(tx: Connection, inside: Sequence[ColumnElement[bool]]) -> int:
    """Parts that events of the period destroyed."""
    query = (
        select(func.count())
        .select_from(PARTS)
        .join(LEAVES, LEAVES.c.event_id == PARTS.c.destroyed_by)
        .where(*inside)
    )
    return int(tx.execute(query).scalar_one())


def _living(tx: Connection, size: int) -> int:
    """Parts of the tree's events that can still be opened."""
    query = (
        select(func.count())
        .select_from(PARTS)
        .join(LEAVES, LEAVES.c.event_id == PARTS.c.event_id)
        .where(PARTS.c.payload.is_not(None), LEAVES.c.seq < size)
    )
    return int(tx.execute(query).scalar_one())
