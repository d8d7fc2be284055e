"""Connected systems hear that a person's My Number data ended here, as they hear of an erasure.

Each system that is declared to hold such data is asked until it has answered for good; what only a
colleague can reach waits until an officer says that it is done.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from dsar.errors import NothingByHandError
from governance.connectors.my_number import BY_HAND, end_my_number, holds_my_number
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
from governance.core.terms import RowId, SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action
from retention.access import require
from retention.parts.outside import ENDED, Answered, OutsideEnd, store, waiting, waiting_one

HAND: Final = "by_hand"
AGAIN: Final = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))


def tell(
    ports: Ports,
    principal: Principal,
    connectors: Sequence[Connector],
    keys_of: Callable[[SubjectId], PersonKeys],
    *,
    at: datetime,
    limit: int,
) -> int:
    """How many persons' systems have all answered now; one that fails stops no other."""
    asked = [one for one in connectors if holds_my_number(one)]
    with ports.database.read() as tx:
        due = waiting(tx, at=at, limit=limit)
    done, failed = 0, list[GovernanceError]()
    for one in due:
        try:
            done += _tell_one(ports, principal, asked, keys_of, one, at=at)
        except GovernanceError as error:  # by which values they know the person does not open
            failed.append(error)
            _later(ports, one, at=at)
    if failed:
        raise failed[0]
    return done


def done_by_hand(
    ports: Ports, principal: Principal, row: RowId, connector: str, *, at: datetime
) -> None:
    """An officer says that a colleague ended it there; raises NothingByHandError."""
    require(ports, principal, Action.RETENTION_RUN)

    def write(tx: Connection) -> None:
        one = waiting_one(tx, row)
        known = one.answers.get(connector) if one is not None else None
        if one is None or known is None or known.state != HAND:
            raise NothingByHandError
        answers = {**one.answers, connector: replace(known, state="done_by_hand")}
        over = all(answer.state in ENDED for answer in answers.values())
        store(tx, replace(one, answers=answers), over=over, at=at, next_at=at)
        _record(tx, ports, principal, one, connector, answers[connector], at=at)

    ports.database.write(write)


def _tell_one(
    ports: Ports,
    principal: Principal,
    connectors: Sequence[Connector],
    keys_of: Callable[[SubjectId], PersonKeys],
    one: OutsideEnd,
    *,
    at: datetime,
) -> bool:
    """Whether every system has answered for good."""
    pending = one.open(connector.name for connector in connectors)
    asking = [connector for connector in connectors if connector.name in pending]
    by_hand = {name for name, answer in one.answers.items() if answer.state == HAND}
    keys = keys_of(one.subject) if any(c.name not in by_hand for c in asking) else None
    fresh: dict[str, Answered] = {}
    for connector in asking:
        if keys is None or connector.name in by_hand:
            continue
        key = Asking(key=f"my_number/{one.run}/{one.subject}/{connector.name}", at=at)
        fresh[connector.name] = _answered(end_my_number(connector, keys, key))
    after = replace(one, answers={**one.answers, **fresh}, tries=one.tries + 1)
    over = not after.open(connector.name for connector in connectors)
    again = at + AGAIN[min(one.tries, len(AGAIN) - 1)]

    def write(tx: Connection) -> None:
        store(tx, after, over=over, at=at, next_at=again)
        for name, answer in fresh.items():
            if one.answers.get(name) != answer:
                _record(tx, ports, principal, one, name, answer, at=at)

    ports.database.write(write)
    return over


def _later(ports: Ports, one: OutsideEnd, *, at: datetime) -> None:
    """Nobody was asked; the person comes again after the others."""
    after, again = replace(one, tries=one.tries + 1), at + AGAIN[min(one.tries, len(AGAIN) - 1)]
    ports.database.write(lambda tx: store(tx, after, over=False, at=at, next_at=again))


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


def _record(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    one: OutsideEnd,
    connector: str,
    answer: Answered,
    *,
    at: datetime,
) -> None:
    reasons = ("my_number", answer.state, *((answer.code,) if answer.code else ()))
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
