"""Complaints: every status x event x role, nothing upheld without being put right."""

from dataclasses import replace
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from audit.models import EVENTS
from dsar.case import Actor
from dsar.complaints import service
from dsar.complaints.rules import TABLE, Given, advance
from dsar.complaints.store import history
from dsar.complaints.types import (
    Authority,
    Cause,
    Complaint,
    ComplaintEvent,
    ComplaintStatus,
    Refused,
)
from dsar.correspondence.types import Template
from dsar.errors import ComplaintStepError, RequestTimeError
from dsar.types import Requester
from governance.core.terms import ActorId, Lang, RequestId, RowId
from governance.i18n.catalogue import error_text, text
from tests.dsar.cases import ACTORS, GRANTED, NOW, PERSON, case_of
from tests.dsar.cases import later as days
from tests.dsar.corresponding import kinds
from tests.dsar.world import OFFICER, SUPPORT, World, later
from tests.dsar.world import PERSON as PERSON_SIGNED_IN

S, E = ComplaintStatus, ComplaintEvent
OTHER = RequestId("01890a5d-ac96-774b-bcce-b302099a8058")
FILED = Complaint(
    id=RowId("01890a5d-ac96-774b-bcce-b302099a8059"),
    request=RequestId("01890a5d-ac96-774b-bcce-b302099a8057"),
    cause=Cause.LATE,
    status=S.FILED,
    received_at=NOW,
    last_at=NOW,
    answer_by=None,
)
FULL = Given(authority=Authority.PPC, follow_up=OTHER)
OFFICER_MAY = frozenset({"u:officer"})
EXPECTED = {
    (S.FILED, E.TAKE_UP): S.REVIEWED,
    (S.REVIEWED, E.UPHOLD): S.UPHELD,
    (S.REVIEWED, E.DISMISS): S.DISMISSED,
    (S.REFERRED, E.UPHOLD): S.UPHELD,
    (S.REFERRED, E.DISMISS): S.DISMISSED,
    (S.UPHELD, E.ANSWER): S.ANSWERED,
    (S.DISMISSED, E.ANSWER): S.ANSWERED,
    **{(status, E.REFER): S.REFERRED for status in (S.FILED, S.REVIEWED, S.ANSWERED)},
    **{(status, E.WITHDRAW): S.WITHDRAWN for status in (S.FILED, S.REVIEWED, S.REFERRED)},
}


@pytest.mark.parametrize(("status", "event"), list(product(S, E)))
def test_step_of_a_complaint_is_the_tables_for_each_role(
    status: ComplaintStatus, event: ComplaintEvent
) -> None:
    expected = EXPECTED.get((status, event))
    may = {"u:desk", "u:officer", PERSON.id} if event is E.WITHDRAW else OFFICER_MAY
    for actor in ACTORS:
        answer = advance(
            replace(FILED, status=status), event, case=case_of(), actor=actor, at=days(1),
            given=FULL,
        )  # fmt: skip
        if expected is None:
            assert answer is Refused.NO_SUCH_STEP
        elif actor.id in may:
            assert isinstance(answer, Complaint)
            assert (answer.status, answer.version) == (expected, 2)
        else:
            assert answer is Refused.WRONG_PARTY


def test_who_decided_or_approved_does_not_look_at_the_complaint() -> None:
    decided = replace(GRANTED, approved_by=ActorId("u:second"))
    case = replace(case_of(), decision=decided)
    for status, event in ((S.FILED, E.TAKE_UP), (S.REVIEWED, E.UPHOLD), (S.REVIEWED, E.DISMISS)):
        for name, refused in (("u:officer", True), ("u:second", True), ("u:third", False)):
            actor = Actor(id=ActorId(name), actions=ACTORS[1].actions)
            answer = advance(
                replace(FILED, status=status), event, case=case, actor=actor, at=days(1)
            )
            assert (answer is Refused.SAME_PERSON) is refused


def test_a_referral_names_the_authority_and_an_upheld_one_its_request() -> None:
    officer = ACTORS[1]
    at = days(1)
    assert advance(FILED, E.REFER, case=case_of(), actor=officer, at=at) is (
        Refused.AUTHORITY_MISSING
    )
    upheld = replace(FILED, status=S.UPHELD)
    assert advance(upheld, E.ANSWER, case=case_of(), actor=officer, at=at) is (
        Refused.FOLLOW_UP_MISSING
    )
    early = advance(FILED, E.TAKE_UP, case=case_of(), actor=officer, at=days(-1))
    assert early is Refused.CLOCK_BACKWARDS


