"""Restriction, objection and stops hold in the next decision; they end told and on their day."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dsar.case import Case
from dsar.correspondence.types import Template
from dsar.execution.errors import RestrictionError
from dsar.execution.rules import LIFT_NOTICE
from dsar.execution.types import Measure, Stage
from dsar.execution.undoing import announce_end, end_restrictions, restrict
from dsar.recipients import recipients_of
from dsar.types import Event, EvidenceKind, Ground, Intake, Outcome, RequestKind, Status
from governance.core.ids import new_row_id
from governance.core.terms import Law
from governance.customers.store import LAW
from governance.outbound.mail import compose
from policies.reasons import ReasonCode
from tests.dsar.execution.fulfilling import HOUSE_ITSELF, Site, told_of
from tests.dsar.world import NOW, OFFICER, PERSON, STRANGER, SUBJECT, SUPPORT, World


@pytest.fixture
def site(world: World) -> Site:
    return Site(world)


def under_gdpr(site: Site) -> None:
    row = {
        "id": new_row_id(),
        "subject_id": SUBJECT,
        "law": Law.GDPR.value,
        "evidence": "residence",
        "valid_from": NOW.date(),
    }
    site.world.write(lambda tx: tx.execute(LAW.insert().values(**row)))


@pytest.mark.parametrize(
    ("kind", "measure", "purpose", "recipient", "before", "code"),
    [
        (
            RequestKind.RESTRICTION, None, "order_fulfilment", "internal",
            ReasonCode.PERMIT, ReasonCode.SUBJECT_RESTRICTED,
        ),
        (
            RequestKind.CESSATION, Measure.STOP_USE, "order_fulfilment", "internal",
            ReasonCode.PERMIT, ReasonCode.SUBJECT_RESTRICTED,
        ),
        (
            RequestKind.OBJECTION, None, "corporate_sales", "internal",
            ReasonCode.PERMIT, ReasonCode.SUBJECT_OBJECTED,
        ),
        (
            RequestKind.PROVISION_STOP, None, "group_joint_use", "joint:group",
            ReasonCode.SUBJECT_NO_CONSENT, ReasonCode.SUBJECT_RESTRICTED,
        ),
    ],
)  # fmt: skip
def test_a_grant_holds_in_the_next_decision(
    site: Site,
    kind: RequestKind,
    measure: Measure | None,
    purpose: str,
    recipient: str,
    before: ReasonCode,
    code: ReasonCode,
) -> None:
    if kind in {RequestKind.RESTRICTION, RequestKind.OBJECTION}:
        under_gdpr(site)
    assert site.code(purpose, recipient) is before
    case = site.granted(kind, **({"measure": measure} if measure else {}))
    assert site.code(purpose, recipient) is code
    found = site.drive(case)
    assert found.stage is Stage.DONE
    after = site.world.case(case.id)
    assert after.executed
    assert all(track.status is Status.RESPONDED for track in after.tracks)


def test_a_stop_of_provision_leaves_our_own_use(site: Site) -> None:
    site.granted(RequestKind.PROVISION_STOP)
    assert site.code("order_fulfilment") is ReasonCode.PERMIT


def test_recipients_hear_that_provision_to_third_parties_was_stopped(site: Site) -> None:
    told_of(site.world)
    case = site.granted(RequestKind.PROVISION_STOP)
    site.drive(case)
    told = [mail for mail in site.mails() if mail.to.endswith("@example.net")]
    assert {mail.template for mail in told} == {"dsar.mail.recipient_provision_stopped_link"}
    for mail in told:
        words = compose(mail, sender="no-reply@example.com", at=NOW).get_content()
        assert "第三者への提供を停止しました（個人情報保護法35条3項・5項）" in words
        assert "利用を停止しました" not in words, "what was stopped is provision, not use"
        assert case.reference in words


def test_a_refusal_changes_no_decision(site: Site) -> None:
    site.world.decide(
        site.world.reviewed(RequestKind.PROVISION_STOP),
        Outcome.REFUSE,
        grounds=(Ground.APPI_35_NO_REASON,),
    )
    assert site.code("order_fulfilment") is ReasonCode.PERMIT


def test_an_objection_of_the_person_stops_marketing_when_it_is_filed(site: Site) -> None:
    under_gdpr(site)
    assert site.code("mail_marketing") is not ReasonCode.SUBJECT_OBJECTED
    site.world.receive(RequestKind.OBJECTION)
    assert site.code("mail_marketing") is ReasonCode.SUBJECT_OBJECTED
    assert site.code("corporate_sales") is ReasonCode.PERMIT  # that is weighed first


def test_an_objection_that_came_on_paper_stops_marketing_once_the_person_is_proved(
    site: Site,
) -> None:
    under_gdpr(site)
    case = site.world.receive(RequestKind.OBJECTION, by=OFFICER, intake=Intake.POST)
    assert site.code("mail_marketing") is not ReasonCode.SUBJECT_OBJECTED
    site.world.prove(case, EvidenceKind.DOCUMENT, SUPPORT)
    site.world.step(site.world.step(case, Event.TRIAGE), Event.START)
    assert site.code("mail_marketing") is ReasonCode.SUBJECT_OBJECTED


def asked(site: Site) -> Case:
    return site.world.proved(site.world.receive(RequestKind.CORRECTION))


def test_use_rests_while_a_correction_is_looked_into_if_the_person_asks(site: Site) -> None:
    case = asked(site)
    assert site.code("order_fulfilment") is ReasonCode.PERMIT
    for _ in range(2):  # twice is once
        at = site.clock()
        site.world.write(lambda tx, at=at: restrict(tx, site.ports, PERSON, case.id, at=at))  # type: ignore[misc] # bound now
    assert site.code("order_fulfilment") is ReasonCode.SUBJECT_RESTRICTED


def test_a_stranger_restricts_nobody(site: Site) -> None:
    case, at = asked(site), site.clock()
    with pytest.raises(Exception, match="request_not_allowed"):
        site.world.write(lambda tx: restrict(tx, site.ports, STRANGER, case.id, at=at))
    assert site.code("order_fulfilment") is ReasonCode.PERMIT


def test_no_other_right_restricts_meanwhile(site: Site) -> None:
    case, at = site.world.receive(RequestKind.DISCLOSURE), site.clock()
    with pytest.raises(RestrictionError):
        site.world.write(lambda tx: restrict(tx, site.ports, PERSON, case.id, at=at))


def sweep(site: Site) -> int:
    return end_restrictions(site.ports, HOUSE_ITSELF, at=site.clock(), limit=10)


def lifting(site: Site, case: Case) -> int:
    return site.letters(case, Template.RESTRICTION_ENDS)


def test_the_person_hears_before_an_interim_restriction_ends(site: Site) -> None:
    case, at = asked(site), site.clock()
    site.world.write(lambda tx: restrict(tx, site.ports, PERSON, case.id, at=at))
    sweep(site)
    assert (lifting(site, case), site.code("order_fulfilment")) == (
        0,
        ReasonCode.SUBJECT_RESTRICTED,
    )
    site.world.step(case, Event.START)
    case = site.world.collect(case)
    case = site.world.step(case, Event.FINISH_COLLECTING)
    refused = site.world.decide(case, Outcome.REFUSE, grounds=(Ground.APPI_34_2_EXCEPT,))
    case = site.world.step(refused.case, Event.REFUSE)
    site.world.step(case, Event.RESPOND)
    sweep(site)
    assert (lifting(site, case), site.code("order_fulfilment")) == (
        1,
        ReasonCode.SUBJECT_RESTRICTED,
    )
    site.now = site.clock() + LIFT_NOTICE + timedelta(minutes=1)
    assert sweep(site) == 1
    assert site.code("order_fulfilment") is ReasonCode.PERMIT
    assert (sweep(site), lifting(site, case)) == (0, 1)


def test_what_the_person_takes_back_is_lifted_at_once(site: Site) -> None:
    case, at = asked(site), site.clock()
    site.world.write(lambda tx: restrict(tx, site.ports, PERSON, case.id, at=at))
    site.world.step(case, Event.WITHDRAW, PERSON)
    sweep(site)
    assert site.code("order_fulfilment") is ReasonCode.PERMIT


def test_a_granted_restriction_ends_only_after_it_was_told(site: Site) -> None:
    case = site.granted(RequestKind.CESSATION, measure=Measure.STOP_USE)
    site.drive(case)
    assert sweep(site) == 0
    at = site.clock()
    ends = site.world.write(lambda tx: announce_end(tx, site.ports, OFFICER, case.id, at=at))
    assert ends == at + LIFT_NOTICE
    sweep(site)
    assert site.code("order_fulfilment") is ReasonCode.SUBJECT_RESTRICTED
    site.now = ends + timedelta(minutes=1)
    assert sweep(site) == 1
    assert site.code("order_fulfilment") is ReasonCode.PERMIT


def test_another_restriction_stands_when_one_of_two_ends(site: Site) -> None:
    first = asked(site)
    at = site.clock()
    site.world.write(lambda tx: restrict(tx, site.ports, PERSON, first.id, at=at))
    site.granted(RequestKind.CESSATION, measure=Measure.STOP_USE)
    site.world.step(first, Event.WITHDRAW, PERSON)
    sweep(site)
    assert site.code("order_fulfilment") is ReasonCode.SUBJECT_RESTRICTED


def test_recipients_that_hold_the_data_are_listed_for_a_stop(site: Site) -> None:
    case = site.granted(RequestKind.CESSATION, measure=Measure.STOP_USE)
    with site.ports.database.read() as tx:
        (one,) = recipients_of(tx, site.ports, OFFICER, case.id)
    assert one == replace(one, planned=True)
