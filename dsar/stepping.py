"""Steps of a request as use cases: clocks, history, letters and audit event in one transaction."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy import Connection

from audit.actions import EventCode
from dsar.case import Actor, Case, ClockEntry, Transition
from dsar.errors import RequestNotAllowedError, RequestStepError
from dsar.execution.effects import object_to_marketing
from dsar.letters import by_alternative, tell_outcome, tell_step
from dsar.recipients import told_names
from dsar.records import actor_of, demand_possible, draft, write_down
from dsar.results import newest_package
from dsar.rules import advance as advanced
from dsar.rules import applied
from dsar.store import add_clocks, answer_language, case_by_id
from dsar.types import ClockKind, Event, Letter, Refusal, RequestKind
from governance.core.terms import RequestId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action

CODES: Mapping[Event, EventCode] = MappingProxyType(
    {
        Event.CONFIRM_IDENTITY: EventCode.REQUEST_IDENTITY_PROVED,
        Event.EXTEND: EventCode.REQUEST_EXTENDED,
        Event.REFUSE: EventCode.REQUEST_REFUSED,
        Event.HOLD: EventCode.REQUEST_HELD,
        Event.RELEASE: EventCode.REQUEST_RELEASED,
        Event.CLOSE: EventCode.REQUEST_CLOSED,
    }
)  # every other step is `request.changed` with the step as its reason
PAUSING: Mapping[ClockKind, EventCode] = MappingProxyType(
    {ClockKind.PAUSE: EventCode.REQUEST_PAUSED, ClockKind.RESUME: EventCode.REQUEST_RESUMED}
)


def advance(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    event: Event,
    *,
    at: datetime,
    ground: str | None = None,
    until: date | None = None,
) -> Case:
    """The request one step on; raises RequestStepError. A grant goes through `approve`."""
    if event is Event.APPROVE:
        raise RequestNotAllowedError(action=Action.DSAR_APPROVE.value)
    return take_step(tx, ports, principal, request, event, at=at, ground=ground, until=until)


def _answers(tx: Connection, step: Transition, request: RequestId) -> bool:
    """Whether this step is the answer itself; where a package is, its own letter tells of it.

    APPI 34(3), 35(7): told without delay; GDPR 12(4): a refusal is the notice itself.
    """
    told = any(move.letter is Letter.OUTCOME for move in step.moves)
    return told and newest_package(tx, request) is None


def take_step(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    event: Event,
    *,
    at: datetime,
    ground: str | None = None,
    until: date | None = None,
    refs: tuple[str, ...] = (),
    actor: Actor | None = None,
) -> Case:
    """The request one step on, with clocks, history and audit event; for this feature's use.

    `actor` stands for the house itself, where a term and no person takes the step.
    """
    case = case_by_id(tx, request)
    actor = actor or actor_of(principal, ports.policies.current, case)
    answer = advanced(case, event, actor=actor, at=at, ground=ground, until=until)
    demand_possible(answer, case)
    if not isinstance(answer, Transition):
        raise RequestStepError(request=request, reason=Refusal.NO_SUCH_STEP.value, law="-")
    after = applied(case, answer, actor=actor)
    for move in answer.moves:
        add_clocks(tx, request, move.clocks, actor=principal.id)
        _note_clocks(tx, ports, principal, after, move.clocks, at=at)
    refs = (*refs, *_letters(tx, ports, after, answer, at=at))
    refs = (*refs, *_at_once(tx, ports, principal, after, event, at=at))
    return write_down(
        tx,
        ports,
        principal,
        after,
        event,
        CODES.get(event, EventCode.REQUEST_CHANGED),
        at=at,
        before=case.version,
        moves=answer.moves,
        ground=ground,
        reasons=(ground,) if ground else (),
        refs=refs,
    )


def _letters(
    tx: Connection, ports: Ports, case: Case, step: Transition, *, at: datetime
) -> tuple[str, ...]:
    """The letters that come with the step, and that of the answer where it is one."""
    lang = answer_language(tx, case.id)
    refs = tell_step(tx, ports, case, step, lang=lang, at=at)
    if not _answers(tx, step, case.id):
        return refs
    names, alternative = told_names(tx, case), by_alternative(step)
    told = tell_outcome(
        tx, ports, case, recipients=names, lang=lang, at=at, alternative=alternative
    )
    return (*refs, *told)


def _at_once(
    tx: Connection, ports: Ports, principal: Principal, case: Case, event: Event, *, at: datetime
) -> tuple[str, ...]:
    """An objection stops direct marketing as soon as the person is proved (law.md 8.1)."""
    proved = event in {Event.START, Event.CONFIRM_IDENTITY}
    if not proved or all(track.kind is not RequestKind.OBJECTION for track in case.tracks):
        return ()
    made = object_to_marketing(tx, ports, principal, case, at=at)
    return tuple(f"choice:{entry}" for entry in made)


def _note_clocks(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    entries: Iterable[ClockEntry],
    *,
    at: datetime,
) -> None:
    """Each stop of a clock and each end of one is an event of its own, beside its row."""
    for entry in entries:
        if (code := PAUSING.get(entry.kind)) is None:
            continue
        reasons = (entry.law.value, entry.rule, *((entry.ground,) if entry.ground else ()))
        ports.audit.append(tx, draft(ports, principal, case, code, at=at, reasons=reasons))
