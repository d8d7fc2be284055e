"""Connected systems hear that something of a person ended here, until each has answered for good.

A system that fails is asked again later and holds up no other; what only a colleague can reach
waits until an officer says that it is done. Each question has one key however often it is asked,
so that a process that dies between a system's commit and ours changes no count.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Table

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from dsar.errors import NothingByHandError
from governance.connectors.my_number import BY_HAND
from governance.connectors.types import (
    Asking,
    Connector,
    Erased,
    Erasure,
    Failed,
    Kept,
    Pending,
    PersonKeys,
)
from governance.core.errors import GovernanceError
from governance.core.terms import RowId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from retention.parts.outside import ENDED, Answered, OutsideEnd, store, waiting, waiting_one

HAND: Final = "by_hand"
AGAIN: Final = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What ended, whom it concerns and what a system is asked to do."""

    name: str  # in keys of questions and in reasons of the log
    table: Table
    asked: Callable[[Connector], bool]
    end: Callable[[Connector, PersonKeys, Asking], Erasure]
    keys_of: Callable[[OutsideEnd], PersonKeys]
    closes: bool = True  # a line is over with the last answer; False: whoever asked closes it


def tell(
    ports: Ports,
    principal: Principal,
    matter: Matter,
    connectors: Sequence[Connector],
    *,
    at: datetime,
    limit: int,
) -> tuple[tuple[OutsideEnd, ...], tuple[GovernanceError, ...]]:
    """Persons of whom every system has answered now, and why nobody could ask about others."""
    asked = [one for one in connectors if matter.asked(one)]
    with ports.database.read() as tx:
        due = waiting(tx, at=at, limit=limit, table=matter.table)
    done, failed = list[OutsideEnd](), list[GovernanceError]()
    for one in due:
        try:
            if _tell_one(ports, principal, matter, asked, one, at=at):
                done.append(one)
        except GovernanceError as error:  # by which values they know the person does not open
            failed.append(error)
            _later(ports, matter, one, at=at)
    return tuple(done), tuple(failed)


def done_by_hand(
    ports: Ports,
    principal: Principal,
    matter: Matter,
    row: RowId,
    connector: str,
    *,
    states: frozenset[str],
    at: datetime,
) -> None:
    """Somebody ended it there, as an officer says; raises NothingByHandError."""

    def write(tx: Connection) -> None:
        one = waiting_one(tx, row, table=matter.table)
        known = one.answers.get(connector) if one is not None else None
        if one is None or known is None or known.state not in states:
            raise NothingByHandError
        answer = replace(known, state="done_by_hand", code="")
        answers: Mapping[str, Answered] = {**one.answers, connector: answer}
        over = matter.closes and all(answer.state in ENDED for answer in answers.values())
        after = replace(one, answers=answers)
        store(tx, after, over=over, at=at, next_at=at, table=matter.table)
        record(tx, ports, principal, matter, one, connector, answer, at=at)

    ports.database.write(write)


def _tell_one(
    ports: Ports,
    principal: Principal,
    matter: Matter,
    connectors: Sequence[Connector],
    one: OutsideEnd,
    *,
    at: datetime,
) -> bool:
    """Whether every system has answered for good."""
    pending = one.open(connector.name for connector in connectors)
    asking = [connector for connector in connectors if connector.name in pending]
    by_hand = {name for name, answer in one.answers.items() if answer.state == HAND}
    keys = matter.keys_of(one) if any(c.name not in by_hand for c in asking) else None
    fresh: dict[str, Answered] = {}
    for connector in asking:
        if keys is None or connector.name in by_hand:
            continue
        key = Asking(key=f"{matter.name}/{one.run}/{one.subject}/{connector.name}", at=at)
        fresh[connector.name] = _answered(matter.end(connector, keys, key))
    after = replace(one, answers={**one.answers, **fresh}, tries=one.tries + 1)
    over = not after.open(connector.name for connector in connectors)
    again = at if over else at + AGAIN[min(one.tries, len(AGAIN) - 1)]

    def write(tx: Connection) -> None:
        closed = over and matter.closes
        store(tx, after, over=closed, at=at, next_at=again, table=matter.table)
        for name, answer in fresh.items():
            if one.answers.get(name) != answer:
                record(tx, ports, principal, matter, one, name, answer, at=at)

    ports.database.write(write)
    return over


def _later(ports: Ports, matter: Matter, one: OutsideEnd, *, at: datetime) -> None:
    """Nobody was asked; the person comes again after the others."""
    after, again = replace(one, tries=one.tries + 1), at + AGAIN[min(one.tries, len(AGAIN) - 1)]
    ports.database.write(
        lambda tx: store(tx, after, over=False, at=at, next_at=again, table=matter.table)
    )


def _answered(found: Erasure) -> Answered:
    match found:
        case Erased(records=records):
            return Answered(state="erased", rows=records)
        case Kept(erased=erased, items=items):
            days = [item.until for item in items]
            known = [day for day in days if day is not None]
            until = max(known).isoformat() if known and len(known) == len(days) else None
            return Answered(state="kept", rows=erased, until=until)
        case Pending():
            return Answered(state=HAND)
        case Failed() as failed:
            if failed == BY_HAND:
                return Answered(state=HAND)
            return Answered(state="failed", code=failed.reason.value)


def record(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    matter: Matter,
    one: OutsideEnd,
    connector: str,
    answer: Answered,
    *,
    at: datetime,
) -> None:
    """The log tells what one system did, or what somebody did about it."""
    reasons = (matter.name, answer.state, *((answer.code,) if answer.code else ()))
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.CONNECTOR_CALLED,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="connector",
            object_id=connector,
            subject=one.subject,
            outcome=Outcome.FAILED if answer.state == "failed" else Outcome.DONE,
            reasons=reasons,
            counts=(("records", answer.rows),),
            refs=(f"connector:{connector}", f"purge_run:{one.run}"),
        ),
    )
