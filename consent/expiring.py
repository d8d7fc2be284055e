"""The end of a consent as an entry of the ledger, so that it tells the story by itself.

The rule never waits for the entry: at the end itself the answer is no. The entry keeps what has
ended from being revived by an act of the person that comes after it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, exists, select

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from consent import ledger
from consent.facts import facts_of
from consent.ledger import EVENT
from consent.merged import lives
from consent.rules import add_months, choice_in_force, ends_at, touches
from consent.types import EVERY, GRANTS, NARROWING, By, Cell, ConsentEvent, EventKind, SubjectFacts
from governance.core.terms import ActorId, PurposeId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import subject_by_id
from governance.customers.upkeep.merges import merges_of, survivor_of
from policies.purposes import PurposeRecord, recipient_class

_LATER: Final = EVENT.alias("later")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """Consent for a cell that has ended."""

    cell: Cell
    grant: ConsentEvent
    ended_at: datetime


def cells_in(purpose: PurposeRecord) -> tuple[Cell, ...]:
    """Every cell that a use of this purpose can touch."""
    classes = sorted({recipient_class(name) for name in purpose.recipients})
    channels = sorted(str(channel) for channel in purpose.channels) or [EVERY]
    return tuple(
        Cell(purpose=purpose.id, channel=channel, recipient_class=name)
        for channel in channels
        for name in classes
    )


def lapsed(
    facts: SubjectFacts, purpose: PurposeRecord, history: Sequence[ConsentEvent], *, at: datetime
) -> tuple[Lapse, ...]:
    """The cells whose consent in force has ended; one for all when one word opened them all."""
    found = []
    for cell in cells_in(purpose):
        touching = [event for event in history if touches(event, cell)]
        grant = choice_in_force(touching, cell)
        if grant is None or grant.kind not in GRANTS:
            continue
        end = ends_at(grant, purpose, facts)
        if end is not None and at >= end:
            found.append(Lapse(cell=cell, grant=grant, ended_at=end))
    whole = len(found) == len(cells_in(purpose)) and len({one.grant.seq for one in found}) == 1
    if whole and (found[0].grant.channel, found[0].grant.recipient_class) == (EVERY, EVERY):
        everywhere = Cell(purpose=purpose.id, channel=EVERY, recipient_class=EVERY)
        return (Lapse(cell=everywhere, grant=found[0].grant, ended_at=found[0].ended_at),)
    return tuple(found)


def expire(
    tx: Connection, ports: Ports, subject: SubjectId, purposes: Iterable[PurposeRecord],
    *, by: ActorId, at: datetime, recorded_at: datetime,
) -> int:  # fmt: skip
    """How many ends this person's consents had by `at`, now entered in ledger and log.

    Not in the control journal: a restored ledger finds the same ends by itself, and the journal
    would bring them back as words of the person.
    """
    stands = survivor_of(tx, subject)
    facts = facts_of(subject_by_id(tx, stands, on=at.date()))
    if facts is None:
        return 0
    merges = merges_of(tx, stands)
    ends: dict[Cell, Lapse] = {}
    for purpose in purposes:
        for history in lives(tx, stands, purpose.id, merges):
            for one in lapsed(facts, purpose, history, at=at):
                ends.setdefault(one.cell, one)
    _enter(tx, ports, stands, tuple(ends.values()), by=by, at=recorded_at)
    return len(ends)


def _enter(
    tx: Connection, ports: Ports, subject: SubjectId, ends: Sequence[Lapse],
    *, by: ActorId, at: datetime,
) -> None:  # fmt: skip
    events = [_event(subject, one) for one in ends]
    if not events:
        return
    last = ledger.append(tx, events, at=at)
    for seq, event in enumerate(events, last - len(events) + 1):
        ports.audit.append(tx, _draft(ports, event, seq=seq, by=by, at=at))


def _event(subject: SubjectId, end: Lapse) -> ledger.NewEvent:
    return ledger.NewEvent(
        id=ledger.new_event_id(),
        subject=subject,
        purpose=end.cell.purpose,
        channel=end.cell.channel,
        recipient_class=end.cell.recipient_class,
        kind=EventKind.EXPIRED,
        occurred_at=end.ended_at,
        notice=end.grant.notice,
        notice_version=end.grant.notice_version,
        evidence=end.grant.evidence,
        acted_by=By.SYSTEM,
    )


def _draft(
    ports: Ports, event: ledger.NewEvent, *, seq: int, by: ActorId, at: datetime
) -> EventDraft:
    return EventDraft(
        action=EventCode.CONSENT_EXPIRED,
        occurred_at=at,
        actor=by,
        object_type="consent",
        object_id=event.id,
        subject=event.subject,
        purpose=PurposeId(event.purpose),
        outcome=Outcome.DONE,
        policy_version=ports.policies.current.version or None,
        consent_seq=seq,
    )


def expire_due(
    tx: Connection, ports: Ports, *, after: int, limit: int, by: ActorId, at: datetime
) -> tuple[int, int | None]:
    """Ends entered among the next grants, and the last one looked at; None at the end.

    Twice equals once: what has its entry is no consent in force any more.
    """
    wanted = (
        select(EVENT.c.seq, EVENT.c.subject_id, EVENT.c.purpose, EVENT.c.occurred_at,
               EVENT.c.valid_until)
        .where(EVENT.c.seq > after, EVENT.c.kind.in_(GRANTS), ~_answered())
        .order_by(EVENT.c.seq)
        .limit(limit)
    )  # fmt: skip
    page = tx.execute(wanted).all()
    due = dict.fromkeys(
        (SubjectId(row.subject_id), row.purpose) for row in page if _may_be_over(ports, row, at=at)
    )
    done = 0
    for subject, name in due:
        if (purpose := ports.policies.current.purpose(name)) is not None:
            done += expire(tx, ports, subject, (purpose,), by=by, at=at, recorded_at=at)
    return done, page[-1].seq if len(page) == limit else None


def _answered() -> Any:
    """A later word of the same person about the same or everything stands after the grant."""
    same = and_(
        _LATER.c.channel.in_([EVENT.c.channel, EVERY]),
        _LATER.c.recipient_class.in_([EVENT.c.recipient_class, EVERY]),
    )
    return exists().where(
        _LATER.c.subject_id == EVENT.c.subject_id,
        _LATER.c.purpose == EVENT.c.purpose,
        _LATER.c.seq > EVENT.c.seq,
        _LATER.c.kind.in_(NARROWING | GRANTS),
        _LATER.c.import_run.is_(None),
        same,
    )


def _may_be_over(ports: Ports, row: Any, *, at: datetime) -> bool:
    """Whether the grant's own dates let it be over; only then its history is looked at."""
    purpose = ports.policies.current.purpose(row.purpose)
    if purpose is None:
        return False
    if row.valid_until is not None and at >= row.valid_until:
        return True
    months = [m for m in (purpose.expires_months, purpose.inactivity_months) if m is not None]
    return bool(months) and at >= add_months(row.occurred_at, min(months))
