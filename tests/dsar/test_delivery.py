"""The answer in the person's hands: proved anew, each form once, everything else refused alike."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier, Thread

import jsonschema_rs
import pytest
from sqlalchemy import delete, insert, select

from audit.models import EVENTS
from audit.verifier.findings import Verdict
from audit.verifier.note import parse_vkey
from audit.verifier.package import verify_package
from audit.verifier.page import verify_page
from dsar import delivery
from dsar.case import Case, Evidence
from dsar.delivery import Released
from dsar.errors import DownloadRefusedError, PackageGapsError, ProofNotFreshError
from dsar.identity.recording import record_proof
from dsar.models import EvidenceRow
from dsar.package import answer_keys, members_of
from dsar.packaging import build_package, missing
from dsar.results import PackageForm, newest_package
from dsar.returning import service as returning
from dsar.review import service as review
from dsar.rules import unreviewed
from dsar.service import match_subject
from dsar.types import Event, EvidenceKind, Requester, RequestKind
from governance.core.errors import GovernanceError
from governance.core.ids import new_row_id
from governance.core.terms import Law, RequestId
from governance.customers.store import LAW
from governance.db.types import table_of
from governance.http.principal import ANONYMOUS, Principal, PrincipalKind
from governance.identity.service import open_session
from tests.dsar.intake.filed import KNOWN, UNKNOWN, filed, letters
from tests.dsar.world import CONTROLLER, NAME, OFFICER, PERSON, STRANGER, SUBJECT, SUPPORT, World

QUARTER = timedelta(minutes=15)


def signed_in(world: World, who: Principal = PERSON) -> Principal:
    """The person with a session that was opened now."""
    at = world.tick()
    session, _ = world.write(
        lambda tx: open_session(
            tx, actor=who.id, kind=PrincipalKind.PERSON, lasting=timedelta(hours=8), at=at
        )
    )
    return replace(who, session=session.id)


def fetch(
    world: World, who: Principal, released: Released, form: PackageForm, *, later: int = 0
) -> bytes:
    return delivery.download_own(
        *(world.ports, who, released.case.id, form),
        within=QUARTER,
        at=world.tick() + timedelta(minutes=later),
    )


def refusals(world: World) -> list[tuple[str, str]]:
    with world.ports.database.read() as tx:
        rows = tx.execute(select(EVENTS.c.action, EVENTS.c.outcome)).all()
    return [(row.action, row.outcome) for row in rows if row.outcome == "deny"]


def test_each_form_is_handed_over_once_and_verifies_without_our_server(world: World) -> None:
    released, person = world.answered(), signed_in(world)
    keys = [parse_vkey(key.vkey) for key in answer_keys(world.ports.vault.ring)]
    page = fetch(world, person, released, PackageForm.PAGE)
    archive = fetch(world, person, released, PackageForm.ARCHIVE)
    assert verify_page(page, keys).verdict is Verdict.VERIFIED_SELF_SIGNED
    assert verify_package(archive, keys).verdict is Verdict.VERIFIED_SELF_SIGNED
    assert page.startswith(members_of(archive)["report.ja.html"])
    for form in PackageForm:
        with pytest.raises(DownloadRefusedError):
            fetch(world, person, released, form)
    with world.ports.database.read() as tx:
        told = tx.execute(
            select(EVENTS.c.reasons).where(
                EVENTS.c.action == "request.delivered", EVENTS.c.outcome == "done"
            )
        ).scalars()
    assert sorted(told) == ["downloaded,archive", "downloaded,page"]
    assert len(refusals(world)) == 2


def test_every_other_asker_has_the_same_answer_and_is_on_record(world: World) -> None:
    released = world.answered()
    unknown = replace(released, case=replace(released.case, id=RequestId("0" * 36)))
    told = set()
    for who, what in ((STRANGER, released), (SUPPORT, released), (OFFICER, released),
                      (PERSON, unknown)):  # fmt: skip
        with pytest.raises(DownloadRefusedError) as refused:
            fetch(world, who, what, PackageForm.PAGE)
        told.add((refused.value.code, tuple(refused.value.params.items())))
    assert told == {("download_refused", ())}
    assert len(refusals(world)) == 4


def test_an_answer_that_is_over_is_refused_like_any_bad_link(world: World) -> None:
    released = world.answered()
    days = int(delivery.LINK_LIFE.total_seconds() // 60)
    world.minutes += days
    with pytest.raises(DownloadRefusedError):
        fetch(world, signed_in(world), released, PackageForm.PAGE)


def test_whoever_signed_in_long_ago_is_asked_anew(world: World) -> None:
    released, person = world.answered(), signed_in(world)
    with pytest.raises(ProofNotFreshError):
        fetch(world, person, released, PackageForm.PAGE, later=16)
    with pytest.raises(ProofNotFreshError):
        fetch(world, PERSON, released, PackageForm.PAGE)  # no session at all
    world.minutes += 20
    proof = Evidence(
        kind=EvidenceKind.EMAIL_CODE, accepted=True, at=world.tick(), by=person.id, contact_days=90
    )
    world.write(
        lambda tx: record_proof(
            tx, world.ports, person, world.case(released.case.id), proof, at=proof.at
        )
    )
    assert fetch(world, person, released, PackageForm.PAGE)


@pytest.mark.parametrize(("by", "accepted"), [("u:support", True), ("p:self", False)])
def test_a_code_of_somebody_else_and_a_wrong_one_prove_nothing(
    world: World, by: str, *, accepted: bool
) -> None:
    released = world.answered()
    proof = Evidence(
        kind=EvidenceKind.EMAIL_CODE,
        accepted=accepted,
        at=world.tick(),
        by=PERSON.id if by == "p:self" else SUPPORT.id,
        contact_days=90,
    )
    case = world.case(released.case.id)
    with_proof = replace(case, evidence=(*case.evidence, proof))
    with world.ports.database.read() as tx:
        assert delivery.proved_at(tx, PERSON, with_proof) is None


def test_of_two_at_once_one_gets_the_answer(world: World) -> None:
    released, person = world.answered(), signed_in(world)
    barrier, at = Barrier(2), world.tick()
    got: list[object] = []

    def ask() -> None:
        barrier.wait()
        try:
            got.append(
                delivery.download_own(
                    *(world.ports, person, released.case.id, PackageForm.PAGE),
                    within=QUARTER,
                    at=at,
                )
            )
        except GovernanceError as error:
            got.append(error.code)

    threads = [Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(one, bytes) for one in got) == 1


AGENT = replace(KNOWN, agent_name="架空 次郎", email="agent@example.org")


def agents_answer(world: World) -> Released:
    """The answer to what an agent asked without an account; papers proved them."""
    case = filed(world, AGENT, requester=Requester.MANDATED_AGENT, kind=RequestKind.PURPOSE_NOTICE)
    at = world.tick()
    world.write(lambda tx: match_subject(tx, world.ports, OFFICER, case.id, SUBJECT, at=at))
    for kind in (EvidenceKind.DOCUMENT, EvidenceKind.AGENT_AUTHORITY):
        case = world.prove(case, kind, SUPPORT)
    case = world.step(world.collect(world.step(case, Event.START)), Event.FINISH_COLLECTING)
    case = review.accept_all(world.desk(case)) if unreviewed(case) else case
    approved = world.approve(world.decide(case))
    return world.deliver(world.build(world.step(approved, Event.EXECUTE)))


def came_back(world: World, reference: str) -> str:
    """The secret of a browser that came back by number and code."""
    way = returning.begin(world.ports, reference, EvidenceKind.EMAIL_CODE, at=world.tick())
    assert returning.deliver(world.ports, way.way, at=world.tick())
    code = letters(world, "dsar/code/")[-1].params["code"]
    returning.come_back(world.ports, ANONYMOUS, way.secret, code, at=world.tick())
    return way.secret


def fetch_back(world: World, secret: str, released: Released, *, later: int = 0) -> bytes:
    return delivery.download_own(
        *(world.ports, ANONYMOUS, released.case.id, PackageForm.PAGE),
        within=QUARTER,
        at=world.tick() + timedelta(minutes=later),
        secret=secret,
    )


def test_an_agent_with_authority_gets_it_once_by_number_and_code(world: World) -> None:
    released = agents_answer(world)
    secret = came_back(world, released.case.reference)
    with pytest.raises(ProofNotFreshError):
        fetch_back(world, secret, released, later=16)
    assert fetch_back(world, secret, released)
    for again in (secret, came_back(world, released.case.reference)):
        with pytest.raises(DownloadRefusedError):  # a replay
            fetch_back(world, again, released)


def test_without_authority_or_with_anothers_number_the_refusal_is_one(world: World) -> None:
    released, other = agents_answer(world), filed(world, UNKNOWN)
    secret, strange = (came_back(world, one.reference) for one in (released.case, other))
    days = timedelta(days=91)  # proofs are asked for anew
    told = set()

    def refused(way: str, what: Released, *, later: int = 0) -> None:
        with pytest.raises(DownloadRefusedError) as error:
            fetch_back(world, way, what, later=later)
        told.add((error.value.code, tuple(error.value.params.items())))

    refused(strange, released)
    refused("", released)
    refused("x" * 5_000, released)
    refused(secret, released, later=61)  # the way is over
    unanswered = replace(released, case=replace(released.case, id=other.id))
    refused(strange, unanswered)
    evidence = table_of(EvidenceRow)
    with world.ports.database.read() as tx:
        asker = world.case(released.case.id)
        old = delivery.claimant(tx, world.ports, ANONYMOUS, asker, secret, at=world.tick() + days)
    assert not old.entitled
    mandate = EvidenceKind.AGENT_AUTHORITY.value
    world.write(lambda tx: tx.execute(delete(evidence).where(evidence.c.kind == mandate)))
    refused(secret, released)
    assert told == {("download_refused", ())}
    assert len([one for one in refusals(world) if one[0] != "person.read"]) == 6


def executing(world: World) -> Case:
    return world.step(world.approve(world.decide(world.reviewed())), Event.EXECUTE)


def test_what_is_missing_stops_the_package_until_the_officer_says_so(world: World) -> None:
    case = executing(world)
    use: Callable[..., Case] = lambda **more: build_package(  # noqa: E731 # one call, two ways
        *(world.ports, OFFICER, case.id),
        controller=CONTROLLER,
        at=world.tick(),
        **more,
    )
    lacking = missing(world.ports, OFFICER, case.id, controller=CONTROLLER, at=world.tick())
    assert {"measures", "recipient_items:V-1"} <= {gap.code for gap in lacking}
    with pytest.raises(PackageGapsError) as refused:
        use()
    assert "recipient_items:V-1" in str(refused.value.params["gaps"])
    with world.ports.database.read() as tx:
        assert newest_package(tx, case.id) is None
    use(despite_gaps=True)
    with world.ports.database.read() as tx:
        told = tx.execute(
            select(EVENTS.c.reasons).where(EVENTS.c.action == "request.packaged")
        ).scalar_one()
    assert "missing.recipient_items:V-1" in told


def test_the_copy_is_purged_after_the_days_of_the_settings(world: World) -> None:
    case = executing(world)
    at = world.tick()
    build_package(
        *(world.ports, OFFICER, case.id),
        controller=CONTROLLER,
        at=at,
        keep=timedelta(days=7),
        despite_gaps=True,
    )
    released, person = world.deliver(case), signed_in(world)
    early, due = at + timedelta(days=6), at + timedelta(days=7)
    assert delivery.purge(world.ports, OFFICER, at=early, limit=9) == 0
    assert delivery.purge(world.ports, OFFICER, at=due, limit=9) == 1
    with world.ports.database.read() as tx:
        package = newest_package(tx, case.id)
    assert package is not None
    assert (package.content, package.token_digest, package.purged_at) == (None, None, due)
    assert package.manifest_hash
    with pytest.raises(DownloadRefusedError):
        fetch(world, person, released, PackageForm.PAGE)


def test_a_portable_copy_holds_what_the_law_lets_go_and_names_what_stays(world: World) -> None:
    row = {
        "id": new_row_id(),
        "subject_id": SUBJECT,
        "law": Law.GDPR.value,
        "role": "controller",
        "evidence": "origin",
        "valid_from": date(2020, 1, 1),
    }
    world.write(lambda tx: tx.execute(insert(LAW), [row]))
    released = world.answered(RequestKind.PORTABILITY)
    members = members_of(delivery.download(world.ports, PERSON, released.token, at=world.tick()))
    going = json.loads(members["portability.json"])
    schema = json.loads(members["schemas/sekisho-portability-1.json"])
    jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(going)
    (person,) = going["records"]["person"]
    assert person["person.name"] == NAME
    assert len(going["records"]["purchase"]) == 2
    assert going["fields"]["person.email"]["term"].startswith("dpv")
    assert not {"person.status", "person.notes", "person.source"} & person.keys()
    assert {"deal", "consent"}.isdisjoint(going["records"])  # another basis
    reasons = {one["field"]: one["reason"] for one in going["stays"]}
    assert reasons["person.status"] == "derived"
    assert reasons["person.source"] == "other_basis"
    assert {"portability.json", "csv/person.csv"} <= members.keys()
    assert "20条" in members["report.ja.html"].decode()


def test_the_records_of_provision_answer_their_own_right(world: World) -> None:
    released = world.answered(RequestKind.PROVISION_RECORDS)
    looked = review.review_of(world.ports, released.case)
    assert [one.source for one in looked.findings] == ["provision"], "nothing else is left out"
    members = members_of(delivery.download(world.ports, PERSON, released.token, at=world.tick()))
    sources = json.loads(members["data.json"])["sources"]
    assert [one["source"] for one in sources] == ["provision"]
    assert NAME not in members["data.json"].decode()
