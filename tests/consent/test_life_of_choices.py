"""Ends, acts and birthdays on a whole installation: what the ledger and the log tell of them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from consent import ledger
from consent.activity import note_acts
from consent.checks import check
from consent.choices import Choice, ChoiceOutrunError, ChoiceTimeError, ChoiceUnknownError
from consent.expiring import expire_due
from consent.gates import UseRequest
from consent.growing import ask_again, due, month_after
from consent.proofs import Proof, ProofEndedError, proof_of, proof_view
from consent.service import choose, known_of
from consent.standing import tallies
from consent.types import By, EventKind, EvidenceGrade
from governance.app.wiring import SYSTEM, Wiring
from governance.core.terms import KeyClass, Lang, Law, RowId, SubjectId
from governance.customers.store import SUBJECT, subject_by_id
from governance.customers.subjects import AgeBand
from policies.api import ActionForbiddenError
from policies.reasons import ReasonCode
from tests.installation import AT, OFFICER, Stored, add_person, events, staff, system

OFFERS = "mail_marketing"  # 24 months, and 24 months of silence
SENDER = system("mail_sender", OFFERS)
PERSON = system("shop", OFFERS)
YEARS = timedelta(days=740)


def say(wiring: Wiring, subject: SubjectId, kind: EventKind, **other: object) -> int:
    at = other.pop("at", AT)
    by = other.pop("principal", OFFICER)
    choice = Choice(subject=subject, kind=kind, **({"purpose": OFFERS} | other))  # type: ignore[arg-type] # named parts of a choice
    return choose(wiring.ports, by, choice, at=at)  # type: ignore[arg-type] # an instant


def code(wiring: Wiring, subject: SubjectId, *, at: datetime = AT) -> ReasonCode:
    request = UseRequest(subject=subject, purpose=OFFERS)
    return check(wiring.ports, SENDER, request, at=at).exact


def told(wiring: Wiring, subject: SubjectId) -> list[EventKind]:
    with wiring.database.read() as tx:
        return [event.kind for event in ledger.full_history(tx, subject)]


def nightly(wiring: Wiring, *, at: datetime) -> int:
    done, last = wiring.database.write(
        lambda tx: expire_due(tx, wiring.ports, after=0, limit=500, by=SYSTEM, at=at)
    )
    assert last is None
    return done


def logged(wiring: Wiring, action: str) -> tuple[Stored, ...]:
    with wiring.database.read() as tx:
        return events(tx, action)


def last_event(wiring: Wiring) -> RowId:
    with wiring.database.read() as tx:
        newest = select(ledger.EVENT.c.id).order_by(ledger.EVENT.c.seq.desc()).limit(1)
        return RowId(tx.execute(newest).scalar_one())


# --- ends


def test_an_end_is_entered_once_and_changes_no_answer(installation: Wiring) -> None:
    ended, running = add_person(installation), add_person(installation)
    say(installation, ended, EventKind.GIVEN, at=AT - YEARS)
    say(installation, running, EventKind.GIVEN)
    before = code(installation, ended)
    assert before is ReasonCode.SUBJECT_EXPIRED
    assert [nightly(installation, at=AT) for _ in range(2)] == [1, 0]
    assert told(installation, ended) == [EventKind.GIVEN, EventKind.EXPIRED]
    assert told(installation, running) == [EventKind.GIVEN]
    assert code(installation, ended) is before
    with installation.database.read() as tx:
        entry = ledger.full_history(tx, ended)[-1]
    assert entry.occurred_at == (AT - YEARS).replace(year=(AT - YEARS).year + 2)
    assert len(logged(installation, "consent.expired")) == 1
    assert [entry for entry in installation.journal.replay() if entry.seq > 0] == [], (
        "a restore must not tell that the person withdrew"
    )


def test_one_cell_that_ended_leaves_the_others_open(on_sqlite: Wiring) -> None:
    subject, calls = add_person(on_sqlite), "phone_marketing"
    say(on_sqlite, subject, EventKind.GIVEN, purpose=calls, channel="phone", at=AT - YEARS)
    say(on_sqlite, subject, EventKind.GIVEN, purpose=calls, channel="sms")
    assert nightly(on_sqlite, at=AT) == 2  # inside the company, and to processors
    with on_sqlite.database.read() as tx:
        purpose = on_sqlite.policies.current.purpose(calls)
        assert purpose is not None
        known = known_of(tx, subject, purpose, at=AT)
    assert known.decide(channel="sms", recipient=None, at=AT)
    assert not known.decide(channel="phone", recipient=None, at=AT)


def test_an_act_after_the_silence_revives_nothing(installation: Wiring) -> None:
    subject = add_person(installation)
    say(installation, subject, EventKind.GIVEN, at=AT - YEARS, principal=PERSON)
    acts = {subject: AT.date()}
    note = lambda tx: note_acts(tx, installation.ports, acts, by=SYSTEM, at=AT)  # noqa: E731
    assert installation.database.write(note) == 1
    assert told(installation, subject) == [EventKind.GIVEN, EventKind.EXPIRED]
    assert installation.database.write(note) == 0
    with installation.database.read() as tx:
        found = subject_by_id(tx, subject, on=AT.date())
    assert found is not None
    assert found.last_active_on == AT.date()


def test_a_choice_of_the_person_is_an_act_and_an_entry_by_staff_is_none(
    on_sqlite: Wiring,
) -> None:
    theirs, ours = add_person(on_sqlite), add_person(on_sqlite)
    say(on_sqlite, theirs, EventKind.GIVEN, principal=PERSON)
    say(on_sqlite, ours, EventKind.GIVEN)
    with on_sqlite.database.read() as tx:
        days = dict(tx.execute(select(SUBJECT.c.id, SUBJECT.c.last_active_on)).all())
    assert days == {theirs: date(2026, 10, 1), ours: None}


def test_tomorrow_is_no_act_and_yesterday_takes_nothing_back(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite)

    def note(day: date) -> int:
        return on_sqlite.database.write(
            lambda tx: note_acts(tx, on_sqlite.ports, {subject: day}, by=SYSTEM, at=AT)
        )

    assert [note(AT.date() + timedelta(days=n)) for n in (1, 0, -1)] == [0, 1, 0]


# --- growing up


def test_a_guardians_consent_is_asked_about_and_listed_and_then_ends(installation: Wiring) -> None:
    child = add_person(installation, band=AgeBand.AT_15, guardian=True)
    say(installation, child, EventKind.GIVEN, guardian=True)
    assert code(installation, child) is ReasonCode.PERMIT
    grown = month_after(AT.date())
    facts = {"birth_band": AgeBand.FROM_16.value, "grown_on": grown}
    installation.database.write(
        lambda tx: tx.execute(update(SUBJECT).where(SUBJECT.c.id == child).values(**facts))
    )
    asked = installation.database.write(
        lambda tx: ask_again(tx, installation.ports, child, by=SYSTEM, at=AT)
    )
    assert asked == 1
    assert told(installation, child) == [EventKind.GIVEN, EventKind.REQUESTED]
    assert code(installation, child) is ReasonCode.PERMIT
    with installation.database.read() as tx:
        (one,) = due(tx, installation.policies.current)
    assert (one.subject, one.purpose, one.ends_at.date()) == (child, OFFERS, date(2027, 4, 30))
    late = AT + timedelta(days=220)
    assert code(installation, child, at=late) is ReasonCode.SUBJECT_RECONFIRM_DUE
    say(installation, child, EventKind.GIVEN, at=late, principal=PERSON)
    assert code(installation, child, at=late) is ReasonCode.PERMIT
    with installation.database.read() as tx:
        assert due(tx, installation.policies.current) == ()


@pytest.mark.parametrize(
    ("day", "first"), [((2026, 12, 31), (2027, 1, 1)), ((2026, 1, 1), (2026, 2, 1))]
)
def test_the_month_tells_no_birthday(
    day: tuple[int, int, int], first: tuple[int, int, int]
) -> None:
    assert month_after(date(*day)) == date(*first)


# --- proof


def test_the_proof_tells_what_the_person_saw_and_did(installation: Wiring) -> None:
    subject = add_person(installation)
    say(
        installation,
        subject,
        EventKind.GIVEN,
        method="paper",
        place="counter 3",
        action="signature",
        shown="メールマガジンを受け取る",
        statement="よろしくお願いします",
        notice_version="3.0",
        collection_point="counter",
        collection_version=2,
        occurred_at=AT - timedelta(days=2),
        user_agent="unknown",
        lang=Lang.EN,
    )
    view = proof_view(installation.ports, OFFICER, last_event(installation), at=AT)
    assert view.proof == Proof(
        method="paper",
        place="counter 3",
        action="signature",
        statement="よろしくお願いします",
        shown="メールマガジンを受け取る",
        user_agent="unknown",
        actor=OFFICER.id,
    )
    assert (view.acted_by, view.event.notice_version) == (By.OFFICER, "3.0")
    assert (view.collection_point, view.collection_version) == ("counter", 2)
    assert view.event.occurred_at == AT - timedelta(days=2)
    assert view.recorded_at == AT
    assert view.text_is_the_one_shown is True
    with installation.database.read() as tx:
        notice = view.event.notice
        assert notice is not None
        assert view.notice_text == ledger.notice_text(tx, notice, "3.0", Lang.EN)
    (read,) = logged(installation, "consent.proof_read")
    assert read.object_id == view.id


def test_a_changed_text_is_told(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite)
    say(on_sqlite, subject, EventKind.GIVEN)
    on_sqlite.database.write(
        lambda tx: tx.execute(update(ledger.NOTICE).values(text_en="something else"))
    )
    view = proof_view(on_sqlite.ports, OFFICER, last_event(on_sqlite), at=AT)
    assert view.text_is_the_one_shown is False


def test_the_proof_is_for_whom_may_read_choices(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite)
    say(on_sqlite, subject, EventKind.GIVEN)
    event = last_event(on_sqlite)
    with pytest.raises(ActionForbiddenError):
        proof_view(on_sqlite.ports, staff("analyst"), event, at=AT)
    assert logged(on_sqlite, "consent.proof_read") == ()


def test_a_proof_names_the_guardian_relation(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite, band=AgeBand.AT_13, guardian=True)
    say(on_sqlite, subject, EventKind.GIVEN, guardian=True)
    with on_sqlite.database.read() as tx:
        proof = proof_of(tx, on_sqlite.ports, last_event(on_sqlite))
        entry = ledger.full_history(tx, subject)[-1]
    assert proof.guardians == ()  # the register's own day, no relation
    assert (entry.guardian, entry.minor) == (True, True)


# --- entered late


def test_a_grant_on_paper_does_not_overtake_a_withdrawal(installation: Wiring) -> None:
    subject = add_person(installation)
    say(installation, subject, EventKind.WITHDRAWN, at=AT - timedelta(days=1))
    with pytest.raises(ChoiceOutrunError):
        say(installation, subject, EventKind.GIVEN, occurred_at=AT - timedelta(days=2))
    assert told(installation, subject) == [EventKind.WITHDRAWN]
    say(installation, subject, EventKind.GIVEN, occurred_at=AT - timedelta(hours=2))
    assert code(installation, subject) is ReasonCode.PERMIT


def test_a_late_withdrawal_always_counts(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite)
    say(on_sqlite, subject, EventKind.GIVEN)
    say(on_sqlite, subject, EventKind.WITHDRAWN, occurred_at=AT - timedelta(days=9))
    assert code(on_sqlite, subject) is ReasonCode.SUBJECT_WITHDRAWN


def test_what_has_not_happened_yet_is_not_entered(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite)
    with pytest.raises(ChoiceTimeError):
        say(on_sqlite, subject, EventKind.GIVEN, occurred_at=AT + timedelta(seconds=1))
    with pytest.raises(ChoiceTimeError):
        say(on_sqlite, subject, EventKind.GIVEN, valid_until=AT)
    with pytest.raises(ChoiceUnknownError):
        say(on_sqlite, subject, EventKind.GIVEN, notice_version="99.9")
    assert told(on_sqlite, subject) == []


def test_the_end_that_the_person_set_ends_it(on_sqlite: Wiring) -> None:
    subject, end = add_person(on_sqlite), AT + timedelta(days=3)
    say(on_sqlite, subject, EventKind.GIVEN, valid_until=end)
    assert code(on_sqlite, subject, at=end - timedelta(seconds=1)) is ReasonCode.PERMIT
    assert code(on_sqlite, subject, at=end) is ReasonCode.SUBJECT_EXPIRED


def test_a_pre_ticked_box_is_on_record_as_such(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite, laws=(Law.APPI, Law.GDPR))
    say(on_sqlite, subject, EventKind.GIVEN, evidence=EvidenceGrade.PRE_TICKED)
    assert code(on_sqlite, subject) is ReasonCode.SUBJECT_NO_CONSENT


def test_a_proof_stays_when_the_active_key_goes(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite)
    say(on_sqlite, subject, EventKind.GIVEN, method="paper")
    on_sqlite.vault.destroy(subject, KeyClass.ACTIVE)
    view = proof_view(on_sqlite.ports, OFFICER, last_event(on_sqlite), at=AT)
    assert view.proof.method == "paper"
    on_sqlite.vault.destroy(subject, KeyClass.RECORD)
    with pytest.raises(ProofEndedError):
        proof_view(on_sqlite.ports, OFFICER, last_event(on_sqlite), at=AT)


# --- counts


def test_choices_are_counted_by_japanese_month(installation: Wiring) -> None:
    for day in (datetime(2026, 8, 31, 14, 59, tzinfo=UTC), datetime(2026, 8, 31, 15, tzinfo=UTC)):
        subject = add_person(installation)
        for _ in range(2):
            say(installation, subject, EventKind.GIVEN, at=day)
    with installation.database.read() as tx:
        monthly = tallies(tx, monthly=True)
        whole = tallies(tx, since=datetime(2026, 8, 31, 15, tzinfo=UTC))
    assert [(one.month, one.events, one.persons) for one in monthly] == [
        ("2026-08", 2, 1),
        ("2026-09", 2, 1),
    ]
    assert [(one.month, one.events) for one in whole] == [("", 2)]
