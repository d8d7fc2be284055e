"""The third gate for many persons in a few statements; for those of whom none was ever merged.

A merged person has more than one history (`consent/merged.py`) and is decided alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, func, or_, select

from consent import ledger
from consent.facts import facts_of
from consent.ledger import EVENT
from consent.rules import decide
from consent.types import EVERY, ConsentEvent, SubjectDecision
from governance.core.terms import Law, SubjectId
from governance.customers.store import LAW, SUBJECT, Subject, subject_of
from governance.customers.upkeep.merges import MERGE
from policies.purposes import PurposeRecord

PART = 400  # persons of one statement

Mark = tuple[int, int]  # a person's last event and fence


def unmerged(tx: Connection, subjects: Iterable[SubjectId]) -> tuple[SubjectId, ...]:
    """Those of the pseudonyms that no merge ever named, undone ones included."""
    found: list[SubjectId] = []
    for part in _parts(subjects):
        named = select(MERGE.c.survivor_id, MERGE.c.absorbed_id).where(
            or_(MERGE.c.survivor_id.in_(part), MERGE.c.absorbed_id.in_(part))
        )
        merged = {name for pair in tx.execute(named) for name in pair}
        found += [subject for subject in part if subject not in merged]
    return tuple(found)


def persons(tx: Connection, subjects: Iterable[SubjectId], *, on: date) -> dict[SubjectId, Subject]:
    """The known persons with the laws in force on this day."""
    found: dict[SubjectId, Subject] = {}
    for part in _parts(subjects):
        laws: dict[str, set[Law]] = defaultdict(set)
        standing = select(LAW.c.subject_id, LAW.c.law).where(
            LAW.c.subject_id.in_(part),
            LAW.c.valid_from <= on,
            (LAW.c.valid_to.is_(None)) | (LAW.c.valid_to >= on),
        )
        for subject, law in tx.execute(standing):
            laws[subject].add(Law(law))
        for row in tx.execute(select(SUBJECT).where(SUBJECT.c.id.in_(part))):
            found[SubjectId(row.id)] = subject_of(row, laws[row.id])
    return found


def marks(
    tx: Connection, subjects: Sequence[SubjectId], known: Mapping[SubjectId, Subject]
) -> dict[SubjectId, Mark | None]:
    """Where each person's choices and state stand now; None for who is unknown or erased."""
    last: dict[str, int] = {}
    for part in _parts(subjects):
        newest = (
            select(EVENT.c.subject_id, func.max(EVENT.c.seq))
            .where(EVENT.c.subject_id.in_(part))
            .group_by(EVENT.c.subject_id)
        )
        last |= {subject: int(seq) for subject, seq in tx.execute(newest)}
    found: dict[SubjectId, Mark | None] = {}
    for subject in subjects:
        person = known.get(subject)
        gone = person is None or person.gone
        found[subject] = None if gone or person is None else (last.get(subject, 0), person.fence)
    return found


def gates(
    tx: Connection,
    subjects: Sequence[SubjectId],
    known: Mapping[SubjectId, Subject],
    purpose: PurposeRecord,
    *,
    at: datetime,
) -> dict[SubjectId, SubjectDecision]:
    """What `consent.service.subject_gate` says of each of them, for internal use."""
    notices = ledger.notices(tx)
    histories: dict[SubjectId, list[ConsentEvent]] = defaultdict(list)
    for part in _parts(subjects):
        told = select(EVENT).where(
            EVENT.c.subject_id.in_(part), EVENT.c.purpose.in_([purpose.id, EVERY])
        )
        for row in tx.execute(told.order_by(EVENT.c.seq)):
            histories[SubjectId(row.subject_id)].append(ledger.event_of(row))
    return {
        subject: decide(
            facts_of(known.get(subject)),
            purpose,
            histories[subject],
            notices,
            channel=None,
            recipient="internal",
            at=at,
        )
        for subject in subjects
    }


def _parts(subjects: Iterable[SubjectId]) -> Iterator[list[SubjectId]]:
    wanted = list(dict.fromkeys(subjects))
    for start in range(0, len(wanted), PART):
        yield wanted[start : start + PART]
