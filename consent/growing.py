"""Who has reached the age of consent while a guardian's consent still speaks for them.

Nothing is carried over in silence: the person is asked (`requested`), the officers see a list, and
six months after the month of the birthday the guardian's consent ends (consent/rules.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from consent import ledger
from consent.ages import RECONFIRM_MONTHS
from consent.expiring import cells_in
from consent.ledger import EVENT
from consent.rules import add_months, choice_in_force, start_of, touches
from consent.types import GRANTS, By, ConsentEvent, EventKind
from governance.core.terms import ActorId, PurposeId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import SUBJECT
from policies.purposes import Minors
from policies.snapshot import PolicySnapshot

PAGE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One purpose that a person of age has to confirm or end."""

    subject: SubjectId
    purpose: PurposeId
    given_at: datetime
    ends_at: datetime


def month_after(day: date) -> date:
    """The first day of the next month: the day that is stored tells no birthday."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def guarded(
    policy: PolicySnapshot, history: Sequence[ConsentEvent]
) -> dict[PurposeId, ConsentEvent]:
    """The purposes in which a guardian's consent is in force in any cell, with its event."""
    found: dict[PurposeId, ConsentEvent] = {}
    for purpose in policy.purposes.values():
        if purpose.minors is Minors.ALLOWED:
            continue
        for cell in cells_in(purpose):
            chosen = choice_in_force([e for e in history if touches(e, cell)], cell)
            if chosen is not None and chosen.kind in GRANTS and chosen.guardian:
                found.setdefault(purpose.id, chosen)
    return found


def ask_again(
    tx: Connection, ports: Ports, subject: SubjectId, *, by: ActorId, at: datetime
) -> int:
    """How many purposes the person, now of age, is asked about; the ledger says that they were."""
    wanted = guarded(ports.policies.current, ledger.full_history(tx, subject))
    events = [
        ledger.NewEvent(
            id=ledger.new_event_id(),
            subject=subject,
            purpose=purpose,
            kind=EventKind.REQUESTED,
            occurred_at=at,
            notice=given.notice,
            notice_version=given.notice_version,
            acted_by=By.SYSTEM,
        )
        for purpose, given in wanted.items()
    ]
    last = ledger.append(tx, events, at=at)
    for seq, event in enumerate(events, last - len(events) + 1):
        ports.audit.append(
            tx,
            EventDraft(
                action=EventCode.CONSENT_REQUESTED,
                occurred_at=at,
                actor=by,
                object_type="consent",
                object_id=event.id,
                subject=subject,
                purpose=PurposeId(event.purpose),
                outcome=Outcome.DONE,
                reasons=("come_of_age",),
                policy_version=ports.policies.current.version or None,
                consent_seq=seq,
            ),
        )
    return len(events)


def due(tx: Connection, policy: PolicySnapshot, *, limit: int = PAGE) -> tuple[Due, ...]:
    """Persons of age for whom a guardian's consent still stands, the first to end first."""
    guarded_ones = select(EVENT.c.subject_id).where(
        EVENT.c.guardian.is_(True), EVENT.c.kind.in_(GRANTS)
    )
    grown = (
        select(SUBJECT.c.id, SUBJECT.c.grown_on)
        .where(SUBJECT.c.grown_on.is_not(None), SUBJECT.c.id.in_(guarded_ones))
        .order_by(SUBJECT.c.grown_on, SUBJECT.c.id)
    )
    found: list[Due] = []
    for subject, day in tx.execute(grown):
        person, since = SubjectId(subject), start_of(day)
        found += [
            Due(
                subject=person,
                purpose=purpose,
                given_at=event.occurred_at,
                ends_at=add_months(since, RECONFIRM_MONTHS),
            )
            for purpose, event in guarded(policy, ledger.full_history(tx, person)).items()
            if event.occurred_at < since
        ]
        if len(found) >= limit:
            break
    return tuple(found[:limit])
