"""A changed key of the log: old pins lead to it by what they signed, and by nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest

from audit.actions import EventCode
from audit.bundle import write_bundle
from audit.findings import Finding
from audit.key_changes import key_ref
from audit.note import VerifierKey
from audit.review import EventFilter
from audit.sequencer import LogKeys
from audit.types import Verdict
from audit.verifier.findings import Report
from audit.verifier.note import parse_vkey
from audit.verifier.trust import Evidence
from audit.verifier.verify import verify_bundle
from governance.core.terms import ActorId
from governance.crypto.signing import Ed25519Signer, MlDsa44Signer
from tests.audit.bench import NOW, Bench

EARLIEST = EventFilter()


def keys_of(number: int, anchor: Path) -> LogKeys:
    return LogKeys(
        origin="log.example.com/sekisho",
        ed25519=Ed25519Signer.from_seed(bytes([number]) * 32),
        mldsa44=MlDsa44Signer.from_seed(bytes([number + 100]) * 32),
        anchor=anchor,
    )


def changed(bench: Bench, fresh: LogKeys, *, announced: LogKeys | None = None) -> Bench:
    """The log under fresh keys, after an announcement (of other keys, for a forger)."""
    named = (announced or fresh).verifier_keys
    bench.add(action=EventCode.LOG_KEY_CHANGED, refs=tuple(map(key_ref, named)))
    bench.sequence(3)
    after = replace(bench, keys=fresh)
    after.add(count=2)
    after.sequence(4)
    return after


def outside(bench: Bench, path: Path, pinned: tuple[VerifierKey, ...], *known: LogKeys) -> Report:
    with bench.db.read() as tx:
        write_bundle(
            tx,
            path,
            EARLIEST,
            exported_at=NOW,
            exported_by=ActorId("u:officer"),
            keys=[key for one in known for key in one.verifier_keys],
        )
    keys = tuple(parse_vkey(key.vkey) for key in pinned)
    with path.open("rb") as stream:
        return verify_bundle(stream, Evidence(keys=keys))


def test_an_old_pin_leads_over_two_changes(filled: Bench, tmp_path: Path) -> None:
    first = filled.keys
    second, third = (keys_of(n, first.anchor) for n in (2, 3))
    after = changed(changed(filled, second), third)
    known = (*first.verifier_keys, *second.verifier_keys, *third.verifier_keys)
    for pinned in (first, second, third):
        report = after.verify(keys=pinned.verifier_keys, successors=known)
        assert report.verdict is Verdict.VERIFIED_SELF_SIGNED
        told = outside(after, tmp_path / "b", pinned.verifier_keys, first, second, third)
        assert told.verdict.value == "verified_self_signed", told.finding
        (tmp_path / "b").unlink()
    assert told.key_changes == 0


def test_without_the_announcement_an_old_pin_leads_nowhere(filled: Bench, tmp_path: Path) -> None:
    first, second, other = filled.keys, *(keys_of(n, filled.keys.anchor) for n in (2, 3))
    after = changed(filled, second, announced=other)
    known = (*second.verifier_keys, *other.verifier_keys)
    report = after.verify(keys=first.verifier_keys, successors=known)
    assert report.finding is Finding.OTHER_KEY
    told = outside(after, tmp_path / "b", first.verifier_keys, first, second, other)
    assert told.finding is not None
    assert told.finding.value == "other_key"


def test_an_announcement_that_the_old_key_did_not_sign_leads_nowhere(
    filled: Bench, tmp_path: Path
) -> None:
    """A key that was lost, or a thief of the database: the new key alone signed its own entry."""
    first = filled.keys
    second = keys_of(2, first.anchor)
    filled.add(action=EventCode.LOG_KEY_CHANGED, refs=tuple(map(key_ref, second.verifier_keys)))
    after = replace(filled, keys=second)
    after.sequence(3)
    report = after.verify(keys=first.verifier_keys, successors=second.verifier_keys)
    assert report.finding is Finding.OTHER_KEY
    told = outside(after, tmp_path / "b", first.verifier_keys, first, second)
    assert told.finding is not None
    assert told.finding.value == "other_key"
    assert after.verify(keys=second.verifier_keys).verdict is Verdict.VERIFIED_SELF_SIGNED


def test_half_of_a_pair_is_no_announcement(filled: Bench) -> None:
    """The stronger kind of signature cannot be shed on the way to a new key."""
    first = filled.keys
    plain = replace(keys_of(2, first.anchor), mldsa44=None)
    after = changed(filled, plain)
    report = after.verify(keys=first.verifier_keys, successors=plain.verifier_keys)
    assert report.finding is Finding.KEY_MISSING


@pytest.mark.parametrize("place", ["event", "under"])
def test_a_changed_key_line_of_a_bundle_is_found(filled: Bench, tmp_path: Path, place: str) -> None:
    first = filled.keys
    second = keys_of(2, first.anchor)
    after = changed(filled, second)
    path = tmp_path / "b"
    outside(after, path, first.verifier_keys, first, second)
    lines = path.read_bytes().split(b"\n")
    assert lines[1].startswith(b'{"event"')
    if place == "event":
        lines[1] = lines[1].replace(b"log.key_changed", b"person.created")
    else:
        lines[1] = lines[1].replace(b'"under":8', b'"under":1')
    path.write_bytes(b"\n".join(lines))
    keys = tuple(parse_vkey(key.vkey) for key in first.verifier_keys)
    with path.open("rb") as stream:
        report = verify_bundle(stream, Evidence(keys=keys))
    assert report.verdict.value in {"tampered", "unreadable"}
