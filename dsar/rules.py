"""The life of a request as one table per law, built from the law book; pure.

Every step is refused unless the table names it. A step moves each law's track for which it is a
step now; a refused guard on any of them moves none.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from types import MappingProxyType

from dsar.case import Actor, Case, Decision, Move, Refused, Track, Transition
from dsar.clocks import entries_of, extension_in_time
from dsar.errors import MachineMismatchError
from dsar.identity import identity_suffices
from dsar.types import (
    COUNTERPART,
    FEE_ALLOWED,
    LAW_OF,
    Event,
    ExtensionGround,
    Ground,
    Outcome,
    Party,
    Refusal,
    RequestKind,
    Status,
)
from governance.core.terms import Law
from policies.actions import Action
from policies.law.load import shipped
from policies.law.types import StateMachine

STATES: Mapping[Law, Mapping[str, Status]] = MappingProxyType(
    {
        Law.GDPR: MappingProxyType(
            {
                "RECEIVED": Status.RECEIVED,
                "TRIAGED": Status.TRIAGED,
                "AWAITING_IDENTITY": Status.IDENTITY,
                "AWAITING_SCOPE": Status.SCOPE,
                "FEE_QUOTED": Status.FEE,
                "COLLECTING": Status.COLLECTING,
                "REVIEW": Status.REVIEW,
                "EXTENDED": Status.EXTENDED,
                "APPROVED": Status.APPROVED,
                "EXECUTING": Status.EXECUTING,
                "RECIPIENTS_NOTIFIED": Status.RECIPIENTS_TOLD,
                "RESPONDED": Status.RESPONDED,
                "REFUSED": Status.REFUSED,
                "WITHDRAWN": Status.WITHDRAWN,
                "CLOSED": Status.CLOSED,
            }
        ),
        Law.APPI: MappingProxyType(
            {
                "受付": Status.RECEIVED,
                "確認中(本人・代理権)": Status.IDENTITY,
                "特定依頼中": Status.SCOPE,
                "手数料待ち": Status.FEE,
                "調査中": Status.COLLECTING,
                "判断": Status.REVIEW,
                "決定(応諾)": Status.APPROVED,
                "決定(拒否)": Status.REFUSED,
                "実施中": Status.EXECUTING,
                "代替措置": Status.ALTERNATIVE,
                "通知済": Status.RESPONDED,
                "取下げ": Status.WITHDRAWN,
                "完了": Status.CLOSED,
            }
        ),
    }
)
EVENTS: Mapping[tuple[Status, Status], Event] = MappingProxyType(
    {
        (Status.RECEIVED, Status.TRIAGED): Event.TRIAGE,
        (Status.RECEIVED, Status.IDENTITY): Event.ASK_IDENTITY,
        (Status.TRIAGED, Status.IDENTITY): Event.ASK_IDENTITY,
        (Status.IDENTITY, Status.COLLECTING): Event.CONFIRM_IDENTITY,
        (Status.RECEIVED, Status.COLLECTING): Event.START,
        (Status.TRIAGED, Status.COLLECTING): Event.START,
        (Status.RECEIVED, Status.SCOPE): Event.ASK_SCOPE,
        (Status.TRIAGED, Status.SCOPE): Event.ASK_SCOPE,
        (Status.SCOPE, Status.COLLECTING): Event.RECEIVE_SCOPE,
        (Status.TRIAGED, Status.FEE): Event.QUOTE_FEE,
        (Status.IDENTITY, Status.FEE): Event.QUOTE_FEE,
        (Status.FEE, Status.COLLECTING): Event.ACCEPT_FEE,
        (Status.COLLECTING, Status.EXTENDED): Event.EXTEND,
        (Status.COLLECTING, Status.REVIEW): Event.FINISH_COLLECTING,
        (Status.EXTENDED, Status.REVIEW): Event.FINISH_COLLECTING,
        (Status.REVIEW, Status.APPROVED): Event.APPROVE,
        (Status.IDENTITY, Status.REFUSED): Event.REFUSE,
        (Status.FEE, Status.REFUSED): Event.REFUSE,
        (Status.REVIEW, Status.REFUSED): Event.REFUSE,
        (Status.APPROVED, Status.EXECUTING): Event.EXECUTE,
        (Status.EXECUTING, Status.ALTERNATIVE): Event.TAKE_ALTERNATIVE,
        (Status.EXECUTING, Status.RECIPIENTS_TOLD): Event.TELL_RECIPIENTS,
        (Status.EXECUTING, Status.RESPONDED): Event.RESPOND,
        (Status.RECIPIENTS_TOLD, Status.RESPONDED): Event.RESPOND,
        (Status.ALTERNATIVE, Status.RESPONDED): Event.RESPOND,
        (Status.REFUSED, Status.RESPONDED): Event.RESPOND,
        (Status.RESPONDED, Status.CLOSED): Event.CLOSE,
        (Status.REFUSED, Status.CLOSED): Event.CLOSE,
        (Status.WITHDRAWN, Status.CLOSED): Event.CLOSE,
    }
)
PARTIES: Mapping[str, Party] = MappingProxyType(
    {
        "intake": Party.DESK,
        "identity officer": Party.DESK,
        "case worker": Party.DESK,
        "privacy officer": Party.OFFICER,
        "privacy officer (four eyes)": Party.OFFICER,
        "data owners": Party.OWNER,
        "person": Party.PERSON,
        "system": Party.SYSTEM,
        "窓口": Party.DESK,
        "個人情報保護管理者": Party.OFFICER,
        "データ管理者": Party.OWNER,
        "本人": Party.PERSON,
        "システム": Party.SYSTEM,
    }
)
MAY: Mapping[Party, Action] = MappingProxyType(
    {
        Party.PERSON: Action.DSAR_WRITE,  # an officer notes what the person said elsewhere
        Party.DESK: Action.DSAR_WRITE,
        Party.OFFICER: Action.DSAR_DECIDE,
        Party.OWNER: Action.DSAR_EXECUTE,
        Party.SYSTEM: Action.DSAR_EXECUTE,
        Party.APPROVER: Action.DSAR_APPROVE,
    }
)
TWO_PERSONS = frozenset({Event.APPROVE})  # decided by one, approved by another (design.md 3.10)
ANSWERED = frozenset({Status.RESPONDED, Status.WITHDRAWN, Status.CLOSED})
REFUSED_IS_ANSWER = frozenset({Law.GDPR})  # its refusal is the notice of Art. 12(4) itself
DECIDABLE = frozenset({Status.IDENTITY, Status.FEE, Status.REVIEW})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One lawful step under one law."""

    source: Status
    event: Event
    target: Status
    party: Party


