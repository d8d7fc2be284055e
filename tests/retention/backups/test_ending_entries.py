"""Entries leave the control journal at their end, never before the oldest backup has ended."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from audit.actions import EventCode
from governance.app.backups import journal_finding
from governance.app.log_signing import LogSigning
from governance.app.wiring import Wiring, open_journal
from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import EventId, SubjectId
from governance.custody.log_key import change_log_key
from governance.customers.store import place_hold
from governance.jobs.errors import JournalSealError
from governance.jobs.journal import Journal
from governance.jobs.journal_record import JournalEntry, JournalKind
from retention.backups.creating import create
from retention.backups.desk import Desk
from retention.backups.ending_entries import (
    MARGIN,
    REASON,
    end_entries,
    journal_standing,
    let_end,
    require_told_since,
)
from retention.backups.errors import JournalLeftError
from retention.backups.journal_marks import MARK
from retention.errors import RetentionRefusedError
from tests.installation import AT, OFFICER, events, staff, subjects
from tests.retention.backups.conftest import BOTH, OPERATOR

OVER = AT + timedelta(days=401)  # the ledger of the shipped schedule is 400 days


def told(
    wiring: Wiring,
    *,
    subject: SubjectId | None = None,
    kind: JournalKind = JournalKind.WITHDRAWAL,
    at: datetime = AT,
) -> int:
    """The number of a new entry, by default about somebody who is not here."""
    entry = JournalEntry(
        kind=kind,
        subject=subject or new_subject_id(),
        scope="mail_marketing",
        event=EventId(new_row_id()),
        consent_seq=None,
        at=at,
    )
    return wiring.journal.append(entry).seq


def numbers(wiring: Wiring) -> list[int]:
    return [record.seq for record in wiring.journal.replay()]


def tellings(wiring: Wiring) -> list[str]:
    with wiring.database.read() as tx:
        return [str(found.counts) for found in events(tx, EventCode.JOURNAL_ENDED)]


@BOTH
def test_entries_leave_at_their_end_and_the_log_tells_it_once(wiring: Wiring, desk: Desk) -> None:
    old = [told(wiring), told(wiring)]
    assert desk.folder is not None
    desk.folder.mkdir()
    assert let_end(desk, OPERATOR, at=AT) is None
    young = told(wiring)
    assert let_end(desk, OPERATOR, at=OVER - timedelta(days=2)) is None
    assert numbers(wiring) == [*old, young]
    cut = let_end(desk, OPERATOR, at=OVER)
    assert cut is not None
    assert (cut.head.seq, cut.through, cut.reason) == (old[-1], AT, REASON)
    assert numbers(wiring) == [young]
    assert let_end(desk, OPERATOR, at=OVER) is None
    assert tellings(wiring) == [f"left={cut.entries}"]
    assert journal_standing(desk, at=OVER).entries == 1


def test_what_an_entry_says_of_its_day_does_not_make_it_old(wiring: Wiring, desk: Desk) -> None:
    told(wiring)
    assert desk.folder is not None
    desk.folder.mkdir()
    let_end(desk, OPERATOR, at=AT)
    late = told(wiring, at=AT - timedelta(days=3000))
    let_end(desk, OPERATOR, at=OVER)
    assert numbers(wiring) == [late]


def test_no_entry_leaves_before_the_oldest_backup_has_ended(wiring: Wiring, desk: Desk) -> None:
    one = told(wiring)
    let_end(desk, OPERATOR, at=AT)
    made = create(desk, OPERATOR, at=AT + MARGIN - timedelta(minutes=1))
    assert let_end(desk, OPERATOR, at=OVER) is None
    assert numbers(wiring) == [one]
    made.path.unlink()
    create(desk, OPERATOR, at=AT + MARGIN)
    assert let_end(desk, OPERATOR, at=OVER) is not None
    assert numbers(wiring) == []


def test_nothing_leaves_while_nobody_knows_how_old_the_backups_are(
    wiring: Wiring, desk: Desk
) -> None:
    one = told(wiring)
    let_end(desk, OPERATOR, at=AT)
    assert let_end(desk, OPERATOR, at=OVER) is None, "the folder is not there"
    assert numbers(wiring) == [one]


def test_an_erasure_that_waits_for_a_hold_stays_in_the_journal(wiring: Wiring, desk: Desk) -> None:
    assert desk.folder is not None
    desk.folder.mkdir()
    here = subjects(wiring)[0]
    first = told(wiring)
    waits = told(wiring, subject=here, kind=JournalKind.ERASURE, at=AT + timedelta(minutes=1))
    wiring.database.write(lambda tx: place_hold(tx, here, matter="suit:1", by="u:lawyer", at=AT))
    told(wiring)
    let_end(desk, OPERATOR, at=AT)
    cut = let_end(desk, OPERATOR, at=OVER)
    assert cut is not None
    assert cut.head.seq == first
    assert numbers(wiring) == [waits, waits + 1]
    assert let_end(desk, OPERATOR, at=OVER) is None
    assert tellings(wiring) == [f"left={first}"]


def test_a_cut_whose_telling_was_killed_is_told_by_the_next(wiring: Wiring, desk: Desk) -> None:
    assert desk.folder is not None
    desk.folder.mkdir()
    one = told(wiring)
    let_end(desk, OPERATOR, at=AT)
    assert wiring.journal.cut(one, through=AT, reason=REASON, at=OVER) is not None
    assert tellings(wiring) == []
    assert let_end(desk, OPERATOR, at=OVER) is None
    assert let_end(desk, OPERATOR, at=OVER) is None
    assert tellings(wiring) == [f"left={one}"]


def test_marks_of_what_left_are_gone_but_for_the_last(wiring: Wiring, desk: Desk) -> None:
    assert desk.folder is not None
    desk.folder.mkdir()
    for day in range(3):
        told(wiring)
        let_end(desk, OPERATOR, at=AT + timedelta(days=day))
    let_end(desk, OPERATOR, at=OVER)
    with wiring.database.read() as tx:
        days = tx.execute(select(MARK.c.noted_at).order_by(MARK.c.seq)).scalars().all()
    assert days == [AT + timedelta(days=1), AT + timedelta(days=2)]


def test_the_cut_journal_opens_under_the_keys_of_the_log(wiring: Wiring, desk: Desk) -> None:
    assert desk.folder is not None
    desk.folder.mkdir()
    told(wiring)
    let_end(desk, OPERATOR, at=AT)
    let_end(desk, OPERATOR, at=OVER)
    change_log_key(wiring.ports, wiring.log_keys, OPERATOR.id, os_user=None, at=OVER)
    signing = LogSigning(wiring.settings, wiring.vault)
    again = open_journal(wiring.settings, wiring.vault, signing)
    try:
        assert again.head == wiring.journal.head
    finally:
        again.close()
    with pytest.raises(JournalSealError):
        Journal.open(wiring.settings.journal, installation=wiring.vault.ring.installation)


def test_a_copy_older_than_what_left_is_refused(wiring: Wiring, desk: Desk) -> None:
    assert desk.folder is not None
    desk.folder.mkdir()
    told(wiring)
    let_end(desk, OPERATOR, at=AT)
    require_told_since(wiring.journal.left, None)
    cut = let_end(desk, OPERATOR, at=OVER)
    require_told_since(cut, AT + MARGIN)
    for made in (AT + MARGIN - timedelta(seconds=1), AT - timedelta(days=400), None):
        with pytest.raises(JournalLeftError):
            require_told_since(cut, made)


def test_doctor_says_when_entries_stay_too_long(wiring: Wiring, desk: Desk) -> None:
    week = timedelta(days=7)
    assert journal_finding(wiring, AT, week).key == "doctor.journal_good"
    assert desk.folder is not None
    desk.folder.mkdir()
    told(wiring)
    let_end(desk, OPERATOR, at=AT)
    assert journal_finding(wiring, OVER, week).key == "doctor.journal_good"
    assert journal_finding(wiring, OVER + week, week).key == "doctor.journal_over"
    let_end(desk, OPERATOR, at=OVER + week)
    assert journal_finding(wiring, OVER + week, week).key == "doctor.journal_cut"


def test_only_who_may_make_backups_lets_entries_end(desk: Desk) -> None:
    with pytest.raises(RetentionRefusedError):
        end_entries(desk, staff("support"), at=AT)
    with pytest.raises(RetentionRefusedError):
        end_entries(desk, OFFICER, at=AT)
