"""What officers ask of the log: events by person, actor, action, purpose, outcome and time.

Conditions of one filter hold together; a query is any of several filters and none of others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    and_,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    type_coerce,
)

from audit.actions import ERASING, EventCode
from audit.models import EVENTS, LEAVES, PARTS, PENDING
from audit.places import place_at
from audit.types import Outcome
from governance.core.terms import ActorId, EventId, PurposeId, SubjectId
from governance.db.types import EPOCH

PAGE = 50  # events on one page
INDEXED: Final = ("subject", "actor", "action")  # conditions that an index leads to
NAMING: Final = frozenset(
    {
        *ERASING,
        EventCode.PERSON_SEARCHED,
        EventCode.PERSON_MERGED,
        EventCode.PERSON_UNMERGED,
    }
)  # actions whose references may name persons beside the event's own
TOKYO: Final = "Asia/Tokyo"
TOKYO_OFFSET: Final = 9 * 3_600_000_000  # microseconds; Japan keeps one time all year
DAY: Final = 86_400_000_000  # microseconds
INNER = (
    "10.",
    "127.",
    "192.168.",
    "169.254.",
    *(f"172.{second}." for second in range(16, 32)),
    "::/48",
    "fc",
    "fd",
    "fe80",
)  # how a network that is not reachable from outside begins (audit.types.network_of)


class Grouping(StrEnum):
    """What matching events can be counted by."""

    ACTION = "action"
    OUTCOME = "outcome"
    ACTOR = "actor"
    PURPOSE = "purpose"
    OBJECT_TYPE = "object_type"
    NETWORK = "network"
    DAY = "day"  # of recording, in Japan


class NetworkClass(StrEnum):
    """Where a caller stood."""

    INNER = "inner"  # private, loopback or link-local (RFC 1918, RFC 4193)
    OUTER = "outer"
    NONE = "none"  # no caller: a job, a command line


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
    network_class: NetworkClass | None = None
    request_id: str | None = None
    reason: str | None = None  # one of the event's reason codes
    field: str | None = None  # one of the fields that were opened or changed
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """Events that meet any of these filters and none of those."""

    any_of: tuple[EventFilter, ...]
    none_of: tuple[EventFilter, ...] = ()


EVERYTHING: Final = EventQuery(any_of=(EventFilter(),))


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
    """When and by which event a person, or parts of the log about them, were erased."""

    event_id: EventId
    action: str
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
    tx: Connection,
    asked: EventFilter | EventQuery,
    *,
    before: int | None = None,
    limit: int = PAGE,
    oldest_first: bool = False,
    lowest: int = 0,
    walked: bool = False,
) -> tuple[RecordedEvent, ...]:
    """The newest events that match, below the place `before`, which is a stable cursor.

    With `oldest_first` the oldest, above that place; none stands below `lowest`. `walked` says that
    very many match: places are looked at one after the other until the page is full.
    """
    place = LEAVES.c.seq
    query = (
        select(*_SHOWN)
        .join(EVENTS, EVENTS.c.id == LEAVES.c.event_id)
        .where(_condition(asked, walked=walked), *_placed(tx, asked, lowest))
        .order_by(place.asc() if oldest_first else place.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(place > before if oldest_first else place < before)
    return tuple(_recorded(row) for row in tx.execute(query))


def event_by_id(tx: Connection, event_id: EventId) -> RecordedEvent | None:
    """The event in the tree; None for one that never was, or has no place yet."""
    query = select(*_SHOWN).join(EVENTS, EVENTS.c.id == LEAVES.c.event_id)
    row = tx.execute(query.where(LEAVES.c.event_id == event_id)).one_or_none()
    return None if row is None else _recorded(row)


def count(
    tx: Connection,
    asked: EventFilter | EventQuery,
    *,
    most: int | None = None,
    lowest: int = 0,
) -> int:
    """How many events in the tree match, from the place `lowest`; `most` at the highest."""
    walked = lowest > 0
    found = (
        select(LEAVES.c.seq)
        .join(EVENTS, EVENTS.c.id == LEAVES.c.event_id)
        .where(_condition(asked, walked=walked), *_placed(tx, asked, lowest))
        .limit(most)
        .subquery()
    )
    return int(tx.execute(select(func.count()).select_from(found)).scalar_one())


def is_indexed(asked: EventQuery) -> bool:
    """Whether an index leads to what matches; also where nothing is asked, which all match."""
    if asked == EVERYTHING:
        return True
    return all(any(getattr(one, name) for name in INDEXED) for one in asked.any_of)


def _placed(
    tx: Connection, asked: EventFilter | EventQuery, lowest: int
) -> Iterator[ColumnElement[bool]]:
    """Between which places all that can match stands, by the times that are asked for."""
    filters = (asked,) if isinstance(asked, EventFilter) else asked.any_of
    since = [one.since for one in filters if one.since is not None]
    until = [one.until for one in filters if one.until is not None]
    if since and len(since) == len(filters):
        lowest = max(lowest, place_at(tx, min(since)))
    if lowest:
        yield LEAVES.c.seq >= lowest
    if until and len(until) == len(filters):
        yield LEAVES.c.seq < place_at(tx, max(until))


def waiting(tx: Connection) -> int:
    """How many committed events have no place yet."""
    return int(tx.execute(select(func.count()).select_from(PENDING)).scalar_one())


def erasures_of(tx: Connection, subject: SubjectId) -> tuple[Erasure, ...]:
    """The events that erased this person, and how many parts of the log each destroyed."""
    parts = (
        select(PARTS.c.destroyed_by, func.count().label("parts"))
        .where(PARTS.c.subject == subject, PARTS.c.destroyed_by.is_not(None))
        .group_by(PARTS.c.destroyed_by)
        .subquery()
    )
    erasing = EVENTS.c.action.in_([code.value for code in ERASING])
    own = and_(EVENTS.c.subject.is_not(None), EVENTS.c.subject == subject)
    query = (
        select(
            EVENTS.c.id,
            EVENTS.c.action,
            LEAVES.c.seq,
            LEAVES.c.recorded_at,
            func.coalesce(parts.c.parts, 0).label("parts"),
        )
        .select_from(EVENTS)
        .join(LEAVES, LEAVES.c.event_id == EVENTS.c.id, isouter=True)
        .join(parts, parts.c.destroyed_by == EVENTS.c.id, isouter=True)
        .where(erasing, or_(own, listed(EVENTS.c.refs, f"person:{subject}")))
        .order_by(EVENTS.c.id)
    )
    return tuple(
        Erasure(
            event_id=EventId(row.id),
            action=row.action,
            seq=row.seq,
            recorded_at=row.recorded_at,
            parts=row.parts,
        )
        for row in tx.execute(query)
    )


def counts_by(
    tx: Connection, asked: EventFilter | EventQuery, by: Grouping
) -> tuple[tuple[str, int], ...]:
    """How many matching events each group has, the most first; days in their order.

    Events that have nothing of the kind (no purpose, no network) stand under "".
    """
    column = _day(tx) if by is Grouping.DAY else EVENTS.c[by.value]
    how_many = func.count().label("how_many")
    query = (
        select(column, how_many)
        .select_from(LEAVES)
        .join(EVENTS, EVENTS.c.id == LEAVES.c.event_id)
        .where(_condition(asked))
        .group_by(column)
    )
    found = [(_group(name), int(number)) for name, number in tx.execute(query)]
    if by is Grouping.DAY:
        return tuple(sorted(found))
    return tuple(sorted(found, key=lambda group: (-group[1], group[0])))


def _day(tx: Connection) -> ColumnElement[Any]:
    """The day of recording in Japan: its number since 1970 on SQLite, a date on PostgreSQL."""
    if tx.dialect.name == "sqlite":
        stored = type_coerce(LEAVES.c.recorded_at, BigInteger)
        return (stored + literal(TOKYO_OFFSET, BigInteger)) // literal(DAY, BigInteger)
    return func.date(func.timezone(TOKYO, LEAVES.c.recorded_at))


def _group(name: str | int | date | None) -> str:
    if isinstance(name, int):
        return (EPOCH.date() + timedelta(days=name)).isoformat()
    return name.isoformat() if isinstance(name, date) else (name or "")


def listed(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether a list as the leaf covers it has this member."""
    members = literal(",") + func.coalesce(column, "") + literal(",")
    return members.contains(f",{name},", autoescape=True)


