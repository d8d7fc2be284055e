"""Rows of letters in and out."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from dsar.correspondence.models import LetterRow
from dsar.correspondence.types import LetterRecord, State, Template
from governance.core.terms import ActorId, Lang, RequestId, RowId
from governance.db.prepared import PreparedInsert
from governance.db.types import table_of

LETTER = table_of(LetterRow)
NEW_LETTERS = PreparedInsert(LETTER)
WITHOUT_TEXT = [column for column in LETTER.c if column.name != "content"]


def add_letter(tx: Connection, letter: LetterRecord) -> None:
    """The letter is on file."""
    row = {
        "id": letter.id,
        "request_id": letter.request,
        "template": letter.template.value,
        "lang": letter.lang.value,
        "version": letter.version,
        "edition": letter.edition,
        "created_at": letter.created_at,
        "created_by": letter.created_by,
        "read_at": None,
        **_state(letter),
    }
    NEW_LETTERS.rows(tx, [row])


def save_letter(tx: Connection, letter: LetterRecord) -> bool:
    """Whether the letter, one version older and open until now, stands as given."""
    before = update(LETTER).where(
        LETTER.c.id == letter.id,
        LETTER.c.version == letter.version - 1,
        LETTER.c.state == State.DRAFT.value,
    )
    return tx.execute(before.values(version=letter.version, **_state(letter))).rowcount == 1


def _state(letter: LetterRecord) -> dict[str, Any]:
    return {
        "state": letter.state.value,
        "changed_at": letter.changed_at,
        "changed_by": letter.changed_by,
        "send_by": letter.send_by,
        "sent_at": letter.sent_at,
        "sent_by": letter.sent_by,
        "digest": letter.digest,
        "mailed": letter.mailed,
        "content": letter.content,
    }


def letter_by_id(tx: Connection, letter: RowId) -> LetterRecord | None:
    """One letter with its sealed text."""
    row = tx.execute(select(LETTER).where(LETTER.c.id == letter)).one_or_none()
    return _letter(row, row.content) if row is not None else None


def letters_of(
    tx: Connection, request: RequestId, *, states: Iterable[State] = tuple(State)
) -> tuple[LetterRecord, ...]:
    """Letters of a request without their texts, oldest first."""
    wanted = select(*WITHOUT_TEXT).where(
        LETTER.c.request_id == request, LETTER.c.state.in_([state.value for state in states])
    )
    return tuple(_letter(row, None) for row in tx.execute(wanted.order_by(LETTER.c.id)))


def due_letters(tx: Connection, *, on: date, limit: int) -> tuple[RowId, ...]:
    """Open letters whose day has come."""
    due = (
        select(LETTER.c.id)
        .where(LETTER.c.state == State.DRAFT.value, LETTER.c.send_by <= on)
        .order_by(LETTER.c.send_by, LETTER.c.id)
        .limit(limit)
    )
    return tuple(RowId(one) for one in tx.execute(due).scalars())


def mark_read(tx: Connection, letter: RowId, *, at: datetime) -> bool:
    """Whether this was the first time."""
    unread = update(LETTER).where(LETTER.c.id == letter, LETTER.c.read_at.is_(None))
    return tx.execute(unread.values(read_at=at)).rowcount == 1


def _letter(row: Row[Any], content: bytes | None) -> LetterRecord:
    return LetterRecord(
        id=RowId(row.id),
        request=RequestId(row.request_id),
        template=Template(row.template),
        lang=Lang(row.lang),
        state=State(row.state),
        version=row.version,
        edition=row.edition,
        created_at=row.created_at,
        created_by=ActorId(row.created_by),
        changed_at=row.changed_at,
        changed_by=ActorId(row.changed_by),
        send_by=row.send_by,
        sent_at=row.sent_at,
        sent_by=ActorId(row.sent_by) if row.sent_by else None,
        digest=row.digest,
        mailed=bool(row.mailed),
        read_at=row.read_at,
        content=content,
    )
