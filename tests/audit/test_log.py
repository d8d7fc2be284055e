"""Events enter with their transaction, get dense places, and stay provable."""

import threading
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection, Table, func, select, text
from sqlalchemy.exc import DBAPIError

from audit import sequencer
from audit.actions import EventCode
from audit.errors import (
    EventNotFoundError,
    NotAnErasureError,
    PartForgedError,
    ProofRangeError,
    TreeForkedError,
    TreeRolledBackError,
)
from audit.gaps import lost_events
from audit.models import CHECKPOINTS, EVENTS, LEAVES, PARTS, PENDING
from audit.note import parse_checkpoint, parse_note, verify_note
from audit.proofs import verify_consistency, verify_inclusion
from audit.sequencer import Turn, check_tree, integrate_now, place_waiting
from audit.store import opened_parts, prove_all, prove_consistency, prove_inclusion, seq_of
from audit.types import Verdict
from governance.core.terms import EventId
from tests.audit.bench import NOW, OTHER, SUBJECT, Bench, draft, masked, part


def rows(bench: Bench, table: Table) -> int:
    with bench.db.read() as tx:
        return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


def test_an_event_is_placed_and_covered_by_a_signed_checkpoint(bench: Bench) -> None:
    ids = bench.add(part(), count=3)
    done = bench.sequence()
    assert (done.placed, done.size, rows(bench, PENDING)) == (3, 3, 0)
    assert done.note is not None
    note = parse_note(done.note)
    assert len(verify_note(note, bench.keys.verifier_keys)) == 2
    with bench.db.read() as tx:
        assert [seq_of(tx, event_id) for event_id in ids] == [0, 1, 2]
    assert bench.verify().verdict is Verdict.VERIFIED_SELF_SIGNED


def test_a_rollback_leaves_no_event_and_no_gap(bench: Bench) -> None:
    def fails(tx: Connection) -> None:
        bench.log.append(tx, draft(), [part()])
        raise ZeroDivisionError

    bench.add()
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            bench.db.write(fails)
    bench.add(count=2)
    assert bench.sequence().size == 3
    assert rows(bench, EVENTS) == 3
    assert rows(bench, PARTS) == 0
    with bench.db.read() as tx:
        skipped = tx.execute(select(EVENTS.c.skipped).order_by(EVENTS.c.id)).scalars().all()
        assert skipped == [None, "2-4", None]
        assert lost_events(tx) == ()
    assert bench.verify().verdict is Verdict.VERIFIED_SELF_SIGNED


def test_numbers_of_a_session_that_the_server_ended_are_named(bench: Bench) -> None:
    bench.add()

    def ended(tx: Connection) -> None:
        bench.log.append(tx, draft())
        if bench.db.dialect == "sqlite":
            raise LookupError
        tx.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises((LookupError, DBAPIError)):
        bench.db.write(ended)
    bench.add()
    with bench.db.read() as tx:
        events = tx.execute(select(EVENTS.c.n, EVENTS.c.skipped).order_by(EVENTS.c.id)).all()
    assert [tuple(one) for one in events] == [(1, None), (3, "2")]


def test_a_rolled_back_savepoint_gives_its_numbers_back(bench: Bench) -> None:
    def partly(tx: Connection) -> None:
        bench.log.append(tx, draft())
        inner = tx.begin_nested()
        bench.log.append(tx, draft())
        inner.rollback()
        bench.log.append(tx, draft())

    bench.db.write(partly)
    bench.add()
    with bench.db.read() as tx:
        assert lost_events(tx) == ()
        events = tx.execute(select(EVENTS.c.n, EVENTS.c.skipped).order_by(EVENTS.c.id)).all()
        assert [tuple(event) for event in events] == [(1, None), (3, "2"), (4, None)]


def test_only_what_a_savepoint_took_is_given_back(bench: Bench) -> None:
    def partly(tx: Connection) -> None:
        for keep in (True, False, True, False):
            inner = tx.begin_nested()
            bench.log.append(tx, draft())
            deeper = tx.begin_nested()
            bench.log.append(tx, draft())
            deeper.rollback()
            (inner.commit if keep else inner.rollback)()

    bench.db.write(partly)
    bench.add()
    with bench.db.read() as tx:
        assert lost_events(tx) == ()
        events = tx.execute(select(EVENTS.c.n, EVENTS.c.skipped).order_by(EVENTS.c.id)).all()
        assert [tuple(event) for event in events] == [(1, None), (5, "2-4"), (9, "6-8")]


