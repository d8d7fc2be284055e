"""Choices of persons who were merged: every history must permit, until the person says it anew.

Nothing in the ledger is moved. Each absorbed pseudonym's events are one history; what the person
does after the merge under the surviving pseudonym stands in all of them, so that their own later
grant ends the doubt and their withdrawal closes every one (design.md 3.4).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from consent import ledger
from consent.types import GRANTS, ConsentEvent, EventKind
from governance.core.terms import PurposeId, SubjectId
from governance.customers.upkeep.merges import Merge, merges_of

WIDENS = GRANTS | {EventKind.OBJECTION_LIFTED, EventKind.RESTRICTION_LIFTED}
History = tuple[ConsentEvent, ...]


def lives(
    tx: Connection, subject: SubjectId, purpose: PurposeId, merges: Sequence[Merge]
) -> tuple[History, ...]:
    """The histories that must all permit; `merges` are those of this pseudonym."""
    raw = ledger.history(tx, subject, purpose)
    found: list[History] = [_own(tx, subject, purpose, raw, merges)]
    for merge in merges:
        if not merge.stands or merge.survivor != subject:
            continue
        later = _later(raw, merge)
        inner = lives(tx, merge.absorbed, purpose, merges_of(tx, merge.absorbed))
        found += [(*life, *later) for life in inner]
    return tuple(found)


def _later(raw: Iterable[ConsentEvent], merge: Merge) -> History:
    """What counts for both since the merge: all that narrows, and what the person widened here.

    A file that is taken in later confirms nothing: it may be about one of the two.
    """
    return tuple(
        event
        for event in raw
        if event.seq > merge.consent_seq and (event.kind not in WIDENS or event.import_run is None)
    )


def _own(
    tx: Connection,
    subject: SubjectId,
    purpose: PurposeId,
    raw: History,
    merges: Iterable[Merge],
) -> History:
    """The pseudonym's own history, with the doubt of merges that were undone resolved narrowly.

    While two persons were taken for one, nobody knows who of them acted: what widened counts for
    neither, what narrowed for both.
    """
    events = list(raw)
    for merge in merges:
        if merge.stands:
            continue
        if merge.survivor == subject:
            events = [e for e in events if not (_within(e, merge) and e.kind in WIDENS)]
        else:
            theirs = ledger.history(tx, merge.survivor, purpose)
            events += [e for e in theirs if _within(e, merge) and e.kind not in WIDENS]
    return tuple(sorted(events, key=lambda event: event.seq))


def _within(event: ConsentEvent, merge: Merge) -> bool:
    """Whether it happened while the two were one."""
    return merge.consent_seq < event.seq <= (merge.undone_seq or event.seq)


def earliest(ends: Iterable[datetime | None]) -> datetime | None:
    """The first of these ends; None when there is none."""
    return min((end for end in ends if end is not None), default=None)
