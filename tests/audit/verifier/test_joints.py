"""Months, their ends and restores, seen by somebody who has the bundle and the keys alone."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from audit.bundle import write_bundle
from audit.expiry.removing import announce, remove_some, unfinished
from audit.expiry.rules import going
from audit.expiry.store import standings
from audit.note import sign_checkpoint
from audit.restoring.loss import RestoreReason, declare, follow, loss_of
from audit.review import EventFilter
from audit.verifier.findings import Report
from audit.verifier.note import Note, parse_note, parse_vkey
from audit.verifier.trust import Evidence
from audit.verifier.verify import verify_bundle
from governance.core.terms import ActorId
from tests.audit.bench import NOW, SUBJECT, Bench, part
from tests.audit.expiry.test_removing import JUNE, LATER, MAY
from tests.retention.test_log_restore import copied, put_back

EVERYTHING, OFFICER = EventFilter(), ActorId("u:officer")
Line = dict[str, Any]


@pytest.fixture
def months(bench: Bench) -> Bench:
    bench.add(count=3)
    bench.sequence()
    bench.add(part(), count=3)
    bench.sequence(MAY)
    bench.erase(subject=SUBJECT)
    bench.add(count=2)
    bench.sequence(JUNE)
    return bench


def ended(bench: Bench) -> Bench:
    """April is gone."""
    known: Line = {"keep_months": 12, "held": (), "forwarded": None, "at": LATER}
    with bench.db.read() as tx:
        first = going(standings(tx, **known))[0].shard
    bench.db.write(
        lambda tx: announce(
            tx, bench.log, [first], by=OFFICER, os_user=None, approval="a", at=LATER
        )
    )
    bench.sequence((LATER - NOW).total_seconds())
    with bench.db.read() as tx:
        (claim,) = unfinished(tx)
    while remove_some(bench.db, claim):
        pass
    return bench


def restored(bench: Bench) -> str:
    """The database went back by four events; the lost head."""
    kept = copied(bench.db)
    bench.add(count=4)
    lost = bench.sequence(JUNE + 60).note
    assert lost is not None
    put_back(bench.db, kept)
    known: Line = {"by": OFFICER, "os_user": None, "approval": "a", "at": NOW}
    with bench.db.read() as tx:
        loss = loss_of(tx, bench.keys.anchor, bench.keys.verifier_keys)
    bench.db.write(lambda tx: declare(tx, bench.log, loss, RestoreReason.DISK, **known))
    with bench.db.read() as tx:
        follow(tx, bench.keys.anchor)
    bench.add(count=6)
    bench.sequence(JUNE + 120)
    return lost


def exported(bench: Bench, path: Path, asked: EventFilter = EVERYTHING) -> Path:
    with bench.db.read() as tx:
        write_bundle(
            tx,
            path,
            asked,
            exported_at=NOW,
            exported_by=OFFICER,
            keys=bench.keys.verifier_keys,
        )
    return path


def seen(bench: Bench, path: Path, *held: Note) -> Report:
    keys = tuple(parse_vkey(key.vkey) for key in bench.keys.verifier_keys)
    with path.open("rb") as stream:
        return verify_bundle(stream, Evidence(keys=keys, held=held))


def told(report: Report) -> tuple[str, str | None]:
    return report.verdict.value, None if report.finding is None else report.finding.value


def changed(path: Path, change: Callable[[list[Line]], None]) -> None:
    """The bundle with other lines, sealed anew: whoever writes a bundle can do that."""
    *lines, end = map(json.loads, path.read_text("utf-8").splitlines())
    change(lines)
    raw = b"".join(spelled(line) for line in lines)
    end["sha256"] = sha256(raw).hexdigest()
    path.write_bytes(raw + spelled(end))


def spelled(line: Line) -> bytes:
    text = json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode() + b"\n"


def test_openings_are_checked_against_the_trees_that_they_name(
    months: Bench, tmp_path: Path
) -> None:
    path = exported(months, tmp_path / "b")
    report = seen(months, path)
    assert told(report) == ("verified_self_signed", None)
    assert set(report.earlier) >= {3, 7}


def test_an_opening_whose_tree_the_bundle_does_not_prove_is_refused(
    months: Bench, tmp_path: Path
) -> None:
    path = exported(months, tmp_path / "b")
    changed(path, lambda lines: lines[0].update(earlier=[]))
    assert told(seen(months, path)) == ("unreadable", "form")


def test_an_ended_month_is_a_lawful_hole(months: Bench, tmp_path: Path) -> None:
    report = seen(months, exported(ended(months), tmp_path / "b"))
    assert told(report) == ("verified_self_signed", None)
    assert report.expired == 3
    assert report.completeness is not None
    assert report.completeness.value == "whole_log"
    assert report.as_json()["expired"] == 3


def test_without_the_event_that_names_it_the_hole_is_one(months: Bench, tmp_path: Path) -> None:
    path = exported(ended(months), tmp_path / "b")

    def drop(lines: list[Line]) -> None:
        lines[:] = [line for line in lines if line["kind"] != "joint"]

    changed(path, drop)
    assert told(seen(months, path)) == ("incomplete", "missing")


@pytest.mark.parametrize(("name", "other"), [("tree:3", "tree:7"), ("from:0", "from:1")])
def test_an_end_cannot_name_another_range(
    months: Bench, tmp_path: Path, name: str, other: str
) -> None:
    path = exported(ended(months), tmp_path / "b")

    def rename(lines: list[Line]) -> None:
        for line in lines:
            if line["kind"] == "joint":
                columns = line["event"]["columns"]
                columns["refs"] = columns["refs"].replace(name, other)

    changed(path, rename)
    assert told(seen(months, path)) == ("tampered", "leaf")


def test_what_stays_of_an_ended_month_cannot_be_left_out(months: Bench, tmp_path: Path) -> None:
    """The opening of May stays when May has ended."""
    path = exported(ended(ended(months)), tmp_path / "b")
    assert told(seen(months, path)) == ("verified_self_signed", None)

    def drop(lines: list[Line]) -> None:
        lines[:] = [line for line in lines if line.get("seq") != 3]
        lines[0].update(count=lines[0]["count"] - 1, first_seq=lines[1 + 2]["seq"])

    changed(path, drop)
    assert seen(months, path).verdict.value in {"incomplete", "tampered"}


def test_a_restore_is_told_and_explains_the_lost_head(months: Bench, tmp_path: Path) -> None:
    lost = parse_note(restored(months))
    path = exported(months, tmp_path / "b")
    for held in ((), (lost,)):
        report = seen(months, path, *held)
        assert told(report) == ("verified_self_signed", "restored")
    (one,) = report.restored
    assert (one.size, one.lost) == (11, 15)
    assert seen(months, exported(months, tmp_path / "c", EventFilter(subject=SUBJECT))).restored


def test_a_head_of_the_lost_range_that_nobody_declared_is_not_believed(
    months: Bench, tmp_path: Path
) -> None:
    lost = parse_note(restored(months))
    path = exported(months, tmp_path / "b")
    head = lost.checkpoint
    other = type(head)(origin=head.origin, size=head.size, root=b"\1" * 32)
    keys = months.keys
    from audit.note import Checkpoint  # noqa: PLC0415 # the signing side's own form

    note = sign_checkpoint(
        Checkpoint(origin=other.origin, size=other.size, root=other.root),
        ed25519=keys.ed25519,
        mldsa44=keys.mldsa44,
        at=NOW,
    )
    report = seen(months, path, parse_note(note))
    assert told(report) in {("incomplete", "held_unproven"), ("incomplete", "held_lost")}


def test_without_its_event_a_restore_is_a_fork(months: Bench, tmp_path: Path) -> None:
    lost = parse_note(restored(months))
    path = exported(months, tmp_path / "b")

    def drop(lines: list[Line]) -> None:
        lines[:] = [line for line in lines if line["kind"] != "joint"]

    changed(path, drop)
    assert told(seen(months, path, lost))[0] in {"tampered", "incomplete"}
