"""One whole number for each cell of a person: what the third gate answers, and until when.

0 permits without an end, n > 0 until n milliseconds since 1970, n < 0 refuses with the -n-th code.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from consent import ledger
from consent.facts import facts_of
from consent.feed.part import Part
from consent.persons import persons_of
from consent.service import Known, known_of
from consent.types import EVERY, ConsentEvent, NoticeVersion, SubjectDecision, SubjectFacts
from governance.core.terms import PurposeId, SubjectId
from governance.customers.upkeep.merges import parts
from policies.reasons import ReasonCode, hidden

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)
NOBODY: Final = SubjectId("")
Row = tuple[int, ...]
History = tuple[ConsentEvent, ...]


def rows_of(
    tx: Connection, subjects: Sequence[SubjectId], part: Part, *, at: datetime
) -> dict[SubjectId, Row]:
    """The row of each of these persons, as the database sees them now."""
    if not part.cells:
        return dict.fromkeys(subjects, ())
    persons = persons_of(tx, subjects, on=at.date())
    alone = [subject for subject in dict.fromkeys(subjects) if subject not in persons.merged]
    events = _events(tx, alone)
    notices = ledger.notices(tx)
    silent: dict[SubjectFacts | None, Row] = {}  # who never chose is answered as others like them
    found: dict[SubjectId, Row] = {}
    for subject in alone:
        known, history = facts_of(persons.found.get(subject)), events.get(subject)
        if history is not None:
            found[subject] = _row(part, known, tuple(history), notices, at=at)
            continue
        key = None if known is None else replace(known, subject=NOBODY)
        if key not in silent:
            silent[key] = _row(part, known, (), notices, at=at)
        found[subject] = silent[key]
    for subject in persons.merged:
        found[subject] = _merged(tx, subject, part, at=at)
    return found


def _events(tx: Connection, subjects: Sequence[SubjectId]) -> dict[SubjectId, list[ConsentEvent]]:
    """Every event of each, in ledger order; persons without any are left out."""
    found: dict[SubjectId, list[ConsentEvent]] = defaultdict(list)
    event = ledger.EVENT
    for ids in parts(subjects):
        some = event.c.subject_id.in_(ids)
        for row in tx.execute(select(event).where(some).order_by(event.c.seq)):
            found[SubjectId(row.subject_id)].append(ledger.event_of(row))
    return found


def _row(
    part: Part,
    facts: SubjectFacts | None,
    history: History,
    notices: tuple[NoticeVersion, ...],
    *,
    at: datetime,
) -> Row:
    """The third gate for every cell, on one history.

    Whoever never named a channel of a purpose is answered alike on each of them: asked once.
    """
    by_channel = {event.purpose for event in history if event.channel != EVERY}
    told: dict[tuple[PurposeId, str, str | None], int] = {}
    row = []
    for cell in part.cells:
        purpose, kind = cell.purpose, cell.recipient_class
        alike = by_channel.isdisjoint((purpose.id, EVERY))
        asked = purpose.id, kind, None if alike else cell.channel
        if asked not in told:
            known = Known(facts=facts, purpose=purpose, histories=(history,), notices=notices)
            decision = known.decide(channel=cell.channel, recipient=kind, at=at)
            told[asked] = _number(part, decision)
        row.append(told[asked])
    return tuple(row)


def _merged(tx: Connection, subject: SubjectId, part: Part, *, at: datetime) -> Row:
    """The same for one whom a merge ever named: every history decides."""
    known: dict[PurposeId, Known] = {}
    found = []
    for cell in part.cells:
        purpose = cell.purpose
        if purpose.id not in known:
            known[purpose.id] = known_of(tx, subject, purpose, at=at)
        decision = known[purpose.id].decide(
            channel=cell.channel, recipient=cell.recipient_class, at=at
        )
        found.append(_number(part, decision))
    return tuple(found)


def _number(part: Part, decision: SubjectDecision) -> int:
    if decision:
        until = decision.valid_until
        return 0 if until is None else max(1, (until - EPOCH) // MILLISECOND)
    code = decision.code if decision.code in part.codes else hidden(decision.code)
    if code not in part.codes:
        code = ReasonCode.SUBJECT  # both lists hold it; a refusal stays one
    return -1 - part.codes.index(code)
