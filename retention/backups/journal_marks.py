"""Marks of how far the control journal had come at a moment, for the day its entries end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, or_, select, update

from governance.core.ids import new_row_id
from governance.db.types import table_of
from governance.jobs.journal_cut import JournalCut
from governance.jobs.journal_record import JournalHead
from retention.backups.models import JournalMarkRow

MARK: Final = table_of(JournalMarkRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Everything up to the head was in the journal at this moment."""

    head: JournalHead
    at: datetime


def add_mark(tx: Connection, head: JournalHead, *, at: datetime) -> None:
    """The head has a mark, unless one stands at it or after it."""
    later = select(MARK.c.id).where(MARK.c.seq >= head.seq).limit(1)
    if head.seq and tx.execute(later).first() is None:
        row = {"id": new_row_id(), "seq": head.seq, "digest": head.digest, "noted_at": at}
        tx.execute(insert(MARK).values(**row))


def marks(tx: Connection, *, after: int) -> Sequence[Mark]:
    """Marks of entries that did not leave, the newest first."""
    rows = select(MARK).where(MARK.c.seq > after).order_by(MARK.c.seq.desc())
    return tuple(
        Mark(head=JournalHead(seq=row.seq, digest=row.digest), at=row.noted_at)
        for row in tx.execute(rows)
    )


def note_left(tx: Connection, cut: JournalCut) -> bool:
    """Whether nobody knew yet that this much left; marks of what is gone go with it."""
    untold = or_(MARK.c.left_through.is_(None), MARK.c.left_through < cut.head.seq)
    mine = update(MARK).where(MARK.c.noted_at == cut.through, untold)
    fresh = tx.execute(mine.values(left_through=cut.head.seq)).rowcount > 0
    tx.execute(delete(MARK).where(MARK.c.seq <= cut.head.seq, MARK.c.noted_at < cut.through))
    return fresh
