"""Requests of anybody on both engines: filed once, alike for persons known and unknown."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.models import EVENTS
from audit.types import EventDraft, Outcome
from dsar.case import Case
from dsar.errors import RequestNotAllowedError
from dsar.identity.codes import deliver_sms, send_code
from dsar.identity.errors import CodeRefusedError, CodesSpentError
from dsar.identity.rules import CODE_TRIES, CODES_PER_REQUEST, sufficient
from dsar.intake.errors import FilingFaultsError
from dsar.intake.service import companions, file_request
from dsar.intake.types import Claim, Source, StopGround
from dsar.types import EvidenceKind, Intake, Requester, RequestKind
from governance.core.terms import ActorId, FieldId
from governance.customers.master.types import ContactChannel, ContactKind, Wanted
from governance.gateway.around.own_wishes import say
from governance.http.principal import ANONYMOUS, Principal, PrincipalKind
from policies.api import ActionForbiddenError
from tests.dsar.intake.filed import (
    KNOWN,
    UNKNOWN,
    answer,
    claim_in,
    filed,
    filing,
    index,
    letters,
    send,
    wrong,
)
from tests.dsar.world import EMAIL, NOW, OFFICER, PERSON, STRANGER, SUBJECT, World

MAIL, SMS = EvidenceKind.EMAIL_CODE, EvidenceKind.SMS_CODE


@pytest.fixture
def found(world: World) -> World:
    index(world)
    return world


def test_a_request_for_nobody_is_taken_in_like_one_for_somebody(found: World) -> None:
    known, unknown = filed(found, KNOWN), filed(found, UNKNOWN)
    assert known.subject is None
    assert unknown.subject is None
    assert known.tracks == tuple(
        one for one in known.tracks if one.kind in {t.kind for t in unknown.tracks}
    )
    told = letters(found, "/filed")
    assert [mail.template for mail in told] == ["dsar.mail.filed"] * 2
    assert [mail.to for mail in told] == [EMAIL, UNKNOWN.email]
    assert claim_in(found, known).email == EMAIL
    for case in (known, unknown):
        code = send(found, case)
        answer(found, case, code)  # both are told the same: nothing
    known, unknown = found.case(known.id), found.case(unknown.id)
    assert (known.subject, unknown.subject) == (SUBJECT, None)
    assert [p.accepted for p in known.evidence] == [True]
    assert [(p.accepted, p.reason) for p in unknown.evidence] == [(False, "contact_unknown")]


def sent_by_sms(world: World, case: Case) -> bool:
    """Whether a code went; who asked is told nothing of it."""
    claim, at = claim_in(world, case), world.tick()
    before = len(letters(world, "dsar/code/"))
    row = send_code(world.ports, case.id, SMS, claim, at=at)
    assert len(letters(world, "dsar/code/")) == before, "nothing goes before the answer has left"
    went = deliver_sms(world.ports, case.id, row, claim, at=at)
    assert len(letters(world, "dsar/code/")) == before + went
    return went


def test_a_code_by_sms_goes_to_a_number_on_record_before_and_to_no_other(found: World) -> None:
    stranger = filed(found, replace(KNOWN, phone="+819099998888"))
    assert not sent_by_sms(found, stranger)
    case = filed(found)
    assert sent_by_sms(found, case)

    def no(tx: Connection, wanted: Wanted) -> None:
        me = Principal(id=ActorId(f"p:{SUBJECT}"), kind=PrincipalKind.PERSON)
        sms, service = ContactChannel.SMS, ContactKind.SERVICE
        say(tx, found.ports, me, SUBJECT, channel=sms, kind=service, wanted=wanted, at=found.tick())

    found.ports.database.write(lambda tx: no(tx, Wanted.UNWANTED))
    assert not sent_by_sms(found, case), "the owner of the number said no"
    found.ports.database.write(lambda tx: no(tx, Wanted.WANTED))
    assert sent_by_sms(found, case)


def test_a_code_by_sms_proves_the_number(found: World) -> None:
    case = filed(found)
    code = send(found, case, SMS)
    assert letters(found, "dsar/code/")[-1].to == "+819000001234"
    answer(found, case, " ".join(code), SMS)
    proof = found.case(case.id).evidence[0]
    assert (proof.kind, proof.accepted) == (SMS, True)
    assert proof.contact_days is not None
    assert proof.contact_days > 30


def test_wrong_late_replayed_and_foreign_codes_are_refused_alike_and_recorded(
    found: World,
) -> None:
    case, other = filed(found), filed(found, UNKNOWN)
    code = send(found, case)
    foreign = send(found, other)
    refusals = []
    for typed, minutes in ((wrong(code), 0), (foreign, 0), ("", 0), (code, 11)):
        with pytest.raises(CodeRefusedError) as refused:
            answer(found, case, typed, minutes=minutes)
        refusals.append((refused.value.code, refused.value.params))
    code = send(found, case)
    answer(found, case, code)
    with pytest.raises(CodeRefusedError) as refused:
        answer(found, case, code)
    refusals.append((refused.value.code, refused.value.params))
    assert refusals == [("code_refused", {})] * 5
    kept = [proof for proof in found.case(case.id).evidence if not proof.accepted]
    assert [proof.reason for proof in kept] == ["code_wrong"] * 3 + ["code_over"] * 2
    with found.ports.database.read() as tx:
        events = tx.execute(
            select(EVENTS.c.outcome).where(
                EVENTS.c.object_id == case.id, EVENTS.c.action == "request.identity_proved"
            )
        )
        assert sorted(row.outcome for row in events) == ["done", *["failed"] * 5]


def test_a_code_is_tried_five_times_and_five_codes_a_day_are_sent(found: World) -> None:
    case = filed(found)
    code = send(found, case)
    for _ in range(CODE_TRIES):
        with pytest.raises(CodeRefusedError):
            answer(found, case, wrong(code))
    with pytest.raises(CodeRefusedError):
        answer(found, case, code)  # the right one, too late
    for _ in range(CODES_PER_REQUEST - 1):
        send(found, case)
    with pytest.raises(CodesSpentError):
        send(found, case)
    assert len(letters(found, "dsar/code/")) == CODES_PER_REQUEST


def test_a_new_code_ends_the_one_before(found: World) -> None:
    case = filed(found)
    first, second = send(found, case), send(found, case)
    with pytest.raises(CodeRefusedError):
        answer(found, case, first if first != second else wrong(first))
    answer(found, case, second)


def test_who_is_signed_in_proves_by_the_session_and_a_code_to_the_own_address(
    found: World,
) -> None:
    case = filed(found, Claim(), PERSON, subject=SUBJECT)
    assert case.subject == SUBJECT
    assert not letters(found, "/filed")
    code = send(found, case)
    assert letters(found, "dsar/code/")[-1].to == EMAIL
    answer(found, case, code, by=PERSON)
    now = found.tick()
    done = found.case(case.id)
    assert [proof.kind for proof in done.evidence] == [EvidenceKind.PORTAL_SESSION, MAIL]
    assert sufficient(done.evidence, RequestKind.DISCLOSURE, requester=Requester.SELF, at=now)


def test_what_is_filed_twice_is_one_request(found: World) -> None:
    first = filed(found, once="letter-1", source=Source.CSV, by=OFFICER)
    again = filed(found, once="letter-1", source=Source.CSV, by=OFFICER)
    assert first.id == again.id
    assert len(letters(found, "/filed")) == 1


def test_an_impostor_first_in_line_neither_blocks_nor_helps_nor_is_helped(found: World) -> None:
    """GHSA-qx5f-ghc2-7g5c: identity checks bypassed or blocked through the duplicate path."""
    impostor = filed(found, KNOWN)
    with pytest.raises(CodeRefusedError):
        answer(found, impostor, wrong(send(found, impostor)))
    real = filed(found, KNOWN)
    with found.ports.database.read() as tx:
        (other,) = companions(tx, real)
    assert other.case.id == impostor.id
    assert not other.proved_same
    answer(found, real, send(found, real))
    now = found.tick()
    real, impostor = found.case(real.id), found.case(impostor.id)
    assert [proof.accepted for proof in real.evidence] == [True]
    assert not any(proof.accepted for proof in impostor.evidence)
    assert impostor.subject is None
    assert not impostor.closed
    assert not real.closed
    right, who = RequestKind.OBJECTION, Requester.SELF
    assert sufficient(real.evidence, right, requester=who, at=now)
    assert not sufficient(impostor.evidence, right, requester=who, at=now)


def test_a_stranger_names_nobody_of_the_store_and_a_person_only_themselves(found: World) -> None:
    for who in (ANONYMOUS, STRANGER):
        with pytest.raises(RequestNotAllowedError):
            filed(found, KNOWN, who, subject=SUBJECT)
    system = Principal(id=ActorId("svc:shop"), kind=PrincipalKind.SYSTEM, roles=frozenset({"shop"}))
    with pytest.raises(ActionForbiddenError):
        filed(found, KNOWN, system, intake=Intake.API, source=Source.SYSTEM)


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"claim": Claim(email=EMAIL)}, ("name", "missing")),
        ({"claim": Claim(name="架空 知子")}, ("email", "contact_missing")),
        ({"claim": Claim(name="架空 知子", email="x@@y")}, ("email", "contact_missing")),
        ({"kind": RequestKind.CESSATION}, ("ground", "missing")),
        ({"kind": RequestKind.CORRECTION}, ("words", "missing")),
        ({"requester": Requester.MANDATED_AGENT}, ("agent_name", "missing")),
        ({"words": "長" * 4001}, ("words", "long")),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_stored(
    found: World, more: dict[str, object], fault: tuple[str, str]
) -> None:
    with pytest.raises(FilingFaultsError) as refused:
        file_request(found.ports, ANONYMOUS, filing(**more), at=found.tick())  # type: ignore[arg-type] # by name
    assert fault in refused.value.faults
    assert not letters(found, "/filed")


def test_markup_and_formulas_are_kept_as_they_were_written(found: World) -> None:
    wild = '<script>alert(1)</script>=HYPERLINK("http://example.com")'
    case = filed(
        found,
        Claim(name=wild, email=EMAIL),
        kind=RequestKind.CESSATION,
        ground=StopGround.HARM,
        words=wild,
    )
    assert claim_in(found, case).name == wild


def test_a_contact_that_was_changed_last_week_proves_nothing_grave(found: World) -> None:
    case = filed(found)
    changed = EventDraft(
        action=EventCode.PERSON_CHANGED,
        occurred_at=NOW - timedelta(days=7),
        actor=OFFICER.id,
        object_type="person",
        object_id=SUBJECT,
        subject=SUBJECT,
        outcome=Outcome.DONE,
        fields=(FieldId("person.email"),),
    )
    found.write(lambda tx: found.ports.audit.append(tx, changed))
    answer(found, case, send(found, case))
    paper = found.prove(case, EvidenceKind.DOCUMENT, OFFICER)
    assert paper.evidence[0].contact_days == 7
    who, at = Requester.SELF, found.tick()
    assert not sufficient(paper.evidence, RequestKind.ERASURE, requester=who, at=at)
    answer(found, case, send(found, case, SMS), SMS)
    later = found.case(case.id)
    assert sufficient(later.evidence, RequestKind.ERASURE, requester=who, at=found.tick())
