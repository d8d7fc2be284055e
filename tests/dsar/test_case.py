"""A whole case on each engine: received, proved, collected, decided, approved, packed, fetched."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, inspect, select, text

from audit.models import EVENTS
from audit.types import Verdict
from dsar import delivery, fulfilment, reading, service
from dsar.case import WithheldItem
from dsar.errors import (
    DownloadRefusedError,
    RequestChangedError,
    RequestNotAllowedError,
    RequestStepError,
    RequestUnknownError,
)
from dsar.package import members_of, verify_package
from dsar.types import (
    Event,
    EvidenceKind,
    Ground,
    Intake,
    Mark,
    Outcome,
    Refusal,
    RequestKind,
    Status,
)
from governance.approvals.errors import ApprovalForbiddenError
from governance.core.errors import GovernanceError, UnavailableError
from governance.core.ids import new_row_id
from governance.core.terms import FieldId, Law
from governance.customers.store import LAW
from governance.keys.signers import ensure_signer
from governance.keys.types import SigningAlgorithm
from tests.dsar.world import (
    ADDRESS,
    APPROVER,
    EMAIL,
    FORMULA,
    MARKUP,
    MOBILE,
    NAME,
    OFFICER,
    PERSON,
    STRANGER,
    SUBJECT,
    SUPPORT,
    THIRD,
    WORDS,
    World,
    later,
)

PERSONAL = (NAME, "山田太郎", EMAIL, MOBILE, ADDRESS, WORDS, *THIRD)


def public_key(world: World) -> bytes:
    ring = world.ports.vault.ring
    return ensure_signer(ring, "dsar-package", SigningAlgorithm.ED25519).public_key


def test_disclosure_ends_in_a_package_that_holds_the_person_and_nobody_else(world: World) -> None:
    released = world.answered()
    content = delivery.download(world.ports, PERSON, released.token, at=world.tick())
    verified = verify_package(content, public_key(world))
    assert verified.verdict is Verdict.VERIFIED_SELF_SIGNED
    assert verified.reference == released.case.reference
    members = members_of(content)
    pages = [members[f"report.{lang}.html"].decode() for lang in ("ja", "en")]
    everything = "\n".join(member.decode() for member in members.values())
    for value in (NAME, EMAIL, MOBILE, ADDRESS, "C-00042", "関所せんべい", "P-2", "1,980"):
        assert all(value in page for page in pages), value
    for value in THIRD:
        assert value not in everything
    assert "【氏名1】" in pages[0]
    assert "[Name 1]" in pages[1]
    assert "架空配送株式会社" in pages[0]
    assert "退会：5年" in pages[0] or "5年" in pages[0]
    assert "32条" in pages[0]
    case = world.step(released.case, Event.CLOSE)
    assert case.closed


def test_markup_and_formulas_are_text_in_every_file(world: World) -> None:
    released = world.answered()
    members = members_of(delivery.download(world.ports, PERSON, released.token, at=world.tick()))
    for lang in ("ja", "en"):
        page = members[f"report.{lang}.html"].decode()
        assert "<script" not in page
        assert "&lt;script&gt;" in page
        assert 'http-equiv="Content-Security-Policy"' in page
    for name, member in members.items():
        if name.startswith("csv/"):
            for line in member.decode("utf-8-sig").splitlines():
                assert not any(
                    cell.startswith(sign)
                    for cell in line.strip('"').split('","')
                    for sign in "=+-@"
                )
    assert MARKUP in members["data.json"].decode()
    assert json.loads(members["data.json"])["schema"] == "sekisho-dsar/1"
    assert FORMULA in json.dumps(json.loads(members["data.json"]), ensure_ascii=False).replace(
        '\\"', '"'
    )


def test_a_parcel_to_oneself_is_shown_and_one_to_another_is_not(world: World) -> None:
    case = world.reviewed()
    found = {part.source: part for part in fulfilment.findings(world.ports, case)}
    recipients = [
        value.text
        for record in found["purchase"].records
        for value in record.values
        if value.name == "purchase.recipient_name"
    ]
    assert recipients == ["山田太郎"]
    left = {item.field for item in found["purchase"].withheld}
    assert left == {FieldId("purchase.recipient_name")}
    assert all(item.grounds == (Ground.APPI_33_2_1,) for item in found["purchase"].withheld)


def test_no_personal_value_stands_outside_the_seals(world: World) -> None:
    released = world.answered()
    delivery.download(world.ports, PERSON, released.token, at=world.tick())
    with world.ports.database.read() as tx:
        for table in inspect(tx).get_table_names():
            if table.startswith(("dsar", "audit", "approval")):
                rows = tx.execute(text(f"SELECT * FROM {table}")).all()  # noqa: S608 # own names
                told = "".join(
                    cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
                    for row in rows
                    for cell in row
                )
                for value in PERSONAL:
                    assert value not in told, table
                assert released.token not in told
    for shown in (repr(released), repr(released.case), repr(world.ports)):
        assert not any(value in shown for value in PERSONAL)
        assert released.token not in shown


def test_every_change_has_its_audit_event(world: World) -> None:
    released = world.answered()
    delivery.download(world.ports, PERSON, released.token, at=world.tick())
    world.step(released.case, Event.CLOSE)
    with world.ports.database.read() as tx:
        rows = tx.execute(
            select(EVENTS).where(EVENTS.c.object_id == released.case.id).order_by(EVENTS.c.id)
        ).all()
        lines = reading.timeline(tx, world.ports, OFFICER, released.case.id)
    assert all(f"request:{released.case.id}" in row.refs for row in rows)
    assert len({line.event for line in lines} - {row.reasons.split(",")[0] for row in rows}) == 1
    assert [row.action for row in rows].count("request.received") == 1
    assert {"request.packaged", "request.delivered", "request.decided", "request.closed"} <= {
        row.action for row in rows
    }
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    assert lines[0].event == Mark.RECEIVED.value
    assert [line.at for line in lines] == sorted(line.at for line in lines)


def test_link_works_once_for_its_person_before_it_ends(world: World) -> None:
    released = world.answered()
    for principal, token, at in (
        (STRANGER, released.token, world.tick()),
        (SUPPORT, released.token, world.tick()),
        (PERSON, "guess", world.tick()),
        (PERSON, released.token, released.expires_at),
    ):
        with pytest.raises(DownloadRefusedError):
            delivery.download(world.ports, principal, token, at=at)
    assert delivery.download(world.ports, PERSON, released.token, at=world.tick())
    with pytest.raises(DownloadRefusedError):
        delivery.download(world.ports, PERSON, released.token, at=world.tick())
    again = world.deliver(released.case)
    assert again.token != released.token
    assert delivery.download(world.ports, PERSON, again.token, at=world.tick())


def test_the_officer_cannot_approve_and_the_approver_cannot_decide(world: World) -> None:
    case = world.reviewed()
    with pytest.raises(RequestStepError) as refused:
        world.decide(case, by=APPROVER)
    assert refused.value.params["reason"] == Refusal.WRONG_PARTY.value
    decided = world.decide(case)
    with pytest.raises(ApprovalForbiddenError):
        world.approve(decided, by=OFFICER)
    with pytest.raises(RequestStepError):
        world.approve(decided, by=SUPPORT)
    with pytest.raises(RequestNotAllowedError):
        world.step(case, Event.APPROVE, by=APPROVER)
    assert world.case(case.id).tracks[0].status is Status.REVIEW
    approved = world.approve(decided)
    assert approved.tracks[0].status is Status.APPROVED
    assert approved.decision is not None
    assert approved.decision.approved_by == APPROVER.id


def test_a_new_decision_voids_the_approval_of_the_old(world: World) -> None:
    case = world.reviewed()
    first = world.decide(case)
    item = WithheldItem(field=FieldId("person.interests"), grounds=(Ground.APPI_33_2_2,))
    second = world.decide(case, Outcome.PARTIAL, items=(item,))
    with pytest.raises(GovernanceError):
        world.approve(first)
    approved = world.approve(second)
    released = world.deliver(world.build(world.step(approved, Event.EXECUTE)))
    members = members_of(delivery.download(world.ports, PERSON, released.token, at=world.tick()))
    everything = "\n".join(member.decode() for member in members.values())
    assert "HYPERLINK" in everything  # the purchase has one too
    answer = json.loads(members["data.json"])
    fields = [v["field"] for s in answer["sources"] for r in s["records"] for v in r]
    assert "person.interests" not in fields
    assert {"person.interests", "person.clerk"} <= {line["field"] for line in answer["withheld"]}


def test_failing_source_hides_no_other_and_is_asked_again(world: World) -> None:
    def down(*_: object) -> None:
        raise UnavailableError

    case = world.step(world.proved(world.receive()), Event.START)
    case = world.with_analysis(down).collect(case)
    states = {state.source: state for state in case.sources}
    assert states["consent"].found
    assert states["consent"].records == 2
    assert {s for s, state in states.items() if not state.found} == {
        *("person", "purchase", "inquiry", "deal"),
    }
    assert states["inquiry"].code == "unavailable"
    with pytest.raises(RequestStepError) as refused:
        world.step(case, Event.FINISH_COLLECTING)
    assert refused.value.params["reason"] == Refusal.SOURCES_MISSING.value
    case = world.collect(case)
    assert all(state.found for state in case.sources)
    assert world.step(case, Event.FINISH_COLLECTING).tracks[0].status is Status.REVIEW


def test_refused_evidence_is_on_file_and_does_not_count(world: World) -> None:
    case = world.prove(world.receive(), EvidenceKind.PORTAL_SESSION, PERSON)
    case = world.prove(case, EvidenceKind.DOCUMENT, SUPPORT, accepted=False)
    assert [piece.accepted for piece in case.evidence] == [True, False]
    with pytest.raises(RequestStepError) as refused:
        world.step(case, Event.START)
    assert refused.value.params["reason"] == Refusal.IDENTITY_MISSING.value
    with pytest.raises(RequestNotAllowedError):
        world.prove(case, EvidenceKind.DOCUMENT, PERSON)


def test_support_cannot_collect_and_a_stranger_learns_nothing(world: World) -> None:
    case = world.step(world.proved(world.receive()), Event.START)
    with pytest.raises(RequestNotAllowedError):
        world.collect(case, by=SUPPORT)
    with world.ports.database.read() as tx:
        with pytest.raises(RequestUnknownError):
            reading.request_by_id(tx, world.ports, STRANGER, case.id)
        assert reading.list_requests(tx, world.ports, STRANGER) == ()
        (own,) = reading.list_requests(tx, world.ports, PERSON)
        (seen,) = reading.list_requests(tx, world.ports, OFFICER, status=Status.COLLECTING)
    assert own.id == seen.id == case.id
    assert seen.answer_by is not None


def test_the_case_that_was_read_is_the_case_that_is_changed(world: World) -> None:
    case = world.step(world.proved(world.receive()), Event.START)
    sources = [Meddler(world, case.id)]
    with pytest.raises(RequestChangedError):
        fulfilment.collect(world.ports, OFFICER, case.id, sources=sources, at=world.tick())  # type: ignore[arg-type] # a source of the test


class Meddler:
    """A source during whose answer somebody else moves the request."""

    name = "meddler"

    def __init__(self, world: World, request: object) -> None:
        self.world, self.request = world, request

    def find(self, _query: object) -> None:
        case = self.world.case(self.request)  # type: ignore[arg-type] # as given
        self.world.step(case, Event.WITHDRAW, PERSON)
        raise UnavailableError


def test_copies_are_purged_after_their_days(world: World) -> None:
    released = world.answered()
    after = later(0) + timedelta(days=31)
    assert fulfilment.findings(world.ports, released.case)
    assert delivery.purge(world.ports, OFFICER, at=later(9), limit=10) == 0
    assert delivery.purge(world.ports, OFFICER, at=after, limit=10) == 1
    assert delivery.purge(world.ports, OFFICER, at=after, limit=10) == 0
    assert fulfilment.findings(world.ports, released.case) == ()
    with pytest.raises(DownloadRefusedError):
        delivery.download(world.ports, PERSON, released.token, at=world.tick())


def test_refusal_of_a_part_of_the_machine_is_closed_with_its_ground(world: World) -> None:
    case = world.reviewed()
    world.decide(case, Outcome.REFUSE, grounds=(Ground.APPI_33_2_2,))
    case = world.step(case, Event.REFUSE)
    case = world.step(world.step(case, Event.RESPOND), Event.CLOSE)
    assert case.closed
    assert case.decision is not None
    assert case.decision.grounds == (Ground.APPI_33_2_2,)


def test_correction_is_answered_by_its_audit_event(world: World) -> None:
    case = world.reviewed(RequestKind.CORRECTION)
    decided = world.decide(case, grounds=(Ground.APPI_34_2,))
    case = world.step(world.approve(decided), Event.EXECUTE)
    with pytest.raises(GovernanceError):
        world.build(case)
    with pytest.raises(RequestStepError):
        world.step(case, Event.RESPOND)
    with world.ports.database.read() as tx:
        event = tx.execute(
            select(EVENTS.c.id).where(
                EVENTS.c.subject == SUBJECT, EVENTS.c.action == "person.read"
            )
        ).scalars().first()  # fmt: skip
    at = world.tick()
    case = world.write(
        lambda tx: fulfilment.record_execution(
            tx, world.ports, OFFICER, case.id, proof=event, at=at
        )
    )
    assert world.step(case, Event.RESPOND).tracks[0].status is Status.RESPONDED


def test_words_of_the_person_are_sealed_apart_from_the_subjects_key(world: World) -> None:
    case = world.receive()
    assert case.requester_id != SUBJECT
    assert WORDS not in repr(case)
    assert len(case.reference) == len("R-2026-AAAAA-BBBBB")
    read = reading.words(world.ports, OFFICER, case.id, at=world.tick())
    assert read.value == WORDS
    with pytest.raises(RequestUnknownError):
        reading.words(world.ports, STRANGER, case.id, at=world.tick())
    with world.ports.database.read() as tx:
        looks = select(EVENTS).where(
            EVENTS.c.object_id == case.id, EVENTS.c.action == "person.read"
        )
        (look,) = tx.execute(looks).all()
    assert look.fields == "dsar.words"


def test_my_number_in_the_persons_words_is_masked_before_it_is_stored(world: World) -> None:
    case = world.receive(words="私の番号は 1234-5678-9018 です。")
    read = reading.words(world.ports, OFFICER, case.id, at=world.tick())
    assert read.value is not None
    assert "9018" not in read.value


def test_decision_can_be_made_anew_after_its_approval_expired(world: World) -> None:
    case = world.reviewed()
    expired = world.decide(case)
    world.minutes += 15 * 24 * 60  # an approval of a decision lives 14 days
    with pytest.raises(GovernanceError):
        world.approve(expired)
    assert world.approve(world.decide(case)).tracks[0].status is Status.APPROVED


def test_person_under_both_laws_gets_one_answer_on_both(world: World) -> None:
    row = {
        "id": new_row_id(),
        "subject_id": SUBJECT,
        "law": "gdpr",
        "evidence": "origin",
        "valid_from": date(2020, 1, 1),
    }
    world.write(lambda tx: tx.execute(insert(LAW), [row]))
    released = world.answered(RequestKind.ACCESS)
    tracks = {track.law: track for track in released.case.tracks}
    assert {law: track.kind for law, track in tracks.items()} == {
        Law.APPI: RequestKind.DISCLOSURE,
        Law.GDPR: RequestKind.ACCESS,
    }
    assert {track.status for track in tracks.values()} == {Status.RESPONDED}
    content = delivery.download(world.ports, PERSON, released.token, at=world.tick())
    page = members_of(content)["report.en.html"].decode()
    for article in ("15(1)(a)", "15(1)(h)", "APPI Arts. 32, 33", "15(4)"):
        assert article in page
    assert world.step(released.case, Event.CLOSE).closed


def test_request_that_matches_nobody_is_answered_as_not_held(world: World) -> None:
    new = service.NewRequest(
        kind=RequestKind.DISCLOSURE, intake=Intake.POST, policy_days=14, words=WORDS
    )
    prepared = service.prepare_request(world.ports, new)
    at = world.tick()
    case = world.write(lambda tx: service.receive(tx, world.ports, SUPPORT, new, prepared, at=at))
    assert case.laws == {Law.APPI, Law.GDPR}  # unknown means all
    for kind in (EvidenceKind.DOCUMENT, EvidenceKind.PORTAL_SESSION):
        world.prove(case, kind, SUPPORT)
    world.step(case, Event.TRIAGE)
    case = world.collect(world.step(case, Event.START))
    assert all(source.found and source.records == 0 for source in case.sources)
    case = world.step(case, Event.FINISH_COLLECTING)
    assert world.decide(case).case.decision is not None
    world.step(case, Event.REFUSE)
    world.step(case, Event.RESPOND)
    case = world.step(case, Event.CLOSE)
    assert case.closed
    assert case.decision is not None
    assert case.decision.outcome is Outcome.NOT_HELD


def test_portal_takes_only_the_own_request(world: World) -> None:
    new = service.NewRequest(
        kind=RequestKind.DISCLOSURE, intake=Intake.PORTAL, policy_days=14, subject=SUBJECT
    )
    prepared = service.prepare_request(world.ports, new)
    with pytest.raises(RequestNotAllowedError):
        world.write(
            lambda tx: service.receive(tx, world.ports, STRANGER, new, prepared, at=later(1))
        )
