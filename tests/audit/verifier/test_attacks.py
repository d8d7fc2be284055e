"""Whoever holds a bundle and can count and hash, but not sign, cannot make it say more."""

import io
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel

from audit.log import AuditLog
from audit.note import Checkpoint, KeyType, VerifierKey, sign_checkpoint, vkeys_of
from audit.review import EventFilter
from audit.sequencer import LogKeys
from audit.verifier.findings import Completeness, Finding, Verdict
from audit.verifier.trust import Evidence
from audit.verifier.verify import verify_bundle
from governance.crypto.signing import Ed25519Signer, MlDsa44Signer
from governance.db.engine import Database
from tests.audit.bench import NOW, OTHER, SUBJECT, Bench, masked, part
from tests.audit.verifier.exports import (
    Forger,
    cosigned,
    evidence,
    export,
    forged,
    newest_note,
    pin,
    told,
    verify,
)
from tests.audit.worker import keys_at

GOOD = {Verdict.VERIFIED_SELF_SIGNED, Verdict.VERIFIED_WITNESSED}
STRANGER = Ed25519Signer.from_seed(b"\x09" * 32)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Nine events, an erasure among them, two checkpoints."""
    folder = tmp_path_factory.mktemp("log")
    db = Database.open(f"sqlite:///{folder / 'log.db'}")
    SQLModel.metadata.create_all(db.writer_engine)
    writer = AuditLog(db.writer_engine, process_id="web-1", sealer=masked)
    bench = Bench(db, writer, keys_at(folder / "checkpoint"))
    bench.add(count=2)
    bench.add(part(), part(OTHER), subject=SUBJECT, fields=("person.name",))
    bench.add(part(OTHER), consent_seq=5, network="203.0.113.0/24")
    bench.sequence()
    bench.erase()
    bench.add(count=4, purpose="order_support", reasons=("permit.role",))
    bench.sequence(1)
    yield bench
    db.close()


@pytest.fixture(scope="module")
def whole(log: Bench, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("bundle") / "b"
    return export(log, path, earlier=[4], note=cosigned(newest_note(log)))[1]


@pytest.fixture(scope="module")
def selected(log: Bench, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("bundle") / "b"
    return export(log, path, EventFilter(subject=OTHER))[1]


def test_the_untouched_bundles_are_verified(log: Bench, whole: bytes, selected: bytes) -> None:
    report = verify(whole, evidence(log))
    assert (report.verdict, report.completeness) == (
        Verdict.VERIFIED_WITNESSED,
        Completeness.WHOLE_LOG,
    )
    assert (report.opened, report.erased) == (2, 1)
    assert verify(selected, evidence(log)).verdict is Verdict.VERIFIED_SELF_SIGNED


@given(at=st.integers(0), value=st.integers(1, 255))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_changed_byte_is_verified(log: Bench, whole: bytes, at: int, value: int) -> None:
    at %= len(whole)
    changed = whole[:at] + bytes([whole[at] ^ value]) + whole[at + 1 :]
    assert verify(changed, evidence(log)).verdict not in GOOD


@given(at=st.integers(0), value=st.integers(1, 255))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_changed_byte_under_a_fitting_digest_tells_of_other_events(
    log: Bench, whole: bytes, at: int, value: int
) -> None:
    body = whole[: whole.rindex(b"\n", 0, -1) + 1]
    at %= len(body)
    changed = body[:at] + bytes([body[at] ^ value]) + body[at + 1 :] + whole[len(body) :]
    try:
        changed = Forger.of(changed).content()
    except ValueError:
        return
    if verify(changed, evidence(log)).verdict in GOOD:
        assert told(changed) == told(whole)


@given(cut=st.integers(0))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_cut_bundle_is_verified(log: Bench, whole: bytes, cut: int) -> None:
    report = verify(whole[: cut % len(whole)], evidence(log))
    assert report.verdict in {Verdict.INCOMPLETE, Verdict.UNREADABLE}
    if cut % len(whole) > whole.index(b"\n"):
        assert (report.verdict, report.finding) == (Verdict.INCOMPLETE, Finding.TRUNCATED)


@given(raw=st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_noise_is_unreadable_and_never_raises(raw: bytes) -> None:
    report = verify_bundle(io.BytesIO(raw), Evidence())
    assert report.verdict is Verdict.UNREADABLE


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000 + b"\n",
        b'{"kind":"manifest","n":' + b"9" * 10_000 + b"}\n",
        b'{"a":1,"a":1}\n',
        b'{"kind":"\\ud800"}\n',
        b'{"a":NaN}\n',
        '{"kind":"manifest"}\n'.encode("utf-16"),
        b"[]\n",
        b"\n",
        b"PK",
        b"",
    ],
)
def test_hostile_lines_are_unreadable(line: bytes) -> None:
    assert verify_bundle(io.BytesIO(line), Evidence()).verdict is Verdict.UNREADABLE


def edit_column(forger: Forger) -> None:
    forger.line("event", 1)["columns"]["outcome"] = "deny"


def edit_time(forger: Forger) -> None:
    columns = forger.line("event", 1)["columns"]
    columns["occurred_at"] = columns["occurred_at"].replace("2026", "2025")


def add_column(forger: Forger) -> None:
    forger.line("event", 1)["columns"]["actor_os"] = "root"


def drop_column(forger: Forger) -> None:
    del forger.line("event", 3)["columns"]["network"]


def edit_payload(forger: Forger) -> None:
    shown = forger.line("event", 3)["parts"][0]
    shown["payload"] = shown["payload"].replace("架空太郎", "架空次郎")


def drop_part(forger: Forger) -> None:
    forger.line("event", 2)["parts"].pop()


def swap_parts(forger: Forger) -> None:
    forger.line("event", 2)["parts"].reverse()


def hide_erasure(forger: Forger) -> None:
    forger.lines.remove(forger.line("erasure"))


def shrink_erasure(forger: Forger) -> None:
    forger.line("erasure")["part_ids"].append("01912f6a-0000-7000-8000-000000000101")


def call_a_part_erased(forger: Forger) -> None:
    shown = forger.line("event", 3)["parts"][0]
    del shown["salt"], shown["payload"]
    shown.update(state="erased", destroyed_by=forger.line("erasure")["event"]["columns"]["id"])


def another_erases(forger: Forger) -> None:
    forger.line("erasure")["event"] = {
        name: value for name, value in forger.line("event", 5).items() if name != "kind"
    }
    forger.line("event", 2)["parts"][0]["destroyed_by"] = forger.line("event", 5)["columns"]["id"]


def swap_lines(forger: Forger) -> None:
    forger.lines[2], forger.lines[3] = forger.lines[3], forger.lines[2]


def swap_places(forger: Forger) -> None:
    one, other = forger.line("event", 1), forger.line("event", 4)
    one["columns"], other["columns"] = other["columns"], one["columns"]


def repeat_line(forger: Forger) -> None:
    forger.lines.insert(2, dict(forger.lines[2]))


def drop_line(forger: Forger) -> None:
    del forger.lines[3]


def drop_last_event(forger: Forger) -> None:
    forger.lines.remove(forger.line("event", 8))


def move_event(forger: Forger) -> None:
    forger.line("event", 0)["seq"] = 1
    forger.lines.remove(forger.line("event", 1))


def widen_filter(forger: Forger) -> None:
    forger.line("manifest")["filter"] = {"actor": "u:nobody"}


def shrink_tree(forger: Forger) -> None:
    manifest = forger.line("manifest")
    manifest["checkpoint"] = manifest["earlier"].pop()["note"]


def fork(forger: Forger) -> None:
    forger.line("manifest")["earlier"][0]["root"] = "00" * 32


def fork_silently(forger: Forger) -> None:
    forger.line("manifest")["earlier"][0].update(root="00" * 32, note=None)


def drop_proof(forger: Forger) -> None:
    forger.line("manifest")["earlier"][0]["path"].pop()


def lengthen_path(forger: Forger) -> None:
    forger.line("event", 1)["path"].append("00" * 32)


def change_version(forger: Forger) -> None:
    forger.line("event", 1)["version"] = 2


def unknown_member(forger: Forger) -> None:
    forger.line("event", 1)["more"] = 1


def event_after_erasures(forger: Forger) -> None:
    forger.lines.insert(-1, forger.lines.pop(9))


def needless_erasure(forger: Forger) -> None:
    forger.lines.insert(-1, dict(forger.line("erasure")))


TAMPERED, INCOMPLETE, UNREADABLE = Verdict.TAMPERED, Verdict.INCOMPLETE, Verdict.UNREADABLE
ATTACKS: list[tuple[Callable[[Forger], None], Verdict, Finding, int | None]] = [
    (edit_column, TAMPERED, Finding.LEAF, 1),
    (edit_time, TAMPERED, Finding.LEAF, 1),
    (add_column, TAMPERED, Finding.LEAF, 1),
    (drop_column, TAMPERED, Finding.LEAF, 3),
    (edit_payload, TAMPERED, Finding.PART, 3),
    (drop_part, TAMPERED, Finding.LEAF, 2),
    (swap_parts, TAMPERED, Finding.LEAF, 2),
    (hide_erasure, INCOMPLETE, Finding.ERASURE_WAITING, 2),
    (shrink_erasure, TAMPERED, Finding.PART_DESTROYED, 2),
    (call_a_part_erased, TAMPERED, Finding.PART_DESTROYED, 3),
    (another_erases, TAMPERED, Finding.PART_DESTROYED, 2),
    (swap_lines, INCOMPLETE, Finding.MISSING, 1),
    (swap_places, TAMPERED, Finding.LEAF, 1),
    (repeat_line, TAMPERED, Finding.ORDER, 1),
    (drop_line, INCOMPLETE, Finding.MISSING, 2),
    (drop_last_event, INCOMPLETE, Finding.MISSING, 8),
    (move_event, TAMPERED, Finding.LEAF, 1),
    (widen_filter, TAMPERED, Finding.FILTER, 0),
    (shrink_tree, TAMPERED, Finding.LEAF, 0),
    (fork, TAMPERED, Finding.CHECKPOINT, 4),
    (fork_silently, TAMPERED, Finding.FORKED, 4),
    (drop_proof, TAMPERED, Finding.FORKED, 4),
    (lengthen_path, TAMPERED, Finding.LEAF, 1),
    (change_version, UNREADABLE, Finding.FORM, None),
    (unknown_member, UNREADABLE, Finding.FORM, None),
    (event_after_erasures, UNREADABLE, Finding.FORM, None),
    (needless_erasure, UNREADABLE, Finding.FORM, None),
]


@pytest.mark.parametrize(
    ("attack", "verdict", "finding", "at_seq"),
    [pytest.param(*row, id=row[0].__name__) for row in ATTACKS],
)
def test_forgery_under_a_fitting_digest_is_named(
    log: Bench,
    whole: bytes,
    attack: Callable[[Forger], None],
    verdict: Verdict,
    finding: Finding,
    at_seq: int | None,
) -> None:
    report = verify(forged(whole, attack), evidence(log))
    assert report.verdict is verdict, report
    assert (report.finding, report.at_seq) == (finding, at_seq)
    assert report.witness is None


def test_a_wrong_count_is_found(log: Bench, selected: bytes) -> None:
    for kind, name in (("manifest", "count"), ("manifest", "last_seq"), ("end", "opened")):
        forger = Forger.of(selected)
        forger.line(kind)[name] += 1
        report = verify(forger.content(), evidence(log))
        assert report.finding is Finding.COUNT
        assert report.verdict not in GOOD


def test_a_line_added_behind_the_end_is_found(log: Bench, whole: bytes) -> None:
    report = verify(whole + b"{}\n", evidence(log))
    assert (report.verdict, report.part) == (Verdict.UNREADABLE, "after_end")


def test_another_bundles_event_does_not_stand_here(log: Bench, whole: bytes) -> None:
    forger = Forger.of(whole)
    forger.line("event", 5)["columns"]["id"] = forger.line("event", 6)["columns"]["id"]
    assert verify(forger.content(), evidence(log)).at_seq == 5


def test_an_event_left_out_of_a_selection_cannot_be_found_and_is_not_claimed(
    log: Bench, selected: bytes
) -> None:
    def drop(forger: Forger) -> None:
        forger.lines.remove(forger.line("event"))
        forger.lines.remove(forger.line("erasure"))

    report = verify(forged(selected, drop), evidence(log))
    assert report.verdict is Verdict.VERIFIED_SELF_SIGNED
    assert report.completeness is not Completeness.WHOLE_LOG


def test_no_key_is_unpinned_whatever_the_bundle_names(log: Bench, whole: bytes) -> None:
    report = verify(whole, Evidence())
    assert report.verdict is Verdict.UNPINNED
    assert {one.name for one in report.signed_by} == {log.keys.origin}
    nameless = forged(whole, lambda forger: forger.line("manifest").update(keys=[]))
    assert verify(nameless, Evidence()).verdict is Verdict.UNPINNED


def test_another_key_is_not_ours(log: Bench, whole: bytes) -> None:
    others = vkeys_of(log.keys.origin, ed25519=STRANGER.public_key, mldsa44=None)
    report = verify(whole, Evidence(keys=pin(others)))
    assert (report.verdict, report.finding) == (Verdict.TAMPERED, Finding.OTHER_KEY)
    renamed = VerifierKey(
        name="log.example.com/other",
        kind=KeyType.ED25519,
        public=log.keys.ed25519.public_key,
    )
    report = verify(whole, Evidence(keys=pin([renamed])))
    assert report.finding is Finding.OTHER_KEY


def test_an_old_and_a_new_key_may_be_pinned_together(log: Bench, whole: bytes) -> None:
    old = vkeys_of(log.keys.origin, ed25519=STRANGER.public_key, mldsa44=None)
    known = Evidence(keys=pin((*old, *log.keys.verifier_keys)))
    assert verify(whole, known).verdict in GOOD


def test_a_stripped_signature_of_a_pinned_kind_is_missed(log: Bench, whole: bytes) -> None:
    def strip(forger: Forger) -> None:
        manifest = forger.line("manifest")
        text, _, lines = manifest["checkpoint"].rpartition("\n\n")
        kept = [line for line in lines.splitlines() if len(line) < 500]
        manifest["checkpoint"] = text + "\n\n" + "\n".join(kept) + "\n"

    content = forged(whole, strip)
    report = verify(content, evidence(log))
    assert (report.verdict, report.finding) == (Verdict.INCOMPLETE, Finding.KEY_MISSING)
    classic = Evidence(keys=pin(log.keys.verifier_keys)[:1])
    assert verify(content, classic).verdict in GOOD


def test_a_broken_signature_is_found_even_without_a_pinned_key(log: Bench, whole: bytes) -> None:
    def spoil(forger: Forger) -> None:
        manifest = forger.line("manifest")
        text, _, lines = manifest["checkpoint"].rpartition("\n\n")
        at = lines.index("\n") - 20
        other = "A" if lines[at] != "A" else "B"
        manifest["checkpoint"] = text + "\n\n" + lines[:at] + other + lines[at + 1 :]

    for known in (Evidence(), evidence(log)):
        report = verify(forged(whole, spoil), known)
        assert (report.verdict, report.finding) == (Verdict.TAMPERED, Finding.SIGNATURE)


def test_two_views_of_one_log_are_a_fork(log: Bench, whole: bytes) -> None:
    """The keeper of the signing key shows another tree than it showed before."""
    for size in (4, 9):
        other = Checkpoint(origin=log.keys.origin, size=size, root=b"\x11" * 32)
        note = sign_checkpoint(other, ed25519=log.keys.ed25519, mldsa44=log.keys.mldsa44, at=NOW)
        report = verify(whole, evidence(log, held=[note]))
        assert (report.verdict, report.finding) == (Verdict.TAMPERED, Finding.FORKED)
        assert report.expected == "11" * 32


def test_a_checkpoint_of_another_log_is_named(log: Bench, whole: bytes) -> None:
    keys = LogKeys(
        origin="log.example.com/other",
        ed25519=STRANGER,
        mldsa44=MlDsa44Signer.from_seed(bytes(32)),
        anchor=Path("unused"),
    )
    other = Checkpoint(origin=keys.origin, size=4, root=b"\x11" * 32)
    note = sign_checkpoint(other, ed25519=keys.ed25519, mldsa44=None, at=NOW)
    assert verify(whole, evidence(log, held=[note])).finding is Finding.OTHER_LOG


@pytest.mark.parametrize("seed", range(40))
def test_no_random_change_of_the_structure_is_verified_with_other_events(
    log: Bench, whole: bytes, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 # a test's dice
    forger = Forger.of(whole)
    for _ in range(dice.randint(1, 3)):
        mutate(dice, forger.lines)
    try:
        content = forger.recounted().content()
        same = told(content) == told(whole)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        content, same = json.dumps(forger.lines).encode(), False
    report = verify(content, evidence(log))
    assert report.verdict not in GOOD or same


def mutate(dice: random.Random, value: Any) -> None:
    """Somewhere inside, something is removed, doubled or replaced."""
    places = list(value) if isinstance(value, dict) else list(range(len(value)))
    if not places:
        return
    at = dice.choice(places)
    if isinstance(value[at], dict | list) and value[at] and dice.random() < 0.8:
        mutate(dice, value[at])
    elif dice.random() < 0.4:
        del value[at]
    else:
        value[at] = dice.choice([None, 0, 1, "", "00", "x", [], {}, True, -1, 1 << 70])
