"""What a granted right does to decisions: entries of the consent ledger, in force at once.

Each entry has an id made from the request and what it says, so that a step done twice writes it
once. What narrows is in the control journal before the commit; what widens comes after it.
"""

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from consent.choices import Choice, journal_entry
from consent.ledger import EVENT
from consent.service import record
from consent.types import EVERY, EventKind
from dsar.case import Case
from dsar.execution.types import Measure
from governance.core.terms import EventId, Lang, RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.upkeep.merges import survivor_of
from governance.http.principal import Principal
from policies.purposes import recipient_class
from policies.snapshot import PolicySnapshot

NAMES: Final = uuid.UUID("5d1f5a0e-3a39-4c0e-9d3a-0a5f5b2c7e10")  # of entries for one request
INTERNAL: Final = frozenset({"internal", "processor"})  # no third party (APPI 27(5)(i))
PLACE: Final = "request"


def narrowing(policy: PolicySnapshot, measure: Measure) -> Iterator[tuple[EventKind, str, str]]:
    """Kind, purpose and class of recipients of every entry that the measure makes."""
    match measure:
        case Measure.ERASE | Measure.STOP_USE | Measure.RESTRICT:
            yield EventKind.RESTRICTED, EVERY, EVERY
        case Measure.OBJECT:
            yield EventKind.OBJECTED, EVERY, EVERY
        case Measure.STOP_PROVISION:
            for purpose in policy.purposes.values():
                classes = {recipient_class(name) for name in purpose.recipients} - INTERNAL
                for name in sorted(classes):
                    yield EventKind.RESTRICTED, purpose.id, name
        case Measure.CORRECT:
            return


def take_effect(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    measure: Measure,
    *,
    at: datetime,
) -> tuple[RowId, ...]:
    """The next decision about the person knows of the measure; ids of the entries."""
    wanted = narrowing(ports.policies.current, measure)
    return _enter(tx, ports, principal, case, wanted, tag=measure.value, at=at)


def object_to_marketing(
    tx: Connection, ports: Ports, principal: Principal, case: Case, *, at: datetime
) -> tuple[RowId, ...]:
    """Direct marketing stops at once, before anything is weighed (GDPR 21(2), (3))."""
    wanted = (
        (EventKind.OBJECTED, purpose.id, EVERY)
        for purpose in ports.policies.current.purposes.values()
        if purpose.direct_marketing
    )
    return _enter(tx, ports, principal, case, wanted, tag="marketing", at=at)


def restrict_meanwhile(
    tx: Connection, ports: Ports, principal: Principal, case: Case, *, at: datetime
) -> tuple[RowId, ...]:
    """Nothing is used while accuracy or grounds are looked into (GDPR 18(1)(a), (d))."""
    wanted = ((EventKind.RESTRICTED, EVERY, EVERY),)
    return _enter(tx, ports, principal, case, wanted, tag="meanwhile", at=at)


def _enter(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    wanted: Iterable[tuple[EventKind, str, str]],
    *,
    tag: str,
    at: datetime,
) -> tuple[RowId, ...]:
    if case.subject is None:
        return ()
    subject = survivor_of(tx, case.subject)
    made: list[RowId] = []
    for kind, purpose, classes in wanted:
        row = entry_id(case, tag, kind, purpose, classes)
        made.append(row)
        if _known(tx, row):
            continue
        choice = _choice(subject, kind, purpose, classes, row)
        entry = journal_entry(choice, EventId(row), at=at)
        if entry is not None:
            ports.journal.append(
                entry
            )  # before the commit: no restored backup brings a permit back
        record(tx, ports, principal, choice, row, at=at)
    return tuple(made)


def entry_id(case: Case, tag: str, kind: EventKind, purpose: str, classes: str) -> RowId:
    """The one id of this entry."""
    return RowId(str(uuid.uuid5(NAMES, f"{case.id} {tag} {kind} {purpose} {classes}")))


def _choice(subject: SubjectId, kind: EventKind, purpose: str, classes: str, row: RowId) -> Choice:
    return Choice(
        subject=subject,
        purpose=purpose,
        kind=kind,
        recipient_class=classes,
        method=PLACE,
        place=PLACE,
        lang=Lang.JA,
        id=row,
    )


def _known(tx: Connection, row: RowId) -> bool:
    return tx.execute(select(EVENT.c.id).where(EVENT.c.id == row)).first() is not None


def lift(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    *,
    tag: str,
    at: datetime,
) -> tuple[Choice, ...]:
    """The restriction that this request set has ended; what the journal is told after the commit.

    Where another restriction stands over the person it goes on, and nothing is written.
    """
    if case.subject is None:
        return ()
    subject = survivor_of(tx, case.subject)
    own = entry_id(case, tag, EventKind.RESTRICTED, EVERY, EVERY)
    if not _known(tx, own) or _another_stands(tx, subject, own):
        return ()
    row = entry_id(case, tag, EventKind.RESTRICTION_LIFTED, EVERY, EVERY)
    choice = _choice(subject, EventKind.RESTRICTION_LIFTED, EVERY, EVERY, row)
    if not _known(tx, row):
        record(tx, ports, principal, choice, row, at=at)
    return (choice,)


def _another_stands(tx: Connection, subject: SubjectId, own: RowId) -> bool:
    """Whether a restriction beside this one covers the person."""
    kinds = (EventKind.RESTRICTED.value, EventKind.RESTRICTION_LIFTED.value)
    mine = select(EVENT).where(
        EVENT.c.subject_id == subject, EVENT.c.purpose == EVERY, EVENT.c.kind.in_(kinds)
    )
    found: set[str] = set()
    for row in tx.execute(mine.order_by(EVENT.c.seq)):
        if row.kind == EventKind.RESTRICTED.value:
            found.add(row.id)
        elif row.channel == EVERY and row.recipient_class == EVERY:
            found.clear()
    return bool(found - {own})


def tell_journal(ports: Ports, lifted: Iterable[Choice], *, at: datetime) -> None:
    """What widened is in the control journal, after its commit."""
    for choice in lifted:
        entry = journal_entry(choice, EventId(str(choice.id)), at=at)
        if entry is not None:
            ports.journal.append(entry)
