"""Writes events into the caller's transaction; what rolls back leaves nothing here either."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from secrets import token_bytes
from threading import Lock

from sqlalchemy import Connection, Engine, bindparam, select, update

from audit.actions import ERASING, STRICT
from audit.counter import EventCounter
from audit.decisions import links
from audit.errors import ColumnFormError, NotAnErasureError
from audit.leaf import commitment, destroyed_digest, parts_digest, sealed_hash, stored
from audit.models import EVENTS, PARTS, PENDING
from audit.types import TOKEN, Column, EventDraft, PartCover, PersonalPart
from governance.core.ids import new_event_id, new_row_id
from governance.core.terms import EventId, RowId, SubjectId
from governance.db.fetching import PreparedSelect
from governance.db.prepared import PreparedInsert, insert_whole

SALT_BYTES = 32
IN_LIMIT = 500  # values in one IN list
STRICT_KEPT = 10_000  # strict events that are remembered; one act makes some dozens

Sealer = Callable[[SubjectId, RowId, bytes], bytes]  # (person, row, clear) -> sealed

_EVENTS = PreparedInsert(EVENTS)
_PENDING = PreparedInsert(PENDING)
_PARTS = PreparedInsert(PARTS)
_DESTROY = (
    update(PARTS)
    .where(PARTS.c.id.in_(bindparam("part_ids", expanding=True)), PARTS.c.payload.is_not(None))
    .values(salt=None, payload=None, destroyed_by=bindparam("by"))
)
_LIVE = PreparedSelect(
    select(PARTS.c.id, PARTS.c.event_id)
    .where(PARTS.c.subject.in_(bindparam("subjects", expanding=True)), PARTS.c.payload.is_not(None))
    .with_for_update()  # two erasures at once: each names only what it destroys itself
)


class AuditLog:
    """The log of one process: numbers its events, seals their personal parts."""

    def __init__(self, engine: Engine, *, process_id: str, sealer: Sealer) -> None:
        if TOKEN.fullmatch(process_id) is None:
            raise ColumnFormError(column="process_id")
        self.process_id = process_id
        self._sealer = sealer
        self._counter = EventCounter(engine)
        self._strict: deque[tuple[int, EventId]] = deque(maxlen=STRICT_KEPT)
        self._strict_lock = Lock()
        self.strict_mark = 0  # how many events there were that must be integrated at once

    def strict_since(self, mark: int) -> tuple[EventId, ...]:
        """The strict events of this process after the mark, committed or not."""
        with self._strict_lock:
            return tuple(event_id for number, event_id in self._strict if number > mark)

    def _owe(self, event_id: EventId) -> None:
        with self._strict_lock:
            self.strict_mark += 1
            self._strict.append((self.strict_mark, event_id))

    def append(
        self, tx: Connection, draft: EventDraft, parts: Iterable[PersonalPart] = ()
    ) -> EventId:
        """The event and its sealed parts are in the caller's transaction, waiting for the tree."""
        return self._insert(tx, new_event_id(), draft, tuple(parts))

    def append_many(self, tx: Connection, drafts: Sequence[EventDraft]) -> tuple[EventId, ...]:
        """Events without personal parts, in their order, at the price of two statements."""
        if not drafts:
            return ()
        numbers, skipped = self._counter.take(tx, count=len(drafts))
        rows = [
            stored(
                draft,
                event_id=new_event_id(),
                process_id=self.process_id,
                n=n,
                skipped=skipped if n == numbers[0] else None,
                parts_digest=None,
            )
            for draft, n in zip(drafts, numbers, strict=True)
        ]
        insert_whole(tx, (_EVENTS, rows), (_PENDING, [row[:1] for row in rows]))
        events = tuple(EventId(str(row[0])) for row in rows)
        for event_id, draft in zip(events, drafts, strict=True):
            if draft.action in STRICT:
                self._owe(event_id)
        return events

    def erase(
        self, tx: Connection, draft: EventDraft, parts: Iterable[PersonalPart] = ()
    ) -> EventId:
        """The log's parts about the persons whom the event names are destroyed, and it says which.

        Persons: `draft.subject` and every ref ``person:<subject>``. Refs ``event:<id>`` narrow
        it to these events (a period that ends, a part that must not stand). The event gains the
        count `parts` and the ref ``parts:<digest>``, without which a missing part is tampering.
        Recorded decisions name the persons no more, which it says in the same way.
        """
        named = subjects_of(draft)
        if draft.action not in ERASING or not named:
            raise NotAnErasureError
        events = {ref.removeprefix("event:") for ref in draft.refs if ref.startswith("event:")}
        doomed = _live_parts(tx, sorted(named), events)
        unlinked = links.linked(tx, sorted(named), events)
        event_id = new_event_id()
        said = replace(
            draft,
            counts=(*draft.counts, ("parts", len(doomed)), *links.counted(unlinked)),
            refs=(*draft.refs, f"parts:{destroyed_digest(doomed)}", *links.named(unlinked)),
        )
        self._insert(tx, event_id, said, tuple(parts))
        for at in range(0, len(doomed), IN_LIMIT):
            tx.execute(_DESTROY, {"part_ids": doomed[at : at + IN_LIMIT], "by": event_id})
        links.unlink(tx, unlinked, by=event_id)
        return event_id

    def _insert(
        self, tx: Connection, event_id: EventId, draft: EventDraft, parts: tuple[PersonalPart, ...]
    ) -> EventId:
        sealed = [self._sealed(part) for part in parts]
        numbers, skipped = self._counter.take(tx)
        row = stored(
            draft,
            event_id=event_id,
            process_id=self.process_id,
            n=numbers[0],
            skipped=skipped,
            parts_digest=parts_digest([cover for cover, _, _ in sealed]) if sealed else None,
        )
        part_rows = [_part_row(event_id, k, *one) for k, one in enumerate(sealed)]
        insert_whole(tx, (_EVENTS, (row,)), (_PENDING, ((event_id,),)), (_PARTS, part_rows))
        if draft.action in STRICT:
            self._owe(event_id)
        return event_id

    def _sealed(self, part: PersonalPart) -> tuple[PartCover, bytes, bytes]:
        """What the leaf covers of the part, its salt, its sealed payload."""
        row_id, salt = new_row_id(), token_bytes(SALT_BYTES)
        sealed = self._sealer(part.subject, row_id, part.payload)
        cover = PartCover(
            id=row_id,
            subject=part.subject,
            commitment=commitment(salt, part.payload),
            sealed_hash=sealed_hash(salt, sealed),
        )
        return cover, salt, sealed


def subjects_of(draft: EventDraft) -> frozenset[str]:
    """The persons whom an event names."""
    named = {ref.removeprefix("person:") for ref in draft.refs if ref.startswith("person:")}
    return frozenset(named | ({draft.subject} if draft.subject else set()))


def _part_row(
    event_id: EventId, order: int, cover: PartCover, salt: bytes, sealed: bytes
) -> tuple[Column, ...]:
    """The part's columns in the order of its table."""
    return (
        cover.id,
        event_id,
        order,
        cover.subject,
        salt,
        sealed,
        cover.commitment,
        cover.sealed_hash,
        None,  # destroyed_by
    )


def _live_parts(tx: Connection, subjects: list[str], events: set[str]) -> list[str]:
    """Ids of the parts about these persons that still have their payload."""
    found: list[str] = []
    for at in range(0, len(subjects), IN_LIMIT):
        rows = _LIVE.rows(tx, {"subjects": subjects[at : at + IN_LIMIT]})
        found += [row.id for row in rows if not events or row.event_id in events]
    return found
