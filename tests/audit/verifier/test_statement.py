"""A receipt, a certificate, a decision: verified from its own file, and never made to say more."""

import io
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.actions import EventCode
from audit.decisions import types as recorded
from audit.decisions.store import prove_decision
from audit.statements import SCHEMA, Form, decision_content, hidden, statement, statement_ref
from audit.store import seq_of
from audit.types import canonical_json
from audit.verifier import statement as verifier
from audit.verifier.findings import Finding, StatementReport, Verdict
from audit.verifier.main import lines
from audit.verifier.trust import Evidence
from audit.verifier.verify import verify_bundle
from governance.core.terms import EventId
from tests.audit.attacks.acts import another_key
from tests.audit.attacks.conftest import opened
from tests.audit.bench import NOW, SUBJECT, Bench
from tests.audit.decisions.book import decision, recorder, records
from tests.audit.verifier.exports import EXPORTER, evidence, pin

CONTENT = {"person": SUBJECT, "purpose": {"id": "mail_marketing"}, "choice": {"kind": "given"}}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Two vouching events and a batch of five decisions, in the tree."""
    from sqlmodel import SQLModel  # noqa: PLC0415 # here alone

    folder = tmp_path_factory.mktemp("log")
    bench = opened(f"sqlite:///{folder / 'log.db'}", folder, "web-1")
    SQLModel.metadata.create_all(bench.db.writer_engine)
    with recorder(bench, folder) as open_:
        for n in range(5):
            open_.record(decision(consent_seq=n, subject=None if n == 4 else SUBJECT))
    yield bench
    bench.db.close()


def stated(bench: Bench, form: Form, content: dict[str, object], event: EventId) -> bytes:
    bench.sequence()
    with bench.db.read() as tx:
        return statement(
            tx,
            form,
            content,
            seq=seq_of(tx, event),
            exported_at=NOW,
            exported_by=EXPORTER,
            keys=bench.keys.verifier_keys,
        )


def vouched(bench: Bench, form: Form, action: EventCode) -> bytes:
    content = hidden(CONTENT)
    (event,) = bench.add(action=action, refs=(statement_ref(content),), subject=SUBJECT)
    return stated(bench, form, content, event)


def of_decision(bench: Bench, n: int) -> bytes:
    record = records(bench)[n]
    bench.sequence()
    with bench.db.read() as tx:
        proof = prove_decision(tx, EventId(str(record.column("id"))))
    return stated(bench, Form.DECISION, decision_content(proof), record.event_id)


@pytest.fixture(scope="module")
def made(log: Bench) -> dict[str, bytes]:
    """A statement of each form."""
    return {
        "receipt": vouched(log, Form.CONSENT_RECEIPT, EventCode.RECEIPT_ISSUED),
        "certificate": vouched(log, Form.ERASURE_CERTIFICATE, EventCode.CERTIFICATE_ISSUED),
        "decision": of_decision(log, 2),
        "nobody": of_decision(log, 4),
    }


def verify(raw: bytes, known: Evidence) -> StatementReport:
    return verifier.verify_statement(io.BytesIO(raw), known)


FORMS = ("receipt", "certificate", "decision", "nobody")


@pytest.mark.parametrize("name", FORMS)
def test_a_statement_is_verified_by_its_file_and_the_key(
    log: Bench, made: dict[str, bytes], name: str
) -> None:
    assert made[name].startswith(verifier.OPENING)
    report = verify(made[name], evidence(log))
    assert (report.verdict, report.finding) == (Verdict.VERIFIED_SELF_SIGNED, None)
    assert report.content == json.loads(made[name].split(b"\n")[0])["content"]
    assert verify(made[name], Evidence()).verdict is Verdict.UNPINNED
    for lang in ("ja", "en"):
        assert any(
            str(report.content.get("nonce", "record.actor")) in x for x in lines(report, lang)
        )


def test_what_is_stated_of_a_decision_is_what_was_recorded(made: dict[str, bytes]) -> None:
    content = json.loads(made["decision"].split(b"\n")[0])["content"]
    assert content["record"]["consent_seq"] == 2
    assert (content["subject"], content["place"], content["size"]) == (SUBJECT, 2, 5)
    assert "subject" not in json.loads(made["nobody"].split(b"\n")[0])["content"]


def changed(raw: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The statement with another first line, in its one spelling."""
    head, _, proof = raw.partition(b"\n")
    line = json.loads(head)
    change(line)
    return canonical_json(line) + b"\n" + proof


