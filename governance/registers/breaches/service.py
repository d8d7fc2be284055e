"""Use cases of the register of breaches: recorded, weighed, described, reported, closed by two."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft
from audit.types import Outcome as Done
from governance.approvals.second import is_second
from governance.core.ids import new_row_id
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.registers.breaches import store
from governance.registers.breaches.rules import duties
from governance.registers.breaches.types import (
    Breach,
    BreachAboutError,
    BreachClosedError,
    BreachDutyError,
    BreachFormError,
    BreachKind,
    BreachNoteError,
    BreachReportableError,
    BreachSamePersonError,
    BreachUnreportedError,
    Duty,
    Ground,
    Note,
    Outcome,
    Topic,
)
from policies.actions import Action
from policies.api import ensure

ABOUT: Final = re.compile(r"[A-Za-z0-9_.:/+@-]{1,120}")  # fits a reference of the log
LONGEST: Final = 4_000  # characters of one item


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A record with the reports that it asks for."""

    breach: Breach
    duties: tuple[Duty, ...]


def record(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    kind: BreachKind,
    about: str,
    *,
    grounds: Iterable[Ground],
    aware_at: datetime,
    at: datetime,
) -> Breach:
    """The breach is in the register; its clocks run from when somebody knew."""
    ensure(principal, Action.BREACH_WRITE, ports.policies.current)
    return enter(tx, ports, principal, kind, about, grounds=grounds, aware_at=aware_at, at=at)


def enter(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    kind: BreachKind,
    about: str,
    *,
    grounds: Iterable[Ground],
    aware_at: datetime,
    at: datetime,
) -> Breach:
    """The same as part of an act that its caller was allowed: who ends a key may not stay silent.

    An open record of the same thing is that record.
    """
    if not ABOUT.fullmatch(about):
        raise BreachAboutError
    if aware_at > at:
        raise BreachFormError
    known = store.open_about(tx, kind, about)
    if known is not None:
        return known
    made = Breach(
        id=new_row_id(),
        kind=kind,
        about=about,
        grounds=frozenset(grounds),
        aware_at=aware_at,
        recorded_by=principal.id,
        recorded_at=at,
    )
    store.add(tx, made)
    append(tx, ports, principal, EventCode.BREACH_RECORDED, made, (kind.value,), at=at)
    return made


def look(tx: Connection, ports: Ports, principal: Principal, breach: str) -> Standing:
    """The record with its reports."""
    ensure(principal, Action.BREACH_READ, ports.policies.current)
    return standing(tx, store.by_id(tx, breach))


def every(
    tx: Connection, ports: Ports, principal: Principal, *, open_only: bool
) -> tuple[Standing, ...]:
    """Every record with its reports, the newest first."""
    ensure(principal, Action.BREACH_READ, ports.policies.current)
    return tuple(standing(tx, one) for one in store.listed(tx, open_only=open_only))


def standing(tx: Connection, breach: Breach) -> Standing:
    """Where the record stands."""
    return Standing(breach=breach, duties=duties(breach, store.reports(tx, breach.id)))


def weigh(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    breach: str,
    grounds: Iterable[Ground],
    *,
    at: datetime,
) -> Standing:
    """These grounds make it reportable; the reports follow, none that was made is forgotten."""
    found = _open(tx, ports, principal, breach)
    wanted = frozenset(grounds)
    if wanted != found.grounds:
        store.set_grounds(tx, found.id, wanted)
        append(tx, ports, principal, EventCode.BREACH_WEIGHED, found, tuple(sorted(wanted)), at=at)
    return standing(tx, store.by_id(tx, found.id))


def note(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    breach: str,
    topic: Topic,
    words: str,
    *,
    at: datetime,
) -> Note:
    """The words stand as this item of the report; what was written before is kept."""
    found = _open(tx, ports, principal, breach)
    said = words.strip()
    if not said or len(said) > LONGEST:
        raise BreachNoteError
    made = Note(id=new_row_id(), topic=topic, words=said, noted_by=principal.id, noted_at=at)
    store.add_note(tx, ports.vault, found.id, made)
    append(tx, ports, principal, EventCode.BREACH_NOTED, found, (topic.value,), at=at)
    return made


def notes(tx: Connection, ports: Ports, principal: Principal, breach: str) -> tuple[Note, ...]:
    """Everything that was written of it, the oldest first."""
    ensure(principal, Action.BREACH_READ, ports.policies.current)
    return store.notes(tx, ports.vault, store.by_id(tx, breach).id)


def report(
    tx: Connection, ports: Ports, principal: Principal, breach: str, rule: str, *, at: datetime
) -> Standing:
    """That this report was made is on record; twice is once."""
    found = _open(tx, ports, principal, breach)
    if rule not in {duty.rule for duty in standing(tx, found).duties}:
        raise BreachDutyError
    if store.add_report(tx, found.id, rule, by=principal.id, at=at):
        append(tx, ports, principal, EventCode.BREACH_REPORTED, found, (rule,), at=at)
    return standing(tx, found)


def close(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    breach: str,
    outcome: Outcome,
    *,
    at: datetime,
) -> Breach:
    """The record has ended, by another person than who recorded it.

    Raises BreachUnreportedError where it should say that all was reported and it was not, and
    BreachReportableError where it should say that nothing was to be reported and a ground stands.
    """
    found = _open(tx, ports, principal, breach)
    done, policy = {Action.BREACH_WRITE: found.recorded_by}, ports.policies.current
    if not is_second(tx, policy, principal, Action.BREACH_WRITE, done, since=found.recorded_at):
        raise BreachSamePersonError
    owed = any(duty.owed for duty in standing(tx, found).duties)
    if outcome is Outcome.REPORTED and owed:
        raise BreachUnreportedError
    if outcome is Outcome.NOT_REPORTABLE and found.grounds:
        raise BreachReportableError
    store.close(tx, found.id, outcome, by=principal.id, at=at)
    append(tx, ports, principal, EventCode.BREACH_CLOSED, found, (outcome.value,), at=at)
    return store.by_id(tx, found.id)


def _open(tx: Connection, ports: Ports, principal: Principal, breach: str) -> Breach:
    ensure(principal, Action.BREACH_WRITE, ports.policies.current)
    found = store.lock(tx, breach)
    if found.outcome is not None:
        raise BreachClosedError
    return found


def append(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    code: EventCode,
    breach: Breach,
    reasons: tuple[str, ...],
    *,
    at: datetime,
    refs: tuple[str, ...] = (),
) -> None:
    """What was done with the record is in the log."""
    ports.audit.append(
        tx,
        EventDraft(
            action=code,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="breach",
            object_id=breach.id,
            outcome=Done.DONE,
            reasons=reasons,
            refs=(f"about:{breach.about}", *refs),
        ),
    )
