"""Every status x event x role against law.md section 8, and the guards of each step."""

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from dsar.case import Actor, Decision, Hold, Refused, Reviewed, Transition, WithheldItem
from dsar.errors import MachineMismatchError
from dsar.machine import ANSWERED, STATES, open_states, step, steps_of, tables
from dsar.rules import advance, applied, decidable, rights_for, suggestion
from dsar.types import (
    LAPSING,
    Event,
    ExtensionGround,
    Ground,
    HoldGround,
    Outcome,
    Refusal,
    RequestKind,
    Status,
)
from governance.core.terms import FieldId, Law
from policies.law.load import shipped
from policies.law.types import StateMachine
from policies.law.types import Transition as LawStep
from tests.dsar.cases import (
    ACTORS,
    APPROVER,
    DENIED,
    DESK,
    FOUND,
    GRANTED,
    KIND,
    NOW,
    OFFICER,
    PERSON,
    case_of,
    later,
    ready,
)

UNTIL = date(2026, 12, 10)
RESTING = Hold(ground=HoldGround.LEGAL_DISPUTE, since=NOW, until=UNTIL, by=OFFICER.id)
S, E = Status, Event
DESK_MAY, OFFICER_MAY = frozenset({"u:desk", "u:officer"}), frozenset({"u:officer"})
PERSON_MAY = DESK_MAY | {PERSON.id}
GDPR = {
    (S.RECEIVED, E.TRIAGE): (S.TRIAGED, DESK_MAY),
    (S.TRIAGED, E.ASK_IDENTITY): (S.IDENTITY, DESK_MAY),
    (S.IDENTITY, E.CONFIRM_IDENTITY): (S.COLLECTING, DESK_MAY),
    (S.IDENTITY, E.REFUSE): (S.REFUSED, OFFICER_MAY),
    (S.TRIAGED, E.ASK_SCOPE): (S.SCOPE, DESK_MAY),
    (S.TRIAGED, E.QUOTE_FEE): (S.FEE, OFFICER_MAY),
    (S.SCOPE, E.RECEIVE_SCOPE): (S.COLLECTING, DESK_MAY),
    (S.FEE, E.ACCEPT_FEE): (S.COLLECTING, PERSON_MAY),
    (S.FEE, E.REFUSE): (S.REFUSED, OFFICER_MAY),
    (S.TRIAGED, E.START): (S.COLLECTING, OFFICER_MAY),
    (S.COLLECTING, E.FINISH_COLLECTING): (S.REVIEW, OFFICER_MAY),
    (S.COLLECTING, E.EXTEND): (S.EXTENDED, OFFICER_MAY),
    (S.EXTENDED, E.FINISH_COLLECTING): (S.REVIEW, OFFICER_MAY),
    (S.REVIEW, E.APPROVE): (S.APPROVED, frozenset({"u:approver"})),
    (S.REVIEW, E.REFUSE): (S.REFUSED, OFFICER_MAY),
    (S.APPROVED, E.EXECUTE): (S.EXECUTING, OFFICER_MAY),
    (S.EXECUTING, E.TELL_RECIPIENTS): (S.RECIPIENTS_TOLD, OFFICER_MAY),
    (S.RECIPIENTS_TOLD, E.RESPOND): (S.RESPONDED, OFFICER_MAY),
    (S.RESPONDED, E.CLOSE): (S.CLOSED, OFFICER_MAY),
    (S.REFUSED, E.CLOSE): (S.CLOSED, OFFICER_MAY),
    (S.WITHDRAWN, E.CLOSE): (S.CLOSED, OFFICER_MAY),
    **{
        (status, E.WITHDRAW): (S.WITHDRAWN, PERSON_MAY)
        for status in (
            *(S.RECEIVED, S.TRIAGED, S.IDENTITY, S.SCOPE, S.FEE, S.COLLECTING, S.EXTENDED),
            *(S.REVIEW, S.APPROVED, S.EXECUTING, S.RECIPIENTS_TOLD),
        )
    },
}
APPI = {
    (S.RECEIVED, E.ASK_IDENTITY): (S.IDENTITY, DESK_MAY),
    (S.RECEIVED, E.ASK_SCOPE): (S.SCOPE, DESK_MAY),
    (S.RECEIVED, E.START): (S.COLLECTING, DESK_MAY),
    (S.IDENTITY, E.QUOTE_FEE): (S.FEE, DESK_MAY),
    (S.IDENTITY, E.CONFIRM_IDENTITY): (S.COLLECTING, OFFICER_MAY),
    (S.IDENTITY, E.REFUSE): (S.REFUSED, OFFICER_MAY),
    (S.SCOPE, E.RECEIVE_SCOPE): (S.COLLECTING, DESK_MAY),
    (S.SCOPE, E.REFUSE): (S.REFUSED, OFFICER_MAY),
    (S.FEE, E.ACCEPT_FEE): (S.COLLECTING, DESK_MAY),
    (S.FEE, E.REFUSE): (S.REFUSED, OFFICER_MAY),
    (S.COLLECTING, E.FINISH_COLLECTING): (S.REVIEW, OFFICER_MAY),
    (S.REVIEW, E.APPROVE): (S.APPROVED, frozenset({"u:approver"})),
    (S.REVIEW, E.REFUSE): (S.REFUSED, OFFICER_MAY),
    (S.APPROVED, E.EXECUTE): (S.EXECUTING, OFFICER_MAY),
    (S.EXECUTING, E.TAKE_ALTERNATIVE): (S.ALTERNATIVE, OFFICER_MAY),
    (S.EXECUTING, E.RESPOND): (S.RESPONDED, OFFICER_MAY),
    (S.ALTERNATIVE, E.RESPOND): (S.RESPONDED, OFFICER_MAY),
    (S.REFUSED, E.RESPOND): (S.RESPONDED, OFFICER_MAY),
    (S.RESPONDED, E.CLOSE): (S.CLOSED, OFFICER_MAY),
    (S.WITHDRAWN, E.CLOSE): (S.CLOSED, OFFICER_MAY),
    **{
        (status, E.WITHDRAW): (S.WITHDRAWN, PERSON_MAY)
        for status in (
            *(S.RECEIVED, S.IDENTITY, S.SCOPE, S.FEE, S.COLLECTING, S.REVIEW, S.APPROVED),
            *(S.REFUSED, S.EXECUTING, S.ALTERNATIVE),
        )
    },
}
OPEN = {law: {s for s, e in table if e is E.WITHDRAW} for law, table in
        ((Law.GDPR, GDPR), (Law.APPI, APPI))}  # fmt: skip
