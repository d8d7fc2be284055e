"""The third gate for many persons in a handful of statements; the answer is `subject_gate`'s.

Everybody who is asked about is answered: who is unknown or erased is refused with the reason, and
has no mark. Whom a merge ever touched goes the long way, alone: every history decides there.
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, select

from consent import ledger
from consent.facts import facts_of
from consent.persons import Mark, mark_of, persons_of
from consent.rules import decide
from consent.service import subject_gate
from consent.types import EVERY, ConsentEvent, SubjectDecision
from governance.core.terms import SubjectId
from governance.customers.store import Subject
from governance.customers.subjects import known_laws
from governance.customers.upkeep.merges import parts
from governance.db.fetching import PreparedSelect
from policies.purposes import PurposeRecord, consent_gated

_HISTORIES: Final = PreparedSelect(
    select(ledger.EVENT)
    .where(
        ledger.EVENT.c.subject_id.in_(bindparam("ids", expanding=True)),
        ledger.EVENT.c.purpose.in_(bindparam("purposes", expanding=True)),
    )
    .order_by(ledger.EVENT.c.seq)
)
_KIND: Final = attrgetter(  # everything that facts are made of, but who it is
    *(one.name for one in fields(Subject) if one.name not in {"id", "fence"})
)


class Gate(NamedTuple):
    """What the third gate says of one person, and what it rests on."""

    mark: Mark | None  # None of who is unknown or erased
    said: SubjectDecision


def subject_gates(
    tx: Connection,
    subjects: Sequence[SubjectId],
    purpose: PurposeRecord,
    *,
    channel: str | None = None,
    recipient: str | None = None,
    at: datetime,
) -> dict[SubjectId, Gate]:
    """The third gate of each of them; fails closed: who is unknown or erased is refused."""
    persons = persons_of(tx, subjects, on=at.date())
    simple = [subject for subject in persons.found if subject not in persons.merged]
    histories = _histories(tx, [one for one in simple if one in persons.last], purpose)
    laws = {persons.found[one].laws for one in simple}
    chosen = any(consent_gated(purpose, known_laws(under)) for under in laws)
    published = ledger.notices(tx) if chosen else ()  # only a choice rests on what was told
    decided: dict[SubjectId, Gate] = {}
    told = partial(
        decide,
        purpose=purpose,
        notices=published,
        channel=channel,
        recipient=recipient or "internal",
        at=at,
    )
    unchosen: dict[object, SubjectDecision] = {}  # of those alike who never chose: decided once
    for subject in dict.fromkeys(subjects):
        person = persons.found.get(subject)
        if subject in persons.merged:
            said = subject_gate(tx, subject, purpose, channel=channel, recipient=recipient, at=at)
        elif history := histories.get(subject):
            said = told(facts_of(person), history=history)
        else:
            kind = None if person is None else _KIND(person)
            if kind not in unchosen:
                unchosen[kind] = told(facts_of(person), history=())
            said = unchosen[kind]
        decided[subject] = Gate(mark_of(tx, persons, subject, at=at), said)
    return decided


def _histories(
    tx: Connection, subjects: Sequence[SubjectId], purpose: PurposeRecord
) -> dict[SubjectId, list[ConsentEvent]]:
    found: dict[SubjectId, list[ConsentEvent]] = {}
    for ids in parts(subjects):
        for row in _HISTORIES.rows(tx, {"ids": ids, "purposes": [purpose.id, EVERY]}):
            found.setdefault(SubjectId(row.subject_id), []).append(ledger.event_of(row))
    return found