Steps = Mapping[tuple[Status, Event], Step]


def steps_of(law: Law, machine: StateMachine) -> Steps:
    """The machine of the law book as a table; raises MachineMismatchError for an unknown word."""
    states = STATES[law]
    unknown = set(machine.states) ^ set(states)
    if unknown:
        raise MachineMismatchError(law=law.value, problem="state")
    steps: dict[tuple[Status, Event], Step] = {}
    for row in machine.transitions:
        source, target = states[row.source], states[row.target]
        event = Event.WITHDRAW if target is Status.WITHDRAWN else EVENTS.get((source, target))
        if event is None or row.actor not in PARTIES:
            raise MachineMismatchError(law=law.value, problem="transition")
        party = Party.APPROVER if event in TWO_PERSONS else PARTIES[row.actor]
        steps[source, event] = Step(source=source, event=event, target=target, party=party)
    for source in open_states(law):  # "also from any open state" (law.md 8.1, 8.2)
        steps[source, Event.WITHDRAW] = Step(
            source=source, event=Event.WITHDRAW, target=Status.WITHDRAWN, party=Party.PERSON
        )
    return MappingProxyType(steps)


def open_states(law: Law) -> frozenset[Status]:
    """States of this law in which the person waits for an answer."""
    answered = ANSWERED | ({Status.REFUSED} if law in REFUSED_IS_ANSWER else frozenset())
    return frozenset(STATES[law].values()) - answered


