"""What a step needs and what it moves; pure.

Every step is refused unless the law's table (machine.py) names it. A step moves each law's track
for which it is a step now; a refused guard on any of them moves none.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType

from dsar.case import Actor, Case, Decision, Hold, Move, Refused, Track, Transition
from dsar.clocks import entries_of, extension_in_time
from dsar.identity.rules import sufficient
from dsar.machine import ON_HOLD, Step, step
from dsar.review.types import REVIEWED
from dsar.types import (
    COPYING,
    COUNTERPART,
    FEE_ALLOWED,
    GRANTING,
    LAPSING,
    LAW_OF,
    NOT_HELD,
    Event,
    ExtensionGround,
    Ground,
    HoldGround,
    Outcome,
    Party,
    Refusal,
    RequestKind,
    Status,
)
from governance.core.clock import JST
from governance.core.terms import Law
from policies.actions import Action

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
    until: date | None


def advance(
    case: Case,
    event: Event,
    *,
    actor: Actor,
    at: datetime,
    ground: str | None = None,
    until: date | None = None,
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
        asked = Asked(
            case=case, track=track, step=known, actor=actor, at=at, ground=ground, until=until
        )
        refusal = _refusal(asked)
        if refusal is not None:
            return Refused(reason=refusal, law=track.law)
    moves = tuple(
        Move(
            law=track.law,
            source=track.status,
            target=known.target,
            clocks=entries_of(case, track, known, at=at, ground=ground, until=until),
            letter=known.letter,
        )
        for track, known in found
    )
    return Transition(event=event, at=at, moves=moves, ground=ground, until=until)


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
    if case.hold is not None and known.event not in ON_HOLD:
        return Refusal.ON_HOLD
    entering = known.moves and known.target is Status.COLLECTING
    if entering and not sufficient(case.evidence, track.kind, requester=case.requester, at=ask.at):
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


def _held(ask: Asked) -> Refusal | None:
    """Each rest has a reason and an end (law.md 8.2); the month of the GDPR runs on."""
    if ask.ground not in set(HoldGround):
        return Refusal.GROUND_MISSING
    if ask.until is None or ask.until < ask.at.astimezone(JST).date():
        return Refusal.HOLD_END_MISSING
    return None


def _released(ask: Asked) -> Refusal | None:
    return None if ask.case.hold is not None else Refusal.NOT_ON_HOLD


def _collected(ask: Asked) -> Refusal | None:
    """Fails closed: a part that was not looked at is not answered for."""
    sources = ask.case.sources
    whole = bool(sources) and all(source.found or source.without for source in sources)
    return None if whole else Refusal.SOURCES_MISSING


def _approved(ask: Asked) -> Refusal | None:
    refusal = _decided(ask, frozenset(Outcome) - {Outcome.REFUSE})
    decision = ask.case.decision
    if refusal is None and decision is not None and decision.decided_by == ask.actor.id:
        return Refusal.SAME_PERSON
    return refusal


def _refused(ask: Asked) -> Refusal | None:
    refusal = _decided(ask, frozenset({Outcome.REFUSE, Outcome.NOT_HELD}))
    return refusal or _incomplete(ask)


def _incomplete(ask: Asked) -> Refusal | None:
    """Before it was complete a request is refused for what it lacks, and for nothing else."""
    track, decision = ask.track, ask.case.decision
    lacking = LAPSING.get((track.law, track.status))
    if track.law is not Law.APPI or lacking is None or decision is None:
        return None
    return None if lacking in decision.grounds else Refusal.GROUND_MISSING


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
        Event.HOLD: _held,
        Event.RELEASE: _released,
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
    if case.hold is not None:
        return Refused(reason=Refusal.ON_HOLD)
    if case.decision is not None and case.decision.approved_by is not None:
        return Refused(reason=Refusal.DECISION_FIXED)
    waiting = [track for track in case.tracks if step(track.law, track.status, Event.REFUSE)]
    early = any(track.status is not Status.REVIEW for track in waiting)
    if not waiting or (early and decision.outcome is not Outcome.REFUSE):
        return Refused(reason=Refusal.DECISION_TOO_EARLY)
    if unreviewed(case) and decision.outcome is not Outcome.REFUSE:
        return Refused(reason=Refusal.REVIEW_MISSING)
    if not _truthful(case, decision):
        return Refused(reason=Refusal.OUTCOME_MISMATCH)
    return _ungrounded(case, decision)


def _ungrounded(case: Case, decision: Decision) -> Refused | None:
    """A law of the case without a ground, or a ground of a law that does not apply."""
    for law in sorted(case.laws):
        if not grounded(decision, law):
            return Refused(reason=Refusal.GROUND_MISSING, law=law)
    grounds = [*decision.grounds, *(ground for item in decision.items for ground in item.grounds)]
    if any(ground.law not in case.laws for ground in grounds):
        return Refused(reason=Refusal.GROUND_FOREIGN)
    return None


def unreviewed(case: Case) -> bool:
    """Fails closed: findings would leave with the answer that nobody has judged."""
    leaves = any(track.kind in REVIEWED for track in case.tracks)
    held = any(source.records or source.left_out for source in case.sources)
    return case.reviewed is None and leaves and held


def leaves_out(case: Case) -> bool:
    """Whether the copy lacks something: as reviewed, before that as collected."""
    copying = any(track.kind in COPYING for track in case.tracks)
    if copying and goes_without(case):
        return True
    if case.reviewed is not None:
        return bool(case.reviewed.left_out)
    return copying and any(source.left_out for source in case.sources)


def goes_without(case: Case) -> bool:
    """Whether some source gave no answer and an officer went on without it."""
    return any(source.without for source in case.sources)


def _truthful(case: Case, decision: Decision) -> bool:
    """Whole means whole: what leaves anything out is a partial answer (APPI 33(3), GDPR 15(4))."""
    partly = bool(decision.items) or leaves_out(case)
    match decision.outcome:
        case Outcome.GRANT:
            return not partly
        case Outcome.PARTIAL:
            return partly
        case Outcome.REFUSE:
            return not decision.items
        case Outcome.NOT_HELD:  # nobody can say so of what was not looked at
            return not decision.items and not goes_without(case)


def suggestion(case: Case) -> tuple[Outcome, tuple[Ground, ...]]:
    """The decision that follows when no exception applies; the officer confirms or changes it."""
    nothing = not any(source.records for source in case.sources)
    if case.sources and nothing and not goes_without(case):
        return Outcome.NOT_HELD, tuple(NOT_HELD[track.law] for track in case.tracks)
    outcome = Outcome.PARTIAL if leaves_out(case) else Outcome.GRANT
    return outcome, tuple(GRANTING[track.kind] for track in case.tracks)


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
        case,
        tracks=tracks,
        decision=decision,
        hold=_hold_after(case, transition, actor=actor),
        last_at=transition.at,
        version=case.version + 1,
    )


def _hold_after(case: Case, transition: Transition, *, actor: Actor) -> Hold | None:
    """The rest that stands after the step."""
    if transition.event in {Event.RELEASE, Event.WITHDRAW}:
        return None
    if transition.event is not Event.HOLD or transition.until is None:
        return case.hold
    return Hold(
        ground=HoldGround(transition.ground or ""),
        since=transition.at,
        until=transition.until,
        by=actor.id,
    )
