"""One decision is provable, and no recorded decision can be changed, removed or added unseen."""

from collections.abc import Callable
from pathlib import Path

import pytest

from audit.actions import EventCode
from audit.decisions.checking import lost_decisions
from audit.decisions.links import linked
from audit.decisions.store import prove_decision
from audit.decisions.types import ROOT
from audit.errors import EventNotFoundError
from audit.findings import Finding
from audit.models import EVENTS
from audit.proofs import verify_inclusion
from audit.types import Outcome, Verdict
from governance.core.ids import new_event_id
from tests.audit.bench import OTHER, SUBJECT, Bench
from tests.audit.decisions.book import decision, recorder, records


@pytest.fixture
def decided(bench: Bench, tmp_path: Path) -> Bench:
    """Five decisions in two batches, in the tree."""
    with recorder(bench, tmp_path) as open_:
        for n in range(3):
            open_.record(decision(consent_seq=n))
        open_.settle()
        open_.record(
            decision(subject=OTHER, outcome=Outcome.DENY, reasons="denied.subject.unknown")
        )
        open_.record(decision(subject=None))
    bench.sequence()
    return bench


def test_one_decision_is_proved_by_its_batch(decided: Bench) -> None:
    for record in records(decided):
        with decided.db.read() as tx:
            proof = prove_decision(tx, record.column("id"))  # type: ignore[arg-type] # its id
            (refs,) = tx.execute(
                EVENTS.select()
                .with_only_columns(EVENTS.c.refs)
                .where(EVENTS.c.id == record.event_id)
            ).scalars()
        root = bytes.fromhex(refs.removeprefix(ROOT))
        assert verify_inclusion(
            proof.record.leaf, index=proof.place, size=proof.size, proof=proof.path, root=root
        )
    with decided.db.read() as tx, pytest.raises(EventNotFoundError):
        prove_decision(tx, new_event_id())


def run(statement: str) -> Callable[[Bench], None]:
    return lambda bench: bench.run(statement)


def insert(bench: Bench) -> None:
    bench.run(
        "INSERT INTO audit_decision SELECT '01912f6a-0000-7000-8000-000000000101', event_id,"
        " stream, 9, occurred_at, actor, actor_os, purpose, channel, recipient, country, field,"
        " outcome, reasons, policy_version, consent_seq, request_id, network, about, subject, salt,"
        " destroyed_by FROM audit_decision WHERE n = 1"
    )


def swap(bench: Bench) -> None:
    for one, other in ((1, 50), (2, 1), (50, 2)):
        bench.run(f"UPDATE audit_decision SET n = {other} WHERE n = {one}")  # noqa: S608 # ours


ATTACKS = {
    "edited": run("UPDATE audit_decision SET outcome = 'deny' WHERE n = 2"),
    "another purpose": run("UPDATE audit_decision SET purpose = 'order_support' WHERE n = 5"),
    "deleted": run("DELETE FROM audit_decision WHERE n = 5"),
    "swapped": swap,
    "inserted": insert,
    "another person": run("UPDATE audit_decision SET subject = 'x' WHERE n = 1"),
    "person added": run(
        "UPDATE audit_decision SET subject = 'x', salt = d.salt FROM audit_decision d"
        " WHERE audit_decision.n = 5 AND d.n = 1"
    ),
    "person taken out": run("UPDATE audit_decision SET subject = NULL, salt = NULL WHERE n = 1"),
    "moved to another batch": run(
        "UPDATE audit_decision SET event_id = (SELECT max(event_id) FROM audit_decision)"
        " WHERE n = 1"
    ),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_a_changed_decision_is_found(decided: Bench, attack: Callable[[Bench], None]) -> None:
    assert decided.verify().verdict is Verdict.VERIFIED_SELF_SIGNED
    attack(decided)
    report = decided.verify()
    assert (report.verdict, report.finding) == (Verdict.TAMPERED, Finding.DECISION)


def test_at_the_erasure_the_person_leaves_the_decisions_and_the_log_stands(decided: Bench) -> None:
    before = records(decided)
    erasure = decided.erase()
    assert decided.verify().finding is Finding.ERASURE_WAITING
    decided.sequence(1)
    assert decided.verify().verdict is Verdict.VERIFIED_SELF_SIGNED
    after = records(decided)
    assert [one.leaf for one in after] == [one.leaf for one in before]
    assert [one.destroyed_by for one in after] == [erasure] * 3 + [None, None]
    assert [one.link is None for one in after] == [True] * 3 + [False, True]
    assert decided.db.write(lambda tx: linked(tx, [SUBJECT], ())) == []


def test_no_erasure_excuses_a_person_whom_it_did_not_name(decided: Bench) -> None:
    erasure = decided.erase()
    decided.sequence(1)
    decided.run(
        "UPDATE audit_decision SET subject = NULL, salt = NULL, destroyed_by = :by WHERE n = 4",
        by=erasure,
    )
    assert decided.verify().finding is Finding.DECISION


def test_a_batch_that_is_gone_shows_in_the_numbers(decided: Bench) -> None:
    first = records(decided)[0].event_id
    decided.run("UPDATE audit_event SET action = 'job.run' WHERE id = :id", id=first)
    with decided.db.read() as tx:
        (hole,) = lost_decisions(tx)
    assert (hole.first, hole.last, hole.told) == (1, 3, False)
    assert decided.verify().verdict is Verdict.TAMPERED


def test_a_recorded_decision_cannot_be_changed_by_the_application(decided: Bench) -> None:
    for statement in (
        "UPDATE audit_decision SET outcome = 'deny'",
        "UPDATE audit_decision SET subject = NULL, salt = NULL",
        "DELETE FROM audit_decision",
    ):
        with pytest.raises(Exception, match="append-only"):
            decided.db.write(lambda tx, sql=statement: tx.exec_driver_sql(sql))  # type: ignore[misc] # bound at once


def test_batches_are_events_of_the_log(decided: Bench) -> None:
    with decided.db.read() as tx:
        found = tx.execute(EVENTS.select().order_by(EVENTS.c.id)).all()
    assert {row.action for row in found} == {EventCode.DECISIONS_RECORDED.value}
    assert {row.object_id for row in found} == {decided.log.process_id}
    assert all(str(SUBJECT) not in (row.refs or "") for row in found)
