"""What the database holds of some persons, read in a handful of statements, and each one's mark."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, exists, func, or_, select

from consent import ledger
from governance.core.terms import Law, SubjectId
from governance.customers.store import LAW, SUBJECT, Subject, subject_by_id, subject_of
from governance.customers.upkeep.merges import MERGE, parts, survivor_of
from governance.db.fetching import PreparedSelect

_IDS: Final[Any] = bindparam("ids", expanding=True)
_LAST: Final = (
    select(func.max(ledger.EVENT.c.seq))
    .where(ledger.EVENT.c.subject_id == SUBJECT.c.id)
    .scalar_subquery()
)
_TOUCHED: Final = exists().where(
    or_(MERGE.c.survivor_id == SUBJECT.c.id, MERGE.c.absorbed_id == SUBJECT.c.id)
)
_FACTS: Final = (
    SUBJECT.c.id,
    SUBJECT.c.kind,
    SUBJECT.c.state,
    SUBJECT.c.birth_band,
    SUBJECT.c.guardian_verified,
    SUBJECT.c.kept_by_law,
    SUBJECT.c.country,
    SUBJECT.c.grown_on,
    SUBJECT.c.last_active_on,
    SUBJECT.c.fence,
    _LAST.label("last"),
    _TOUCHED.label("touched"),
)
_IN_FORCE: Final = and_(
    LAW.c.subject_id == SUBJECT.c.id,
    LAW.c.valid_from <= bindparam("day"),
    or_(LAW.c.valid_to.is_(None), LAW.c.valid_to >= bindparam("day")),
)
_STATES: Final = PreparedSelect(select(*_FACTS).where(SUBJECT.c.id.in_(_IDS)))
_PERSONS: Final = PreparedSelect(  # a row for each law that is in force
    select(*_FACTS, LAW.c.law)
    .select_from(SUBJECT.outerjoin(LAW, _IN_FORCE))
    .where(SUBJECT.c.id.in_(_IDS))
)
Mark = tuple[int, int]  # the person's last event and fence: what a decision rests on


@dataclass(frozen=True, slots=True, kw_only=True)
class Persons:
    """Some persons as they stand now; who is unknown is not among them."""

    found: dict[SubjectId, Subject]
    last: dict[SubjectId, int]
    merged: frozenset[SubjectId]  # every one whom a merge ever touched, undone ones included


def persons_of(tx: Connection, subjects: Iterable[SubjectId], *, on: date | None = None) -> Persons:
    """The known persons, with the laws in force on this day; without a day, without laws."""
    rows: list[Any] = []
    for ids in parts(list(dict.fromkeys(subjects))):
        read = _STATES if on is None else _PERSONS
        rows += read.rows(tx, {"ids": ids} if on is None else {"ids": ids, "day": on})
    held: dict[SubjectId, set[Law]] = {}
    for row in () if on is None else rows:
        if row.law is not None:
            held.setdefault(SubjectId(row.id), set()).add(Law(row.law))
    by_id = {SubjectId(row.id): row for row in rows}
    return Persons(
        found={subject: subject_of(row, held.get(subject, ())) for subject, row in by_id.items()},
        last={subject: int(row.last) for subject, row in by_id.items() if row.last is not None},
        merged=frozenset(subject for subject, row in by_id.items() if row.touched),
    )


def marks_of(
    tx: Connection, subjects: Sequence[SubjectId], *, at: datetime
) -> dict[SubjectId, Mark | None]:
    """Where each person's choices and state stand now; None for who is unknown or erased."""
    persons = persons_of(tx, subjects)
    return {subject: mark_of(tx, persons, subject, at=at) for subject in subjects}


def mark_of(tx: Connection, persons: Persons, subject: SubjectId, *, at: datetime) -> Mark | None:
    """The mark of one of those who were read; of a merged one, the mark of who stands now."""
    if subject in persons.merged:
        stands = survivor_of(tx, subject)
        person, last = subject_by_id(tx, stands, on=at.date()), ledger.last_seq_of(tx, stands)
    else:
        person, last = persons.found.get(subject), persons.last.get(subject, 0)
    return None if person is None or person.gone else (last, person.fence)
