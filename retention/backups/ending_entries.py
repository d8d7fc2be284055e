"""Entries of the control journal leave it when the oldest backup that they are told to has ended.

The end of an entry is the ledger's of the schedule in force, as for a tombstone, and no backup of
the folder may be older. How old an entry is follows from marks of how far the journal had come on
a day, never from what the entry says: a withdrawal of years ago may have come yesterday.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.jobs.journal_cut import JournalCut, last_to_cut
from governance.jobs.journal_record import JournalKind
from policies.actions import Action
from retention import store
from retention.access import require, today
from retention.backups.creating import kept
from retention.backups.desk import Desk
from retention.backups.errors import JournalLeftError
from retention.backups.journal_marks import Mark, add_mark, marks, note_left
from retention.backups.store import closed_since
from retention.duties import after
from retention.reapplying import outstanding

REASON: Final = "ledger_over"
LATE: Final = timedelta(days=7)  # the house lets entries go each night
MARGIN: Final = timedelta(days=1)  # an entry may be written before, committed after a copy


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalStanding:
    """What is in the journal, what left it, and what should have left."""

    entries: int
    left: JournalCut | None
    due: Mark | None
    late: bool  # it should have left more than a week ago


def journal_standing(desk: Desk, *, at: datetime) -> JournalStanding:
    """How the journal stands."""
    journal = desk.ports.journal
    left = journal.left
    with desk.ports.database.read() as tx:
        due, before = _due(tx, desk, at=at), _due(tx, desk, at=at - LATE)
    entries = journal.head.seq - _gone(left)
    return JournalStanding(entries=entries, left=left, due=due, late=before is not None)


def end_entries(desk: Desk, principal: Principal, *, at: datetime) -> JournalCut | None:
    """`let_end`, for whoever may."""
    require(desk.ports, principal, Action.BACKUP_RUN)
    return let_end(desk, principal, at=at)


def let_end(desk: Desk, principal: Principal, *, at: datetime) -> JournalCut | None:
    """What ended has left the journal and the log tells it; None when nothing left now.

    Today's head is marked. Whoever was killed between the two is caught up: it is told then.
    Raises JournalBehindError, JournalSealError, JournalUnwritableError.
    """
    ports = desk.ports
    head = ports.journal.head
    ports.database.write(lambda tx: add_mark(tx, head, at=at))
    with ports.database.read() as tx:
        due = None if closed_since(tx) else _due(tx, desk, at=at)
    cut = None if due is None else _cut(ports, due, at=at)
    if (left := ports.journal.left) is not None:
        ports.database.write(lambda tx: _told(tx, ports, principal, left, at=at))
    return cut


def require_told_since(cut: JournalCut | None, made_at: datetime | None) -> None:
    """Fails closed: what was decided after this copy was made is still in the journal.

    Raises JournalLeftError for a copy that is older than what left, or of unknown age.
    """
    if cut is None or (made_at is not None and made_at >= cut.through + MARGIN):
        return
    made = "-" if made_at is None else made_at.date().isoformat()
    raise JournalLeftError(made=made, through=cut.through.date().isoformat())


def _due(tx: Connection, desk: Desk, *, at: datetime) -> Mark | None:
    """The newest mark whose entries have ended."""
    if desk.folder is not None and not desk.folder.is_dir():
        return None  # fails closed: nobody knows how old the copies are
    schedule = store.in_force(tx)
    copies = () if desk.folder is None else kept(desk, desk.folder)
    oldest = min((one.manifest.created_at for one in copies), default=None)
    for mark in marks(tx, after=_gone(desk.ports.journal.left)):
        over = after(today(mark.at), schedule.ledger, schedule.overflow) <= today(at)
        if over and (oldest is None or mark.at + MARGIN <= oldest):
            return mark
    return None


def _cut(ports: Ports, due: Mark, *, at: datetime) -> JournalCut | None:
    """Everything up to the mark has left, but for an erasure that waits and what divides an act."""
    ports.journal.confirm(due.head)  # fails closed: the mark is of this history
    upto = due.head.seq
    with ports.database.read() as tx:
        owed = outstanding(tx, ports)
    waiting = {*owed.erasures, *owed.deferred}
    if waiting:
        upto = min(
            (
                record.seq - 1
                for record in ports.journal.replay()
                if record.entry.kind is JournalKind.ERASURE and record.entry.subject in waiting
            ),
            default=0,
        )
    upto = last_to_cut(ports.journal.replay(), upto=min(upto, due.head.seq))
    return ports.journal.cut(upto, through=due.at, reason=REASON, at=at)


def _told(
    tx: Connection, ports: Ports, principal: Principal, cut: JournalCut, *, at: datetime
) -> None:
    """The log tells once what left."""
    if not note_left(tx, cut):
        return
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.JOURNAL_ENDED,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="journal",
            object_id=ports.vault.ring.installation,
            outcome=Outcome.DONE,
            reasons=(cut.reason,),
            counts=(("left", cut.entries),),
            refs=(f"journal:{cut.head.seq}", f"sha256:{cut.head.digest}"),
        ),
    )


def _gone(left: JournalCut | None) -> int:
    return 0 if left is None else left.head.seq