EXPECTED = {
    law: table | {(s, event): (s, OFFICER_MAY) for s in OPEN[law] for event in (E.HOLD, E.RELEASE)}
    for law, table in ((Law.GDPR, GDPR), (Law.APPI, APPI))
}
CELLS = [
    (law, status, event)
    for law in EXPECTED
    for status, event in product(sorted(set(STATES[law].values())), Event)
]
GROUNDS = {
    Event.EXTEND: ExtensionGround.COMPLEXITY.value,
    Event.TAKE_ALTERNATIVE: Ground.APPI_35_ALTERNATIVE.value,
    Event.HOLD: HoldGround.LEGAL_DISPUTE.value,
}


@pytest.mark.parametrize(("law", "status", "event"), CELLS)
def test_step_is_the_law_books_for_each_role(law: Law, status: Status, event: Event) -> None:
    decision = DENIED if event is Event.REFUSE else GRANTED
    if lacking := LAPSING.get((law, status)):
        decision = replace(decision, grounds=(*decision.grounds, lacking))
    case = ready(case_of(KIND[law], status=status), decision)
    if event is Event.RELEASE:
        case = replace(case, hold=RESTING)
    expected = EXPECTED[law].get((status, event))
    for actor in ACTORS:
        answer = advance(
            case, event, actor=actor, at=later(1), ground=GROUNDS.get(event), until=UNTIL
        )
        if expected is None:
            assert isinstance(answer, Refused)
            assert answer.reason is Refusal.NO_SUCH_STEP
        elif actor.id in expected[1]:
            assert isinstance(answer, Transition)
            assert [(move.source, move.target) for move in answer.moves] == [(status, expected[0])]
        else:
            assert isinstance(answer, Refused)
            assert answer.reason is Refusal.WRONG_PARTY


def test_every_transition_of_the_law_book_is_in_the_table() -> None:
    for law, states in STATES.items():
        for row in shipped().machines[law.value].transitions:
            targets = {known.target for known in tables()[law].values()
                       if known.source is states[row.source]}  # fmt: skip
            assert states[row.target] in targets


def test_every_state_leads_to_the_end() -> None:
    for law, steps in tables().items():
        reach = {Status.CLOSED}
        while more := {known.source for known in steps.values() if known.target in reach} - reach:
            reach |= more
        assert reach == set(STATES[law].values())


