"""The consent ledger: append and read; there is no function that changes or removes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from consent.models import ConsentEventRow, NoticeRow
from consent.types import (
    EVERY,
    By,
    ChangeClass,
    ConsentEvent,
    EventKind,
    EvidenceGrade,
    NoticeVersion,
    Said,
)
from governance.core.errors import NotFoundError
from governance.core.ids import new_row_id
from governance.core.terms import Lang, NoticeId, PurposeId, RowId, SubjectId
from governance.customers.changes import counter
from governance.customers.upkeep.merges import circle, survivor_of
from governance.db.prepared import PreparedInsert
from governance.db.types import insert_ignore, table_of

EVENT, NOTICE = table_of(ConsentEventRow), table_of(NoticeRow)
_EVENTS = PreparedInsert(EVENT)
HISTORY = (
    select(EVENT)
    .where(
        EVENT.c.subject_id == bindparam("subject"),
        EVENT.c.purpose.in_(bindparam("purposes", expanding=True)),
    )
    .order_by(EVENT.c.seq)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event before it has a place in the ledger; `proof` is already sealed."""

    id: RowId
    subject: SubjectId
    purpose: PurposeId | str
    kind: EventKind
    occurred_at: datetime
    channel: str = EVERY
    recipient_class: str = EVERY
    notice: NoticeId | None = None
    notice_version: str | None = None
    notice_lang: Lang | str | None = None
    notice_hash: str | None = None
    evidence: EvidenceGrade = EvidenceGrade.ACTIVE
    guardian: bool = False
    minor: bool = False  # the person was below the age of consent
    acted_by: By | None = None
    collection_point: str | None = None
    collection_version: int | None = None
    valid_until: datetime | None = None
    import_run: str | None = None
    source_key: str | None = None
    proof: bytes | None = None


def new_event_id() -> RowId:
    """An id that the proof can be sealed for before the event is stored."""
    return new_row_id()


def append(tx: Connection, events: Sequence[NewEvent], *, at: datetime) -> int:
    """The sequence number of the last event; the counter's lock keeps commits in order."""
    if not events:
        return head(tx)
    last = counter.take(tx, len(events))
    first = last - len(events) + 1
    _EVENTS.rows(tx, [_values(event, seq=first + n, at=at) for n, event in enumerate(events)])
    return last


def _values(event: NewEvent, *, seq: int, at: datetime) -> dict[str, Any]:
    return {
        "id": event.id,
        "seq": seq,
        "subject_id": event.subject,
        "purpose": event.purpose,
        "channel": event.channel,
        "recipient_class": event.recipient_class,
        "kind": event.kind.value,
        "occurred_at": event.occurred_at,
        "recorded_at": at,
        "notice": event.notice,
        "notice_version": event.notice_version,
        "notice_lang": event.notice_lang,
        "notice_hash": event.notice_hash,
        "evidence": event.evidence.value,
        "guardian": event.guardian,
        "minor": event.minor,
        "acted_by": event.acted_by.value if event.acted_by else None,
        "collection_point": event.collection_point,
        "collection_version": event.collection_version,
        "valid_until": event.valid_until,
        "import_run": event.import_run,
        "source_key": event.source_key,
        "proof": event.proof,
    }


def head(tx: Connection) -> int:
    """The newest number of the sequence that events and facts about persons share."""
    return counter.head(tx)


def last_seq_of(tx: Connection, subject: SubjectId) -> int:
    """The sequence number of this person's newest event; 0 when there is none."""
    found = tx.execute(select(func.max(EVENT.c.seq)).where(EVENT.c.subject_id == subject)).scalar()
    return int(found or 0)


def history(tx: Connection, subject: SubjectId, purpose: PurposeId) -> tuple[ConsentEvent, ...]:
    """Everything the ledger holds for this person and purpose, in ledger order."""
    rows = tx.execute(HISTORY, {"subject": subject, "purposes": [purpose, EVERY]})
    return tuple(event_of(row) for row in rows)


