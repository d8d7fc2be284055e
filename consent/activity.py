"""The day of each person's last own act: a purchase, a sign-in, a choice.

A purpose may end by inactivity; the day says from when the silence counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, bindparam, func, select, update

from consent.expiring import expire
from consent.ledger import EVENT
from consent.persons import persons_of
from consent.rules import add_months, start_of
from consent.types import GRANTS, EventKind
from governance.core.clock import JST
from governance.core.terms import ActorId, SubjectId
from governance.customers.changes import counter
from governance.customers.ports import Ports
from governance.customers.store import SUBJECT
from policies.purposes import PurposeRecord

PART: Final = 400  # persons of one statement
OWN_ACTS: Final = frozenset(
    {
        EventKind.GIVEN, EventKind.RENEWED, EventKind.REFUSED, EventKind.WITHDRAWN,
        EventKind.OBJECTED, EventKind.OBJECTION_LIFTED, EventKind.RESTRICTED,
        EventKind.RESTRICTION_LIFTED,
    }
)  # fmt: skip  # choices by which a person shows to be there; a browser's signal is none


_RAISE: Final = (
    update(SUBJECT)
    .where(SUBJECT.c.id == bindparam("subject"))
    .values(last_active_on=bindparam("day"))
)


def note_acts(
    tx: Connection, ports: Ports, acts: Mapping[SubjectId, date], *, by: ActorId, at: datetime
) -> int:
    """How many persons were last active later than known; a consent that had ended stays ended.

    A day that is still to come is no act, and an older day than the known one changes nothing.
    """
    today = at.astimezone(JST).date()
    fresh = {
        subject: acts[subject]
        for subject, last in _last_acts(tx, acts)
        if acts[subject] <= today and (last is None or acts[subject] > last)
    }
    for subject, purposes in _ended(tx, ports, fresh):
        moment = start_of(fresh[subject])
        expire(tx, ports, subject, purposes, by=by, at=moment, recorded_at=at)
    if fresh:
        tx.execute(_RAISE, [{"subject": subject, "day": day} for subject, day in fresh.items()])
        counter.note(tx, fresh)
    return len(fresh)


def _last_acts(
    tx: Connection, subjects: Iterable[SubjectId]
) -> list[tuple[SubjectId, date | None]]:
    wanted = list(subjects)
    found: list[tuple[SubjectId, date | None]] = []
    for start in range(0, len(wanted), PART):
        part = wanted[start : start + PART]
        mine = select(SUBJECT.c.id, SUBJECT.c.last_active_on).where(SUBJECT.c.id.in_(part))
        found += [(SubjectId(subject), last) for subject, last in tx.execute(mine)]
    return found


def _ended(
    tx: Connection, ports: Ports, acts: Mapping[SubjectId, date]
) -> list[tuple[SubjectId, Sequence[PurposeRecord]]]:
    """Persons of whom a consent may have ended by silence before their act."""
    sleepy = [p for p in ports.policies.current.purposes.values() if p.inactivity_months]
    if not sleepy or not acts:
        return []
    shortest = min(purpose.inactivity_months or 0 for purpose in sleepy)
    wanted, found = list(acts), list[SubjectId]()
    for start in range(0, len(wanted), PART):
        part = wanted[start : start + PART]
        merged = persons_of(tx, part).merged
        alone = [subject for subject in part if subject not in merged]
        found += merged
        first = (
            select(EVENT.c.subject_id, func.min(EVENT.c.occurred_at))
            .where(
                EVENT.c.subject_id.in_(alone),
                EVENT.c.purpose.in_([purpose.id for purpose in sleepy]),
                EVENT.c.kind.in_(GRANTS),
            )
            .group_by(EVENT.c.subject_id)
        )
        found += [
            SubjectId(subject)
            for subject, since in tx.execute(first)
            if add_months(since, shortest) <= start_of(acts[SubjectId(subject)])
        ]
    return [(subject, sleepy) for subject in found]