@pytest.mark.parametrize("law", [Law.GDPR, Law.APPI])
def test_unknown_state_or_party_of_a_law_file_fails_closed(law: Law) -> None:
    machine = shipped().machines[law.value]
    more = StateMachine(id="x", states=(*machine.states, "NEW"), transitions=machine.transitions)
    with pytest.raises(MachineMismatchError):
        steps_of(law, more)
    row = machine.transitions[0]
    alien = LawStep(source=row.source, target=row.target, actor="anybody", note="")
    with pytest.raises(MachineMismatchError):
        steps_of(law, StateMachine(id="x", states=machine.states, transitions=(alien,)))


@pytest.mark.parametrize("status", [Status.IDENTITY, Status.SCOPE, Status.FEE])
def test_an_incomplete_request_is_refused_for_what_it_lacks_alone(status: Status) -> None:
    case = case_of(KIND[Law.APPI], status=status)
    for ground in Ground:
        if ground.law is not Law.APPI:
            continue
        denied = replace(DENIED, grounds=(ground,))
        assert decidable(case, denied, actor=OFFICER) is None
        answer = advance(replace(case, decision=denied), E.REFUSE, actor=OFFICER, at=later(1))
        if ground is LAPSING[Law.APPI, status]:
            assert isinstance(answer, Transition)
        else:
            assert refusal(answer) is Refusal.GROUND_MISSING


def refusal(answer: object) -> Refusal:
    assert isinstance(answer, Refused)
    assert not answer
    return answer.reason


def test_second_approver_must_differ() -> None:
    both = Actor(id=OFFICER.id, actions=OFFICER.actions | APPROVER.actions)
    case = ready(case_of(status=Status.REVIEW))
    assert refusal(advance(case, Event.APPROVE, actor=both, at=NOW)) is Refusal.SAME_PERSON


def test_nothing_is_collected_before_identity_is_proved() -> None:
    entering = [
        (law, known.source, known.event)
        for law, steps in tables().items()
        for known in steps.values()
        if known.target is Status.COLLECTING and known.moves
    ]
    assert len(entering) == 8
    for law, status, event in entering:
        case = replace(ready(case_of(KIND[law], status=status)), evidence=())
        answer = advance(case, event, actor=OFFICER, at=NOW)
        assert refusal(answer) is Refusal.IDENTITY_MISSING


@pytest.mark.parametrize("law", [Law.GDPR, Law.APPI])
def test_no_step_goes_without_decision_and_ground(law: Law) -> None:
    for status, event in ((S.REVIEW, E.APPROVE), (S.REVIEW, E.REFUSE), (S.RESPONDED, E.CLOSE)):
        actor = APPROVER if event is E.APPROVE else OFFICER
        case = ready(case_of(KIND[law], status=status), None)
        assert refusal(advance(case, event, actor=actor, at=NOW)) is Refusal.DECISION_MISSING
        outcome = Outcome.REFUSE if event is E.REFUSE else Outcome.GRANT
        bare = replace(GRANTED, outcome=outcome, grounds=())
        case = ready(case_of(KIND[law], status=status), bare)
        assert refusal(advance(case, event, actor=actor, at=NOW)) is Refusal.GROUND_MISSING


def test_outcome_must_fit_the_step() -> None:
    granted, denied = ready(case_of(status=S.REVIEW)), ready(case_of(status=S.REVIEW), DENIED)
    assert refusal(advance(granted, E.REFUSE, actor=OFFICER, at=NOW)) is Refusal.OUTCOME_MISMATCH
    assert refusal(advance(denied, E.APPROVE, actor=APPROVER, at=NOW)) is Refusal.OUTCOME_MISMATCH


def test_fee_is_refused_for_a_correction() -> None:
    case = ready(case_of(RequestKind.CORRECTION, status=S.IDENTITY))
    assert refusal(advance(case, E.QUOTE_FEE, actor=DESK, at=NOW)) is Refusal.FEE_NOT_ALLOWED


def test_extension_needs_a_ground_and_the_first_month() -> None:
    case = ready(case_of(RequestKind.ACCESS, status=S.COLLECTING, calendar="DE"))
    assert refusal(advance(case, E.EXTEND, actor=OFFICER, at=NOW)) is Refusal.GROUND_MISSING
    told = ExtensionGround.COMPLEXITY.value
    late = advance(case, E.EXTEND, actor=OFFICER, at=later(34), ground=told)
    assert refusal(late) is Refusal.EXTENSION_LATE
    assert isinstance(advance(case, E.EXTEND, actor=OFFICER, at=later(33), ground=told), Transition)


