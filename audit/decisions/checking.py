"""Whether recorded decisions are those that their batches' events named; and which were lost.

Of an erased person's decision the record stands and the person is missing; that is lawful only
if an erasing event in the tree names, by digest, exactly the decisions that it unlinked.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from audit.actions import ERASING, EventCode
from audit.decisions.links import named
from audit.decisions.models import DECISIONS
from audit.decisions.store import AnyRow, Batch, batch_of, counts_of, records_of
from audit.decisions.types import DecisionRecord
from audit.expiry.store import STREAM, Kind, expired_numbers, expired_parts, spans_in
from audit.findings import Finding, FoundError
from audit.models import EVENTS, LEAVES, PENDING
from audit.tree import root_of
from audit.types import Verdict

_BATCHES = (
    select(EVENTS.c.id, EVENTS.c.object_id, EVENTS.c.counts, EVENTS.c.refs, LEAVES.c.seq)
    .join_from(EVENTS, LEAVES, LEAVES.c.event_id == EVENTS.c.id, isouter=True)
    .where(EVENTS.c.action == bindparam("action"))
    .order_by(EVENTS.c.id)
)
_UNLINKED = (
    select(DECISIONS.c.id, DECISIONS.c.destroyed_by, LEAVES.c.seq)
    .join_from(DECISIONS, LEAVES, LEAVES.c.event_id == DECISIONS.c.event_id, isouter=True)
    .where(DECISIONS.c.about.is_not(None), DECISIONS.c.subject.is_(None))
)
_ERASER = (
    select(EVENTS.c.action, EVENTS.c.refs, LEAVES.c.seq, PENDING.c.event_id.label("waiting"))
    .join_from(EVENTS, LEAVES, LEAVES.c.event_id == EVENTS.c.id, isouter=True)
    .join(PENDING, PENDING.c.event_id == EVENTS.c.id, isouter=True)
    .where(EVENTS.c.id == bindparam("id"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostDecisions:
    """Numbers of one process between or behind its batches; `told`: the log itself says so."""

    stream: str
    first: int
    last: int
    told: bool


def check_decisions(tx: Connection) -> None:
    """Every batch has the root that its event names, and no decision stands beside one."""
    count = 0
    for row in tx.execute(_BATCHES, {"action": EventCode.DECISIONS_RECORDED.value}).all():
        batch = batch_of(row)
        if batch is not None:
            _check_batch(batch, records_of(tx, batch), row.seq)
            count += batch.last - batch.first + 1
    stored = tx.execute(select(func.count()).select_from(DECISIONS)).scalar_one()
    if stored != count:
        raise FoundError(Finding.DECISION)  # a decision stands beside every batch
    _check_unlinked(tx)


def _check_batch(batch: Batch, records: list[DecisionRecord], seq: int | None) -> None:
    found = root_of([record.leaf for record in records])
    mine = all(record.event_id == batch.event_id and _whole(record) for record in records)
    if found != batch.root or not mine:
        raise FoundError(Finding.DECISION, at_seq=seq, expected=batch.root, found=found)


def _whole(record: DecisionRecord) -> bool:
    """The person stands as committed to, or is gone under an event; nobody stands for nobody."""
    if record.link is not None:
        return record.kept and record.destroyed_by is None
    return (record.column("about") is None) == (record.destroyed_by is None)


def _check_unlinked(tx: Connection) -> None:
    groups: defaultdict[str, list[AnyRow]] = defaultdict(list)
    for row in tx.execute(_UNLINKED):
        groups[row.destroyed_by].append(row)
    for eraser_id, rows in groups.items():
        eraser = tx.execute(_ERASER, {"id": eraser_id}).one_or_none()
        at_seq = min((row.seq for row in rows if row.seq is not None), default=None)
        refs = set() if eraser is None else set((eraser.refs or "").split(","))
        lawful = eraser is not None and eraser.action in ERASING
        ids = [row.id for row in rows]
        if eraser_id is not None:
            ids += expired_parts(tx, eraser_id, Kind.DECISION)
        if not lawful or not refs.issuperset(named(ids)):
            raise FoundError(Finding.DECISION, at_seq=at_seq)
        if eraser is not None and eraser.seq is None:
            verdict = Verdict.TAMPERED if eraser.waiting is None else Verdict.INCOMPLETE
            raise FoundError(Finding.ERASURE_WAITING, verdict=verdict, at_seq=at_seq)


def lost_decisions(tx: Connection) -> tuple[LostDecisions, ...]:
    """The numbers of every process that no batch holds: between batches, or told by the log."""
    spans: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in tx.execute(_BATCHES, {"action": EventCode.DECISIONS_RECORDED.value}):
        if (batch := batch_of(row)) is not None:
            spans[batch.stream].append((batch.first, batch.last))
    for _, process_id, numbers in expired_numbers(tx):
        stream = process_id.removeprefix(STREAM)
        if stream != process_id and stream in spans:  # a stream that ended whole has no holes
            spans[stream] += spans_in(numbers)
    told = set(_told(tx))
    found = {*_between(spans), *told}
    return tuple(
        LostDecisions(stream=stream, first=first, last=last, told=(stream, first, last) in told)
        for stream, first, last in sorted(found)
    )


def _told(tx: Connection) -> Iterator[tuple[str, int, int]]:
    for row in tx.execute(_BATCHES, {"action": EventCode.DECISIONS_LOST.value}):
        counts = counts_of(row)
        if "first" in counts and "last" in counts:
            yield row.object_id, int(counts["first"]), int(counts["last"])


def _between(
    spans: "defaultdict[str, list[tuple[int, int]]]",
) -> Iterable[tuple[str, int, int]]:
    for stream, batches in spans.items():
        after = 0
        for first, last in sorted(batches):
            if first > after + 1:
                yield stream, after + 1, first - 1
            after = max(after, last)
