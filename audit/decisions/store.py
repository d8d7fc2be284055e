"""Writes batches of decisions into the log, and reads a decision back with its proof."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_bytes
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from audit.actions import EventCode
from audit.decisions.models import DECISIONS
from audit.decisions.types import (
    COLUMNS,
    ROOT,
    SALT_BYTES,
    Decision,
    DecisionRecord,
    Link,
    covered,
    leaves_of,
)
from audit.errors import EventNotFoundError
from audit.log import AuditLog
from audit.models import EVENTS
from audit.proofs import inclusion_proof
from audit.tiles import nodes_of
from audit.tree import root_of
from audit.types import Column, EventDraft, Outcome
from governance.core.terms import ActorId, EventId, SubjectId
from governance.db.prepared import PreparedInsert, insert_whole

RECORDER: Final = ActorId("svc:decisions")
KIND: Final = "decisions"  # object type of a batch; its object is the stream
AnyRow = Row[*tuple[Any, ...]]

_ROWS = PreparedInsert(DECISIONS)
_COVERED = tuple(DECISIONS.c[name] for name in COLUMNS)
_BESIDE = (
    DECISIONS.c.event_id,
    DECISIONS.c.subject,
    DECISIONS.c.salt,
    DECISIONS.c.destroyed_by,
)
RECORDS: Final = select(*_COVERED, *_BESIDE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """Decisions of one process that follow each other, with the number of the first."""

    stream: str
    first: int
    decisions: Sequence[Decision]

    @property
    def last(self) -> int:
        """The number of the last one."""
        return self.first + len(self.decisions) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A batch with what the log says of it; repr shows no person."""

    batch: Numbered = field(repr=False)
    salts: tuple[bytes, ...] = field(repr=False)
    columns: tuple[tuple[Column, ...], ...] = field(repr=False)
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What the event of a batch says of it."""

    event_id: EventId
    stream: str
    first: int
    last: int
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchProof:
    """That a decision stands at this place among so many, whose root the batch's event names."""

    record: DecisionRecord
    place: int
    size: int
    path: tuple[bytes, ...]


def prepared(batch: Numbered) -> Prepared:
    """The batch with salts and leaves made, so that its transaction is short."""
    salts = token_bytes(SALT_BYTES * len(batch.decisions))
    cut = [salts[at : at + SALT_BYTES] for at in range(0, len(salts), SALT_BYTES)]
    columns = [
        covered(one, stream=batch.stream, n=batch.first + k, salt=salt)
        for k, (one, salt) in enumerate(zip(batch.decisions, cut, strict=True))
    ]
    return Prepared(
        batch=batch, salts=tuple(cut), columns=tuple(columns), root=root_of(leaves_of(columns))
    )


def write_batch(tx: Connection, log: AuditLog, batch: Numbered, *, at: datetime) -> None:
    """The decisions stand in the log under one event that names their root and their numbers."""
    _write(tx, log, prepared(batch), at=at)


def write_once(tx: Connection, log: AuditLog, ready: Prepared, *, at: datetime) -> int:
    """The number of the last decision of the batch's stream that stands in the log now.

    Where the first one of the batch stands there already, because a writer ended between its
    commit and its answer, nothing is written.
    """
    known = last_recorded(tx, ready.batch.stream)
    if known >= ready.batch.first:
        return known
    _write(tx, log, ready, at=at)
    return ready.batch.last


def _write(tx: Connection, log: AuditLog, ready: Prepared, *, at: datetime) -> None:
    event_id = log.append(tx, _draft(ready.batch, ready.root, at=at))
    made = zip(ready.columns, ready.batch.decisions, ready.salts, strict=True)
    insert_whole(tx, (_ROWS, [_row(row, event_id, one, salt) for row, one, salt in made]))


def _draft(batch: Numbered, root: bytes, *, at: datetime) -> EventDraft:
    permits = sum(one.outcome is Outcome.PERMIT for one in batch.decisions)
    return EventDraft(
        action=EventCode.DECISIONS_RECORDED,
        occurred_at=at,
        actor=RECORDER,
        object_type=KIND,
        object_id=batch.stream,
        outcome=Outcome.DONE,
        counts=(
            ("first", batch.first),
            ("last", batch.last),
            ("permit", permits),
            ("deny", len(batch.decisions) - permits),
        ),
        refs=(ROOT + root.hex(),),
    )


def _row(
    columns: tuple[Column, ...], event_id: EventId, decision: Decision, salt: bytes
) -> tuple[Column, ...]:
    """The columns in the order of the table."""
    stream, n, decision_id, *rest = columns
    person = (None, None) if decision.subject is None else (decision.subject, salt)
    return (decision_id, event_id, stream, n, *rest, *person, None)


def counts_of(event: AnyRow) -> dict[str, str]:
    """The counts of an event by their names."""
    return dict(one.split("=", 1) for one in event.counts.split(",")) if event.counts else {}


def batch_of(event: AnyRow) -> Batch | None:
    """What a row of the event table says of its batch; None if it names no root."""
    counts = counts_of(event)
    roots = [ref for ref in (event.refs or "").split(",") if ref.startswith(ROOT)]
    if "first" not in counts or "last" not in counts or len(roots) != 1:
        return None  # then no decision stands under it
    return Batch(
        event_id=EventId(event.id),
        stream=event.object_id,
        first=int(counts["first"]),
        last=int(counts["last"]),
        root=bytes.fromhex(roots[0].removeprefix(ROOT)),
    )


def records_of(tx: Connection, batch: Batch) -> list[DecisionRecord]:
    """The decisions that stand under a batch's numbers, in their order."""
    query = RECORDS.where(
        DECISIONS.c.stream == batch.stream, DECISIONS.c.n.between(batch.first, batch.last)
    )
    return [record_of(row) for row in tx.execute(query.order_by(DECISIONS.c.n))]


def record_of(row: AnyRow) -> DecisionRecord:
    """A stored row of RECORDS as the record that it is."""
    linked = row.subject is not None or row.salt is not None
    return DecisionRecord(
        event_id=EventId(row.event_id),
        columns=tuple(row)[: len(COLUMNS)],
        link=Link(subject=SubjectId(row.subject or ""), salt=row.salt or b"") if linked else None,
        destroyed_by=None if row.destroyed_by is None else EventId(row.destroyed_by),
    )


def decision_by_id(tx: Connection, decision: EventId) -> DecisionRecord:
    """The recorded decision; raises EventNotFoundError while it waits to be written."""
    row = tx.execute(RECORDS.where(DECISIONS.c.id == decision)).one_or_none()
    if row is None:
        raise EventNotFoundError
    return record_of(row)


def prove_decision(tx: Connection, decision: EventId) -> BatchProof:
    """The decision with its path to the root that the event of its batch names."""
    record = decision_by_id(tx, decision)
    event = tx.execute(select(EVENTS).where(EVENTS.c.id == record.event_id)).one_or_none()
    batch = None if event is None else batch_of(event)
    if batch is None:
        raise EventNotFoundError
    leaves = [one.leaf for one in records_of(tx, batch)]
    place = int(str(record.column("n"))) - batch.first
    path = inclusion_proof(place, len(leaves), nodes_of(leaves))
    return BatchProof(record=record, place=place, size=len(leaves), path=path)


def last_recorded(tx: Connection, stream: str) -> int:
    """The number of the process's last recorded decision; 0 when there is none."""
    query = select(func.max(DECISIONS.c.n)).where(DECISIONS.c.stream == stream)
    return int(tx.execute(query).scalar() or 0)