def test_failed_source_holds_the_case() -> None:
    case = ready(case_of(status=S.COLLECTING))
    failed = replace(case, sources=(*case.sources, replace(case.sources[0], found=False)))
    for unready in (failed, replace(case, sources=())):
        answer = advance(unready, E.FINISH_COLLECTING, actor=OFFICER, at=NOW)
        assert refusal(answer) is Refusal.SOURCES_MISSING


def test_nothing_is_answered_before_it_is_done() -> None:
    case = replace(ready(case_of(status=S.EXECUTING)), executed=False)
    assert refusal(advance(case, E.RESPOND, actor=OFFICER, at=NOW)) is Refusal.EXECUTION_MISSING


def test_history_never_runs_backwards() -> None:
    case = ready(case_of())
    assert refusal(advance(case, E.START, actor=OFFICER, at=later(-1))) is Refusal.CLOCK_BACKWARDS


def test_one_refused_law_moves_neither() -> None:
    case = ready(case_of(RequestKind.DISCLOSURE, RequestKind.ACCESS, status=S.IDENTITY))
    answer = advance(case, E.CONFIRM_IDENTITY, actor=DESK, at=NOW)
    assert refusal(answer) is Refusal.WRONG_PARTY  # the APPI wants the privacy officer here


@pytest.mark.parametrize("law", [Law.GDPR, Law.APPI])
def test_resting_case_admits_only_what_does_not_work_on_it(law: Law) -> None:
    for (status, event), (target, _) in EXPECTED[law].items():
        case = replace(ready(case_of(KIND[law], status=status)), hold=RESTING)
        actor = APPROVER if event is E.APPROVE else OFFICER
        answer = advance(
            case, event, actor=actor, at=later(1), ground=GROUNDS.get(event), until=UNTIL
        )
        if event in {E.RELEASE, E.WITHDRAW, E.EXTEND}:
            assert isinstance(answer, Transition)
            held = applied(case, answer, actor=actor).hold
            assert (held is None) == (event is not E.EXTEND)
            assert answer.moves[0].target is target
        elif status in OPEN[law]:
            assert refusal(answer) is Refusal.ON_HOLD


@pytest.mark.parametrize(
    ("ground", "until", "reason"),
    [
        (None, UNTIL, Refusal.GROUND_MISSING),
        ("because", UNTIL, Refusal.GROUND_MISSING),
        (HoldGround.AUTHORITY.value, None, Refusal.HOLD_END_MISSING),
        (HoldGround.AUTHORITY.value, date(2026, 11, 24), Refusal.HOLD_END_MISSING),
    ],
)
def test_hold_has_a_reason_and_an_end(
    ground: str | None, until: date | None, reason: Refusal
) -> None:
    answer = advance(case_of(), E.HOLD, actor=OFFICER, at=NOW, ground=ground, until=until)
    assert refusal(answer) is reason


def test_what_does_not_rest_cannot_be_released_nor_decided_while_it_rests() -> None:
    assert refusal(advance(case_of(), E.RELEASE, actor=OFFICER, at=NOW)) is Refusal.NOT_ON_HOLD
    resting = replace(ready(case_of(status=S.REVIEW)), hold=RESTING)
    assert refusal(decidable(resting, APPI_GRANT, actor=OFFICER)) is Refusal.ON_HOLD


def test_both_laws_move_together() -> None:
    case = ready(case_of(RequestKind.DISCLOSURE, RequestKind.ACCESS, status=S.REVIEW))
    answer = advance(case, E.APPROVE, actor=APPROVER, at=NOW)
    assert isinstance(answer, Transition)
    assert {move.law for move in answer.moves} == {Law.APPI, Law.GDPR}


@pytest.mark.parametrize(
    ("kind", "laws", "expected"),
    [
        (RequestKind.DISCLOSURE, {Law.APPI}, (RequestKind.DISCLOSURE,)),
        (RequestKind.ACCESS, {Law.APPI}, (RequestKind.DISCLOSURE,)),
        (RequestKind.ACCESS, {Law.APPI, Law.GDPR}, (RequestKind.ACCESS, RequestKind.DISCLOSURE)),
        (RequestKind.PORTABILITY, {Law.APPI}, (RequestKind.PORTABILITY,)),
    ],
)
def test_right_follows_the_laws_of_the_person(
    kind: RequestKind, laws: set[Law], expected: tuple[RequestKind, ...]
) -> None:
    assert rights_for(kind, laws) == expected