@cache
def tables() -> Mapping[Law, Steps]:
    """The table of each law as shipped."""
    machines = shipped().machines
    return MappingProxyType({law: steps_of(law, machines[law.value]) for law in STATES})


def step(law: Law, status: Status, event: Event) -> Step | None:
    """The step that this event is in this status; None when the law knows no such step."""
    return tables()[law].get((status, event))


def rights_for(kind: RequestKind, laws: Iterable[Law]) -> tuple[RequestKind, ...]:
    """The right asked for and its counterpart under the other law, as far as each applies."""
    applying = frozenset(laws)
    wished = (kind, COUNTERPART.get(kind))
    found = tuple(right for right in wished if right is not None and LAW_OF[right] in applying)
    return found or (kind,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One step asked for on one track."""

    case: Case
    track: Track
    step: Step
    actor: Actor
    at: datetime
    ground: str | None


def advance(
    case: Case, event: Event, *, actor: Actor, at: datetime, ground: str | None = None
) -> Transition | Refused:
    """What the step moves, or why it is not possible; nothing is changed here."""
    if at < case.last_at:
        return Refused(reason=Refusal.CLOCK_BACKWARDS)
    found = [
        (track, known)
        for track in case.tracks
        if (known := step(track.law, track.status, event)) is not None
    ]
    if not found:
        return Refused(reason=Refusal.NO_SUCH_STEP)
    for track, known in found:
        asked = Asked(case=case, track=track, step=known, actor=actor, at=at, ground=ground)
        refusal = _refusal(asked)
        if refusal is not None:
            return Refused(reason=refusal, law=track.law)
    moves = tuple(
        Move(
            law=track.law,
            source=track.status,
            target=known.target,
            clocks=entries_of(track, event, known.target, at=at, ground=ground),
        )
        for track, known in found
    )
    return Transition(event=event, at=at, moves=moves, ground=ground)


def may_take(actor: Actor, party: Party) -> bool:
    """Whether the actor counts as this party."""
    if party is Party.PERSON and actor.is_requester:
        return True
    return MAY[party] in actor.actions


def _refusal(ask: Asked) -> Refusal | None:
    """The first condition of this step that does not hold on this track."""
    case, track, known = ask.case, ask.track, ask.step
    if not may_take(ask.actor, known.party):
        return Refusal.WRONG_PARTY
    if known.target is Status.COLLECTING and not identity_suffices(
        case.evidence, track.kind, requester=case.requester
    ):
        return Refusal.IDENTITY_MISSING
    guard = GUARDS.get(known.event)
    return guard(ask) if guard is not None else None


def _fee(ask: Asked) -> Refusal | None:
    """APPI 38 names 32(2) and 33 alone."""
    fits = ask.track.law is not Law.APPI or ask.track.kind in FEE_ALLOWED
    return None if fits else Refusal.FEE_NOT_ALLOWED


def _extension(ask: Asked) -> Refusal | None:
    """Told with its reason inside the first month (GDPR 12(3))."""
    if ask.ground not in set(ExtensionGround):
        return Refusal.GROUND_MISSING
    in_time = extension_in_time(ask.case, ask.track, at=ask.at)
    return None if in_time else Refusal.EXTENSION_LATE


def _collected(ask: Asked) -> Refusal | None:
    """Fails closed: a part that was not looked at is not answered for."""
    found = bool(ask.case.sources) and all(source.found for source in ask.case.sources)
    return None if found else Refusal.SOURCES_MISSING


def _approved(ask: Asked) -> Refusal | None:
    refusal = _decided(ask, frozenset(Outcome) - {Outcome.REFUSE})
    decision = ask.case.decision
    if refusal is None and decision is not None and decision.decided_by == ask.actor.id:
        return Refusal.SAME_PERSON
    return refusal


def _refused(ask: Asked) -> Refusal | None:
    return _decided(ask, frozenset({Outcome.REFUSE, Outcome.NOT_HELD}))


def _alternative(ask: Asked) -> Refusal | None:
    return None if ask.ground == Ground.APPI_35_ALTERNATIVE else Refusal.GROUND_MISSING


def _done(ask: Asked) -> Refusal | None:
    done = ask.track.status is Status.REFUSED or ask.case.executed
    return None if done else Refusal.EXECUTION_MISSING


def _closable(ask: Asked) -> Refusal | None:
    """Nothing is closed without decision and ground, except what the person took back."""
    withdrawn = ask.track.status is Status.WITHDRAWN
    return None if withdrawn else _decided(ask, frozenset(Outcome))


def _decided(ask: Asked, outcomes: frozenset[Outcome]) -> Refusal | None:
    decision = ask.case.decision
    if decision is None:
        return Refusal.DECISION_MISSING
    if decision.outcome not in outcomes:
        return Refusal.OUTCOME_MISMATCH
    return None if grounded(decision, ask.track.law) else Refusal.GROUND_MISSING


GUARDS: Mapping[Event, Callable[[Asked], Refusal | None]] = MappingProxyType(
    {
        Event.QUOTE_FEE: _fee,
        Event.EXTEND: _extension,
        Event.FINISH_COLLECTING: _collected,
        Event.APPROVE: _approved,
        Event.REFUSE: _refused,
        Event.TAKE_ALTERNATIVE: _alternative,
        Event.RESPOND: _done,
        Event.CLOSE: _closable,
    }
)  # what a step needs besides its party; the other steps need nothing more


def grounded(decision: Decision, law: Law) -> bool:
    """Whether the decision and each withheld item have a ground in this law."""
    return has_ground(decision.grounds, law) and all(
        has_ground(item.grounds, law) for item in decision.items
    )


def has_ground(grounds: Iterable[Ground], law: Law) -> bool:
    """Whether one of the grounds stands in this law."""
    return any(ground.law is law for ground in grounds)


def decidable(case: Case, decision: Decision, *, actor: Actor) -> Refused | None:
    """Why this decision cannot stand on the case; None when it can."""
    if Action.DSAR_DECIDE not in actor.actions or actor.id != decision.decided_by:
        return Refused(reason=Refusal.WRONG_PARTY)
    if decision.decided_at < case.last_at:
        return Refused(reason=Refusal.CLOCK_BACKWARDS)
    if case.decision is not None and case.decision.approved_by is not None:
        return Refused(reason=Refusal.DECISION_FIXED)
    waiting = [track for track in case.tracks if track.status in DECIDABLE]
    if not waiting:
        return Refused(reason=Refusal.DECISION_TOO_EARLY)
    early = any(track.status is not Status.REVIEW for track in waiting)
    if early and decision.outcome is not Outcome.REFUSE:
        return Refused(reason=Refusal.DECISION_TOO_EARLY)
    if bool(decision.items) is not (decision.outcome is Outcome.PARTIAL):
        return Refused(reason=Refusal.OUTCOME_MISMATCH)
    for track in case.tracks:
        if not grounded(decision, track.law):
            return Refused(reason=Refusal.GROUND_MISSING, law=track.law)
    return None


def applied(case: Case, transition: Transition, *, actor: Actor) -> Case:
    """The case after a lawful step."""
    moved = {move.law: move for move in transition.moves}
    tracks = tuple(
        replace(
            track,
            status=moved[track.law].target,
            clocks=(*track.clocks, *moved[track.law].clocks),
        )
        if track.law in moved
        else track
        for track in case.tracks
    )
    decision = case.decision
    if transition.event is Event.APPROVE and decision is not None:
        decision = replace(decision, approved_by=actor.id, approved_at=transition.at)
    return replace(
        case, tracks=tracks, decision=decision, last_at=transition.at, version=case.version + 1
    )
