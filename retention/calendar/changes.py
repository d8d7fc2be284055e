"""Who was written about since the calendar looked: marks of rows, numbers of facts and choices."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Select, delete, select

from consent.ledger import EVENT as CONSENT
from governance.core.terms import SubjectId
from governance.customers.changes.counter import SUBJECT, head
from governance.customers.changes.touched import TOUCHED
from governance.customers.store import IN_LIMIT
from governance.customers.upkeep.merges import MERGE, MergeState, survivor_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Persons of whom something was written, and the place up to which the sequence was read."""

    subjects: frozenset[SubjectId]
    seq: int


def written_since(tx: Connection, seq: int) -> frozenset[SubjectId]:
    """Everybody of whom something was written since; nothing is taken away."""
    marked = tx.execute(select(TOUCHED.c.subject_id).distinct()).scalars()
    changed = tx.execute(select(SUBJECT.c.id).where(SUBJECT.c.changed_seq > seq)).scalars()
    chose = select(CONSENT.c.subject_id).where(CONSENT.c.seq > seq).distinct()
    return _whole(tx, {*marked, *changed, *tx.execute(chose).scalars()})


def take(tx: Connection, seq: int, *, limit: int) -> Taken:
    """The next of them; their marks are gone, and the sequence is read up to the answer's place.

    Marks are taken away before anything is read of their persons.
    """
    rows = select(TOUCHED.c.id, TOUCHED.c.subject_id).order_by(TOUCHED.c.id).limit(limit)
    marks = tx.execute(rows).all()
    ids = [mark.id for mark in marks]
    for start in range(0, len(ids), IN_LIMIT):
        tx.execute(delete(TOUCHED).where(TOUCHED.c.id.in_(ids[start : start + IN_LIMIT])))
    place = head(tx)
    facts = select(SUBJECT.c.changed_seq, SUBJECT.c.id).order_by(SUBJECT.c.changed_seq)
    choices = select(CONSENT.c.seq, CONSENT.c.subject_id).order_by(CONSENT.c.seq)
    for statement, column in ((facts, SUBJECT.c.changed_seq), (choices, CONSENT.c.seq)):
        place = min(place, _read_up_to(tx, statement, column, seq, limit=limit, most=place))
    found = {mark.subject_id for mark in marks}
    for statement, column in ((facts, SUBJECT.c.changed_seq), (choices, CONSENT.c.seq)):
        mine = tx.execute(statement.where(column > seq, column <= place))
        found |= {subject for _, subject in mine}
    return Taken(subjects=_whole(tx, found), seq=place)


def _read_up_to(
    tx: Connection, statement: Select[Any], column: Column[Any], seq: int, *, limit: int, most: int
) -> int:
    """The number of the limit-th change, so that all of one number are read together."""
    numbers = tx.execute(statement.where(column > seq).limit(limit)).all()
    return int(numbers[-1][0]) if len(numbers) == limit else most


def _whole(tx: Connection, subjects: Iterable[str]) -> frozenset[SubjectId]:
    """With whom each was merged into; the pseudonym itself is looked at too, and found gone."""
    ids = sorted({SubjectId(subject) for subject in subjects})
    merged = set[SubjectId]()
    for start in range(0, len(ids), IN_LIMIT):
        part = MERGE.c.absorbed_id.in_(ids[start : start + IN_LIMIT])
        standing = part, MERGE.c.state == MergeState.MERGED.value
        merged |= set(tx.execute(select(MERGE.c.absorbed_id).where(*standing)).scalars())
    return frozenset({*ids} | {survivor_of(tx, subject) for subject in merged})