APPI_GRANT = replace(GRANTED, grounds=(Ground.APPI_33_2,))
APPI_DENIAL = replace(DENIED, grounds=(Ground.APPI_33_2_2,))
ITEM = WithheldItem(field=FieldId("inquiry.body"), grounds=(Ground.APPI_33_2_1,))


@pytest.mark.parametrize(
    ("status", "decision", "reason"),
    [
        (S.REVIEW, APPI_GRANT, None),
        (S.REVIEW, APPI_DENIAL, None),
        (S.REVIEW, replace(APPI_GRANT, outcome=Outcome.PARTIAL, items=(ITEM,)), None),
        (S.REVIEW, replace(APPI_GRANT, outcome=Outcome.PARTIAL), Refusal.OUTCOME_MISMATCH),
        (S.REVIEW, replace(APPI_GRANT, items=(ITEM,)), Refusal.OUTCOME_MISMATCH),
        (
            S.REVIEW,
            replace(APPI_GRANT, outcome=Outcome.PARTIAL, items=(replace(ITEM, grounds=()),)),
            Refusal.GROUND_MISSING,
        ),
        (S.REVIEW, replace(APPI_GRANT, grounds=(Ground.GDPR_12_3,)), Refusal.GROUND_MISSING),
        (S.REVIEW, GRANTED, Refusal.GROUND_FOREIGN),
        (S.COLLECTING, APPI_GRANT, Refusal.DECISION_TOO_EARLY),
        (S.IDENTITY, APPI_GRANT, Refusal.DECISION_TOO_EARLY),
        (S.IDENTITY, APPI_DENIAL, None),
        (S.EXECUTING, APPI_DENIAL, Refusal.DECISION_TOO_EARLY),
    ],
)
def test_decision_stands_only_with_grounds_in_time(
    status: Status, decision: Decision, reason: Refusal | None
) -> None:
    case = case_of(status=status)
    answer = decidable(case, decision, actor=OFFICER)
    assert (None if answer is None else answer.reason) is reason


def test_whole_answer_leaves_nothing_out() -> None:
    left = replace(ready(case_of(status=S.REVIEW)), decision=None)
    left = replace(left, reviewed=Reviewed(seq=1, left_out=1))
    assert refusal(decidable(left, APPI_GRANT, actor=OFFICER)) is Refusal.OUTCOME_MISMATCH
    outcome, grounds = suggestion(left)
    assert outcome is Outcome.PARTIAL
    told = replace(APPI_GRANT, outcome=outcome, grounds=grounds)
    assert decidable(left, told, actor=OFFICER) is None


def test_copy_that_nobody_reviewed_is_not_decided_about() -> None:
    unseen = replace(ready(case_of(status=S.REVIEW)), decision=None, reviewed=None)
    assert refusal(decidable(unseen, APPI_GRANT, actor=OFFICER)) is Refusal.REVIEW_MISSING
    assert decidable(unseen, APPI_DENIAL, actor=OFFICER) is None
    change = replace(
        ready(case_of(RequestKind.CORRECTION, status=S.REVIEW)), decision=None, reviewed=None
    )
    told = replace(APPI_GRANT, grounds=(Ground.APPI_34_2,))
    assert decidable(change, told, actor=OFFICER) is None


@pytest.mark.parametrize("kind", list(RequestKind))
def test_suggested_decision_can_stand(kind: RequestKind) -> None:
    for sources in (FOUND, (replace(FOUND[0], records=0),), (replace(FOUND[0], left_out=3),)):
        case = replace(case_of(kind, status=S.REVIEW), sources=sources)
        outcome, grounds = suggestion(case)
        told = replace(GRANTED, outcome=outcome, grounds=grounds)
        assert decidable(case, told, actor=OFFICER) is None


def test_approved_decision_is_fixed() -> None:
    approved = replace(GRANTED, approved_by=APPROVER.id, approved_at=NOW)
    case = replace(case_of(status=S.REVIEW), decision=approved)
    answer = decidable(case, DENIED, actor=OFFICER)
    assert refusal(answer) is Refusal.DECISION_FIXED


def test_decision_needs_the_officer() -> None:
    answer = decidable(case_of(status=S.REVIEW), GRANTED, actor=DESK)
    assert refusal(answer) is Refusal.WRONG_PARTY


def test_closed_is_the_end_of_everything() -> None:
    for law in tables():
        assert not any(step(law, Status.CLOSED, event) for event in Event)
        assert Status.CLOSED not in open_states(law)
        assert ANSWERED.isdisjoint(open_states(law))
