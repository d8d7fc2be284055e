"""A bundle of either engine proves what it can, says what it cannot, and shows no more."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from audit.bundle import Places, write_bundle
from audit.errors import NotSequencedError, PartForgedError, ProofRangeError
from audit.review import EventFilter
from audit.types import Outcome
from audit.verifier.findings import Completeness, Finding, Verdict
from audit.verifier.trust import Evidence
from governance.core.terms import PurposeId, RowId, SubjectId
from tests.audit.bench import NOW, OTHER, SUBJECT, Bench, draft, masked, part
from tests.audit.verifier.exports import (
    EXPORTER,
    Forger,
    cosigned,
    evidence,
    export,
    newest_note,
    verify,
)


def test_a_whole_log_is_proven_complete(filled: Bench, tmp_path: Path) -> None:
    done, content = export(filled, tmp_path / "b")
    report = verify(content, evidence(filled))
    assert (report.verdict, report.finding) == (Verdict.VERIFIED_SELF_SIGNED, None)
    assert report.completeness is Completeness.WHOLE_LOG
    assert (report.events, report.first_seq, report.last_seq, report.size) == (7, 0, 6, 7)
    assert (report.opened, report.withheld, report.erased) == (3, 0, 0)
    assert (done.events, done.opened, done.size) == (7, 3, 7)
    assert done.opened_about == {SUBJECT, OTHER}
    assert report.lost == ()


def test_the_report_has_the_shape_of_audit_verify(filled: Bench, tmp_path: Path) -> None:
    _, content = export(filled, tmp_path / "b")
    shape = verify(content, evidence(filled)).as_json()
    assert list(shape)[:3] == ["verdict", "size", "root"]
    root = filled.verify().root
    assert root is not None
    assert (shape["size"], shape["root"]) == (7, root.hex())


def test_parts_are_withheld_without_leave(filled: Bench, tmp_path: Path) -> None:
    done, content = export(filled, tmp_path / "b", opener=None)
    report = verify(content, evidence(filled))
    assert report.verdict is Verdict.VERIFIED_SELF_SIGNED
    assert (report.opened, report.withheld) == (0, 3)
    assert done.opened_about == frozenset()
    assert "架空".encode() not in content
    assert b'"salt"' not in content


def test_leave_can_be_given_for_some_persons(filled: Bench, tmp_path: Path) -> None:
    def only(subject: SubjectId, row: RowId, sealed: bytes) -> bytes | None:
        return masked(subject, row, sealed) if subject == OTHER else None

    done, content = export(filled, tmp_path / "b", opener=only)
    report = verify(content, evidence(filled))
    assert (report.opened, report.withheld) == (2, 1)
    assert done.opened_about == {OTHER}


@pytest.mark.parametrize(
    ("asked", "count", "completeness"),
    [
        (EventFilter(subject=SUBJECT), 1, Completeness.SELECTION),
        (EventFilter(subject=OTHER), 2, Completeness.SELECTION),
        (EventFilter(purpose=PurposeId("order_support")), 3, Completeness.SELECTION),
        (EventFilter(outcome=Outcome.DENY), 0, Completeness.EMPTY),
        (EventFilter(since=NOW, until=NOW + timedelta(seconds=1)), 4, Completeness.SELECTION),
    ],
)
def test_a_filtered_bundle_says_how_much_it_proves(
    filled: Bench,
    tmp_path: Path,
    asked: EventFilter,
    count: int,
    completeness: Completeness,
) -> None:
    done, content = export(filled, tmp_path / "b", asked)
    report = verify(content, evidence(filled))
    assert report.verdict is Verdict.VERIFIED_SELF_SIGNED, report
    assert (report.events, report.completeness, done.events) == (count, completeness, count)


def test_a_selection_with_gaps_proves_no_completeness(filled: Bench, tmp_path: Path) -> None:
    filled.add(part())
    filled.sequence(2)
    _, content = export(filled, tmp_path / "b", EventFilter(subject=SUBJECT))
    report = verify(content, evidence(filled))
    assert report.verdict is Verdict.VERIFIED_SELF_SIGNED
    assert (report.events, report.completeness) == (2, Completeness.SELECTION)


def test_a_range_of_places_is_proven_whole(filled: Bench, tmp_path: Path) -> None:
    done, content = export(filled, tmp_path / "b", places=Places(start=2, below=5))
    report = verify(content, evidence(filled))
    assert report.verdict is Verdict.VERIFIED_SELF_SIGNED
    assert report.completeness is Completeness.WHOLE_RANGE
    assert (done.first_seq, done.last_seq, report.events) == (2, 4, 3)


def test_more_events_than_one_page_are_proven(filled: Bench, tmp_path: Path) -> None:
    filled.db.write(lambda tx: filled.log.append_many(tx, [draft()] * 1_100))
    filled.sequence(2)
    filled.sequence(3)
    done, content = export(filled, tmp_path / "b")
    report = verify(content, evidence(filled))
    assert report.verdict is Verdict.VERIFIED_SELF_SIGNED
    assert (done.events, report.events, report.size) == (1_107, 1_107, 1_107)
    assert report.completeness is Completeness.WHOLE_LOG


def test_an_erased_part_is_excused_by_its_erasure(filled: Bench, tmp_path: Path) -> None:
    filled.erase()
    filled.sequence(2)
    done, content = export(filled, tmp_path / "b", EventFilter(subject=OTHER))
    report = verify(content, evidence(filled))
    assert report.verdict is Verdict.VERIFIED_SELF_SIGNED, report
    assert (report.opened, report.erased, done.erasures) == (2, 1, 1)


def test_an_erasure_that_waits_for_its_place_is_incomplete(filled: Bench, tmp_path: Path) -> None:
    filled.erase()
    _, content = export(filled, tmp_path / "b")
    report = verify(content, evidence(filled))
    assert (report.verdict, report.finding) == (Verdict.INCOMPLETE, Finding.ERASURE_WAITING)
    assert report.at_seq == 2


def test_a_part_destroyed_secretly_is_tampering(filled: Bench, tmp_path: Path) -> None:
    filled.run("UPDATE audit_part SET salt = NULL, payload = NULL WHERE ord = 1")
    _, content = export(filled, tmp_path / "b")
    report = verify(content, evidence(filled))
    assert (report.verdict, report.finding) == (Verdict.TAMPERED, Finding.PART_DESTROYED)


def test_a_part_destroyed_under_another_erasure_is_tampering(filled: Bench, tmp_path: Path) -> None:
    filled.erase()
    filled.sequence(2)
    filled.run(
        "UPDATE audit_part SET salt = NULL, payload = NULL, destroyed_by = ("
        "SELECT id FROM audit_event WHERE action = 'erasure.executed') WHERE ord = 1"
    )
    _, content = export(filled, tmp_path / "b")
    report = verify(content, evidence(filled))
    assert (report.verdict, report.finding) == (Verdict.TAMPERED, Finding.PART_DESTROYED)


def test_an_edited_row_is_named_with_its_place(filled: Bench, tmp_path: Path) -> None:
    filled.run("UPDATE audit_event SET outcome = 'deny' WHERE consent_seq = 7 AND n = 6")
    _, content = export(filled, tmp_path / "b")
    report = verify(content, evidence(filled))
    assert (report.verdict, report.finding, report.at_seq) == (
        Verdict.TAMPERED,
        Finding.LEAF,
        5,
    )


def test_a_changed_payload_is_not_exported(filled: Bench, tmp_path: Path) -> None:
    filled.run("UPDATE audit_part SET payload = salt WHERE ord = 1")
    with pytest.raises(PartForgedError):
        export(filled, tmp_path / "b")
    assert list(tmp_path.glob("b*")) == []


def test_a_cosigned_tree_is_witnessed(filled: Bench, tmp_path: Path) -> None:
    _, content = export(filled, tmp_path / "b", note=cosigned(newest_note(filled)))
    report = verify(content, evidence(filled))
    assert report.verdict is Verdict.VERIFIED_WITNESSED
    assert (report.witness, report.witnessed_at) == ("witness.example.com/w1", NOW)
    blind = Evidence(keys=evidence(filled).keys)
    assert verify(content, blind).verdict is Verdict.VERIFIED_SELF_SIGNED
    unpinned = verify(content, Evidence(witnesses=evidence(filled).witnesses))
    assert unpinned.verdict is Verdict.UNPINNED


def test_a_witness_of_an_earlier_tree_covers_what_it_saw(filled: Bench, tmp_path: Path) -> None:
    seen = cosigned(newest_note(filled))
    filled.add(count=2)
    filled.sequence(3)
    _, whole = export(filled, tmp_path / "b", earlier=[4, 7])
    report = verify(whole, evidence(filled, held=[seen]))
    assert report.verdict is Verdict.VERIFIED_SELF_SIGNED
    assert (report.witnessed_size, report.size, report.earlier) == (7, 9, (4, 7))
    _, old = export(filled, tmp_path / "b", places=Places(below=7), earlier=[7])
    report = verify(old, evidence(filled, held=[seen]))
    assert report.verdict is Verdict.VERIFIED_WITNESSED


def test_the_log_is_no_witness_of_itself(filled: Bench, tmp_path: Path) -> None:
    _, content = export(filled, tmp_path / "b")
    known = evidence(filled)
    report = verify(content, Evidence(keys=known.keys[:1], witnesses=known.keys[1:]))
    assert report.verdict is Verdict.VERIFIED_SELF_SIGNED


def test_a_checkpoint_at_hand_must_be_reached(filled: Bench, tmp_path: Path) -> None:
    _, old = export(filled, tmp_path / "b")
    held = newest_note(filled)
    filled.add()
    filled.sequence(3)
    newer = newest_note(filled)
    report = verify(old, evidence(filled, held=[newer]))
    assert (report.verdict, report.finding) == (Verdict.INCOMPLETE, Finding.HELD_AHEAD)
    _, silent = export(filled, tmp_path / "b")
    report = verify(silent, evidence(filled, held=[held]))
    assert (report.verdict, report.finding) == (Verdict.INCOMPLETE, Finding.HELD_UNPROVEN)
    _, told = export(filled, tmp_path / "b", earlier=[7])
    assert verify(told, evidence(filled, held=[held])).verdict is Verdict.VERIFIED_SELF_SIGNED


def test_events_lost_before_their_place_show_in_a_whole_log(filled: Bench, tmp_path: Path) -> None:
    lost = filled.add(count=70)[0]
    filled.run("DELETE FROM audit_pending WHERE event_id = :id", id=lost)
    filled.run("DELETE FROM audit_event WHERE id = :id", id=lost)
    filled.sequence(2)
    _, content = export(filled, tmp_path / "b")
    report = verify(content, evidence(filled))
    assert report.verdict is Verdict.VERIFIED_SELF_SIGNED
    (hole,) = report.lost
    assert (hole.process_id, hole.numbers) == ("web-1", 1)


def test_rolled_back_attempts_are_no_holes(filled: Bench, tmp_path: Path) -> None:
    class StopError(Exception):
        pass

    def fail(tx: Connection) -> None:
        for _ in range(3):
            filled.log.append(tx, draft())
        raise StopError

    with pytest.raises(StopError):
        filled.db.write(fail)
    filled.add(count=80)
    filled.sequence(2)
    _, content = export(filled, tmp_path / "b")
    report = verify(content, evidence(filled))
    assert (report.completeness, report.lost) == (Completeness.WHOLE_LOG, ())


def test_a_bundle_is_private_and_appears_whole(filled: Bench, tmp_path: Path) -> None:
    path = tmp_path / "b"
    done, content = export(filled, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Forger.of(content).content() == content
    assert len(done.sha256) == 64
    assert list(tmp_path.glob("b.*")) == []


def test_what_lies_outside_the_tree_is_refused(filled: Bench, bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(ProofRangeError):
        export(filled, tmp_path / "b", places=Places(below=8))
    with pytest.raises(ProofRangeError):
        export(filled, tmp_path / "b", earlier=[8])


def test_an_unsigned_log_has_no_bundle(bench: Bench, tmp_path: Path) -> None:
    with bench.db.read() as tx, pytest.raises(NotSequencedError):
        write_bundle(
            tx,
            tmp_path / "b",
            EventFilter(),
            exported_at=NOW,
            exported_by=EXPORTER,
            keys=(),
        )