def test_many_events_enter_in_their_order(bench: Bench) -> None:
    drafts = [draft(EventCode.DECISIONS_RECORDED, consent_seq=n) for n in range(40)]
    ids = bench.db.write(lambda tx: bench.log.append_many(tx, drafts))
    assert bench.db.write(lambda tx: bench.log.append_many(tx, [])) == ()
    bench.sequence()
    with bench.db.read() as tx:
        assert [seq_of(tx, event_id) for event_id in ids] == list(range(40))


def test_late_commits_get_later_places_and_no_gap(bench: Bench) -> None:
    if bench.db.dialect == "sqlite":
        pytest.skip("one writer: commits cannot overtake")
    with bench.db.engine.connect() as slow, slow.begin():
        early = bench.log.append(slow, draft())
        late = bench.add()[0]
        bench.sequence()
    bench.sequence(1)
    with bench.db.read() as tx:
        assert (seq_of(tx, late), seq_of(tx, early)) == (0, 1)
    assert bench.verify().verdict is Verdict.VERIFIED_SELF_SIGNED


def test_a_batch_limit_is_kept_and_the_rest_follows(bench: Bench) -> None:
    bench.add(count=5)
    assert [bench.sequence(limit=2).placed for _ in range(4)] == [2, 2, 1, 0]
    with bench.db.read() as tx:
        sizes = tx.execute(select(CHECKPOINTS.c.size).order_by(CHECKPOINTS.c.size)).scalars()
        assert list(sizes) == [2, 4, 5]


def test_a_second_sequencer_waits_for_the_lease_and_then_takes_over(bench: Bench) -> None:
    other = bench.second()
    bench.add()
    bench.sequence()
    bench.add()
    assert other.sequence(1).held
    assert other.sequence(60).placed == 1
    bench.add()
    assert bench.sequence(61).held
    assert bench.sequence(61, turn=Turn.STRICT).placed == 1
    assert bench.verify().verdict is Verdict.VERIFIED_SELF_SIGNED


def test_a_lease_from_a_clock_that_ran_ahead_does_not_stop_the_log(bench: Bench) -> None:
    bench.add()
    bench.sequence(86_400)
    bench.add()
    assert bench.second().sequence(0).placed == 2  # with the clock anomaly


def test_strict_events_are_in_the_tree_at_once(bench: Bench) -> None:
    other = bench.second()
    bench.add()
    bench.sequence()
    grave = other.add(action=EventCode.POLICY_APPLIED)[0]
    assert integrate_now(other.db, other.keys, other.log, grave, at=NOW) == 1
    with pytest.raises(sequencer.NotSequencedError):
        integrate_now(bench.db, bench.keys, bench.log, EventId("absent"), at=NOW)


