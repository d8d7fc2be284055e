"""Erasures in the control journal: announced before they are committed, lifted where they were not.

A line is on stable storage before anything goes, so that an older database that is put back
cannot bring a person back; all lines of a batch share one fsync.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from governance.core.terms import EventId, RowId, SubjectId
from governance.jobs.journal import Journal
from governance.jobs.journal_record import JournalEntry, JournalKind
from retention.erasure import Doomed
from retention.journalled import scope_of
from retention.plans import Item

Named = tuple[RowId, SubjectId, str]  # the line's event, the person, the scope


def announce(
    journal: Journal, plan: RowId, doomed: Iterable[tuple[Item, Doomed]], *, at: datetime
) -> None:
    """The journal says of each of these what is about to be done to them."""
    named = (
        (item.id, one.subject, scope_of(plan, one.rule if one.shreds else None))
        for item, one in doomed
    )
    _append(journal, JournalKind.ERASURE, named, at=at)


def lift(
    journal: Journal,
    plan: RowId,
    items: Sequence[Item],
    announced: Mapping[RowId, Doomed],
    *,
    gone: Iterable[RowId],
    stayed: Iterable[RowId],
    resumed: bool,
    at: datetime,
) -> None:
    """The journal knows of everyone who was announced and is not gone after all.

    A call that goes on where another ended cannot know whom that one announced: it lifts all.
    """
    left, mine = set(gone), {item.id: item.subject for item in items}
    lifted = {one: mine[one] for one in stayed if one in announced or resumed} | {
        name: one.subject
        for name, one in announced.items()
        if name not in left and name not in mine and one.under in mine.values()
    }
    named = [(name, subject, scope_of(plan, None)) for name, subject in lifted.items()]
    _append(journal, JournalKind.ERASURE_LIFTED, named, at=at)


def _append(journal: Journal, kind: JournalKind, named: Iterable[Named], *, at: datetime) -> None:
    journal.append_many(
        JournalEntry(
            kind=kind,
            subject=subject,
            scope=scope,
            event=EventId(name),
            consent_seq=None,
            at=at,
        )
        for name, subject, scope in named
    )
