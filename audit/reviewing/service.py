"""Reviewing the log: every look is itself on record; what is looked for often is kept sealed."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final, Protocol

from sqlalchemy import Connection, delete, insert, select

from audit.actions import EventCode
from audit.errors import EventNotFoundError, FilterNotFoundError, QueryFormError
from audit.log import AuditLog
from audit.review import (
    EVERYTHING,
    Erasure,
    EventFilter,
    EventQuery,
    Grouping,
    RecordedEvent,
    count,
    counts_by,
    erasures_of,
    event_by_id,
    events,
)
from audit.reviewing.models import FILTERS
from audit.reviewing.terms import parse_query, spell_query
from audit.types import EventDraft, Network, Outcome, canonical_json
from governance.core.ids import new_subject_id
from governance.core.terms import ActorId, EventId, RowId, SubjectId
from governance.http.principal import Principal

BLOB: Final = "audit_filter"
DENSE: Final = 2_000  # matching events from which on a page fills sooner place by place
NAME_MOST: Final = 100  # characters of a filter's name


class Blobs(Protocol):
    """Seals and opens what is about no one person (governance.keys.vault.FieldVault)."""

    def seal_blob(self, kind: str, row_id: str, payload: bytes) -> bytes:
        """The sealed bytes."""
        ...

    def open_blob(self, kind: str, row_id: str, sealed: bytes) -> bytes:
        """The bytes in clear."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Who looks: the principal, the operating-system user, from which network, and when."""

    id: ActorId
    os_user: str | None
    at: datetime
    network: Network | None = None

    def did(
        self,
        action: EventCode,
        object_type: str,
        object_id: str,
        *,
        reasons: tuple[str, ...] = (),
        counts: tuple[tuple[str, int], ...] = (),
        refs: tuple[str, ...] = (),
    ) -> EventDraft:
        """The event of what they did now."""
        return EventDraft(
            action=action,
            occurred_at=self.at,
            actor=self.id,
            actor_os=self.os_user,
            network=self.network,
            object_type=object_type,
            object_id=object_id,
            outcome=Outcome.DONE,
            reasons=reasons,
            counts=counts,
            refs=refs,
        )


def reviewer(principal: Principal, *, at: datetime) -> Reviewer:
    """The principal as one who looks."""
    network = Network(principal.network) if principal.network else None
    return Reviewer(id=principal.id, os_user=principal.os_user, at=at, network=network)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Events that match, the newest first; `next` is the stable cursor of the following page."""

    events: tuple[RecordedEvent, ...]
    next: int | None
    total: int | None
    whole: bool = False  # all that match, for an order of the reader's own


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFilter:
    """A kept filter."""

    id: RowId
    name: str
    query: EventQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What happened to a person's data, and which events erased them or parts of the log."""

    page: Page
    erased: tuple[Erasure, ...]


def look(
    tx: Connection,
    log: AuditLog,
    query: EventQuery,
    by: Reviewer,
    *,
    before: int | None = None,
    limit: int,
    counted: bool = False,
    most: int | None = None,
    beside: tuple[tuple[str, int], ...] = (),
    oldest_first: bool = False,
    whole: int = 0,
    lowest: int = 0,
) -> Page:
    """A page of matching events; the look is an event, with a digest of what was asked.

    The digest lets an auditor test a suspicion (was this person looked up?) and reads as nothing.
    `beside` counts what else the same view shows; no more than `most` are counted. Where no more
    than `whole` match, all of them are given, to be sorted; a page still shows `limit` of them.
    None stands below the place `lowest`.
    """
    total = count(tx, query, most=most, lowest=lowest) if counted or whole else None
    walked = lowest > 0 or (total or 0) > DENSE
    if whole and total is not None and total <= whole:
        every = events(tx, query, limit=whole, lowest=lowest, walked=walked)
        log.append(tx, _looked(query, by, counts=(("events", min(limit, len(every))), *beside)))
        return Page(events=every, next=None, total=total, whole=True)
    found = events(
        *(tx, query), before=before, limit=limit + 1,
        oldest_first=oldest_first, lowest=lowest, walked=walked,
    )  # fmt: skip
    shown = found[:limit]
    log.append(tx, _looked(query, by, counts=(("events", len(shown)), *beside)))
    more = len(found) > limit
    return Page(events=shown, next=shown[-1].seq if more else None, total=total)