@pytest.mark.parametrize("step", ["write_leaves", "_write_tiles", "_move_state"])
def test_a_batch_that_dies_midway_is_repeated_with_the_same_places(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    bench.add(count=2)
    bench.sequence()
    bench.add(part(), count=3)
    real = getattr(sequencer, step)

    def dies(*args: Any, **more: Any) -> None:
        real(*args, **more)
        raise KeyError(step)

    monkeypatch.setattr(sequencer, step, dies)
    with pytest.raises(KeyError):
        bench.sequence(1)
    assert rows(bench, LEAVES) == 2
    monkeypatch.setattr(sequencer, step, real)
    assert bench.sequence(1).size == 5
    assert bench.verify().verdict is Verdict.VERIFIED_SELF_SIGNED


def test_a_crash_before_signing_leaves_a_tree_that_is_signed_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.add(count=2)
    with monkeypatch.context() as patch:
        patch.setattr(sequencer, "sign_tree", lambda *_a, **_k: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            bench.sequence()
    assert bench.verify().verdict is Verdict.INCOMPLETE
    assert bench.sequence(1).size == 2
    assert bench.verify().verdict is Verdict.VERIFIED_SELF_SIGNED


def test_eight_threads_and_two_sequencers_make_one_unforked_tree(bench: Bench) -> None:
    other = bench.second()
    stop = threading.Event()
    failures: list[BaseException] = []

    def guarded(work: Any) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 # shown by the assertion below
            failures.append(error)

    def sequence(one: Bench) -> None:
        while not stop.is_set():
            one.sequence(limit=150, turn=Turn.STRICT)

    writers = [
        threading.Thread(target=guarded, args=(lambda k=k: (bench, other)[k % 2].add(count=200),))
        for k in range(8)
    ]
    readers = [
        threading.Thread(target=guarded, args=(lambda one=one: sequence(one),))
        for one in (bench, other)
    ]
    for thread in writers + readers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in readers:
        thread.join()
    bench.sequence(turn=Turn.STRICT, limit=2_000)
    assert failures == []
    assert rows(bench, LEAVES) == 1_600
    report = bench.verify()
    assert (report.verdict, report.size) == (Verdict.VERIFIED_SELF_SIGNED, 1_600)
    with bench.db.read() as tx:
        assert lost_events(tx) == ()
        notes = tx.execute(select(CHECKPOINTS.c.note).order_by(CHECKPOINTS.c.size)).scalars()
        heads = [parse_checkpoint(parse_note(note).text) for note in notes]
        for old, new in pairwise(heads):
            proof = prove_consistency(tx, old.size, size=new.size)
            assert (proof.old_root, proof.root) == (old.root, new.root)
            assert verify_consistency(
                old=old.size, size=new.size, old_root=old.root, root=new.root, proof=proof.path
            )


def test_inclusion_is_proven_from_stored_tiles(bench: Bench) -> None:
    bench.db.write(lambda tx: bench.log.append_many(tx, [draft()] * 600))
    while bench.sequence(limit=170).placed:
        pass
    with bench.db.read() as tx:
        many = list(prove_all(tx, range(600)))
        for seq in (0, 255, 256, 599):
            proof = prove_inclusion(tx, seq)
            assert proof == many[seq]
            assert verify_inclusion(
                proof.leaf, index=seq, size=600, proof=proof.path, root=proof.root
            )
        with pytest.raises(ProofRangeError):
            prove_inclusion(tx, 1, size=601)
        with pytest.raises(ProofRangeError):
            prove_consistency(tx, 601)


def test_the_clock_stepping_back_is_an_event_and_recorded_times_never_fall(bench: Bench) -> None:
    bench.add()
    bench.sequence(100)
    bench.add()
    bench.sequence(99.5)
    bench.add()
    assert bench.sequence(10).placed == 2
    bench.add()
    assert bench.sequence(11).placed == 1
    with bench.db.read() as tx:
        times = tx.execute(select(LEAVES.c.recorded_at).order_by(LEAVES.c.seq)).scalars().all()
        assert list(times) == [NOW + timedelta(seconds=100)] * 5
        anomalies = select(EVENTS.c.counts).where(EVENTS.c.action == EventCode.CLOCK_ANOMALY)
        assert tx.execute(anomalies).scalars().all() == ["milliseconds_back=89500"]


@pytest.mark.parametrize(("waited", "anomalies"), [(5, 0), (0, 1)])
def test_a_wait_for_the_database_is_no_step_back_of_the_clock(
    bench: Bench, waited: int, anomalies: int
) -> None:
    bench.add()
    bench.sequence(100)
    bench.add()
    at, wait = NOW + timedelta(seconds=97), timedelta(seconds=waited)
    bench.db.write(
        lambda tx: place_waiting(
            tx, bench.keys, bench.log, at=at, waited=wait, limit=9, turn=Turn.STRICT
        )
    )
    with bench.db.read() as tx:
        found = select(EVENTS.c.id).where(EVENTS.c.action == EventCode.CLOCK_ANOMALY)
        assert len(tx.execute(found).all()) == anomalies


def test_a_tree_smaller_than_the_outside_checkpoint_does_not_go_on(filled: Bench) -> None:
    kept = filled.keys.anchor.read_text("utf-8")
    filled.run("DELETE FROM audit_leaf WHERE seq >= 4")
    filled.run("UPDATE audit_tree_state SET size = 4, frontier = :f", f=b"\0" * 32)
    filled.add()
    with pytest.raises(TreeRolledBackError):
        filled.sequence(2)
    with pytest.raises(TreeRolledBackError):
        check_tree(filled.db, filled.keys)
    assert filled.keys.anchor.read_text("utf-8") == kept


def test_a_tree_that_contradicts_the_outside_checkpoint_is_not_signed(filled: Bench) -> None:
    filled.run("UPDATE audit_tree_state SET frontier = :f", f=b"\1" * 96)
    with pytest.raises(TreeForkedError):
        filled.sequence(2)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET action = 'x'",
        "DELETE FROM audit_event",
        "UPDATE audit_leaf SET seq = seq + 100",
        "DELETE FROM audit_leaf",
        "UPDATE audit_checkpoint SET size = 0",
        "DELETE FROM audit_checkpoint",
        "DELETE FROM audit_part",
        "UPDATE audit_part SET subject = 'x'",
        "UPDATE audit_part SET salt = NULL, payload = NULL",
        "DELETE FROM audit_tile",
        "UPDATE audit_tile SET width = width - 1",
    ],
)
def test_the_application_role_cannot_rewrite_the_log(filled: Bench, statement: str) -> None:
    with pytest.raises(DBAPIError):
        filled.db.write(lambda tx: tx.execute(text(statement)).rowcount)
    assert filled.verify().verdict is Verdict.VERIFIED_SELF_SIGNED


