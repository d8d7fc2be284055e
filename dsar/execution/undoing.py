"""The person takes an agreed erasure back while its waiting period runs; and restrictions end."""

from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from audit.actions import EventCode
from consent.choices import Choice
from dsar.case import Case
from dsar.correspondence.types import Slot
from dsar.errors import RequestChangedError
from dsar.execution.effects import lift, restrict_meanwhile, tell_journal
from dsar.execution.errors import NothingExecutedError, RestrictionError, UndoLateError
from dsar.execution.rules import LIFT_NOTICE
from dsar.execution.store import (
    add_interim,
    execution_of,
    interim_of,
    move,
    set_interim,
    set_lift,
    standing_interims,
    to_lift,
)
from dsar.execution.types import Measure, Stage
from dsar.letters import tell
from dsar.records import actor_of, demand, draft
from dsar.rules import may_take
from dsar.stepping import take_step
from dsar.store import answer_language, case_by_id
from dsar.types import Event, Letter, Party, RequestKind, Status
from governance.core.terms import RequestId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.i18n.formats import long_day
from policies.actions import Action

LOOKED_INTO = frozenset(
    {RequestKind.CORRECTION, RequestKind.RECTIFICATION, RequestKind.OBJECTION}
)  # while which the person may have use restricted (GDPR 18(1)(a), (d))
OVER = frozenset({Status.RESPONDED, Status.REFUSED, Status.CLOSED, Status.WITHDRAWN})


def undo(ports: Ports, principal: Principal, request: RequestId, *, at: datetime) -> Case:
    """The person takes the request back before anything was erased; use is as it was before.

    The person in the portal, or an officer on the person's word. Raises UndoLateError.
    """
    case, lifted = ports.database.write(
        partial(_undo, ports=ports, principal=principal, request=request, at=at)
    )
    tell_journal(ports, lifted, at=at)
    return case


def _undo(
    tx: Connection, *, ports: Ports, principal: Principal, request: RequestId, at: datetime
) -> tuple[Case, tuple[Choice, ...]]:
    case, found = case_by_id(tx, request), execution_of(tx, request)
    actor = actor_of(principal, ports.policies.current, case)
    if not may_take(actor, Party.PERSON):
        demand(actor, Action.DSAR_WRITE)
    if found is None or not found.undoable(at=at):
        raise UndoLateError(request=request)
    if move(tx, found, Stage.UNDONE, undone_at=at) is None:
        raise RequestChangedError(request=request)
    lifted = lift(tx, ports, principal, case, tag=Measure.ERASE.value, at=at)
    case = take_step(tx, ports, principal, request, Event.WITHDRAW, at=at)
    return case, lifted


def concerns(tx: Connection, case: Case) -> bool:
    """Whether there is something about its execution that the person can see or do."""
    looked = any(track.kind in LOOKED_INTO for track in case.tracks)
    return looked or execution_of(tx, case.id) is not None


def restrict(
    tx: Connection, ports: Ports, principal: Principal, request: RequestId, *, at: datetime
) -> Case:
    """Nothing is used while the request is looked into, because the person asks so.

    GDPR 18(1)(a) and (d); under the APPI by our own policy. Only before the answer.
    """
    case = case_by_id(tx, request)
    actor = actor_of(principal, ports.policies.current, case)
    if not actor.is_requester:
        demand(actor, Action.DSAR_WRITE)
    looked = any(t.kind in LOOKED_INTO and t.status not in OVER for t in case.tracks)
    if not looked or case.subject is None:
        raise RestrictionError(request=request)
    if not add_interim(tx, request, by=principal.id, at=at):
        return case
    restrict_meanwhile(tx, ports, principal, case, at=at)
    code = EventCode.REQUEST_CHANGED
    ports.audit.append(tx, draft(ports, principal, case, code, at=at, reasons=("restricted",)))
    return case


def announce_end(
    tx: Connection, ports: Ports, principal: Principal, request: RequestId, *, at: datetime
) -> datetime:
    """The person is told that the restriction will end, and when (GDPR 18(3))."""
    case, found = case_by_id(tx, request), execution_of(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_DECIDE)
    wanted = {Measure.RESTRICT, Measure.STOP_USE}
    if found is None or found.measure not in wanted or found.stage is not Stage.DONE:
        raise RestrictionError(request=request)
    if found.lift_from is not None:
        return found.lift_from
    ends = at + LIFT_NOTICE
    set_lift(tx, request, lift_from=ends)
    _tell_end(tx, ports, principal, case, ends, at=at)
    return ends


def _tell_end(
    tx: Connection, ports: Ports, principal: Principal, case: Case, ends: datetime, *, at: datetime
) -> None:
    lang = answer_language(tx, case.id)
    given = {Slot.DUE: long_day(ends, lang)}
    refs = tell(tx, ports, case, Letter.LIFTING, lang=lang, at=at, given=given)
    ports.audit.append(
        tx,
        draft(
            ports,
            principal,
            case,
            EventCode.REQUEST_CHANGED,
            at=at,
            reasons=("lifting_told",),
            refs=refs,
        ),
    )


def end_restrictions(ports: Ports, principal: Principal, *, at: datetime, limit: int) -> int:
    """Restrictions whose day has come have ended; interim ones of decided requests are told of."""
    with ports.database.read() as tx:
        decided = to_lift(tx, at=at, limit=limit)
        interims = standing_interims(tx, limit=limit)
    done = 0
    for found in decided:
        end = partial(_end_decided, ports=ports, principal=principal, request=found.request, at=at)
        tell_journal(ports, ports.database.write(end), at=at)
        done += 1
    for request in interims:
        step = partial(_step_interim, ports=ports, principal=principal, request=request, at=at)
        lifted = ports.database.write(step)
        tell_journal(ports, lifted, at=at)
        done += bool(lifted)
    return done


def _end_decided(
    tx: Connection, *, ports: Ports, principal: Principal, request: RequestId, at: datetime
) -> tuple[Choice, ...]:
    case, found = case_by_id(tx, request), execution_of(tx, request)
    if found is None:
        raise NothingExecutedError
    set_lift(tx, request, lifted_at=at)
    return lift(tx, ports, principal, case, tag=found.measure.value, at=at)


def _step_interim(
    tx: Connection, *, ports: Ports, principal: Principal, request: RequestId, at: datetime
) -> tuple[Choice, ...]:
    """Told once the request is over, lifted when that day has come; what was taken back at once."""
    case, stands = case_by_id(tx, request), interim_of(tx, request)
    if stands is None or not all(track.status in OVER for track in case.tracks):
        return ()
    back = all(track.status is Status.WITHDRAWN for track in case.tracks)
    if not back and stands["lift_from"] is None:
        ends = at + LIFT_NOTICE
        set_interim(tx, request, told_at=at, lift_from=ends)
        _tell_end(tx, ports, principal, case, ends, at=at)
        return ()
    if not back and at < stands["lift_from"]:
        return ()
    set_interim(tx, request, lifted_at=at)
    return lift(tx, ports, principal, case, tag="meanwhile", at=at)