def put(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(line: dict[str, Any]) -> None:
        *way, last = path
        inner: Any = line["content"]
        for step in way:
            inner = inner[step]
        inner[last] = to

    return change


ATTACKS = {
    "another choice": ("receipt", put("choice", "kind", to="withdrawn")),
    "another nonce": ("receipt", put("nonce", to="00" * 32)),
    "more than was said": ("certificate", put("erased", to=5)),
    "a receipt as a certificate": (
        "receipt",
        lambda line: line.update(form=Form.ERASURE_CERTIFICATE.value),
    ),
    "another outcome": ("decision", put("record", "outcome", to="deny")),
    "another time": ("decision", put("record", "occurred_at", to="2026-04-01T09:00:01.000000Z")),
    "another number": ("decision", put("record", "n", to=2)),
    "another place": ("decision", put("place", to=1)),
    "another size": ("decision", put("size", to=6)),
    "another path": ("decision", put("path", 0, to="00" * 32)),
    "another person": ("decision", put("subject", to="9d0f4c6a-1111-4111-8111-111111111111")),
    "another salt": ("decision", put("salt", to="00" * 32)),
    "another stream": ("decision", put("record", "stream", to="web-2")),
    "a column removed": ("decision", lambda line: line["content"]["record"].pop("purpose")),
}


@pytest.mark.parametrize(("name", "change"), ATTACKS.values(), ids=ATTACKS.keys())
def test_a_changed_statement_is_not_vouched_for(
    log: Bench, made: dict[str, bytes], name: str, change: Callable[[dict[str, Any]], object]
) -> None:
    for known in (evidence(log), Evidence()):
        report = verify(changed(made[name], change), known)
        assert (report.verdict, report.finding) == (Verdict.TAMPERED, Finding.STATEMENT)
        assert report.content == {}


MALFORMED = {
    "a person for nobody": ("nobody", put("subject", to=SUBJECT)),
    "an unknown form": ("receipt", lambda line: line.update(form="diploma")),
    "an unknown schema": ("receipt", lambda line: line.update(schema="sekisho-statement/2")),
    "an unknown member": ("receipt", lambda line: line.update(more=1)),
    "an unknown column": ("decision", put("record", "mood", to="x")),
    "a path of words": ("decision", put("path", to=["x"])),
    "a number of words": ("decision", put("record", "n", to="2")),
    "no record": ("decision", lambda line: line["content"].pop("record")),
}


@pytest.mark.parametrize(("name", "change"), MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_statement_is_unreadable(
    log: Bench, made: dict[str, bytes], name: str, change: Callable[[dict[str, Any]], object]
) -> None:
    report = verify(changed(made[name], change), evidence(log))
    assert (report.verdict, report.finding) == (Verdict.UNREADABLE, Finding.FORM)


def test_the_proof_of_another_event_vouches_for_nothing(log: Bench, made: dict[str, bytes]) -> None:
    head = made["receipt"].partition(b"\n")[0]
    proof = made["certificate"].partition(b"\n")[2]
    assert verify(head + b"\n" + proof, evidence(log)).finding is Finding.STATEMENT


def test_a_statement_of_another_key_is_not_ours(log: Bench, made: dict[str, bytes]) -> None:
    known = Evidence(keys=pin(another_key(log).keys.verifier_keys))
    report = verify(made["receipt"], known)
    assert (report.verdict, report.finding) == (Verdict.TAMPERED, Finding.OTHER_KEY)


def test_a_broken_proof_is_told_as_of_the_log(log: Bench, made: dict[str, bytes]) -> None:
    head, _, proof = made["receipt"].partition(b"\n")
    broken = proof.replace(b"receipt.issued", b"receipt.forged")
    report = verify(head + b"\n" + broken, evidence(log))
    assert (report.verdict, report.finding) == (
        verify_bundle(io.BytesIO(broken), evidence(log)).verdict,
        Finding.LEAF,
    )


@given(at=st.integers(0), value=st.integers(1, 255), name=st.sampled_from(FORMS))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_changed_byte_is_verified(
    log: Bench, made: dict[str, bytes], at: int, value: int, name: str
) -> None:
    raw = made[name]
    at %= len(raw)
    changed_ = raw[:at] + bytes([raw[at] ^ value]) + raw[at + 1 :]
    report = verify(changed_, evidence(log))
    assert report.verdict not in {Verdict.VERIFIED_SELF_SIGNED, Verdict.VERIFIED_WITNESSED}


def test_noise_never_raises() -> None:
    dice = random.Random(7)  # noqa: S311 # a test's dice
    for _ in range(200):
        raw = b'{"content":' + dice.randbytes(dice.randint(0, 60))
        assert verify(raw, Evidence()).verdict is Verdict.UNREADABLE


def test_both_sides_know_the_same_record() -> None:
    assert recorded.COLUMNS == verifier.COLUMNS
    assert recorded.HEADER == verifier.HEADER
    assert SCHEMA == verifier.SCHEMA
    assert {form.value for form in Form} == set(verifier.FORMS)