@given(st.lists(st.tuples(st.sampled_from(list(E)), st.sampled_from(ACTORS), st.booleans())))
def test_walks_answer_only_what_was_looked_at(
    steps: list[tuple[ComplaintEvent, Actor, bool]],
) -> None:
    complaint, passed = FILED, [S.FILED]
    for event, actor, full in steps:
        given_ = FULL if full else Given()
        answer = advance(
            complaint, event, case=case_of(), actor=actor, at=complaint.last_at, given=given_
        )
        if isinstance(answer, Complaint):
            complaint, passed = answer, [*passed, answer.status]
    for before, after in pairwise(passed):
        if after is S.ANSWERED:
            assert before in {S.UPHELD, S.DISMISSED}
            assert before is S.DISMISSED or complaint.follow_up is not None
    assert S.WITHDRAWN not in passed[:-1]


@pytest.mark.parametrize("lang", list(Lang))
def test_every_word_of_complaints_has_a_text(lang: Lang) -> None:
    for group, words in (("status", S), ("event", E), ("cause", Cause), ("authority", Authority)):
        for word in words:
            assert text(f"dsar.complaint.{group}.{word.value}", lang).strip()
    for reason in Refused:
        assert error_text(ComplaintStepError(complaint="x", reason=reason.value), lang).strip()


def test_every_step_leads_out_of_a_status_that_can_be_reached() -> None:
    reached = {S.FILED} | {step.target for step in TABLE.values()}
    assert reached == set(S)


def test_a_complaint_is_acknowledged_moved_and_on_record(world: World) -> None:
    case = world.receive()
    filed = world.write(
        lambda tx: service.complain(
            *(tx, world.ports, PERSON_SIGNED_IN, case.id, Cause.LATE), at=world.tick()
        )
    )
    assert filed.answer_by is not None
    taken = world.write(
        lambda tx: service.take_step(
            *(tx, world.ports, OFFICER, filed.id, E.TAKE_UP), at=world.tick()
        )
    )
    with pytest.raises(ComplaintStepError):
        world.write(
            lambda tx: service.take_step(
                *(tx, world.ports, SUPPORT, filed.id, E.DISMISS), at=world.tick()
            )
        )
    for event in (E.DISMISS, E.ANSWER):
        taken = world.write(
            lambda tx, event=event: service.take_step(
                *(tx, world.ports, OFFICER, filed.id, event), at=world.tick()
            )
        )
    assert (taken.status, taken.reviewer) == (S.ANSWERED, OFFICER.id)
    told = kinds(world, case)
    assert told[-2:] == [Template.COMPLAINT_RECEIVED, Template.COMPLAINT_ANSWERED]
    with world.ports.database.read() as tx:
        assert [event for _, event, _ in history(tx, filed.id)] == [
            *("filed", "take_up", "dismiss", "answer")
        ]
        (found,) = service.list_complaints(tx, world.ports, OFFICER, case.id)
        assert found == taken
        events = tx.execute(select(EVENTS.c.action).where(EVENTS.c.object_id == filed.id)).scalars()
        assert sorted(events) == ["complaint.changed"] * 3 + ["complaint.received"]


def test_what_puts_it_right_is_a_request_of_the_same_person(world: World) -> None:
    case, other = world.receive(), world.receive(requester=Requester.SELF)
    filed = world.write(
        lambda tx: service.complain(
            *(tx, world.ports, SUPPORT, case.id, Cause.INCOMPLETE), at=world.tick()
        )
    )
    for event in (E.TAKE_UP, E.UPHOLD):
        world.write(
            lambda tx, event=event: service.take_step(
                *(tx, world.ports, OFFICER, filed.id, event), at=world.tick()
            )
        )
    answered = world.write(
        lambda tx: service.take_step(
            *(tx, world.ports, OFFICER, filed.id, E.ANSWER),
            at=world.tick(),
            given=Given(follow_up=other.id),
        )
    )
    assert answered.follow_up == other.id
    with pytest.raises(RequestTimeError):
        world.write(
            lambda tx: service.complain(
                *(tx, world.ports, SUPPORT, case.id, Cause.LATE),
                at=world.tick(),
                received_at=later(-9999),
            )
        )
