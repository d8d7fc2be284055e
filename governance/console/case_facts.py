"""A request at a glance: where it stands under each law, until when, what comes next, its past."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from dsar.case import Actor, Case, Decision, Track, Transition
from dsar.clocks import SUIT, dates_of, ended_at
from dsar.errors import RequestStepError
from dsar.listing import Entry
from dsar.machine import possible
from dsar.rules import advance, may_take
from dsar.types import COPYING, FEE_ALLOWED, Event, Ground, Mark, Refusal, RequestKind, Status
from governance.core.terms import Lang, Law
from governance.i18n.actors import called
from governance.i18n.catalogue import error_text, text
from governance.identity.types import Staff
from governance.ui.parts import Choice, ClockDay, LawClock, Occurrence, Step, StepState, Term
from policies.actions import Action

ROADS: Final[Mapping[Law, tuple[Status, ...]]] = MappingProxyType(
    {
        Law.APPI: (
            *(Status.RECEIVED, Status.IDENTITY, Status.COLLECTING, Status.REVIEW),
            *(Status.APPROVED, Status.EXECUTING, Status.RESPONDED, Status.CLOSED),
        ),
        Law.GDPR: (
            *(Status.RECEIVED, Status.TRIAGED, Status.COLLECTING, Status.REVIEW),
            *(Status.APPROVED, Status.EXECUTING, Status.RESPONDED, Status.CLOSED),
        ),
    }
)  # the way of a request that nothing stops
BESIDE: Final[Mapping[Status, tuple[Status, ...]]] = MappingProxyType(
    {
        Status.IDENTITY: (Status.TRIAGED,),
        Status.SCOPE: (Status.IDENTITY, Status.TRIAGED),
        Status.FEE: (Status.IDENTITY, Status.TRIAGED),
        Status.EXTENDED: (Status.COLLECTING,),
        Status.REFUSED: (Status.APPROVED,),
        Status.ALTERNATIVE: (Status.EXECUTING,),
        Status.RECIPIENTS_TOLD: (Status.EXECUTING,),
        Status.WITHDRAWN: (Status.RESPONDED,),
    }
)  # where what is not on the way stands beside it
STOPPED: Final = frozenset({Status.REFUSED, Status.WITHDRAWN})
HERE: Final[Mapping[Event, str]] = MappingProxyType(
    {
        **dict.fromkeys((Event.TRIAGE, Event.ASK_IDENTITY, Event.CONFIRM_IDENTITY), ""),
        **dict.fromkeys((Event.START, Event.ASK_SCOPE, Event.RECEIVE_SCOPE), ""),
        **dict.fromkeys((Event.REFUSE, Event.TELL_RECIPIENTS, Event.RESPOND, Event.CLOSE), ""),
        Event.TAKE_ALTERNATIVE: Ground.APPI_35_ALTERNATIVE.value,
        Event.WITHDRAW: "",
    }
)  # steps that need no page of their own, with the only ground that they can have
FORWARD: Final = (
    *(Event.CONFIRM_IDENTITY, Event.START, Event.RECEIVE_SCOPE, Event.ACCEPT_FEE, Event.TRIAGE),
    *(Event.FINISH_COLLECTING, Event.APPROVE, Event.REFUSE),
    *(Event.TELL_RECIPIENTS, Event.RESPOND, Event.CLOSE),
)  # what leads on; of those that are possible the first is offered before the others
ONLY_FOR: Final[Mapping[tuple[Law, Event], frozenset[RequestKind]]] = MappingProxyType(
    {
        (Law.APPI, Event.QUOTE_FEE): FEE_ALLOWED,
        (Law.APPI, Event.TAKE_ALTERNATIVE): frozenset(
            {RequestKind.CESSATION, RequestKind.PROVISION_STOP}
        ),
    }
)  # APPI 38(1); 35(2), (4), (6)
DOING: Final = frozenset(
    {Status.APPROVED, Status.EXECUTING, Status.ALTERNATIVE, Status.RECIPIENTS_TOLD}
)
ASIDE: Final = frozenset({Event.HOLD, Event.EXTEND, Event.QUOTE_FEE, Event.WITHDRAW})
ELSEWHERE: Final[Mapping[Event, str]] = MappingProxyType(
    {
        **dict.fromkeys((Event.QUOTE_FEE, Event.ACCEPT_FEE, Event.EXTEND), "identity"),
        **dict.fromkeys((Event.HOLD, Event.RELEASE), "identity"),
        Event.FINISH_COLLECTING: "sources",
        Event.APPROVE: "review",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A step that the law's table knows now: to take here, to take on its page, or why not."""

    event: str
    name: str
    takes: bool = False
    page: str = ""
    why: str = ""

    @property
    def aside(self) -> bool:
        """Whether it stops, prolongs or prices the request: never the step to take first."""
        return self.event in ASIDE


