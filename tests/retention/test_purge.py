"""What a purge removes, keeps and refuses, on both engines with real keys."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select
from sqlmodel import SQLModel

from audit.models import PARTS
from audit.sequencer import LogKeys, Turn, sequence_once
from audit.types import Verdict
from audit.verify import verify_log
from governance.approvals.errors import ApprovalForbiddenError
from governance.core.terms import FieldId, KeyClass
from governance.crypto.signing import Ed25519Signer, MlDsa44Signer
from governance.customers import store as customers
from governance.customers import suppression
from governance.customers.subjects import SubjectState
from governance.customers.tokens import POSTING
from governance.jobs.journal_record import JournalKind
from governance.keys.errors import SubjectErasedError
from retention import adoption, listing, purge, service, store, tombstones
from retention.batch import Removed
from retention.errors import (
    PlanChangedError,
    PlanStaleError,
    RetentionRefusedError,
    SubjectNotErasableError,
)
from retention.plans import RunState
from retention.schedules import RETAIL_SAMPLE, default_schedule, shipped_schedule
from retention.service import Waiting
from tests.retention.town import CHIEF, NOW, OFFICER, SUPPORT, TODAY, Town

OLD, RECENT = date(2012, 5, 1), date(2024, 5, 1)


@pytest.fixture
def filled(town: Town) -> Town:
    """Three who are due, one of them with a purchase that stays; four who are not."""
    town.settle("gone", status="withdrawn", withdrawn=date(2020, 1, 1))
    town.settle("prospect", status="prospect", registered=date(2024, 2, 29))
    town.settle(
        "ledger",
        status="withdrawn",
        withdrawn=date(2021, 1, 1),
        purchases=({"purchased_on": date(2021, 3, 1)}, {"purchased_on": OLD}),
    )
    town.settle("active", purchases=({"purchased_on": RECENT},))
    town.settle("held", status="withdrawn", withdrawn=date(2015, 1, 1), held=True)
    town.settle(
        "unpaid",
        status="withdrawn",
        withdrawn=date(2015, 1, 1),
        purchases=({"purchased_on": OLD, "payment_status": "unpaid"},),
    )
    town.settle("undated", registered=None)
    town.adopt()
    return town


STAYING = {"active", "held", "unpaid", "undated"}


def test_a_purge_removes_exactly_who_is_due(filled: Town) -> None:
    report = filled.purge()
    assert (report.state, report.erased, report.skipped) == (RunState.DONE, 3, 0)
    assert filled.present() == STAYING
    for name in ("gone", "prospect", "ledger"):
        for table in ("person", "inquiry", "search_row", "text_finding"):
            assert filled.rows(name, table) == 0


def test_a_second_run_does_nothing(filled: Town) -> None:
    run = filled.start(filled.plan())
    first = filled.drive(run)
    again = filled.drive(run)
    assert (again.erased, again.rows, again.batches) == (first.erased, first.rows, first.batches)
    following = filled.purge()
    assert following.erased == 0


def test_only_the_fields_that_a_duty_needs_stay_and_under_another_key(filled: Town) -> None:
    subject = filled.people["ledger"]
    filled.purge()
    with filled.ports.database.read() as tx:
        (left,) = customers.records_of(tx, subject, "purchase")
        person = customers.subject_by_id(tx, subject, on=TODAY)
    assert left.clear["purchased_on"] == date(2021, 3, 1)
    assert left.clear["amount"] == 1200
    assert set(left.sealed) == {FieldId("purchase.product_name")}
    opened = filled.ports.vault.open_row(left.id, left.sealed)
    assert opened[FieldId("purchase.product_name")].value == "GOODS-ledger"
    assert person is not None
    assert (person.state, person.kept_by_law) == (SubjectState.ERASED, "LEDGER_7Y")


def test_the_keys_of_the_erased_are_gone_and_no_new_one_is_made(filled: Town) -> None:
    filled.purge()
    with pytest.raises(SubjectErasedError):
        filled.ports.vault.ensure_keys([filled.people["gone"]])
    filled.ports.vault.ensure_keys([filled.people["active"]])


def test_what_a_law_kept_goes_when_its_time_ends(filled: Town) -> None:
    filled.purge()
    filled.now = NOW.replace(year=2028, month=3, day=2)
    report = filled.purge()
    with filled.ports.database.read() as tx:
        stones = tombstones.tombstones(tx, subject=filled.people["ledger"])
    assert filled.rows("ledger", "purchase") == 0
    assert report.state is RunState.DONE
    assert [stone.key_classes for stone in stones] == [(KeyClass.ACTIVE,), (KeyClass.KEPT,)]


def test_a_hold_between_plan_and_run_is_honoured(filled: Town) -> None:
    run = filled.start(filled.plan())
    subject = filled.people["gone"]
    filled.ports.database.write(
        lambda tx: customers.place_hold(tx, subject, matter="suit:2", by="u:x", at=NOW)
    )
    report = filled.drive(run)
    assert (report.erased, report.skipped) == (2, 1)
    assert filled.present() == {*STAYING, "gone"}


def test_a_hold_that_comes_after_the_journal_is_honoured(
    filled: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = filled.start(filled.plan())
    subject = filled.people["gone"]
    looked = purge.remove

    def late(tx: Connection, *args: object, **named: object) -> Removed:
        customers.place_hold(tx, subject, matter="suit:3", by="u:x", at=NOW)
        return looked(tx, *args, **named)  # type: ignore[arg-type] # passed on as given

    monkeypatch.setattr(purge, "remove", late)
    filled.drive(run)
    assert "gone" in filled.present()


def test_whoever_bought_again_is_left_alone(filled: Town) -> None:
    run = filled.start(filled.plan())

    def buy(tx: Connection) -> None:
        filled._purchase(tx, "gone", filled.people["gone"], {"purchased_on": TODAY})

    filled.ports.database.write(buy)
    assert filled.drive(run).skipped == 1
    assert "gone" in filled.present()


def test_the_journal_names_each_erased_person_before_the_rows_go(filled: Town) -> None:
    filled.purge()
    named = [
        record.entry.subject
        for record in filled.ports.journal.replay()
        if record.entry.kind is JournalKind.ERASURE
    ]
    assert sorted(str(one) for one in named) == sorted(
        filled.people[name] for name in ("gone", "prospect", "ledger")
    )


def test_the_log_names_the_destroyed_parts_and_the_plan(filled: Town) -> None:
    plan_id = filled.plan()
    filled.drive(filled.start(plan_id))
    with filled.ports.database.read() as tx:
        plan = store.plan_by_id(tx, plan_id)
        left = select(PARTS.c.subject).where(PARTS.c.payload.is_not(None))
        kept = set(tx.execute(left).scalars())
        events = SQLModel.metadata.tables["audit_event"]
        refs = tx.execute(select(events.c.refs).where(events.c.action == "retention.purged"))
        (ref,) = refs.scalars()
    assert kept == {filled.people[name] for name in STAYING}
    assert f"sha256:{plan.digest}" in ref
    assert f"person:{filled.people['gone']}" in ref


def test_a_consent_proof_outlives_the_purge_under_its_own_key(filled: Town) -> None:
    subject = filled.people["gone"]
    filled.purge()
    events = SQLModel.metadata.tables["consent_event"]
    with filled.ports.database.read() as tx:
        row = tx.execute(select(events).where(events.c.subject_id == subject)).one()
    assert filled.ports.vault.open_part(row.id, row.proof) == b"proof"


def test_a_large_run_waits_for_a_second_principal(filled: Town) -> None:
    plan_id = filled.plan()

    def ask(tx: Connection) -> Waiting:
        begun = service.start(tx, filled.ports, filled.approvals, OFFICER, plan_id, at=NOW)
        assert isinstance(begun, Waiting)
        return begun

    first, second = filled.ports.database.write(ask), filled.ports.database.write(ask)
    assert first == second
    with pytest.raises(ApprovalForbiddenError):
        filled.ports.database.write(
            lambda tx: filled.approvals.approve_and_execute(
                tx, first.approval, digest=first.digest, by=OFFICER, at=NOW
            )
        )
    assert filled.present() == set(filled.people)


def test_an_approver_without_the_role_begins_nothing(filled: Town) -> None:
    plan_id = filled.plan()
    begun = filled.ports.database.write(
        lambda tx: service.start(tx, filled.ports, filled.approvals, OFFICER, plan_id, at=NOW)
    )
    assert isinstance(begun, Waiting)
    with pytest.raises(RetentionRefusedError):
        filled.ports.database.write(
            lambda tx: filled.approvals.approve_and_execute(
                tx, begun.approval, digest=begun.digest, by=SUPPORT, at=NOW
            )
        )
    with filled.ports.database.read() as tx:
        assert store.run_of_plan(tx, plan_id) is None


def test_a_changed_plan_is_refused(filled: Town) -> None:
    plan_id = filled.plan()
    item = store.ITEM
    victim = filled.people["active"]
    filled.ports.database.write(
        lambda tx: tx.execute(
            item.update()
            .where(item.c.plan_id == plan_id, item.c.subject_id == filled.people["gone"])
            .values(subject_id=victim)
        )
    )
    with pytest.raises(PlanChangedError):
        filled.start(plan_id)


def test_a_simulation_of_the_future_cannot_be_run(filled: Town) -> None:
    made = filled.ports.database.write(
        lambda tx: service.plan(tx, filled.ports, OFFICER, at=NOW, on=date(2034, 6, 1))
    )
    assert made.count(made.items[0].decision) > 0
    with pytest.raises(PlanStaleError):
        filled.start(made.id)


def test_an_aged_plan_cannot_be_run(filled: Town) -> None:
    plan_id = filled.plan()
    filled.now += timedelta(days=8)
    with pytest.raises(PlanStaleError):
        filled.start(plan_id)


def test_support_may_neither_plan_nor_run(filled: Town) -> None:
    with pytest.raises(RetentionRefusedError):
        filled.ports.database.write(lambda tx: service.plan(tx, filled.ports, SUPPORT, at=NOW))


def test_a_person_who_asks_is_erased_by_two_principals(filled: Town) -> None:
    subject = filled.people["active"]
    made = filled.ports.database.write(
        lambda tx: service.plan_erasure(tx, filled.ports, OFFICER, subject, at=NOW)
    )
    assert filled.drive(filled.start(made.id)).erased == 1
    assert "active" not in filled.present()
    assert filled.rows("active", "purchase") == 1  # the books keep it


def test_a_held_person_is_not_erased_on_request(filled: Town) -> None:
    subject = filled.people["held"]
    with pytest.raises(SubjectNotErasableError):
        filled.ports.database.write(
            lambda tx: service.plan_erasure(tx, filled.ports, OFFICER, subject, at=NOW)
        )


def test_the_listing_names_everyone_with_the_reason(filled: Town) -> None:
    with filled.ports.database.read() as tx:
        lines = {line.subject: line.decision.rule for line in listing.lines(tx, on=TODAY)}
    assert {name: lines[subject] for name, subject in filled.people.items()} == {
        "gone": "D1_WITHDRAWN_3Y",
        "prospect": "D2_PROSPECT_2Y",
        "ledger": "D1_WITHDRAWN_3Y",
        "active": "D3_INACTIVE_10Y_NOT_YET",
        "held": "K1_LEGAL_HOLD",
        "unpaid": "K2_UNPAID",
        "undated": "D3_INACTIVE_10Y_NO_DATE",
    }


def test_status_counts_what_stands(filled: Town) -> None:
    filled.purge()
    with filled.ports.database.read() as tx:
        found = service.status(tx)
        total = tx.execute(select(func.count()).select_from(store.ITEM)).scalar_one()
    assert (found.adopted, found.tombstones, found.keys_waiting) == (1, 3, 0)
    assert found.runs[0].approved_by == CHIEF.id
    assert total == 4  # three due and one to be looked at


def test_tokens_stay_only_where_the_rule_says_so_and_until_their_day(town: Town) -> None:
    town.settle("gone", status="withdrawn", withdrawn=date(2020, 1, 1))
    town.settle("prospect", status="prospect", registered=date(2020, 1, 1))
    suppress = "suppress: {fields: [person.email], period: {years: 2}}"
    text = shipped_schedule(RETAIL_SAMPLE).text
    town.adopt(text.replace("period: {years: 3}", f"period: {{years: 3}}\n    {suppress}"))
    with town.ports.database.read() as tx:
        every = {bytes(one) for one in tx.execute(select(POSTING.c.token)).scalars()}
    town.purge()
    email, vault = FieldId("person.email"), town.ports.vault
    with town.ports.database.read() as tx:
        listed = {bytes(one) for one in tx.execute(select(customers.SUPPRESSION.c.token)).scalars()}
        known = suppression.marks(tx, vault, [email])
        assert set(known.of(email, "marked-gone@example.com")) == listed
        assert known.of(email, "marked-active@example.com")[0] not in listed
        assert customers.suppressed(tx, listed, on=TODAY) == listed
        assert len(listed) == 1
    assert not listed & every  # under a key of its own: the index tells nothing of the list

    def forget(day: date) -> tuple[int, int]:
        at = NOW.replace(year=day.year, month=day.month, day=day.day)
        return town.ports.database.write(lambda tx: service.forget(tx, at=at))

    assert forget(date(2027, 11, 5)) == (2, 0)
    assert forget(date(2028, 10, 1)) == (0, 1)


def test_nobody_proposes_and_approves_a_schedule_alone(town: Town) -> None:
    text = shipped_schedule(RETAIL_SAMPLE).text

    def alone(tx: Connection) -> None:
        asked = adoption.propose_schedule(tx, town.ports, town.approvals, OFFICER, text, at=NOW)
        town.approvals.approve_and_execute(tx, asked.id, digest=asked.digest, by=OFFICER, at=NOW)

    with pytest.raises(ApprovalForbiddenError):
        town.ports.database.write(alone)
    with town.ports.database.read() as tx:
        assert store.in_force(tx) == default_schedule()


def test_a_plan_under_a_schedule_that_was_replaced_is_stale(filled: Town) -> None:
    plan_id = filled.plan()
    filled.adopt(default_schedule().text)
    with pytest.raises(PlanStaleError):
        filled.start(plan_id)


def test_the_log_verifies_before_and_after_a_purge(filled: Town, tmp_path: Path) -> None:
    signers = LogKeys(
        origin="log.example.com/retention",
        ed25519=Ed25519Signer.from_seed(bytes(range(32))),
        mldsa44=MlDsa44Signer.from_seed(bytes(range(1, 33))),
        anchor=tmp_path / "checkpoint",
    )
    ports = filled.ports
    for step in (lambda: None, filled.purge):
        step()
        sequence_once(ports.database, signers, ports.audit, at=filled.clock(), turn=Turn.STRICT)
        found = verify_log(ports.database, keys=signers.verifier_keys, anchor=signers.anchor)
        assert found.verdict is Verdict.VERIFIED_SELF_SIGNED
