"""Random walks through both machines: nothing is lost, closed unanswered, or runs backwards."""

import os
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from dsar.case import Actor, Case, Transition
from dsar.clocks import answer_by, dates_of, open_pause
from dsar.machine import tables
from dsar.rules import advance, applied, decidable, grounded
from dsar.types import (
    ClockKind,
    Event,
    ExtensionGround,
    Ground,
    HoldGround,
    RequestKind,
    Status,
)
from governance.core.terms import Law
from tests.dsar.cases import (
    ACTORS,
    DENIED,
    FOUND,
    GRANTED,
    NOW,
    OFFICER,
    PROVED,
    case_of,
)

EXAMPLES = int(os.environ.get("SEKISHO_SOAK", "50"))
KINDS = st.sampled_from(
    [
        (RequestKind.DISCLOSURE,),
        (RequestKind.ACCESS,),
        (RequestKind.DISCLOSURE, RequestKind.ACCESS),
        (RequestKind.CORRECTION, RequestKind.RECTIFICATION),
    ]
)
GROUND = st.sampled_from(
    [
        *(None, ExtensionGround.COMPLEXITY.value, Ground.APPI_35_ALTERNATIVE.value),
        *(HoldGround.FEE_PAYMENT.value, HoldGround.LEGAL_DISPUTE.value),
    ]
)
FACTS = st.sampled_from(["none", "identity", "found", "executed", "grant", "deny"])
STEP = st.tuples(st.sampled_from(list(Event)), st.sampled_from(ACTORS), GROUND, FACTS,
                 st.integers(min_value=-1, max_value=9))  # fmt: skip


PAUSING = frozenset({HoldGround.FEE_PAYMENT})  # of the grounds above


def with_fact(case: Case, fact: str) -> Case:
    """The case with one more thing on file."""
    match fact:
        case "identity":
            return replace(case, evidence=PROVED)
        case "found":
            return replace(case, sources=FOUND)
        case "executed":
            return replace(case, executed=True)
        case "grant" | "deny":
            wished = replace(GRANTED if fact == "grant" else DENIED, decided_at=case.last_at)
            grounds = tuple(ground for ground in wished.grounds if ground.law in case.laws)
            wished = replace(wished, grounds=grounds)
            possible = decidable(case, wished, actor=OFFICER) is None
            return replace(case, decision=wished) if possible else case
        case _:
            return case


def check(case: Case) -> None:
    """What holds of every case at every moment."""
    for track in case.tracks:
        times = [entry.at for entry in track.clocks]
        assert times == sorted(times)
        assert track.clocks[0].kind is ClockKind.START
        extensions = [e for e in track.clocks if e.kind is ClockKind.EXTENSION]
        assert len(extensions) <= 1
        paused = open_pause(track.clocks) is not None
        match track.law:
            case Law.GDPR:
                assert paused == (track.status in {Status.IDENTITY, Status.SCOPE})
            case _:  # our own clock stands only while the case rests on one of the law's grounds
                assert not paused or (case.hold is not None and case.hold.ground in PAUSING)
        if track.status is Status.CLOSED:
            taken_back = any(e.kind is ClockKind.STOP for e in track.clocks)
            assert taken_back
        else:
            assert any(source is track.status for source, _ in tables()[track.law])
        dates_of(case, track, at=case.last_at)
    answer_by(case, at=case.last_at)


@settings(max_examples=EXAMPLES)
@given(kinds=KINDS, steps=st.lists(STEP, max_size=40))
def test_walks_keep_every_promise(
    kinds: tuple[RequestKind, ...], steps: list[tuple[Event, Actor, str | None, str, int]]
) -> None:
    case, withdrawn = case_of(*kinds), set()
    for event, actor, ground, fact, days in steps:
        case = with_fact(case, fact)
        at = case.last_at + timedelta(days=days)
        before = case
        until = at.date() + timedelta(days=abs(days))
        answer = advance(case, event, actor=actor, at=at, ground=ground, until=until)
        if not isinstance(answer, Transition):
            assert case == before
            continue
        case = applied(case, answer, actor=actor)
        assert case.version == before.version + 1
        assert case.last_at >= before.last_at
        assert len(case.tracks) == len(before.tracks)
        if before.hold is not None:
            assert event in {Event.RELEASE, Event.WITHDRAW, Event.EXTEND}
        for track, old in zip(case.tracks, before.tracks, strict=True):
            assert track.clocks[: len(old.clocks)] == old.clocks  # nothing is taken back
            ends = {e.kind for e in old.clocks} & {ClockKind.STOP}
            assert not ends or track.clocks == old.clocks  # what stopped for good stays so
        withdrawn |= {m.law for m in answer.moves if m.target is Status.WITHDRAWN}
        for move in answer.moves:
            told, step = {e.kind for e in move.clocks}, tables()[move.law][move.source, event]
            assert told - {ClockKind.RESUME} <= set(step.clocks)  # the table says what a step does
            assert set(step.clocks) - told <= {ClockKind.RESUME, ClockKind.PAUSE}
            assert move.letter is step.letter
            if move.target is Status.CLOSED and move.law not in withdrawn:
                assert case.decision is not None
                assert grounded(case.decision, move.law)
            if move.target is Status.APPROVED:
                assert case.decision is not None
                assert case.decision.approved_by not in {None, case.decision.decided_by}
        check(case)
    assert case.received_at == NOW