@dataclass(frozen=True, slots=True)
class Onward:
    """The page on which the request goes on, and what is done there."""

    page: str
    deed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """The request under one law."""

    law: str
    right: str
    steps: tuple[Step, ...]


def roads(case: Case, lang: Lang) -> tuple[Road, ...]:
    """Each law's way with the place that the request has reached."""
    return tuple(
        Road(
            law=text(f"law.name.{track.law.value.upper()}", lang),
            right=text(f"dsar.right.{track.kind}", lang),
            steps=_steps(track, lang),
        )
        for track in case.tracks
    )


def _steps(track: Track, lang: Lang) -> tuple[Step, ...]:
    way, place = ROADS[track.law], reached(track)
    return tuple(
        Step(
            name=text(f"dsar.status.{track.law}.{track.status if at == place else status}", lang),
            state=_state(at, place, track.status),
        )
        for at, status in enumerate(way)
    )


def reached(track: Track) -> int:
    """The place on the way at which the request stands, or beside which."""
    way = ROADS[track.law]
    names = (track.status, *BESIDE.get(track.status, ()))
    return next(way.index(name) for name in names if name in way)


def _state(at: int, place: int, status: Status) -> StepState:
    if at == place:
        if status in STOPPED:
            return StepState.STOPPED
        return StepState.DONE if status is Status.CLOSED else StepState.HERE
    return StepState.DONE if at < place else StepState.AHEAD


def clocks(case: Case, lang: Lang, *, at: datetime) -> tuple[LawClock, ...]:
    """The days of each law with the sentence that explains them."""
    return tuple(_clock(case, track, lang, at=at) for track in case.tracks)


def _clock(case: Case, track: Track, lang: Lang, *, at: datetime) -> LawClock:
    dates = dates_of(case, track, at=at)
    named = {
        "legal": dates.legal,
        "nominal": dates.nominal if dates.nominal != dates.legal else None,
        "policy": dates.policy_due,
        "suit": dates.suit_from,
        "paused": dates.paused_since,
    }
    days = tuple(
        ClockDay(label=text(f"console.case.day.{name}", lang), day=day)
        for name, day in named.items()
        if day is not None
    )
    why = dates.reason_ja if lang is Lang.JA else dates.reason_en
    if not days or dates.rule == SUIT:  # only the day of the suit: nothing to answer by runs yet
        begins = track.law is Law.APPI and ended_at(track.clocks) is None
        words = text("console.case.day.not_begun" if begins else "console.none", lang)
        days = (ClockDay(label=text("console.case.day.policy", lang), words=words), *days)
        why = text("console.case.day.begins", lang) if begins else why
    return LawClock(
        law=text(f"law.name.{track.law.value.upper()}", lang),
        days=days,
        why=why,
        context=text(f"dsar.status.{track.law}.{track.status}", lang),
    )


def step_lines(case: Case, actor: Actor, lang: Lang, *, at: datetime) -> tuple[StepLine, ...]:
    """What this reader may do now, first; then what waits, each with the reason."""
    known: dict[Event, bool] = {}
    for track in case.tracks:
        for step in possible(track.law, track.status):
            if track.kind not in ONLY_FOR.get((track.law, step.event), RequestKind):
                continue  # no law allows it for this right: offering it would mislead
            known[step.event] = known.get(step.event, False) or may_take(actor, step.party)
    idle = Event.HOLD if case.hold is not None else Event.RELEASE
    lines = [
        _line(case, event, actor, lang, at=at)
        for event, mine in known.items()
        if mine and event is not idle and (event in HERE or event in ELSEWHERE)
    ]
    return tuple(sorted(lines, key=_order))


def desk_steps(case: Case, actor: Actor, lang: Lang, *, at: datetime) -> tuple[StepLine, ...]:
    """Of these what the desk does with no page of its own: triage, and asking who and for what.

    Which they are is the desk's to say; whether they can be taken, the reader's own roles.
    """
    desk = replace(actor, actions=actor.actions & {Action.DSAR_WRITE})
    offered = {line.event for line in step_lines(case, desk, lang, at=at) if not line.page}
    return tuple(line for line in step_lines(case, actor, lang, at=at) if line.event in offered)


