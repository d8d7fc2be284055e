"""What an installation states, a stranger with the verifier and the key can prove."""

import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from audit.models import EVENTS
from audit.types import canonical_json
from audit.verifier.findings import StatementReport, Verdict
from audit.verifier.note import parse_vkey
from audit.verifier.statement import verify_statement
from audit.verifier.trust import Evidence
from consent import ledger
from consent.checks import check
from consent.choices import Choice
from consent.gates import UseRequest
from consent.receipts.issue import newest_choice
from consent.service import choose
from consent.types import EventKind
from governance.app.statements import consent_receipt, decision_proof, erasure_certificate
from governance.app.wiring import Wiring
from governance.core.errors import NotFoundError
from governance.core.ids import new_row_id
from governance.core.terms import EventId, PurposeId, RowId, SubjectId
from policies.api import ActionForbiddenError
from retention.errors import RunNotFoundError
from tests.governance.app.conftest import Town
from tests.installation import AT, OFFICER, add_person, create, staff, system
from tests.retention.town import Town as Retained

OFFERS = PurposeId("mail_marketing")


@pytest.fixture
def wiring(tmp_path: Path) -> Iterator[Wiring]:
    made = create(tmp_path)
    yield made
    made.close()


def proved(wiring: Wiring, raw: bytes) -> StatementReport:
    keys = tuple(parse_vkey(key.vkey) for key in wiring.log_keys.verifier_keys)
    report = verify_statement(io.BytesIO(raw), Evidence(keys=keys))
    assert report.verdict is Verdict.VERIFIED_SELF_SIGNED, report.finding
    return report


def chosen(wiring: Wiring, subject: SubjectId, kind: EventKind = EventKind.GIVEN) -> RowId:
    choose(wiring.ports, OFFICER, Choice(subject=subject, purpose=OFFERS, kind=kind), at=AT)
    with wiring.database.read() as tx:
        return newest_choice(tx, subject, OFFERS)


def test_a_receipt_says_what_was_chosen_on_which_notice(wiring: Wiring) -> None:
    subject = add_person(wiring)
    choice = chosen(wiring, subject)
    report = proved(wiring, consent_receipt(wiring, OFFICER, choice, at=AT))
    content: Any = report.content
    assert (content["person"], content["choice"]["kind"]) == (subject, "given")
    assert content["purpose"]["basis"]["appi"]
    with wiring.database.read() as tx:
        row = tx.execute(select(ledger.EVENT).where(ledger.EVENT.c.id == choice)).one()
    assert content["notice"]["sha256"] == row.notice_hash
    assert content["notice"]["text"]


def test_two_receipts_of_one_choice_have_nothing_in_common_in_the_log(wiring: Wiring) -> None:
    choice = chosen(wiring, add_person(wiring))
    raw = [consent_receipt(wiring, OFFICER, choice, at=AT) for _ in range(2)]
    with wiring.database.read() as tx:
        issued = EVENTS.c.action == "receipt.issued"
        refs = list(tx.execute(select(EVENTS.c.refs).where(issued)).scalars())
    assert len(set(refs)) == 2
    content: Any = proved(wiring, raw[0]).content
    guess = {name: value for name, value in content.items() if name != "nonce"}
    assert canonical_json(guess).hex() not in "".join(refs)


def test_who_may_not_read_choices_gets_no_receipt(wiring: Wiring) -> None:
    choice = chosen(wiring, add_person(wiring))
    with pytest.raises(ActionForbiddenError):
        consent_receipt(wiring, staff("marketing"), choice, at=AT)
    with pytest.raises(NotFoundError):
        consent_receipt(wiring, OFFICER, new_row_id(), at=AT)


def test_a_decision_is_proved_with_its_reason(wiring: Wiring) -> None:
    subject = add_person(wiring)
    chosen(wiring, subject, EventKind.WITHDRAWN)
    sender = system("mail_sender", OFFERS)
    asked = UseRequest(subject=subject, purpose=OFFERS, channel="email")
    answers = [check(wiring.ports, sender, asked, at=AT) for _ in range(3)]
    raw = decision_proof(wiring, OFFICER, answers[1].decision_id, at=AT)
    content: Any = proved(wiring, raw).content
    record = content["record"]
    assert (record["outcome"], record["reasons"]) == ("deny", "denied.subject.withdrawn")
    assert (record["actor"], record["channel"], content["subject"]) == (
        "svc:mail_sender",
        "email",
        subject,
    )
    with pytest.raises(NotFoundError):
        decision_proof(wiring, OFFICER, EventId(new_row_id()), at=AT)


def test_a_certificate_of_erasure_stands_and_the_decisions_forget_the_person(
    wiring: Wiring,
) -> None:
    town = Retained(wiring.ports, now=AT)
    town.settle("gone", status="withdrawn", withdrawn=date(2020, 1, 1))
    town.settle("active", purchases=({"purchased_on": date(2025, 1, 1)},))
    town.adopt()
    gone = town.people["gone"]
    asked = UseRequest(subject=gone, purpose=OFFERS)
    answer = check(wiring.ports, system("mail_sender", OFFERS), asked, at=AT)
    wiring.ports.decisions.settle()
    run = town.start(town.plan())
    town.drive(run)
    raw = erasure_certificate(wiring, OFFICER, RowId(run), gone, at=AT)
    content: Any = proved(wiring, raw).content
    assert (content["erased"], content["subject"], content["state"]) == (1, gone, "done")
    assert content["final_on"]
    assert [(one["stage"], one["standing"]) for one in content["stages"]] == [
        ("erased", "reached"),
        ("keys_destroyed", "reached"),
        ("unreadable", "awaited"),
        ("backups_ended", "unpromised"),  # none are made here
    ]
    with pytest.raises(RunNotFoundError):
        erasure_certificate(wiring, OFFICER, RowId(run), town.people["active"], at=AT)
    after = decision_proof(wiring, OFFICER, answer.decision_id, at=AT)
    forgotten: Any = proved(wiring, after).content
    assert "subject" not in forgotten
    assert gone not in after.decode()


def test_a_person_gets_the_receipts_of_their_own_choices(town: Town, person: httpx.Client) -> None:
    mine, other = (chosen(town.wiring, one) for one in (town.first, town.second))
    origin = {"origin": town.base}
    answer = person.post(f"/v1/own/consents/{mine}/receipt", headers=origin)
    assert answer.status_code == 200
    assert json.loads(answer.content.split(b"\n")[0])["content"]["person"] == town.first
    proved(town.wiring, answer.content)
    assert person.post(f"/v1/own/consents/{other}/receipt", headers=origin).status_code == 404
    assert person.post(f"/v1/consents/{mine}/receipt", headers=origin).status_code == 403


def test_statements_come_over_http(town: Town, officer: httpx.Client) -> None:
    origin = {"origin": town.base}
    choice = chosen(town.wiring, town.first)
    receipt = officer.post(f"/v1/consents/{choice}/receipt", headers=origin)
    proved(town.wiring, receipt.content)
    answer = check(
        town.wiring.ports,
        system("mail_sender", OFFERS),
        UseRequest(subject=town.first, purpose=OFFERS),
        at=AT,
    )
    proof = officer.get(f"/v1/audit/decisions/{answer.decision_id}/proof")
    assert proof.headers["content-type"] == "application/x-ndjson"
    proved(town.wiring, proof.content)
    assert officer.get(f"/v1/audit/decisions/{new_row_id()}/proof").status_code == 404
    missing = officer.post(f"/v1/retention/runs/{new_row_id()}/certificate", headers=origin)
    assert missing.status_code == 404