def full_history(tx: Connection, subject: SubjectId) -> tuple[ConsentEvent, ...]:
    """Everything the ledger holds for this person under any pseudonym, in ledger order."""
    mine = EVENT.c.subject_id.in_(circle(tx, survivor_of(tx, subject)))
    rows = tx.execute(select(EVENT).where(mine).order_by(EVENT.c.seq))
    return tuple(event_of(row) for row in rows)


def purpose_of(tx: Connection, event: RowId) -> str:
    """What an entry is about; raises NotFoundError for an unknown one."""
    found = tx.execute(select(EVENT.c.purpose).where(EVENT.c.id == event)).scalar_one_or_none()
    if found is None:
        raise NotFoundError
    return str(found)


def said_under(tx: Connection, keys: Iterable[str]) -> dict[str, set[Said]]:
    """What the ledger has already taken in under these keys of other systems."""
    mine = EVENT.c.source_key.in_(list(keys))
    parts = (EVENT.c.source_key, EVENT.c.subject_id, EVENT.c.kind, EVENT.c.occurred_at)
    found: dict[str, set[Said]] = {}
    for key, subject, kind, at in tx.execute(select(*parts).where(mine)):
        found.setdefault(key, set()).add((SubjectId(subject), EventKind(kind), at))
    return found


def counts_by_kind(tx: Connection) -> dict[tuple[str, str], int]:
    """How many events of each kind each purpose has."""
    rows = tx.execute(
        select(EVENT.c.purpose, EVENT.c.kind, func.count()).group_by(EVENT.c.purpose, EVENT.c.kind)
    )
    return {(purpose, kind): count for purpose, kind, count in rows}


def event_of(row: Row[Any]) -> ConsentEvent:
    """A stored row as the event that it is."""
    return ConsentEvent(
        seq=row.seq,
        subject=SubjectId(row.subject_id),
        purpose=row.purpose,
        channel=row.channel,
        recipient_class=row.recipient_class,
        kind=EventKind(row.kind),
        occurred_at=row.occurred_at,
        notice=NoticeId(row.notice) if row.notice else None,
        notice_version=row.notice_version,
        evidence=EvidenceGrade(row.evidence),
        guardian=bool(row.guardian),
        minor=bool(row.minor),
        valid_until=row.valid_until,
        import_run=row.import_run,
    )


def publish_notice(tx: Connection, version: NoticeVersion, *, text_ja: str, text_en: str) -> None:
    """The version is published with its texts; an existing one is left as it is."""
    added = tx.execute(
        insert_ignore(NOTICE, tx.dialect.name)
        .values(
            notice=version.notice,
            version=version.version,
            ordinal=version.order,
            published_on=version.published_on,
            change=version.change.value,
            text_ja=text_ja,
            text_en=text_en,
            text_hash=version.text_hash,
        )
        .returning(NOTICE.c.notice)
    )
    if added.first() is not None:
        counter.note_everyone(tx)


def notices(tx: Connection) -> tuple[NoticeVersion, ...]:
    """Every published version, oldest first."""
    rows = tx.execute(select(NOTICE).order_by(NOTICE.c.notice, NOTICE.c.ordinal))
    return tuple(
        NoticeVersion(
            notice=NoticeId(row.notice),
            version=row.version,
            published_on=row.published_on,
            change=ChangeClass(row.change),
            text_hash=row.text_hash,
            order=row.ordinal,
        )
        for row in rows
    )


def notice_text(tx: Connection, notice: NoticeId, version: str, lang: Lang) -> str | None:
    """The text that a person saw."""
    column = NOTICE.c.text_ja if lang is Lang.JA else NOTICE.c.text_en
    found = tx.execute(
        select(column).where(NOTICE.c.notice == notice, NOTICE.c.version == version)
    ).scalar()
    return str(found) if found is not None else None