def _condition(asked: EventFilter | EventQuery, *, walked: bool = False) -> ColumnElement[bool]:
    if isinstance(asked, EventFilter):
        return and_(true(), *_conditions(asked, walked=walked))
    any_of = or_(false(), *(_condition(one, walked=walked) for one in asked.any_of))
    return and_(any_of, *(not_(_condition(one)) for one in asked.none_of))


def stood(network: ColumnElement[Any], wanted: NetworkClass) -> ColumnElement[bool]:
    """Whether a caller's network is of this class."""
    if wanted is NetworkClass.NONE:
        return network.is_(None)
    inner = or_(*(network.like(f"{start}%") for start in INNER))
    outer = wanted is NetworkClass.OUTER
    return and_(network.is_not(None), not_(inner) if outer else inner)


def _conditions(asked: EventFilter, *, walked: bool = False) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.network_class is not None:
        found.append(stood(EVENTS.c.network, asked.network_class))
    if asked.reason is not None:
        found.append(listed(EVENTS.c.reasons, asked.reason))
    if asked.field is not None:
        found.append(listed(EVENTS.c.fields, asked.field))
    for name in _SAME:
        value = getattr(asked, name)
        if value is not None:
            column = EVENTS.c[name]
            held = func.coalesce(column, "") if walked else column  # no index leads there
            found.append(and_(column.is_not(None), held == str(value)))
    if asked.subject is not None:
        with_part = select(PARTS.c.event_id).where(PARTS.c.subject == asked.subject)
        own = and_(EVENTS.c.subject.is_not(None), EVENTS.c.subject == asked.subject)
        naming = EVENTS.c.action.in_([code.value for code in NAMING])
        named = and_(naming, listed(EVENTS.c.refs, f"person:{asked.subject}"))
        found.append(or_(own, EVENTS.c.id.in_(with_part), named))
    if asked.since is not None:
        found.append(LEAVES.c.recorded_at >= asked.since)
    if asked.until is not None:
        found.append(LEAVES.c.recorded_at < asked.until)
    return found


def _recorded(row: Row[*tuple[Any, ...]]) -> RecordedEvent:
    return RecordedEvent(**row._mapping)  # noqa: SLF001 # SQLAlchemy's public name for it
