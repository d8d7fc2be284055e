"""An older database goes on only when two persons declared what was lost, and the log says so."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.anchor import advance_anchor, anchored, lost_notes, read_anchor
from audit.errors import NoteSignatureError, NothingLostError, TreeRolledBackError
from audit.findings import Finding, Report
from audit.models import CHECKPOINTS, EVENTS, LEAVES, PARTS, PENDING, STATE, TILES
from audit.note import Checkpoint, sign_checkpoint
from audit.restoring.loss import RestoreReason
from audit.review import EventFilter, events
from audit.sequencer import LogKeys, Turn, check_tree, sequence_once
from audit.types import Verdict
from audit.verify import verify_log
from audit.witness.keeping import Witness
from audit.witness.protocol import Refused, parse_submission, request_body
from governance.approvals.errors import ApprovalForbiddenError
from governance.approvals.service import Approvals
from governance.approvals.types import Approval, ApprovalKind
from governance.core.terms import EventId
from governance.db.engine import Database
from governance.http.principal import Principal
from governance.jobs.journal_record import JournalEntry, JournalKind
from retention import log_restore
from retention.errors import LossChangedError, RetentionRefusedError
from retention.log_restore import Restoring, to_do_again
from tests.audit.bench import SUBJECT, draft, part, unguarded
from tests.audit.worker import keys_at
from tests.retention.town import CHIEF, NOW, OFFICER, Killed, Town, staff

OPERATOR = staff("operator", "it_operator")
TABLES = (EVENTS, PARTS, PENDING, LEAVES, TILES, CHECKPOINTS, STATE)
Copy = Mapping[str, list[dict[str, Any]]]


@pytest.fixture
def signers(tmp_path: Path) -> LogKeys:
    return keys_at(tmp_path / "checkpoint")


@pytest.fixture
def restored(town: Town, signers: LogKeys) -> Town:
    """Three events here, seven seen outside."""
    add(town, 3)
    place(town, signers)
    kept = copied(town.ports.database)
    add(town, 4)
    place(town, signers, seconds=60)
    put_back(town.ports.database, kept)
    return town


def add(town: Town, count: int) -> None:
    log = town.ports.audit
    for _ in range(count):
        town.ports.database.write(lambda tx: log.append(tx, draft(), [part()]))


def place(town: Town, signers: LogKeys, *, seconds: float = 0) -> None:
    at = NOW + timedelta(seconds=seconds)
    sequence_once(town.ports.database, signers, town.ports.audit, at=at, turn=Turn.STRICT)


def copied(db: Database) -> Copy:
    with db.read() as tx:
        return {t.name: [dict(row._mapping) for row in tx.execute(select(t))] for t in TABLES}


def put_back(db: Database, kept: Copy) -> None:
    with unguarded(db) as tx:
        for table in reversed(TABLES):
            tx.execute(table.delete())
        for table in TABLES:
            if kept[table.name]:
                tx.execute(table.insert(), kept[table.name])


def desk(town: Town, signers: LogKeys) -> Restoring:
    return Restoring(ports=town.ports, log_keys=signers)


def approvals(town: Town, signers: LogKeys) -> Approvals:
    executor = log_restore.restore_executor(desk(town, signers))
    return Approvals(audit=town.ports.audit, executors={ApprovalKind.RESTORE: executor})


def asked(town: Town, signers: LogKeys, by: Principal = OPERATOR) -> Approval:
    def ask(tx: Connection) -> Approval:
        known = (tx, desk(town, signers), approvals(town, signers), by, RestoreReason.DISK)
        return log_restore.ask(*known, words="架空の故障", at=NOW)

    return town.ports.database.write(ask)


def agreed(town: Town, signers: LogKeys, approval: Approval, by: Principal = CHIEF) -> None:
    agree = partial(
        approvals(town, signers).approve_and_execute,
        approval_id=approval.id,
        digest=approval.digest,
        by=by,
        at=NOW,
    )
    town.ports.database.write(agree)


def declared(town: Town, signers: LogKeys) -> EventId:
    agreed(town, signers, asked(town, signers))
    event = log_restore.finish(desk(town, signers), at=NOW + timedelta(hours=1))
    assert event is not None
    return event


def verdict(town: Town, signers: LogKeys) -> Report:
    return verify_log(town.ports.database, keys=signers.verifier_keys, anchor=signers.anchor)


def test_nothing_goes_on_before_the_loss_is_declared(restored: Town, signers: LogKeys) -> None:
    with pytest.raises(TreeRolledBackError):
        check_tree(restored.ports.database, signers)
    add(restored, 1)
    with pytest.raises(TreeRolledBackError):
        place(restored, signers)
    agreed(restored, signers, asked(restored, signers))
    with pytest.raises(TreeRolledBackError):  # the event alone moves no file
        place(restored, signers)
    assert verdict(restored, signers).finding is Finding.ROLLED_BACK


def test_a_declared_loss_is_told_for_ever_and_the_tree_goes_on(
    restored: Town, signers: LogKeys
) -> None:
    lost = read_anchor(signers.anchor)
    event = declared(restored, signers)
    add(restored, 9)  # grows past the lost size
    place(restored, signers, seconds=7_200)
    report = verdict(restored, signers)
    assert (report.verdict, report.finding) == (Verdict.VERIFIED_SELF_SIGNED, Finding.RESTORED)
    (told,) = report.restored
    assert (told.size, told.lost, told.event_id) == (3, 7, event)
    shape = report.as_json()["restored"]
    assert isinstance(shape, list)
    assert shape[0]["lost"] == 7
    assert lost_notes(signers.anchor) == (lost,)
    with restored.ports.database.read() as tx:
        (found,) = events(tx, EventFilter(action=EventCode.LOG_RESTORED))
    assert found.reasons == "disk"
    assert found.counts == "lost=4"


def test_one_person_declares_nothing(restored: Town, signers: LogKeys) -> None:
    with pytest.raises(RetentionRefusedError):
        asked(restored, signers, by=OFFICER)
    approval = asked(restored, signers)
    with pytest.raises(ApprovalForbiddenError):
        agreed(restored, signers, approval, by=OPERATOR)
    with pytest.raises(RetentionRefusedError):
        agreed(restored, signers, approval, by=staff("other", "it_operator"))


def test_a_larger_head_that_turns_up_meanwhile_must_be_agreed_to(
    restored: Town, signers: LogKeys
) -> None:
    approval = asked(restored, signers)
    head = Checkpoint(origin=signers.origin, size=9, root=b"\7" * 32)
    note = sign_checkpoint(head, ed25519=signers.ed25519, mldsa44=signers.mldsa44, at=NOW)
    advance_anchor(signers.anchor, note)
    with pytest.raises(LossChangedError):
        agreed(restored, signers, approval)


def test_a_head_that_the_log_never_signed_is_no_loss(restored: Town, signers: LogKeys) -> None:
    other = keys_at(signers.anchor)
    strange = Checkpoint(origin="elsewhere.example/log", size=9, root=b"\7" * 32)
    note = sign_checkpoint(strange, ed25519=other.ed25519, mldsa44=other.mldsa44, at=NOW)
    advance_anchor(signers.anchor, note)
    with pytest.raises(NoteSignatureError):
        asked(restored, signers)


def killed(*_: object) -> None:
    raise Killed


def test_killed_between_event_and_file_the_next_call_goes_on(
    restored: Town, signers: LogKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreed(restored, signers, asked(restored, signers))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(Killed):
            log_restore.finish(desk(restored, signers), at=NOW)
    kept = anchored(signers.anchor)
    assert kept is not None
    assert kept.size == 7
    assert log_restore.finish(desk(restored, signers), at=NOW) is not None
    assert verdict(restored, signers).finding is Finding.RESTORED


def test_nothing_is_declared_where_nothing_is_lost(town: Town, signers: LogKeys) -> None:
    add(town, 2)
    place(town, signers)
    with pytest.raises(NothingLostError):
        asked(town, signers)
    assert log_restore.finish(desk(town, signers), at=NOW) is None


def test_a_head_set_aside_without_a_declaration_is_tampering(
    restored: Town, signers: LogKeys
) -> None:
    """Who moves the file away by hand leaves no declaration behind."""
    signers.anchor.rename(signers.anchor.with_name("checkpoint.lost-7-x"))
    report = verdict(restored, signers)
    assert (report.verdict, report.finding) == (Verdict.TAMPERED, Finding.LOST_HEAD)


def test_the_journal_tells_what_must_be_done_again(restored: Town) -> None:
    for hours, kind in ((-1, JournalKind.HOLD), (1, JournalKind.ERASURE), (2, JournalKind.ERASURE)):
        restored.ports.journal.append(
            JournalEntry(
                kind=kind,
                subject=SUBJECT,
                scope="x",
                event=EventId(f"e{hours}"),
                consent_seq=None,
                at=NOW + timedelta(hours=hours),
            )
        )
    assert to_do_again(restored.ports, since=NOW) == {"erasure": 2}
    assert to_do_again(restored.ports, since=None) == {"erasure": 2, "hold": 1}


def test_a_witness_refuses_the_fork_until_its_own_operator_accepts_it(
    restored: Town, signers: LogKeys, tmp_path: Path
) -> None:
    lost = read_anchor(signers.anchor)
    assert lost is not None
    witness = Witness.create(tmp_path / "witness", "witness.example")
    witness.trust([key.vkey for key in signers.verifier_keys])
    first = witness.witness(parse_submission(request_body(0, (), lost)), at=NOW)
    assert not isinstance(first, Refused)
    declared(restored, signers)
    here = read_anchor(signers.anchor)
    assert here is not None
    again = parse_submission(request_body(0, (), here))
    assert isinstance(witness.witness(again, at=NOW), Refused)
    held, head = witness.accept(here, at=NOW)
    assert held is not None
    assert (held.size, head.size) == (7, anchored(signers.anchor).size)  # type: ignore[union-attr] # it is there
    assert [path.name[-7:] for path in (tmp_path / "witness" / "seen").glob("*.lost-*")] == [
        ".lost-7"
    ]
    known = parse_submission(request_body(head.size, (), here))
    assert not isinstance(witness.witness(known, at=NOW), Refused)


def test_a_witness_accepts_no_head_that_the_log_did_not_sign(
    signers: LogKeys, tmp_path: Path
) -> None:
    witness = Witness.create(tmp_path / "witness", "witness.example")
    head = Checkpoint(origin=signers.origin, size=1, root=b"\1" * 32)
    note = sign_checkpoint(head, ed25519=signers.ed25519, mldsa44=None, at=NOW)
    with pytest.raises(NoteSignatureError):
        witness.accept(note, at=NOW)  # it trusts no key of this log
