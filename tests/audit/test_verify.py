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
from audit.gaps import lost_events
from audit.leaf import COLUMNS, destroyed_digest, leaf_of
from audit.log import AuditLog
from audit.models import CHECKPOINTS, EVENTS, LEAVES, PARTS, STATE, TILES
from audit.note import Checkpoint, KeyType, VerifierKey, cosign, sign_checkpoint, vkeys_of
from audit.sequencer import LogKeys
from audit.tiles import grown
from audit.tree import Frontier
from audit.types import Verdict
from audit.verify import _verify
from governance.crypto.signing import Ed25519Signer, MlDsa44Signer
from governance.db.engine import Database
from tests.audit.bench import NOW, OTHER, SUBJECT, Bench, draft, masked, part, unguarded


def edit_event(bench: Bench) -> None:
    bench.run("UPDATE audit_event SET outcome = 'deny' WHERE id = :id", id=event_at(bench, 4))


def delete_event(bench: Bench) -> None:
    bench.run("DELETE FROM audit_event WHERE id = :id", id=event_at(bench, 1))


def event_at(bench: Bench, seq: int) -> str:
    with bench.db.read() as tx:
        query = select(LEAVES.c.event_id).where(LEAVES.c.seq == seq)
        return str(tx.execute(query).scalar_one())


def swap_events(bench: Bench) -> None:
    for one, other in ((2, 50), (3, 2), (50, 3)):
        bench.run("UPDATE audit_leaf SET seq = :other WHERE seq = :one", one=one, other=other)


def rewrite_without_key(bench: Bench) -> None:
    """Event, leaf, tile and edge agree again; only what was signed does not."""
    rewrite(bench, sign=False)


def rewrite_with_key(bench: Bench) -> None:
    rewrite(bench, sign=True)


def rewrite(bench: Bench, *, sign: bool) -> None:
    with unguarded(bench.db) as tx:
        event_id = tx.execute(select(LEAVES.c.event_id).where(LEAVES.c.seq == 1)).scalar_one()
        tx.execute(update(EVENTS).where(EVENTS.c.id == event_id).values(outcome="permit"))
        leaves = relabel(tx)
        tx.execute(TILES.delete())
        for tile in grown(0, leaves, {}):
            tx.execute(
                TILES.insert().values(
                    level=tile.level, n=tile.n, width=tile.width, hashes=tile.hashes
                )
            )
        frontier = Frontier().extended(leaves)
        tx.execute(update(STATE).values(frontier=frontier.to_bytes()))
        if sign:
            sign_again(tx, bench.keys, frontier)


def relabel(tx: Connection) -> list[bytes]:
    columns = [LEAVES.c.recorded_at if c == "recorded_at" else EVENTS.c[c] for c in COLUMNS]
    query = select(LEAVES.c.seq, *columns).join(EVENTS, EVENTS.c.id == LEAVES.c.event_id)
    leaves: list[bytes] = []
    for seq, *values in tx.execute(query.order_by(LEAVES.c.seq)).all():
        leaves.append(leaf_of(values))
        tx.execute(update(LEAVES).where(LEAVES.c.seq == seq).values(leaf=leaves[-1]))
    return leaves


def sign_again(tx: Connection, keys: LogKeys, frontier: Frontier) -> None:
    head = Checkpoint(origin=keys.origin, size=frontier.size, root=frontier.root())
    note = sign_checkpoint(head, ed25519=keys.ed25519, mldsa44=keys.mldsa44, at=NOW)
    tx.execute(CHECKPOINTS.delete())
    row = {"size": head.size, "root": head.root, "note": note, "signed_at": NOW}
    tx.execute(CHECKPOINTS.insert().values(row))


def insert_row(bench: Bench) -> None:
    late = bench.add()[0]
    bench.run("UPDATE audit_leaf SET seq = seq + 100 WHERE seq >= 3")
    bench.run("UPDATE audit_leaf SET seq = seq - 99 WHERE seq >= 100")
    with unguarded(bench.db) as tx:
        row = {"seq": 3, "event_id": late, "recorded_at": NOW, "leaf": b"\0" * 32}
        tx.execute(LEAVES.insert().values(row))


def truncate_tail(bench: Bench) -> None:
    bench.run("DELETE FROM audit_leaf WHERE seq >= 5")


