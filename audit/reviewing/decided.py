"""Decisions about uses as officers look at them: they stand in batches beside the events.

The same queries as over events (audit/review.py), by the time of the decision; a decision is no
action upon an object, so it cannot be asked for by either. What an erased person was decided about
stands without them.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, false, not_, or_, true

from audit.actions import EventCode
from audit.decisions.models import DECISIONS
from audit.decisions.store import RECORDS, record_of
from audit.decisions.types import COLUMNS, DecisionRecord
from audit.errors import QueryFormError
from audit.log import AuditLog
from audit.review import EventFilter, EventQuery, listed, stood
from audit.reviewing.service import Reviewer
from audit.reviewing.terms import spell_query
from audit.types import canonical_json
from governance.core.terms import EventId

SAME: Final = ("subject", "actor", "outcome", "purpose", "network", "request_id")
UNASKED: Final = ("action", "object_type", "object_id", "field")
SHOWN: Final = tuple(name for name in COLUMNS if name != "about")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPage:
    """Decisions that match, the newest first; `next` is the cursor of the following page."""

    decisions: tuple[DecisionRecord, ...]
    next: EventId | None


def look_at_decisions(
    tx: Connection,
    log: AuditLog,
    query: EventQuery,
    by: Reviewer,
    *,
    before: EventId | None = None,
    limit: int,
) -> DecisionPage:
    """A page of matching decisions; the look is an event, as with events."""
    asked = RECORDS.where(_any_of(query)).order_by(DECISIONS.c.id.desc()).limit(limit + 1)
    if before is not None:
        asked = asked.where(DECISIONS.c.id < before)
    found = tuple(record_of(row) for row in tx.execute(asked))
    shown = found[:limit]
    digest = sha256(canonical_json(spell_query(query))).hexdigest()
    counts, refs = (("decisions", len(shown)),), (f"query:{digest}",)
    log.append(tx, by.did(EventCode.LOG_READ, "log", "decisions", counts=counts, refs=refs))
    more = len(found) > limit
    return DecisionPage(decisions=shown, next=id_of(shown[-1]) if more else None)


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
