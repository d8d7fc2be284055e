"""The third gate for many persons in a handful of statements; the answer is `subject_gate`'s.

A person whom a merge ever touched goes the long way, one by one: every history decides there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, exists, func, or_, select

from consent import ledger
from consent.facts import facts_of
from consent.rules import decide
from consent.service import subject_gate
from consent.types import EVERY, ConsentEvent, SubjectDecision
from governance.core.terms import Law, SubjectId
from governance.customers.store import LAW, SUBJECT, Subject, subject_by_id, subject_of
from governance.customers.subjects import known_laws
from governance.customers.upkeep.merges import MERGE, survivor_of
from governance.db.fetching import PreparedSelect
from policies.purposes import PurposeRecord, consent_gated

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
_HISTORIES: Final = PreparedSelect(
    select(ledger.EVENT)
    .where(
        ledger.EVENT.c.subject_id.in_(_IDS),
        ledger.EVENT.c.purpose.in_(bindparam("purposes", expanding=True)),
    )
    .order_by(ledger.EVENT.c.seq)
)
Mark = tuple[int, int]  # the person's last event and fence: what a decision rests on


@dataclass(frozen=True, slots=True, kw_only=True)
class _Persons:
    """What the database holds of some persons now."""

    found: dict[SubjectId, Subject]
    last: dict[SubjectId, int]
    merged: frozenset[SubjectId]  # every one whom a merge ever touched


def marks_of(
    tx: Connection, subjects: Sequence[SubjectId], *, at: datetime
) -> dict[SubjectId, Mark]:
    """Where each person's choices and state stand now; none for who is unknown or erased."""
    persons = _persons(tx, subjects, at=at, laws=False)
    return _marks(tx, persons, subjects, at=at)


def subject_gates(
    tx: Connection,
    subjects: Sequence[SubjectId],
    purpose: PurposeRecord,
    *,
    channel: str | None = None,
    recipient: str | None = None,
    at: datetime,
) -> dict[SubjectId, tuple[Mark, SubjectDecision]]:
    """The third gate of each person who is known and not erased, with what it rests on."""
    persons = _persons(tx, subjects, at=at, laws=True)
    marks = _marks(tx, persons, subjects, at=at)
    simple = [subject for subject in marks if subject not in persons.merged]
    histories: dict[SubjectId, list[ConsentEvent]] = {subject: [] for subject in simple}
    spoken = [subject for subject in simple if subject in persons.last]
    wanted = {"ids": spoken, "purposes": [purpose.id, EVERY]}
    for row in _HISTORIES.rows(tx, wanted) if spoken else ():
        histories[SubjectId(row.subject_id)].append(ledger.event_of(row))
    chosen = any(
        consent_gated(purpose, known_laws(persons.found[subject].laws)) for subject in simple
    )
    published = ledger.notices(tx) if chosen else ()  # only a choice rests on what was told
    decided: dict[SubjectId, tuple[Mark, SubjectDecision]] = {}
    for subject, mark in marks.items():
        if subject in persons.merged:
            found = subject_gate(tx, subject, purpose, channel=channel, recipient=recipient, at=at)
        else:
            found = decide(
                facts_of(persons.found[subject]),
                purpose,
                histories[subject],
                published,
                channel=channel,
                recipient=recipient or "internal",
                at=at,
            )
        decided[subject] = mark, found
    return decided


def _persons(
    tx: Connection, subjects: Sequence[SubjectId], *, at: datetime, laws: bool
) -> _Persons:
    ids = list(dict.fromkeys(subjects))
    if not ids:
        return _Persons(found={}, last={}, merged=frozenset())
    rows = (
        _PERSONS.rows(tx, {"ids": ids, "day": at.date()})
        if laws
        else _STATES.rows(tx, {"ids": ids})
    )
    held: dict[SubjectId, set[Law]] = {}
    for row in rows if laws else ():
        if row.law is not None:
            held.setdefault(SubjectId(row.id), set()).add(Law(row.law))
    by_id = {SubjectId(row.id): row for row in rows}
    return _Persons(
        found={subject: subject_of(row, held.get(subject, ())) for subject, row in by_id.items()},
        last={subject: int(row.last) for subject, row in by_id.items() if row.last is not None},
        merged=frozenset(subject for subject, row in by_id.items() if row.touched),
    )


def _marks(
    tx: Connection, persons: _Persons, subjects: Sequence[SubjectId], *, at: datetime
) -> dict[SubjectId, Mark]:
    found: dict[SubjectId, Mark] = {}
    for subject in dict.fromkeys(subjects):
        if subject in persons.merged:
            stands = survivor_of(tx, subject)
            person, last = subject_by_id(tx, stands, on=at.date()), ledger.last_seq_of(tx, stands)
        else:
            person, last = persons.found.get(subject), persons.last.get(subject, 0)
        if person is not None and not person.gone:
            found[subject] = last, person.fence
    return found