def restore_old(bench: Bench) -> None:
    """As a backup from before the second batch: everything in it agrees."""
    with unguarded(bench.db) as tx:
        late = select(LEAVES.c.event_id).where(LEAVES.c.seq >= 4)
        ids = tx.execute(late).scalars().all()
        tx.execute(LEAVES.delete().where(LEAVES.c.seq >= 4))
        tx.execute(EVENTS.delete().where(EVENTS.c.id.in_(ids)))
        tx.execute(CHECKPOINTS.delete().where(CHECKPOINTS.c.size > 4))
        leaves = tx.execute(select(LEAVES.c.leaf).order_by(LEAVES.c.seq)).scalars().all()
        tx.execute(update(TILES).values(width=4, hashes=b"".join(leaves)))
        edge = Frontier().extended(leaves)
        tx.execute(update(STATE).values(size=4, frontier=edge.to_bytes()))


def delete_waiting(bench: Bench) -> None:
    waiting = bench.add()[0]
    bench.run("DELETE FROM audit_event WHERE id = :id", id=waiting)


def hide_waiting(bench: Bench) -> None:
    bench.add()
    bench.run("DELETE FROM audit_pending")


def destroy_secretly(bench: Bench) -> None:
    bench.run("UPDATE audit_part SET salt = NULL, payload = NULL WHERE ord = 1")


def destroy_under_another_erasure(bench: Bench) -> None:
    bench.erase()
    bench.sequence(2)
    bench.run(
        "UPDATE audit_part SET salt = NULL, payload = NULL, destroyed_by = ("
        "SELECT id FROM audit_event WHERE action = 'erasure.executed') WHERE ord = 1"
    )


def erase_then_forget_it(bench: Bench) -> None:
    """The erasing event is removed before it gets its place."""
    erasure = bench.erase()
    bench.run("DELETE FROM audit_pending")
    bench.run("DELETE FROM audit_event WHERE id = :id", id=erasure)


def run(statement: str, **values: int) -> Callable[[Bench], None]:
    return lambda bench: bench.run(statement, **values)


TAMPERED = [
    ("edited row", edit_event, 4),
    ("deleted row", run("DELETE FROM audit_leaf WHERE seq = 3"), 3),
    ("deleted event", delete_event, 1),
    ("inserted row", insert_row, 3),
    ("reordered rows", swap_events, 2),
    ("truncated tail", truncate_tail, 5),
    ("rewritten without key", rewrite_without_key, 0),
    ("rewritten with key", rewrite_with_key, 0),
    ("payload changed", run("UPDATE audit_part SET payload = salt WHERE ord = 1"), 2),
    ("part removed", run("DELETE FROM audit_part WHERE ord = 1"), 2),
    ("parts swapped", run("UPDATE audit_part SET ord = 1 - ord + 2"), 2),
    ("part destroyed secretly", destroy_secretly, 2),
    ("part under another erasure", destroy_under_another_erasure, 2),
    ("erasure forgotten", erase_then_forget_it, 2),
    ("waiting event deleted", delete_waiting, 7),
    ("waiting event hidden", hide_waiting, 7),
    ("checkpoint moved", run("UPDATE audit_checkpoint SET size = 6 WHERE size = 7"), 6),
    ("edge changed", run("UPDATE audit_tree_state SET size = 3"), 3),
]


@pytest.mark.parametrize(
    ("attack", "at_seq"),
    [pytest.param(attack, seq, id=name) for name, attack, seq in TAMPERED],
)
def test_tampering_is_named_with_its_place(
    filled: Bench, attack: Callable[[Bench], None], at_seq: int
) -> None:
    assert filled.verify().verdict is Verdict.VERIFIED_SELF_SIGNED
    attack(filled)
    report = filled.verify()
    assert (report.verdict, report.at_seq) == (Verdict.TAMPERED, at_seq), report


def test_an_older_database_is_incomplete_from_the_first_missing_row(filled: Bench) -> None:
    restore_old(filled)
    report = filled.verify()
    assert (report.verdict, report.finding, report.at_seq, report.size) == (
        Verdict.INCOMPLETE,
        Finding.ROLLED_BACK,
        4,
        4,
    )
    assert filled.verify(anchor=None).verdict is Verdict.VERIFIED_SELF_SIGNED


def test_an_event_lost_before_its_place_shows_as_a_hole(filled: Bench) -> None:
    lost = filled.add(count=70)[0]
    filled.run("DELETE FROM audit_pending WHERE event_id = :id", id=lost)
    filled.run("DELETE FROM audit_event WHERE id = :id", id=lost)
    filled.sequence(2)
    assert filled.verify().verdict is Verdict.VERIFIED_SELF_SIGNED
    with filled.db.read() as tx:
        (hole,) = lost_events(tx)
    assert (hole.process_id, hole.numbers, hole.settled) == ("web-1", (8,), True)


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
