"""Checking a use and recording a choice, on a whole installation."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, select

from audit.decisions.models import DECISIONS
from audit.decisions.store import RECORDS, decision_by_id, prove_decision, record_of
from audit.decisions.types import DecisionRecord
from audit.models import PARTS
from consent import ledger
from consent.checks import CheckAnswer, check
from consent.choices import Choice, ChoiceUnknownError
from consent.gates import UseRequest
from consent.notices.shipped import shipped
from consent.proofs import PROOF
from consent.service import choose
from consent.state.live import PERMIT_LIFE
from consent.types import EVERY, EventKind
from governance.app.wiring import Wiring
from governance.core.errors import NotFoundError
from governance.core.ids import new_subject_id
from governance.core.terms import KeyClass, Law, SubjectId
from governance.customers.store import set_state
from governance.customers.subjects import AgeBand, SubjectState
from governance.http.principal import ANONYMOUS, Principal
from governance.jobs.errors import JournalUnwritableError
from governance.jobs.journal_record import JournalEntry, JournalKind
from policies.reasons import ReasonCode
from policies.snapshot import NO_POLICY, PolicyHolder
from tests.installation import AT, OFFICER, add_person, events, staff, system

SENDER = system("mail_sender", "mail_marketing", "order_fulfilment")
SHOP = system("shop", "mail_marketing", "location_use", "order_fulfilment")
OFFERS = "mail_marketing"


def ask(
    wiring: Wiring,
    subject: str,
    principal: Principal = SENDER,
    purpose: str = OFFERS,
    **other: object,
) -> CheckAnswer:
    at = other.pop("at", AT)
    request = UseRequest(subject=SubjectId(subject), purpose=purpose, **other)  # type: ignore[arg-type] # named parts of a request
    return check(wiring.ports, principal, request, at=at)  # type: ignore[arg-type] # an instant


def recorded(wiring: Wiring) -> list[DecisionRecord]:
    """Every recorded decision in its order, once the queue is empty."""
    wiring.ports.decisions.settle()
    with wiring.database.read() as tx:
        rows = tx.execute(RECORDS.order_by(DECISIONS.c.n)).all()
    return [record_of(row) for row in rows]


def say(wiring: Wiring, subject: SubjectId, kind: EventKind, **other: object) -> int:
    at = other.pop("at", AT)
    plain: dict[str, object] = {"purpose": OFFERS}
    choice = Choice(subject=subject, kind=kind, **(plain | other))  # type: ignore[arg-type] # named parts of a choice
    return choose(wiring.ports, OFFICER, choice, at=at)  # type: ignore[arg-type] # an instant


def code(answer: CheckAnswer) -> str:
    return answer.reasons[0].code.value


def test_a_permit_is_short_and_names_what_it_rests_on(installation: Wiring) -> None:
    subject = add_person(installation)
    assert not ask(installation, subject)
    seq = say(installation, subject, EventKind.GIVEN)
    answer = ask(installation, subject)
    assert answer
    assert answer.valid_until == AT + PERMIT_LIFE
    assert (answer.consent_seq, answer.policy_version) == (
        seq,
        installation.policies.current.version,
    )


def test_a_permit_never_outlives_the_consent(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite)
    say(on_sqlite, subject, EventKind.GIVEN, at=AT - timedelta(days=731))
    assert code(ask(on_sqlite, subject)) == "denied.subject"
    other = add_person(on_sqlite)
    end = AT + PERMIT_LIFE / 2
    say(on_sqlite, other, EventKind.GIVEN, at=end.replace(year=2024))
    assert ask(on_sqlite, other).valid_until == end


def test_every_check_is_recorded_once_with_the_exact_code(installation: Wiring) -> None:
    subject = add_person(installation)
    say(installation, subject, EventKind.GIVEN)
    ask(installation, subject)
    say(installation, subject, EventKind.WITHDRAWN)
    answer = ask(installation, subject)
    first, second = recorded(installation)
    said = [(one.column("outcome"), one.column("reasons")) for one in (first, second)]
    assert said == [("permit", "permit"), ("deny", "denied.subject.withdrawn")]
    assert second.column("id") == answer.decision_id
    assert second.link is not None
    assert second.link.subject == subject
    with installation.database.read() as tx:
        assert prove_decision(tx, answer.decision_id).record == second


def test_about_special_care_data_the_record_comes_before_the_answer(on_sqlite: Wiring) -> None:
    adviser = system("mail_sender", "health_consultation")
    answer = ask(on_sqlite, add_person(on_sqlite), adviser, "health_consultation")
    with on_sqlite.database.read() as tx:  # without waiting for the queue
        assert decision_by_id(tx, answer.decision_id).column("outcome") == "deny"


def test_a_process_that_is_closed_leaves_no_decision_behind(on_sqlite: Wiring) -> None:
    answer = ask(on_sqlite, add_person(on_sqlite))
    on_sqlite.ports.decisions.close()
    assert code(ask(on_sqlite, add_person(on_sqlite))) == "unavailable.audit"
    with on_sqlite.database.read() as tx:
        assert decision_by_id(tx, answer.decision_id).link is not None


def test_only_those_who_may_explain_see_why_a_person_is_refused(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite)
    say(on_sqlite, subject, EventKind.WITHDRAWN)
    hidden = ask(on_sqlite, subject)
    assert code(hidden) == "denied.subject"
    assert hidden.exact is ReasonCode.SUBJECT_WITHDRAWN
    assert "withdrawn" not in json.dumps(hidden.as_json())
    say(on_sqlite, subject, EventKind.RESTRICTED, purpose=EVERY)
    both = replace(OFFICER, roles=frozenset({"privacy_officer", "marketing"}))
    shown = ask(on_sqlite, subject, both)
    assert code(shown) == "denied.subject.restricted"


def test_an_unknown_person_looks_like_any_refused_one(on_sqlite: Wiring) -> None:
    known, unknown = add_person(on_sqlite), new_subject_id()
    shapes = []
    for subject in (known, unknown):
        shape = ask(on_sqlite, subject).as_json()
        shapes.append({k: v for k, v in shape.items() if k != "decision_id"})
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("subject", ["yamada-taro", "09012345678", "山田太郎", "a@example.com", ""])
def test_an_id_that_may_be_a_name_never_reaches_the_log(on_sqlite: Wiring, subject: str) -> None:
    assert code(ask(on_sqlite, subject)) == "denied.subject"
    (record,) = recorded(on_sqlite)
    assert (record.link, record.column("about")) == (None, None)
    assert record.column("reasons") == "denied.subject.unknown"


@pytest.mark.parametrize(
    ("principal", "purpose", "other", "expected"),
    [
        (SENDER, "", {}, "denied.purpose.missing"),
        (SENDER, "astrology", {}, "denied.purpose.unknown"),
        (SENDER, "MAIL_MARKETING", {}, "denied.purpose.unknown"),
        (ANONYMOUS, OFFERS, {}, "denied.actor.anonymous"),
        (system("mail_sender"), OFFERS, {}, "denied.actor.purpose_not_granted"),
        (staff("support"), OFFERS, {}, "denied.actor.no_rule"),
        (staff("nobody"), OFFERS, {}, "denied.actor.unknown_role"),
        (SENDER, OFFERS, {"field": "person.shoe_size"}, "denied.actor.unknown_field"),
        (SENDER, OFFERS, {"field": "person.birth_date"}, "denied.actor.no_rule"),
        (SENDER, OFFERS, {"channel": "sms"}, "denied.purpose.channel"),
        (SENDER, OFFERS, {"recipient": "third_party:x"}, "denied.purpose.recipient"),
        (SENDER, OFFERS, {"recipient": "processor:x"}, "denied.purpose.recipient_unknown"),
        (SENDER, OFFERS, {"country": "CN"}, "denied.purpose.country"),
        (SENDER, OFFERS, {"min_seq": 999}, "unavailable.stale"),
    ],
)
def test_each_gate_refuses_by_its_own_code(
    on_sqlite: Wiring,
    principal: Principal,
    purpose: str,
    other: dict[str, object],
    expected: str,
) -> None:
    subject = add_person(on_sqlite)
    say(on_sqlite, subject, EventKind.GIVEN)
    assert code(ask(on_sqlite, subject, principal, purpose, **other)) == expected


def test_without_a_policy_nothing_is_permitted_and_a_withdrawal_still_counts(
    on_sqlite: Wiring,
) -> None:
    subject = add_person(on_sqlite)
    say(on_sqlite, subject, EventKind.GIVEN)
    bare = replace(on_sqlite, ports=replace(on_sqlite.ports, policies=PolicyHolder(NO_POLICY)))
    assert code(ask(bare, subject)) == "unavailable.policy"
    say(bare, subject, EventKind.WITHDRAWN)
    assert ask(on_sqlite, subject).exact is ReasonCode.SUBJECT_WITHDRAWN


@pytest.mark.parametrize("given", ["架空 花子", "a b", "x" * 201, "", "a@example.com"])
def test_a_strange_request_id_costs_no_decision_and_is_not_kept(
    on_sqlite: Wiring, given: str
) -> None:
    subject = add_person(on_sqlite)
    assert code(ask(on_sqlite, subject, request_id=given)) == "denied.subject"
    ask(on_sqlite, subject, request_id="req-1")
    assert [one.column("request_id") for one in recorded(on_sqlite)] == [None, "req-1"]


def test_an_analyst_asks_for_analysis_without_naming_a_field(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite)
    platform = system("analytics", "purchase_analysis")
    say(on_sqlite, subject, EventKind.GIVEN, purpose="purchase_analysis")
    assert ask(on_sqlite, subject, platform, "purchase_analysis")


def test_a_file_code_names_the_same_purpose(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite)
    say(on_sqlite, subject, EventKind.GIVEN, purpose="P02")
    assert ask(on_sqlite, subject)
    say(on_sqlite, subject, EventKind.WITHDRAWN, purpose="P02")
    assert ask(on_sqlite, subject, purpose="P02").exact is ReasonCode.SUBJECT_WITHDRAWN


@pytest.mark.parametrize(
    "other",
    [{"purpose": "mail_marketting"}, {"channel": "e-mail"}, {"recipient_class": "everyone"}],
)
def test_a_choice_about_nothing_known_is_refused_before_anything_is_written(
    on_sqlite: Wiring, other: dict[str, object]
) -> None:
    subject = add_person(on_sqlite)
    before = on_sqlite.journal.head
    with pytest.raises(ChoiceUnknownError):
        say(on_sqlite, subject, EventKind.WITHDRAWN, **other)
    assert on_sqlite.journal.head == before


def test_a_choice_of_nobody_is_refused_before_anything_is_written(on_sqlite: Wiring) -> None:
    before = on_sqlite.journal.head
    with pytest.raises(NotFoundError):
        say(on_sqlite, new_subject_id(), EventKind.WITHDRAWN)
    assert on_sqlite.journal.head == before


@pytest.mark.parametrize(
    ("kind", "journalled"),
    [
        (EventKind.WITHDRAWN, JournalKind.WITHDRAWAL),
        (EventKind.REFUSED, JournalKind.WITHDRAWAL),
        (EventKind.INVALIDATED, JournalKind.WITHDRAWAL),
        (EventKind.EXPIRED, JournalKind.WITHDRAWAL),
        (EventKind.OBJECTED, JournalKind.OBJECTION),
        (EventKind.SIGNAL, JournalKind.OBJECTION),
        (EventKind.RESTRICTED, JournalKind.RESTRICTION),
        (EventKind.OBJECTION_LIFTED, JournalKind.OBJECTION_LIFTED),
        (EventKind.RESTRICTION_LIFTED, JournalKind.RESTRICTION_LIFTED),
        (EventKind.GIVEN, None),
        (EventKind.RENEWED, None),
        (EventKind.REQUESTED, None),
    ],
)
def test_the_journal_holds_what_a_restore_must_honour(
    on_sqlite: Wiring, kind: EventKind, journalled: JournalKind | None
) -> None:
    subject = add_person(on_sqlite)
    say(on_sqlite, subject, kind)
    found = [record.entry for record in on_sqlite.journal.replay() if record.seq > 0]
    assert [entry.kind for entry in found] == ([journalled] if journalled else [])
    if found:
        assert found[0].subject == subject
        assert found[0].scope == "mail_marketing/*/*"


class CrashError(RuntimeError):
    """The process died here."""


class FullDisk:
    """A journal that has no place left; the one thing of it that is used."""

    def append(self, _entry: JournalEntry) -> None:
        raise JournalUnwritableError(reason="OSError")


def crash(tx: Connection, *_a: object, **_k: object) -> int:
    """The process dies inside the transaction."""
    raise CrashError


def test_a_crash_after_the_journal_leaves_the_entry_and_no_permit(
    on_sqlite: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = add_person(on_sqlite)
    say(on_sqlite, subject, EventKind.GIVEN)
    monkeypatch.setattr("consent.service.record", crash)
    with pytest.raises(CrashError):
        say(on_sqlite, subject, EventKind.WITHDRAWN)
    monkeypatch.undo()
    (entry,) = [record.entry for record in on_sqlite.journal.replay()]
    assert (entry.kind, entry.subject) == (JournalKind.WITHDRAWAL, subject)
    with on_sqlite.database.read() as tx:
        stored = {event.kind for event in ledger.full_history(tx, subject)}
    assert stored == {EventKind.GIVEN}, "nobody was told that the withdrawal holds"


def test_a_crash_while_lifting_leaves_the_objection(
    on_sqlite: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = add_person(on_sqlite)
    say(on_sqlite, subject, EventKind.OBJECTED)
    monkeypatch.setattr("consent.service.record", crash)
    with pytest.raises(CrashError):
        say(on_sqlite, subject, EventKind.OBJECTION_LIFTED)
    assert [record.entry.kind for record in on_sqlite.journal.replay()] == [JournalKind.OBJECTION]


def test_a_journal_that_cannot_be_written_stores_no_withdrawal(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite)
    full = replace(on_sqlite.ports, journal=FullDisk())  # type: ignore[arg-type] # a faked port
    with pytest.raises(JournalUnwritableError):
        say(replace(on_sqlite, ports=full), subject, EventKind.WITHDRAWN)
    with on_sqlite.database.read() as tx:
        assert ledger.full_history(tx, subject) == ()


def test_the_proof_is_sealed_under_the_record_key_and_outlives_the_active_one(
    installation: Wiring,
) -> None:
    subject = add_person(installation)
    words = "メールをやめてください（架空）"
    numbered = f"{words} 個人番号 123456789018"
    say(installation, subject, EventKind.WITHDRAWN, statement=numbered)
    with installation.database.read() as tx:
        row = tx.execute(select(ledger.EVENT).where(ledger.EVENT.c.subject_id == subject)).one()
    assert words.encode() not in bytes(row.proof)
    installation.vault.destroy(subject, KeyClass.ACTIVE)
    opened = installation.vault.open_row(row.id, {PROOF: bytes(row.proof)})
    said = json.loads(opened[PROOF].value)["statement"]  # type: ignore[arg-type] # bytes
    assert said.startswith(words)
    assert "123456789018" not in said
    installation.vault.destroy(subject, KeyClass.RECORD)
    with pytest.raises(Exception, match="key"):
        installation.vault.open_row(row.id, {PROOF: bytes(row.proof)})


def test_the_log_holds_the_persons_words_sealed_only(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite)
    say(on_sqlite, subject, EventKind.OBJECTED, statement="電話はやめて（架空）")
    with on_sqlite.database.read() as tx:
        (event,) = events(tx, "objection.raised")
        part = tx.execute(select(PARTS).where(PARTS.c.event_id == event.id)).one()
    assert part.subject == subject
    assert "架空".encode() not in bytes(part.payload)
    opened = on_sqlite.vault.open_part(part.id, bytes(part.payload))
    assert json.loads(opened) == {"statement": "電話はやめて（架空）"}


def test_a_choice_binds_to_the_notice_in_force(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite)
    say(on_sqlite, subject, EventKind.GIVEN)
    with on_sqlite.database.read() as tx:
        (event,) = ledger.full_history(tx, subject)
        row = tx.execute(select(ledger.EVENT)).one()
        newest = [n for n in ledger.notices(tx) if n.notice == "marketing"][-1]
    assert (event.notice, event.notice_version) == ("marketing", newest.version)
    assert (row.notice_hash, row.notice_lang) == (newest.text_hash, "ja")


def test_a_restricted_person_is_refused_whatever_was_given(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite)
    say(on_sqlite, subject, EventKind.GIVEN)
    on_sqlite.database.write(lambda tx: set_state(tx, subject, SubjectState.RESTRICTED))
    assert ask(on_sqlite, subject).exact is ReasonCode.SUBJECT_RESTRICTED
    on_sqlite.database.write(lambda tx: set_state(tx, subject, SubjectState.ACTIVE))
    assert ask(on_sqlite, subject)


@pytest.mark.parametrize("band", [AgeBand.UNDER_13, AgeBand.FROM_13])
def test_a_minor_without_guardian_is_refused(on_sqlite: Wiring, band: AgeBand) -> None:
    alone = add_person(on_sqlite, band=band)
    say(on_sqlite, alone, EventKind.GIVEN)
    assert ask(on_sqlite, alone).exact is ReasonCode.SUBJECT_MINOR_UNVERIFIED
    guarded = add_person(on_sqlite, band=band, guardian=True)
    say(on_sqlite, guarded, EventKind.GIVEN, guardian=True)
    assert ask(on_sqlite, guarded)


def test_gpc_narrows_location_for_good_and_analysis_until_an_opt_in(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite)
    platform = system("analytics", "purchase_analysis")
    for purpose in ("location_use", "purchase_analysis"):
        say(on_sqlite, subject, EventKind.GIVEN, purpose=purpose)
    say(on_sqlite, subject, EventKind.SIGNAL, purpose=EVERY)
    assert ask(on_sqlite, subject, SHOP, "location_use").exact is ReasonCode.SUBJECT_OBJECTED
    asked = partial(ask, on_sqlite, subject, platform, "purchase_analysis")
    assert asked().exact is ReasonCode.SUBJECT_OBJECTED
    for purpose in ("location_use", "purchase_analysis"):
        say(on_sqlite, subject, EventKind.RENEWED, purpose=purpose)
    assert ask(on_sqlite, subject, SHOP, "location_use").exact is ReasonCode.SUBJECT_OBJECTED
    assert asked()


def test_an_eu_person_stands_under_both_laws(on_sqlite: Wiring) -> None:
    subject = add_person(on_sqlite, laws=(Law.APPI, Law.GDPR))
    assert not ask(on_sqlite, subject)
    say(on_sqlite, subject, EventKind.GIVEN)
    assert ask(on_sqlite, subject)


def test_every_shipped_notice_is_published_with_both_texts(on_sqlite: Wiring) -> None:
    with on_sqlite.database.read() as tx:
        published = ledger.notices(tx)
    assert len(published) == len(shipped()) > 0
    named = {p.notice for p in on_sqlite.policies.current.purposes.values() if p.notice}
    assert named <= {version.notice for version in published}
    assert all(item.ja and item.en for item in shipped())