def test_parts_open_for_officers_until_the_person_is_erased(filled: Bench) -> None:
    with filled.db.read() as tx:
        event_id = tx.execute(select(LEAVES.c.event_id).where(LEAVES.c.seq == 2)).scalar_one()
        first, second = opened_parts(tx, event_id, opener=masked)
        assert first.payload == second.payload == part().payload
        with pytest.raises(PartForgedError):
            opened_parts(tx, event_id, opener=lambda *_: b"another")
        with pytest.raises(EventNotFoundError):
            seq_of(tx, EventId("absent"))
    erasure = filled.erase()
    with filled.db.read() as tx:
        first, second = opened_parts(tx, event_id, opener=masked)
    assert (first.payload, first.destroyed_by) == (None, erasure)
    assert second.payload == part(OTHER).payload


def test_an_erased_person_leaves_a_tree_that_verifies(filled: Bench) -> None:
    erasure = filled.erase()
    waiting = filled.verify()
    assert (waiting.verdict, waiting.at_seq) == (Verdict.INCOMPLETE, 2)
    integrate_now(filled.db, filled.keys, filled.log, erasure, at=NOW + timedelta(seconds=2))
    assert filled.verify().verdict is Verdict.VERIFIED_SELF_SIGNED
    with filled.db.read() as tx:
        counts, refs = tx.execute(
            select(EVENTS.c.counts, EVENTS.c.refs).where(EVENTS.c.id == erasure)
        ).one()
    assert counts == "parts=1"
    assert refs.startswith("parts:")


def test_one_purge_event_can_erase_several_persons(filled: Bench) -> None:
    purge = draft(
        EventCode.RETENTION_PURGED, refs=(f"person:{SUBJECT}", f"person:{OTHER}", "plan:1")
    )
    filled.db.write(lambda tx: filled.log.erase(tx, purge))
    filled.sequence(2)
    assert filled.verify().verdict is Verdict.VERIFIED_SELF_SIGNED
    with filled.db.read() as tx:
        left = select(func.count()).select_from(PARTS).where(PARTS.c.payload.is_not(None))
        assert tx.execute(left).scalar_one() == 0


def test_an_erasure_can_be_narrowed_to_events(filled: Bench) -> None:
    with filled.db.read() as tx:
        event_id = tx.execute(select(LEAVES.c.event_id).where(LEAVES.c.seq == 3)).scalar_one()
    narrow = draft(EventCode.LOG_PART_DESTROYED, subject=OTHER, refs=(f"event:{event_id}",))
    filled.db.write(lambda tx: filled.log.erase(tx, narrow))
    filled.sequence(2)
    assert filled.verify().verdict is Verdict.VERIFIED_SELF_SIGNED
    with filled.db.read() as tx:
        left = select(func.count()).select_from(PARTS).where(PARTS.c.payload.is_not(None))
        assert tx.execute(left).scalar_one() == 2


@pytest.mark.parametrize(
    "wrong", [draft(subject=SUBJECT), draft(EventCode.ERASURE_EXECUTED)], ids=["action", "nobody"]
)
def test_only_an_erasing_action_that_names_someone_destroys_parts(
    filled: Bench, wrong: Any
) -> None:
    with pytest.raises(NotAnErasureError):
        filled.db.write(lambda tx: filled.log.erase(tx, wrong))
