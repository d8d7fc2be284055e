"""Decisions about uses as officers look at them: they stand in batches beside the events.

The same queries as over events (audit/review.py), by the time of the decision; a decision is no
action upon an object, so it cannot be asked for by either. What an erased person was decided about
stands without them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    false,
    func,
    not_,
    or_,
    select,
    true,
)

from audit.actions import EventCode
from audit.decisions.counting import Answer, answered
from audit.decisions.models import DECISIONS
from audit.decisions.store import RECORDS, decision_by_id, record_of
from audit.decisions.types import COLUMNS, DecisionRecord
from audit.errors import QueryFormError
from audit.log import AuditLog
from audit.review import EventFilter, EventQuery, listed, stood
from audit.reviewing.service import Reviewer
from audit.reviewing.terms import spell_query
from audit.types import EventDraft, canonical_json
from governance.core.ids import first_id_at
from governance.core.terms import EventId

SAME: Final = ("subject", "actor", "outcome", "purpose", "network", "request_id")
UNASKED: Final = ("action", "object_type", "object_id", "field")
SHOWN: Final = tuple(name for name in COLUMNS if name != "about")


EPOCH: Final = datetime.fromtimestamp(0, UTC)
FOREVER: Final = datetime.max.replace(tzinfo=UTC)
SLACK: Final = timedelta(days=1)  # by which the clocks of two processes surely do not differ


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPage:
    """Decisions that match, the newest first; `next` is the cursor of the following page."""

    decisions: tuple[DecisionRecord, ...]
    next: EventId | None
    total: int | None = None  # of those that match, where a count was asked for
    whole: bool = False  # all that match, for an order of the reader's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """How a list looks beside its query: one answer alone, from which end, counted or not."""

    answer: Answer | None = None
    oldest_first: bool = False
    most: int = 0  # no more than these are counted; 0 counts none
    whole: int = 0  # where no more than these match, all of them are given, to be sorted


NEWEST: Final = Looking()


def look_at_decisions(
    tx: Connection,
    log: AuditLog,
    query: EventQuery,
    by: Reviewer,
    *,
    before: EventId | None = None,
    limit: int,
    how: Looking = NEWEST,
) -> DecisionPage:
    """A page of matching decisions; the look is an event, as with events."""
    meant = _meant(query, how)
    total = _counted(tx, meant, most=how.most) if how.most else None
    if how.whole and total is not None and total <= how.whole:
        held = tx.execute(RECORDS.where(meant).order_by(DECISIONS.c.id.desc()))
        every = tuple(map(record_of, held))  # equal ones stand in one order on every page
        log.append(tx, _looked(by, query, how, decisions=min(limit, len(every))))
        return DecisionPage(decisions=every, next=None, total=total, whole=True)
    place = DECISIONS.c.id.asc() if how.oldest_first else DECISIONS.c.id.desc()
    asked = RECORDS.where(meant).order_by(place).limit(limit + 1)
    if before is not None:
        further = DECISIONS.c.id > before if how.oldest_first else DECISIONS.c.id < before
        asked = asked.where(further)
    found = tuple(record_of(row) for row in tx.execute(asked))
    shown = found[:limit]
    log.append(tx, _looked(by, query, how, decisions=len(shown)))
    return DecisionPage(
        decisions=shown,
        next=id_of(shown[-1]) if len(found) > limit else None,
        total=total,
    )


def look_at_decision(
    tx: Connection, log: AuditLog, decision: EventId, by: Reviewer
) -> DecisionRecord:
    """One decision; the look is on record. Raises EventNotFoundError."""
    found = decision_by_id(tx, decision)
    counts, refs = (("decisions", 1),), (f"decision:{decision}",)
    log.append(tx, by.did(EventCode.LOG_READ, "log", "decisions", counts=counts, refs=refs))
    return found


def first_decided(tx: Connection) -> datetime | None:
    """Nothing was decided before this moment, however the clocks differed; None for no decision."""
    oldest = select(DECISIONS.c.occurred_at).order_by(DECISIONS.c.id).limit(1)
    found: datetime | None = tx.execute(oldest).scalar_one_or_none()
    return None if found is None else found - SLACK


def askers(tx: Connection, *, most: int) -> tuple[str, ...]:
    """Who asked so far, one step of the index for each; no customers, and `most` at the highest."""
    staffed = not_(DECISIONS.c.actor.like("p:%"))
    first = select(func.min(DECISIONS.c.actor).label("actor")).where(staffed)
    steps = first.cte("askers", recursive=True)
    following = (
        select(func.min(DECISIONS.c.actor))
        .where(staffed, DECISIONS.c.actor > steps.c.actor)
        .scalar_subquery()
    )
    steps = steps.union_all(select(following).where(steps.c.actor.is_not(None)))
    asked: Select[Any] = select(steps.c.actor).where(steps.c.actor.is_not(None)).limit(most)
    return tuple(tx.execute(asked).scalars())


def _meant(query: EventQuery, how: Looking) -> ColumnElement[bool]:
    """What matches; a decision has its id from the moment of its answer: others are not read."""
    told = [_any_of(query)]
    if how.answer is not None:
        told.append(answered(how.answer))
    if how.most and (first := _earliest(query)) is not None:
        told.append(DECISIONS.c.id >= _id_near(first, -SLACK))
    if how.most and (last := _latest(query)) is not None:
        told.append(DECISIONS.c.id < _id_near(last, SLACK))
    return and_(*told)


def _id_near(at: datetime, by: timedelta) -> str:
    """What sorts before every id of this moment; times without ids are as the nearest with one."""
    within = min(max(at, EPOCH + SLACK), FOREVER - SLACK)
    return first_id_at(within + by)


def _earliest(query: EventQuery) -> datetime | None:
    """Before this moment nothing matches; None where one of the filters names none."""
    named = [one.since for one in query.any_of if one.since is not None]
    return min(named) if named and len(named) == len(query.any_of) else None


def _latest(query: EventQuery) -> datetime | None:
    """From this moment on nothing matches; None where one of the filters names none."""
    named = [one.until for one in query.any_of if one.until is not None]
    return max(named) if named and len(named) == len(query.any_of) else None


def _counted(tx: Connection, meant: ColumnElement[bool], *, most: int) -> int:
    found = select(DECISIONS.c.id).where(meant).limit(most).subquery()
    return int(tx.execute(select(func.count()).select_from(found)).scalar_one())


def _looked(by: Reviewer, query: EventQuery, how: Looking, *, decisions: int) -> EventDraft:
    """The event of the look: what was asked by its digest, and how many were shown."""
    spelled = spell_query(query)
    if how.answer is not None:
        spelled["answer"] = how.answer.value
    digest = sha256(canonical_json(spelled)).hexdigest()
    counts, refs = (("decisions", decisions),), (f"query:{digest}",)
    return by.did(EventCode.LOG_READ, "log", "decisions", counts=counts, refs=refs)


def id_of(record: DecisionRecord) -> EventId:
    """The decision's own id, which its answer had."""
    return EventId(str(record.column("id")))


