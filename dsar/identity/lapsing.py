"""The end of requests that never became complete: closed with a notice after a term (APPI 37, 38).

Nothing is decided about what was asked; the notice says what is lacking, that the request may be
filed anew at any time, and where to complain. Whoever did their part is never closed out: a proof
that suffices, or a paper that waits for an officer's look, leaves the case to the officer.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection, func, select

from dsar.case import Actor, Case, Decision
from dsar.decisions import file_decision
from dsar.identity.rules import proved
from dsar.identity.store import uploads_of
from dsar.machine import step
from dsar.records import demand_possible
from dsar.rules import decidable
from dsar.stepping import take_step
from dsar.store import EVENT, REQUEST, TRACK, case_by_id
from dsar.types import LAPSING, Event, Ground, Outcome, Status
from governance.core.terms import RequestId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action

MAY: Final = frozenset({Action.DSAR_DECIDE, Action.DSAR_EXECUTE})
PAGE: Final = 100  # requests looked at in one go
WAITING: Final = frozenset(status.value for _, status in LAPSING)


def lapse_grounds(case: Case) -> tuple[Ground, ...] | None:
    """On what the whole case would end; None while any law of it waits for something else."""
    found = tuple(LAPSING.get((track.law, track.status)) for track in case.tracks)
    grounds = tuple(one for one in found if one is not None)
    return grounds if len(grounds) == len(case.tracks) and case.hold is None else None


def end_lapsed(ports: Ports, principal: Principal, *, days: int, at: datetime, limit: int) -> int:
    """How many requests that nobody completed within the term are closed, each with its notice.

    Each in a transaction of its own: one that an officer moves meanwhile holds up none.
    """
    ended, last, before = 0, "", at - timedelta(days=days)
    while ended < limit:
        with ports.database.read() as tx:
            found = _asked_before(tx, before, after=last, limit=PAGE)
        for request in found:
            use = partial(lapse, ports=ports, principal=principal, request=request, at=at)
            ended += ports.database.write(use, batch=True)
        if len(found) < PAGE:
            break
        last = found[-1]
    return ended


def _asked_before(
    tx: Connection, moment: datetime, *, after: str, limit: int
) -> tuple[RequestId, ...]:
    """Open requests that came into such a status before this moment and never left it."""
    entered = (
        select(EVENT.c.request_id)
        .join(REQUEST, REQUEST.c.id == EVENT.c.request_id)
        .join(
            TRACK,
            (TRACK.c.request_id == EVENT.c.request_id)
            & (TRACK.c.law == EVENT.c.law)
            & (TRACK.c.status == EVENT.c.target),
        )
        .where(REQUEST.c.open, TRACK.c.status.in_(WAITING), EVENT.c.source != EVENT.c.target)
        .where(REQUEST.c.id > after)
        .group_by(EVENT.c.request_id)
        .having(func.max(EVENT.c.at) <= moment)
        .order_by(EVENT.c.request_id)
        .limit(limit)
    )
    return tuple(RequestId(row) for row in tx.execute(entered).scalars())


def lapse(
    tx: Connection, ports: Ports, principal: Principal, request: RequestId, *, at: datetime
) -> bool:
    """Whether the request ended now: refused for what it lacks, told, closed."""
    case = case_by_id(tx, request)
    grounds = lapse_grounds(case)
    if grounds is None or _did_their_part(tx, case, at=at):
        return False
    decision = Decision(
        outcome=Outcome.REFUSE, grounds=grounds, decided_by=principal.id, decided_at=at
    )
    actor = Actor(id=principal.id, actions=MAY)
    demand_possible(decidable(case, decision, actor=actor), case)
    case = file_decision(tx, ports, principal, case, decision, at=at)
    for event in (Event.REFUSE, Event.RESPOND, Event.CLOSE):
        if any(step(track.law, track.status, event) for track in case.tracks):
            case = take_step(tx, ports, principal, request, event, at=at, actor=actor)
    return True


def _did_their_part(tx: Connection, case: Case, *, at: datetime) -> bool:
    """Whether the company owes the next step: a paper to look at, a proof to confirm."""
    if any(paper.checked_at is None for paper in uploads_of(tx, case.id)):
        return True
    asked = any(track.status is Status.IDENTITY for track in case.tracks)
    return asked and proved(case, at=at)
