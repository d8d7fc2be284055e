"""Whatever is done to the log, verification says what and where; and it never cries wolf."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from audit.actions import EventCode
from audit.anchor import advance_anchor, anchored
from audit.findings import Evidence, Finding, FoundError
from audit.leaf import destroyed_digest
from audit.log import AuditLog
from audit.models import CHECKPOINTS, EVENTS, LEAVES, PARTS
from audit.note import Checkpoint, KeyType, VerifierKey, cosign, vkeys_of
from audit.sequencer import LogKeys
from audit.types import Verdict
from audit.verify import _verify
from governance.crypto.signing import Ed25519Signer, MlDsa44Signer
from governance.db.engine import Database
from tests.audit.bench import NOW, OTHER, SUBJECT, Bench, draft, masked, part, unguarded


def test_without_a_known_key_a_log_is_unpinned(filled: Bench) -> None:
    assert filled.verify(keys=()).verdict is Verdict.UNPINNED


def test_a_log_signed_by_another_key_is_not_ours(filled: Bench) -> None:
    other = vkeys_of(
        filled.keys.origin,
        ed25519=Ed25519Signer.from_seed(bytes(32)).public_key,
        mldsa44=None,
    )
    report = filled.verify(keys=other)
    assert (report.verdict, report.finding) == (Verdict.TAMPERED, Finding.OTHER_KEY)


def test_a_witness_is_named_with_its_time(filled: Bench) -> None:
    signer = Ed25519Signer.from_seed(b"\7" * 32)
    key = VerifierKey(
        name="witness.example.com/w1",
        kind=KeyType.COSIGNATURE_ED25519,
        public=signer.public_key,
    )
    with filled.db.read() as tx:
        row = tx.execute(select(CHECKPOINTS).order_by(CHECKPOINTS.c.size.desc())).first()
    assert row is not None
    head = Checkpoint(origin=filled.keys.origin, size=row.size, root=row.root)
    filled.keys.anchor.write_text(row.note + cosign(head, key, signer, at=NOW), "utf-8")
    report = filled.verify(witnesses=(key,))
    assert (report.verdict, report.witness, report.witnessed_at) == (
        Verdict.VERIFIED_WITNESSED,
        "witness.example.com/w1",
        NOW,
    )
    assert report.as_json() == {
        "verdict": "verified_witnessed",
        "size": 7,
        "root": row.root.hex(),
        "witness": "witness.example.com/w1",
        "witnessed_size": 7,
        "witnessed_at": "2026-04-01T09:00:00+00:00",
    }
    assert filled.verify().verdict is Verdict.VERIFIED_SELF_SIGNED


def test_the_log_is_no_witness_of_itself(filled: Bench) -> None:
    own = filled.keys.verifier_keys
    assert filled.verify(witnesses=own).verdict is Verdict.VERIFIED_SELF_SIGNED
    renamed = replace(own[0], name="witness.example.com/w1")
    assert filled.verify(witnesses=(renamed,)).verdict is Verdict.VERIFIED_SELF_SIGNED


def test_a_pinned_kind_of_signature_that_is_missing_is_told(filled: Bench) -> None:
    other = vkeys_of(
        filled.keys.origin,
        ed25519=filled.keys.ed25519.public_key,
        mldsa44=MlDsa44Signer.from_seed(bytes(32)).public_key,
    )
    report = filled.verify(keys=other)
    assert (report.verdict, report.finding) == (Verdict.INCOMPLETE, Finding.KEY_MISSING)


def test_a_forged_signature_is_tampering(filled: Bench) -> None:
    note = filled.keys.anchor.read_text("utf-8")
    head, _, lines = note.rpartition("\n\n")
    first = lines.index("\n") - 8
    forged = lines[:first] + ("A" if lines[first] != "A" else "B") + lines[first + 1 :]
    filled.keys.anchor.write_text(head + "\n\n" + forged, "utf-8")
    report = filled.verify()
    assert (report.verdict, report.finding) == (Verdict.TAMPERED, Finding.SIGNATURE)


def test_an_empty_log_is_incomplete_and_an_absent_one_unreadable(
    bench: Bench, new_database: Callable[..., str]
) -> None:
    assert bench.verify().verdict is Verdict.INCOMPLETE
    kind = "sqlite" if bench.db.dialect == "sqlite" else "postgres"
    bare = Database.open(new_database(kind))
    assert Bench(bare, bench.log, bench.keys).verify().verdict is Verdict.UNREADABLE
    bare.close()
    bench.keys.anchor.write_text("no note", "utf-8")
    assert bench.verify().verdict is Verdict.UNREADABLE


def test_verification_in_the_middle_of_writing_is_no_false_alarm(filled: Bench) -> None:
    filled.add(part(), count=3)
    assert filled.verify().verdict is Verdict.VERIFIED_SELF_SIGNED
    assert filled.verify().size == 7
    filled.sequence(3)
    assert filled.verify().size == 10


COVERED = [
    (table, column)
    for table in (EVENTS, PARTS, LEAVES)
    for column in table.columns
    if column.name != "destroyed_by"
]


@pytest.fixture(scope="module")
def flippable(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One filled SQLite log without guards, to be damaged and restored."""
    folder = tmp_path_factory.mktemp("flip")
    db = Database.open(f"sqlite:///{folder / 'log.db'}")
    SQLModel.metadata.create_all(db.writer_engine)
    keys = LogKeys(
        origin="log.example.com/sekisho",
        ed25519=Ed25519Signer.from_seed(bytes(32)),
        mldsa44=MlDsa44Signer.from_seed(bytes(32)),
        anchor=folder / "checkpoint",
    )
    log = AuditLog(db.writer_engine, process_id="web-1", sealer=masked)
    bench = Bench(db, log, keys)
    full = {
        "actor_os": "root",
        "subject": SUBJECT,
        "purpose": "order_support",
        "reasons": ("permit.role",),
        "policy_version": "p1",
        "consent_seq": 5,
        "request_id": "r1",
        "network": "203.0.113.0/24",
        "fields": ("person.name",),
        "counts": (("rows", 2),),
        "refs": ("request:1",),
    }
    bench.add(part(), part(OTHER), count=3, **full)
    bench.sequence()
    with unguarded(db):
        pass
    yield bench
    db.close()