def decided_at(record: DecisionRecord) -> datetime:
    """When the gates answered."""
    at = record.column("occurred_at")
    assert isinstance(at, datetime)  # noqa: S101 # the column's own type
    return at


def decision_shape(record: DecisionRecord) -> dict[str, object]:
    """A decision as a flat row; whoever was erased is not in it."""
    told: dict[str, object] = {name: record.column(name) for name in SHOWN}
    told["occurred_at"] = decided_at(record).isoformat()
    person = None if record.link is None else record.link.subject
    return told | {"subject": person, "event": record.event_id, "erased_by": record.destroyed_by}


def _any_of(query: EventQuery) -> ColumnElement[bool]:
    wanted = or_(false(), *map(_all_of, query.any_of))
    return and_(wanted, *(not_(_all_of(one)) for one in query.none_of))


def _all_of(asked: EventFilter) -> ColumnElement[bool]:
    """All given conditions; raises QueryFormError for one that no decision can meet."""
    for name in UNASKED:
        if getattr(asked, name) is not None:
            raise QueryFormError(member=name)
    found = [
        and_(DECISIONS.c[name].is_not(None), DECISIONS.c[name] == str(value))
        for name in SAME
        if (value := getattr(asked, name)) is not None
    ]
    if asked.network_class is not None:
        found.append(stood(DECISIONS.c.network, asked.network_class))
    if asked.reason is not None:
        found.append(listed(DECISIONS.c.reasons, asked.reason))
    if asked.since is not None:
        found.append(DECISIONS.c.occurred_at >= asked.since)
    if asked.until is not None:
        found.append(DECISIONS.c.occurred_at < asked.until)
    return and_(true(), *found)
