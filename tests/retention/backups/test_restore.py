"""An old backup of an erased person: the start refuses, all is done again, only then it opens."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.errors import TreeRolledBackError
from audit.restoring.loss import RestoreReason
from consent.checks import check
from consent.choices import Choice
from consent.gates import UseRequest
from consent.service import choose
from consent.types import EventKind
from governance.app.approvals import approvals_of, approve_and_execute
from governance.app.audit_log import settle
from governance.app.backups import reopen_data, restore_data
from governance.app.log_life import restoring_of
from governance.app.wiring import Wiring
from governance.core.ids import new_row_id
from governance.core.settings import Settings
from governance.core.terms import EventId, SubjectId
from governance.crypto.stream import FileDamagedError
from governance.customers.store import HOLD, SUBJECT, TABLES, place_hold
from governance.customers.subjects import SubjectState
from governance.jobs.errors import JournalBehindError
from governance.jobs.journal_record import JournalEntry, JournalKind
from policies.reasons import ReasonCode
from retention import log_restore, service
from retention.backups.creating import create
from retention.backups.errors import (
    BackupForeignError,
    RestoredClosedError,
    RestorePartMissingError,
    RestoreTargetError,
)
from retention.errors import NotReappliedError, RetentionRefusedError
from tests.installation import (
    AT,
    OFFICER,
    events,
    nothing_found,
    staff,
    subjects,
    system,
    with_ports,
)
from tests.retention.backups.conftest import BOTH, OPERATOR

CHIEF = staff("privacy_approver", name="jiro")
SENDER = system("mail_sender", "mail_marketing")
LATER = AT + timedelta(hours=2)


@dataclass(frozen=True, kw_only=True)
class Lost:
    """An installation whose data is lost, and the backup of before it was decided about persons."""

    settings: Settings
    backup: Path
    erased: SubjectId
    withdrew: SubjectId
    held: SubjectId

    def opened(self, *, restoring: bool = False) -> Wiring:
        wiring = Wiring.open(self.settings, clock=lambda: LATER, restoring=restoring)
        return with_ports(wiring, replace(wiring.ports, analyse=nothing_found))


@pytest.fixture
def decided(wiring: Wiring) -> Lost:
    """The data is there still; the backup is of before it was decided about persons."""
    erased, withdrew, held = subjects(wiring)
    for one in (erased, withdrew):
        say(wiring, one, EventKind.GIVEN)
    told(wiring, JournalKind.RELEASE, held, scope="suit:0")  # the backup knows of a line
    settle(wiring)
    backup = create(wiring.backup_desk, OPERATOR, at=AT).path
    say(wiring, withdrew, EventKind.WITHDRAWN)
    hold(wiring, held)
    erase(wiring, erased)
    settle(wiring)
    settings = wiring.settings
    wiring.close()
    return Lost(settings=settings, backup=backup, erased=erased, withdrew=withdrew, held=held)


@pytest.fixture
def lost(decided: Lost, new_database: Callable[..., str]) -> Lost:
    if decided.settings.database_url is not None:
        url = new_database("postgres")
        return replace(decided, settings=decided.settings.model_copy(update={"database_url": url}))
    for path in decided.settings.data_dir.glob("sekisho.db*"):
        path.unlink()
    return decided


def say(wiring: Wiring, subject: SubjectId, kind: EventKind) -> None:
    choice = Choice(subject=subject, purpose="mail_marketing", kind=kind)
    choose(wiring.ports, OFFICER, choice, at=AT)


def hold(wiring: Wiring, subject: SubjectId) -> str:
    row = wiring.database.write(
        lambda tx: place_hold(tx, subject, matter="suit:1", by="u:lawyer", at=AT)
    )
    told(wiring, JournalKind.HOLD, subject, scope="suit:1", event=row)
    return row


def told(
    wiring: Wiring, kind: JournalKind, subject: SubjectId, *, scope: str = "*", event: str = ""
) -> None:
    wiring.journal.append(
        JournalEntry(
            kind=kind,
            subject=subject,
            scope=scope,
            event=EventId(event or new_row_id()),
            consent_seq=None,
            at=AT + timedelta(minutes=1),
        )
    )


def erase(wiring: Wiring, subject: SubjectId) -> None:
    desk = approvals_of(wiring)

    def ask(tx: Connection) -> str:
        made = service.plan_erasure(tx, wiring.ports, OFFICER, subject, at=AT)
        begun = service.start(tx, wiring.ports, desk, OFFICER, made.id, at=AT)
        assert isinstance(begun, service.Waiting)
        return begun.approval

    approve_and_execute(wiring, CHIEF, wiring.database.write(ask), at=AT)


def declared(wiring: Wiring) -> None:
    """Two persons say what is lost."""
    desk = restoring_of(wiring)
    asked = wiring.database.write(
        lambda tx: log_restore.ask(
            tx, desk, approvals_of(wiring), OPERATOR, RestoreReason.DISK, words="x", at=LATER
        )
    )
    approve_and_execute(wiring, CHIEF, asked.id, at=LATER)


@pytest.fixture
def put_back(lost: Lost) -> Lost:
    restore_data(lost.settings, lost.backup, at=LATER)
    return lost


@pytest.fixture
def closed(put_back: Lost) -> Iterator[Wiring]:
    wiring = put_back.opened(restoring=True)
    yield wiring
    wiring.close()


def state(tx: Connection, subject: SubjectId) -> str:
    return str(tx.execute(select(SUBJECT.c.state).where(SUBJECT.c.id == subject)).scalar_one())


def here(wiring: Wiring, subject: SubjectId) -> int:
    person = TABLES["person"]
    with wiring.database.read() as tx:
        return len(tx.execute(select(person.c.id).where(person.c.subject_id == subject)).all())


def answer(wiring: Wiring, subject: SubjectId) -> ReasonCode:
    asked = UseRequest(subject=subject, purpose="mail_marketing", channel="email")
    return check(wiring.ports, SENDER, asked, at=LATER).exact


@BOTH
def test_who_was_erased_stays_erased(lost: Lost) -> None:
    done = restore_data(lost.settings, lost.backup, at=LATER)
    assert dict(done.to_do) == {"erasure": 1, "hold": 1, "withdrawal": 1}
    with pytest.raises(RestoredClosedError):
        lost.opened()
    closed = lost.opened(restoring=True)
    try:
        assert here(closed, lost.erased)  # in the old data she is
        with pytest.raises(TreeRolledBackError):  # two persons have not said what is lost
            reopen_data(closed, OPERATOR)
        declared(closed)
        report = reopen_data(closed, OPERATOR)
        wanted = {"choices": 1, "holds": 1, "releases": 0, "erasures": 1, "keys": 0, "matters": 0}
        assert dict(report.done) == wanted
        assert dict(reopen_data(closed, OPERATOR).done) == dict.fromkeys(report.done, 0)
    finally:
        closed.close()
    wiring = lost.opened()
    try:
        assert not here(wiring, lost.erased)
        with wiring.database.read() as tx:
            assert state(tx, lost.erased) == SubjectState.ERASED.value
            assert tx.execute(select(HOLD.c.subject_id)).scalars().all() == [lost.held]
            (restored,) = events(tx, EventCode.BACKUP_RESTORED)
        assert (
            restored.counts == "choices=1,erasures=1,holds=1,keys=0,matters=0,releases=0,deferred=0"
        )
        assert answer(wiring, lost.erased) is not ReasonCode.PERMIT
        assert answer(wiring, lost.withdrew) is not ReasonCode.PERMIT
        assert [here(wiring, one) for one in (lost.withdrew, lost.held)] == [1, 1]
    finally:
        wiring.close()


def test_before_it_was_lost_both_were_permitted(wiring: Wiring) -> None:
    one, *_ = subjects(wiring)
    say(wiring, one, EventKind.GIVEN)
    assert answer(wiring, one) is ReasonCode.PERMIT


def test_an_erasure_waits_for_a_hold_and_a_release_of_the_journal_ends_it(
    closed: Wiring, put_back: Lost
) -> None:
    declared(closed)
    row = hold(closed, put_back.erased)
    report = reopen_data(closed, OPERATOR)
    assert (report.done["erasures"], report.deferred) == (0, 1)
    assert here(closed, put_back.erased)
    told(closed, JournalKind.RELEASE, put_back.erased, scope="suit:1", event=row)
    report = reopen_data(closed, OPERATOR)
    assert (report.done["releases"], report.done["erasures"], report.deferred) == (1, 1, 0)
    assert not here(closed, put_back.erased)


def test_an_erasure_that_did_not_come_to_it_is_not_done_again(
    closed: Wiring, put_back: Lost
) -> None:
    declared(closed)
    row = new_row_id()
    told(closed, JournalKind.ERASURE, put_back.withdrew, event=row)
    told(closed, JournalKind.ERASURE_LIFTED, put_back.withdrew, event=row)
    reopen_data(closed, OPERATOR)
    assert here(closed, put_back.withdrew)


def test_only_who_may_restore_opens_it(closed: Wiring) -> None:
    declared(closed)
    with pytest.raises(RetentionRefusedError):
        reopen_data(closed, OFFICER)


def test_it_stays_closed_while_something_is_left(closed: Wiring, put_back: Lost) -> None:
    declared(closed)
    told(closed, JournalKind.WITHDRAWAL, put_back.held, scope="a_purpose_of_another_policy/*/*")
    with pytest.raises(NotReappliedError):
        reopen_data(closed, OPERATOR)
    closed.close()
    with pytest.raises(RestoredClosedError):
        put_back.opened()


@BOTH
def test_a_restore_replaces_nothing(put_back: Lost) -> None:
    with pytest.raises(RestoreTargetError):
        restore_data(put_back.settings, put_back.backup, at=LATER)


def test_an_older_journal_is_refused(lost: Lost) -> None:
    """Whoever puts the journal back too has lost the erasure that it told of."""
    lines = lost.settings.journal.read_bytes().splitlines(keepends=True)
    lost.settings.journal.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(JournalBehindError):
        restore_data(lost.settings, lost.backup, at=LATER)
    lost.settings.journal.write_bytes(lines[0])
    lost.settings.journal_head.unlink()
    with pytest.raises(JournalBehindError):  # the backup itself knows a later one
        restore_data(lost.settings, lost.backup, at=LATER)


def test_what_lies_apart_must_be_there_and_is_not_made_anew(lost: Lost) -> None:
    apart = lost.settings.journal, Path(lost.settings.keys.removeprefix("sqlite:///"))
    for needed in apart:
        away = needed.rename(needed.with_name("away"))
        with pytest.raises(RestorePartMissingError) as refused:
            restore_data(lost.settings, lost.backup, at=LATER)
        assert refused.value.params == {"path": str(needed)}
        assert not needed.exists()
        away.rename(needed)


def test_a_backup_of_the_other_engine_is_refused(lost: Lost, tmp_path: Path) -> None:
    other = lost.settings.model_copy(
        update={
            "database_url": f"sqlite:///{tmp_path / 'other.db'}"
            if lost.settings.database_url
            else "postgresql://nobody@127.0.0.1:1/x"
        }
    )
    with pytest.raises(BackupForeignError):
        restore_data(other, lost.backup, at=LATER)
    assert not (tmp_path / "other.db").exists()


@BOTH
def test_a_damaged_backup_leaves_the_place_empty(lost: Lost) -> None:
    content = bytearray(lost.backup.read_bytes())
    content[-1] ^= 1
    lost.backup.write_bytes(content)
    with pytest.raises(FileDamagedError):
        restore_data(lost.settings, lost.backup, at=LATER)
    content[-1] ^= 1
    lost.backup.write_bytes(content)
    restore_data(lost.settings, lost.backup, at=LATER)  # nothing of the first stands in its way