def _order(line: StepLine) -> tuple[bool, int, bool]:
    """What can be done before what cannot, what leads on before the rest, withdrawal last."""
    place = FORWARD.index(Event(line.event)) if line.event in FORWARD else len(FORWARD)
    return not (line.takes or line.page), place, line.event == Event.WITHDRAW


def _line(case: Case, event: Event, actor: Actor, lang: Lang, *, at: datetime) -> StepLine:
    name = text(f"dsar.event.{event}", lang)
    if event is Event.APPROVE and case.decision is None:
        why = RequestStepError(request=case.id, reason=Refusal.DECISION_MISSING.value, law="-")
        return StepLine(event=event.value, name=name, why=error_text(why, lang))
    if event in ELSEWHERE:
        place = _place(case, event)
        station = text(f"console.station.{place}", lang)
        told = text("console.case.on_page", lang, step=name, page=station)
        return StepLine(event=event.value, name=told, page=place)
    answer = advance(case, event, actor=actor, at=at, ground=HERE[event] or None)
    if isinstance(answer, Transition):
        return StepLine(event=event.value, name=name, takes=True)
    law = answer.law.value if answer.law else "-"
    refused = RequestStepError(request=case.id, reason=answer.reason.value, law=law)
    return StepLine(event=event.value, name=name, why=error_text(refused, lang))


def _place(case: Case, event: Event) -> str:
    """The page of a step; who agrees to an execution sees its plan there."""
    copying = any(track.kind in COPYING for track in case.tracks)
    return "execution" if event is Event.APPROVE and not copying else ELSEWHERE[event]


def hand_choices(
    staff: Iterable[Staff], lang: Lang, case: Case | None = None
) -> tuple[Choice, ...]:
    """Who may have a request in hand, by name and login, whoever has this one first."""
    holder = case.assignee if case else None
    found = sorted(staff, key=lambda one: (one.id != holder, one.login))
    names: dict[str, str] = {one.id: one.display_name for one in found}
    return tuple(Choice(value=one.id, label=called(one.id, names, lang)) for one in found)


def history(
    entries: Iterable[Entry], names: Mapping[str, str], lang: Lang
) -> tuple[Occurrence, ...]:
    """What was done and by whom, newest first; grounds in words where the catalogue has them."""
    marks = set(Mark)
    found = [
        Occurrence(
            at=entry.at,
            kind=text(f"dsar.{'mark' if entry.event in marks else 'did'}.{entry.event}", lang),
            sentence=_sentence(entry, names, lang),
        )
        for entry in entries
    ]
    return tuple(reversed(found))


def onward(case: Case, steps: Iterable[StepLine]) -> Onward | None:
    """The page on which the request goes on, where none of these steps leads there."""
    if any(line.event in FORWARD and (line.takes or line.page) for line in steps):
        return None
    copying = any(track.kind in COPYING for track in case.tracks)
    found = {track.status for track in case.tracks}
    if found & DOING:
        return Onward("answer", "answer") if copying else Onward("execution", "execute")
    if Status.REVIEW in found:
        deed = "see" if case.decision is not None else "decide"
        return Onward("review" if copying else "execution", deed)
    if found & {Status.IDENTITY, Status.SCOPE}:
        return Onward("identity", "prove")
    return None


def ground_terms(decision: Decision | None, lang: Lang) -> tuple[Term, ...]:
    """On which grounds it was decided, and what is left out of the answer on which."""
    if decision is None:
        return ()
    lines = "\n".join(text(f"dsar.ground.{ground}", lang) for ground in decision.grounds)
    left = Counter(ground for item in decision.items for ground in item.grounds)
    told = [Term(term=text("console.case.grounds", lang), text=lines)]
    told += [
        Term(
            term=text("console.case.withheld", lang),
            text=text(f"dsar.ground.{ground}", lang),
            note=text("console.case.withheld_n", lang, n=number),
        )
        for ground, number in sorted(left.items())
    ]
    return tuple(told)


def _sentence(entry: Entry, names: Mapping[str, str], lang: Lang) -> str:
    words = [names[entry.actor]]
    if entry.law is not None and entry.target is not None and entry.source is not entry.target:
        words.append(text(f"dsar.status.{entry.law}.{entry.target}", lang))
    return " → ".join(words)