def flipped(value: Any, at: int, bit: int) -> Any:
    """The stored value with one bit changed."""
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1 << bit)
    if isinstance(value, int):
        return value ^ (1 << bit)
    if isinstance(value, bytes):
        at %= len(value)
        return value[:at] + bytes([value[at] ^ (1 << bit)]) + value[at + 1 :]
    at %= len(value)
    return value[:at] + chr(ord(value[at]) ^ (1 << bit)) + value[at + 1 :]


@given(
    place=st.sampled_from(COVERED),
    row=st.integers(0, 2),
    at=st.integers(0, 300),
    bit=st.integers(0, 6),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_flipped_bit_of_any_covered_column_is_found_in_its_row(
    flippable: Bench, place: Any, row: int, at: int, bit: int
) -> None:
    table, column = place
    key = next(iter(table.primary_key))
    query = select(key, column).order_by(
        table.c.event_id if table is PARTS else key, table.c.get("ord", key)
    )
    with flippable.db.read() as tx:
        kept = tx.execute(query).all()[row * 2 if table is PARTS else row]
    old = kept[1]
    if old is None:
        return
    new = flipped(old, at, bit)
    with flippable.db.writer_engine.connect() as tx, tx.begin():
        tx.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        tx.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
        try:
            tx.execute(update(table).where(key == kept[0]).values({column: new}))
            report = verify_inside(tx, flippable)
        except IntegrityError:
            report = None  # a unique key refused the change
        tx.rollback()
    if report is not None:
        assert (report.verdict, report.at_seq) == (Verdict.TAMPERED, row), (column.name, report)


def verify_inside(tx: Connection, bench: Bench) -> Any:
    try:
        return _verify(tx, Evidence(keys=bench.keys.verifier_keys, witnesses=()), bench.keys.anchor)
    except FoundError as found:
        return found.report


def test_a_row_that_cannot_be_read_is_named(flippable: Bench) -> None:
    with flippable.db.writer_engine.connect() as tx, tx.begin():
        event_id = tx.execute(select(LEAVES.c.event_id).where(LEAVES.c.seq == 1)).scalar_one()
        tx.exec_driver_sql(
            "UPDATE audit_event SET action = CAST(X'fffe' AS TEXT), occurred_at = 'then'"
            " WHERE id = ?",
            (event_id,),
        )
        report = verify_inside(tx, flippable)
        tx.rollback()
    assert (report.verdict, report.finding) == (Verdict.TAMPERED, Finding.ROW_UNREADABLE)
    assert report.at_seq == 1


def test_one_flipped_byte_in_a_copy_of_the_file_is_named(flippable: Bench, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    flippable.db.checkpoint()
    raw = bytearray(Path(flippable.db.engine.url.database or "").read_bytes())
    places = [at for at in range(len(raw)) if raw.startswith(b"request:1", at)]
    assert len(places) == 3  # the events stand once each: no index holds this column
    for place in places:
        damaged = raw.copy()
        damaged[place + 8] ^= 2
        copy.write_bytes(damaged)
        db = Database.open(f"sqlite:///{copy}")
        report = Bench(db, flippable.log, flippable.keys).verify()
        db.close()
        assert (report.verdict, report.finding) == (Verdict.TAMPERED, Finding.LEAF)
        assert report.at_seq in {0, 1, 2}


def test_an_unknown_leaf_version_is_named(flippable: Bench) -> None:
    with flippable.db.writer_engine.connect() as tx, tx.begin():
        tx.execute(update(EVENTS).values(schema_version=2))
        report = verify_inside(tx, flippable)
        tx.rollback()
    assert (report.finding, report.at_seq) == (Finding.ROW_UNREADABLE, 0)


def test_an_erasure_names_exactly_its_parts() -> None:
    assert destroyed_digest(["a", "b"]) == destroyed_digest(["b", "a"])
    assert destroyed_digest(["a"]) != destroyed_digest(["a", "b"])


def test_the_outside_checkpoint_never_goes_back(filled: Bench, tmp_path: Path) -> None:
    with filled.db.read() as tx:
        notes = tx.execute(select(CHECKPOINTS.c.note).order_by(CHECKPOINTS.c.size)).scalars().all()
    path = tmp_path / "other"
    assert anchored(path) is None
    for note in (notes[1], notes[0]):
        advance_anchor(path, note)
    kept = anchored(path)
    assert kept is not None
    assert kept.size == 7


def test_every_action_can_be_recorded(bench: Bench) -> None:
    drafts = [draft(code) for code in EventCode]
    bench.db.write(lambda tx: bench.log.append_many(tx, drafts))
    bench.sequence()
    assert bench.verify().size == len(EventCode)