def look_at(tx: Connection, log: AuditLog, event_id: EventId, by: Reviewer) -> RecordedEvent:
    """One event; the look is on record. Raises EventNotFoundError."""
    found = event_by_id(tx, event_id)
    if found is None:
        raise EventNotFoundError
    log.append(tx, replace(_looked(EVERYTHING, by, counts=(("events", 1),)), object_id=event_id))
    return found


def person_timeline(
    tx: Connection,
    log: AuditLog,
    subject: SubjectId,
    by: Reviewer,
    *,
    query: EventQuery | None = None,
    before: int | None = None,
    limit: int,
) -> Timeline:
    """A page of what the log says about a person, and by which events they were erased."""
    query = query or EventQuery(any_of=(EventFilter(subject=subject),))
    page = look(tx, log, query, by, before=before, limit=limit)
    return Timeline(page=page, erased=erasures_of(tx, subject))


def tally(
    tx: Connection, log: AuditLog, query: EventQuery, by: Reviewer, *, group: Grouping
) -> tuple[tuple[str, int], ...]:
    """How many matching events each group has; the look is an event, as with `look`."""
    found = counts_by(tx, query, group)
    counted = (("groups", len(found)), ("events", sum(number for _, number in found)))
    log.append(tx, _looked(query, by, counts=counted))
    return found


def _looked(query: EventQuery, by: Reviewer, *, counts: tuple[tuple[str, int], ...]) -> EventDraft:
    asked = sha256(canonical_json(spell_query(query))).hexdigest()
    return by.did(EventCode.LOG_READ, "log", "log", counts=counts, refs=(f"query:{asked}",))


def keep_filter(
    tx: Connection, blobs: Blobs, by: Reviewer, *, name: str, query: EventQuery
) -> KeptFilter:
    """The filter is kept for this officer alone."""
    if not name.strip() or len(name) > NAME_MOST:
        raise QueryFormError(member="name")
    row = RowId(new_subject_id())
    content = canonical_json({"name": name, "query": spell_query(query)})
    values = {
        "id": row,
        "owner": by.id,
        "content": bytes(blobs.seal_blob(BLOB, row, content)),
        "created_at": by.at,
    }
    tx.execute(insert(FILTERS).values(values))
    return KeptFilter(id=row, name=name, query=query)


def kept_filters(tx: Connection, blobs: Blobs, owner: ActorId) -> tuple[KeptFilter, ...]:
    """This officer's filters, the oldest first."""
    rows = tx.execute(
        select(FILTERS).where(FILTERS.c.owner == owner).order_by(FILTERS.c.created_at, FILTERS.c.id)
    )
    return tuple(_kept(RowId(row.id), blobs, bytes(row.content)) for row in rows)


def kept_filter(tx: Connection, blobs: Blobs, owner: ActorId, row: RowId) -> KeptFilter:
    """One filter; raises FilterNotFoundError for another's as for one that never was."""
    mine = select(FILTERS.c.content).where(FILTERS.c.id == row, FILTERS.c.owner == owner)
    found = tx.execute(mine).scalar()
    if found is None:
        raise FilterNotFoundError
    return _kept(row, blobs, bytes(found))


def drop_filter(tx: Connection, owner: ActorId, row: RowId) -> None:
    """The filter is gone; raises FilterNotFoundError where there was none of this officer's."""
    gone = delete(FILTERS).where(FILTERS.c.id == row, FILTERS.c.owner == owner)
    if tx.execute(gone).rowcount == 0:
        raise FilterNotFoundError


def _kept(row: RowId, blobs: Blobs, content: bytes) -> KeptFilter:
    shape = json.loads(blobs.open_blob(BLOB, row, content))
    return KeptFilter(id=row, name=shape["name"], query=parse_query(shape["query"]))
