"""What officers ask of the log: events by person, actor, action, purpose, outcome and time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from audit.actions import EventCode
from audit.models import EVENTS, LEAVES, PARTS, PENDING
from audit.types import Outcome
from governance.core.terms import ActorId, EventId, PurposeId, SubjectId

PAGE = 50  # events on one page


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """All given conditions must hold; times are those of recording, `until` excluded."""

    subject: SubjectId | None = None
    actor: ActorId | None = None
    action: EventCode | None = None
    outcome: Outcome | None = None
    purpose: PurposeId | None = None
    object_type: str | None = None
    object_id: str | None = None
    network: str | None = None
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """An event in the tree, as officers read it; lists stand as the leaf covers them."""

    seq: int
    recorded_at: datetime
    leaf: bytes
    id: EventId
    occurred_at: datetime
    actor: ActorId
    actor_os: str | None
    action: str
    object_type: str
    object_id: str
    subject: SubjectId | None
    purpose: str | None
    outcome: str
    reasons: str | None
    policy_version: str | None
    consent_seq: int | None
    request_id: str | None
    network: str | None
    fields: str | None
    counts: str | None
    refs: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """When and by which event a person's parts of the log were destroyed."""

    event_id: EventId
    seq: int | None
    recorded_at: datetime | None
    parts: int


_SHOWN = (
    LEAVES.c.seq,
    LEAVES.c.recorded_at,
    LEAVES.c.leaf,
    EVENTS.c.id,
    EVENTS.c.occurred_at,
    EVENTS.c.actor,
    EVENTS.c.actor_os,
    EVENTS.c.action,
    EVENTS.c.object_type,
    EVENTS.c.object_id,
    EVENTS.c.subject,
    EVENTS.c.purpose,
    EVENTS.c.outcome,
    EVENTS.c.reasons,
    EVENTS.c.policy_version,
    EVENTS.c.consent_seq,
    EVENTS.c.request_id,
    EVENTS.c.network,
    EVENTS.c.fields,
    EVENTS.c.counts,
    EVENTS.c.refs,
)
_SAME = (
    "actor",
    "action",
    "outcome",
    "purpose",
    "object_type",
    "object_id",
    "network",
    "request_id",
)


def events(
    tx: Connection, asked: EventFilter, *, before: int | None = None, limit: int = PAGE
) -> tuple[RecordedEvent, ...]:
    """The newest events that match, below the place `before`, which is a stable cursor."""
    query = (
        select(*_SHOWN)
        .join(EVENTS, EVENTS.c.id == LEAVES.c.event_id)
        .where(*_conditions(asked))
        .order_by(LEAVES.c.seq.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(LEAVES.c.seq < before)
    return tuple(_recorded(row) for row in tx.execute(query))


def count(tx: Connection, asked: EventFilter) -> int:
    """How many events in the tree match."""
    query = (
        select(func.count())
        .select_from(LEAVES)
        .join(EVENTS, EVENTS.c.id == LEAVES.c.event_id)
        .where(*_conditions(asked))
    )
    return int(tx.execute(query).scalar_one())


def waiting(tx: Connection) -> int:
    """How many committed events have no place yet."""
    return int(tx.execute(select(func.count()).select_from(PENDING)).scalar_one())


def erasures_of(tx: Connection, subject: SubjectId) -> tuple[Erasure, ...]:
    """The events that destroyed what the log said of this person, in their order."""
    query = (
        select(PARTS.c.destroyed_by, LEAVES.c.seq, LEAVES.c.recorded_at, func.count())
        .join(LEAVES, LEAVES.c.event_id == PARTS.c.destroyed_by, isouter=True)
        .where(PARTS.c.subject == subject, PARTS.c.destroyed_by.is_not(None))
        .group_by(PARTS.c.destroyed_by, LEAVES.c.seq, LEAVES.c.recorded_at)
        .order_by(PARTS.c.destroyed_by)
    )
    return tuple(
        Erasure(event_id=EventId(event_id), seq=seq, recorded_at=recorded_at, parts=parts)
        for event_id, seq, recorded_at, parts in tx.execute(query)
    )


def _conditions(asked: EventFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name in _SAME:
        value = getattr(asked, name)
        if value is not None:
            found.append(EVENTS.c[name] == str(value))
    if asked.subject is not None:
        with_part = select(PARTS.c.event_id).where(PARTS.c.subject == asked.subject)
        found.append(or_(EVENTS.c.subject == asked.subject, EVENTS.c.id.in_(with_part)))
    if asked.since is not None:
        found.append(LEAVES.c.recorded_at >= asked.since)
    if asked.until is not None:
        found.append(LEAVES.c.recorded_at < asked.until)
    return found


def _recorded(row: Row[*tuple[Any, ...]]) -> RecordedEvent:
    return RecordedEvent(**row._mapping)  # noqa: SLF001 # SQLAlchemy's public name for it
