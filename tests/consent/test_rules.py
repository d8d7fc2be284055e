"""Each rule of the third gate as a table or a claim."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest

from consent.rules import add_months, decide
from consent.types import (
    EVERY,
    ChangeClass,
    ConsentEvent,
    EventKind,
    EvidenceGrade,
    NoticeVersion,
    SubjectDecision,
    SubjectFacts,
)
from governance.core.terms import Law, NoticeId, PurposeId
from policies.purposes import Basis, Minors, Provision, PurposeRecord, Signal, SignalOverride
from policies.reasons import ReasonCode
from policies.snapshot import default_snapshot
from tests.consent.builders import ADULT, BOTH, NOW, OFFERS, VERSIONS, event, version

GIVEN, REFUSED, WITHDRAWN = EventKind.GIVEN, EventKind.REFUSED, EventKind.WITHDRAWN
APPI = frozenset({Law.APPI})


def ask(
    *history: ConsentEvent,
    facts: SubjectFacts | None = ADULT,
    purpose: PurposeRecord = OFFERS,
    notices: tuple[NoticeVersion, ...] = VERSIONS,
    channel: str | None = None,
    recipient: str = "internal",
    at: datetime = NOW,
) -> SubjectDecision:
    return decide(facts, purpose, history, notices, channel=channel, recipient=recipient, at=at)


def grounded(appi: Basis, gdpr: Basis | None = None) -> PurposeRecord:
    basis = {Law.APPI: appi} | ({Law.GDPR: gdpr} if gdpr else {})
    return replace(OFFERS, basis=MappingProxyType(basis), notice=None)


def test_no_word_of_the_person_is_no_consent() -> None:
    assert ask().code is ReasonCode.SUBJECT_NO_CONSENT


def test_an_unknown_person_is_refused_for_every_purpose() -> None:
    for purpose in default_snapshot().purposes.values():
        assert ask(facts=None, purpose=purpose).code is ReasonCode.SUBJECT_UNKNOWN


def test_a_grant_permits_and_names_its_event() -> None:
    decision = ask(event(GIVEN, 7))
    assert decision
    assert (decision.basis, decision.event_seq) == (Basis.CONSENT, 7)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (EventKind.REQUESTED, ReasonCode.SUBJECT_NO_CONSENT),
        (REFUSED, ReasonCode.SUBJECT_REFUSED),
        (WITHDRAWN, ReasonCode.SUBJECT_WITHDRAWN),
        (EventKind.INVALIDATED, ReasonCode.SUBJECT_NO_CONSENT),
        (EventKind.EXPIRED, ReasonCode.SUBJECT_EXPIRED),
    ],
)
def test_what_is_not_a_grant_is_refused_by_its_name(kind: EventKind, code: ReasonCode) -> None:
    assert ask(event(kind)).code is code


def test_a_request_leaves_the_choice_in_force() -> None:
    assert ask(event(GIVEN, 1), event(EventKind.REQUESTED, 2))
    assert ask(event(REFUSED, 1), event(EventKind.REQUESTED, 2)).code is ReasonCode.SUBJECT_REFUSED


def test_the_later_sequence_decides_not_the_later_clock() -> None:
    early, late = NOW - timedelta(days=9), NOW
    assert not ask(event(GIVEN, 1, occurred_at=late), event(WITHDRAWN, 2, occurred_at=early))
    assert ask(event(WITHDRAWN, 1, occurred_at=late), event(GIVEN, 2, occurred_at=early))


def test_a_renewal_opens_again_after_a_withdrawal() -> None:
    assert ask(event(WITHDRAWN, 1), event(EventKind.RENEWED, 2))


# --- basis per purpose and law


def test_a_purpose_on_contract_is_not_gated_by_a_consent_row() -> None:
    purpose = grounded(Basis.WITHIN_PURPOSE, Basis.CONTRACT)
    assert ask(event(WITHDRAWN), purpose=purpose)


def test_under_two_laws_both_must_permit() -> None:
    only_appi = grounded(Basis.WITHIN_PURPOSE)
    assert ask(purpose=only_appi, facts=replace(ADULT, laws=APPI))
    assert ask(purpose=only_appi).code is ReasonCode.PURPOSE_NO_BASIS


def test_consent_under_one_of_two_laws_gates_the_use() -> None:
    mixed = grounded(Basis.WITHIN_PURPOSE, Basis.CONSENT)
    assert ask(purpose=mixed, facts=replace(ADULT, laws=APPI))
    assert ask(purpose=mixed).code is ReasonCode.SUBJECT_NO_CONSENT


@pytest.mark.parametrize("provision", list(Provision))
def test_an_appi_provision_needs_consent_whatever_the_basis(provision: Provision) -> None:
    purpose = replace(
        grounded(Basis.WITHIN_PURPOSE, Basis.CONTRACT), provisions=frozenset({provision})
    )
    assert ask(purpose=purpose).code is ReasonCode.SUBJECT_NO_CONSENT


# --- objection


@pytest.mark.parametrize(
    ("appi", "gdpr", "direct", "blocked"),
    [
        (Basis.WITHIN_PURPOSE, Basis.LEGITIMATE_INTEREST, False, True),
        (Basis.WITHIN_PURPOSE, Basis.PUBLIC_TASK, False, True),
        (Basis.OPT_OUT, Basis.CONTRACT, False, True),
        (Basis.WITHIN_PURPOSE, Basis.CONTRACT, False, False),
        (Basis.LEGAL_OBLIGATION, Basis.LEGAL_OBLIGATION, False, False),
        (Basis.WITHIN_PURPOSE, Basis.CONTRACT, True, True),
        (Basis.CONSENT, Basis.CONSENT, True, True),
    ],
)
def test_an_objection_ends_legitimate_interest_and_direct_marketing(
    appi: Basis, gdpr: Basis, *, direct: bool, blocked: bool
) -> None:
    purpose = replace(grounded(appi, gdpr), direct_marketing=direct)
    history = (event(GIVEN, 1), event(EventKind.OBJECTED, 2), event(GIVEN, 3))
    decision = ask(*history, purpose=purpose)
    assert (decision.code is ReasonCode.SUBJECT_OBJECTED) is blocked
    if blocked:
        assert decision.event_seq == 2


def test_an_objection_stands_until_its_own_event_lifts_it() -> None:
    purpose = grounded(Basis.WITHIN_PURPOSE, Basis.LEGITIMATE_INTEREST)
    raised, lifted = event(EventKind.OBJECTED, 1), event(EventKind.OBJECTION_LIFTED, 2)
    assert not ask(raised, event(EventKind.RESTRICTION_LIFTED, 2), purpose=purpose)
    assert ask(raised, lifted, purpose=purpose)
    assert not ask(raised, lifted, event(EventKind.OBJECTED, 3), purpose=purpose)


def test_lifting_for_one_channel_leaves_the_objection_on_the_others() -> None:
    purpose = grounded(Basis.WITHIN_PURPOSE, Basis.LEGITIMATE_INTEREST)
    history = (event(EventKind.OBJECTED, 1), event(EventKind.OBJECTION_LIFTED, 2, channel="email"))
    assert ask(*history, purpose=purpose, channel="email")
    assert ask(*history, purpose=purpose, channel="sms").code is ReasonCode.SUBJECT_OBJECTED
    assert ask(*history, purpose=purpose).code is ReasonCode.SUBJECT_OBJECTED


def test_an_objection_to_everything_reaches_every_purpose() -> None:
    everything = event(EventKind.OBJECTED, purpose=EVERY)
    purpose = replace(
        grounded(Basis.WITHIN_PURPOSE, Basis.LEGITIMATE_INTEREST), id=PurposeId("other")
    )
    assert ask(everything, purpose=purpose).code is ReasonCode.SUBJECT_OBJECTED


# --- restriction and keeping for a law alone


@pytest.mark.parametrize(
    ("appi", "gdpr", "open_"),
    [
        (Basis.LEGAL_OBLIGATION, Basis.LEGAL_OBLIGATION, True),
        (Basis.WITHIN_PURPOSE, Basis.LEGAL_OBLIGATION, False),
        (Basis.WITHIN_PURPOSE, Basis.CONTRACT, False),
        (Basis.CONSENT, Basis.CONSENT, False),
    ],
)
@pytest.mark.parametrize("by_event", [True, False])
def test_a_restriction_stops_all_but_legal_duties(
    appi: Basis, gdpr: Basis, *, open_: bool, by_event: bool
) -> None:
    facts = ADULT if by_event else replace(ADULT, state="restricted")
    raised = (event(EventKind.RESTRICTED, 2),) if by_event else ()
    decision = ask(event(GIVEN, 1), *raised, purpose=grounded(appi, gdpr), facts=facts)
    assert bool(decision) is open_
    assert open_ or decision.code is ReasonCode.SUBJECT_RESTRICTED


def test_a_restriction_is_lifted_by_its_own_event_alone() -> None:
    raised = event(EventKind.RESTRICTED, 2)
    assert not ask(event(GIVEN, 1), raised, event(GIVEN, 3))
    assert not ask(event(GIVEN, 1), raised, event(EventKind.OBJECTION_LIFTED, 3))
    assert ask(event(GIVEN, 1), raised, event(EventKind.RESTRICTION_LIFTED, 3))


def test_the_restriction_is_named_before_withdrawal_and_objection() -> None:
    history = (
        event(EventKind.OBJECTED, 1),
        event(WITHDRAWN, 2),
        event(EventKind.RESTRICTED, 3),
    )
    marketing = replace(OFFERS, direct_marketing=True)
    assert ask(*history, purpose=marketing).code is ReasonCode.SUBJECT_RESTRICTED
    assert ask(*history[:2], purpose=marketing).code is ReasonCode.SUBJECT_OBJECTED


@pytest.mark.parametrize("state", ["erasing", "erased"])
def test_an_erased_person_is_unknown(state: str) -> None:
    facts = replace(ADULT, state=state)
    assert ask(event(GIVEN), facts=facts).code is ReasonCode.SUBJECT_UNKNOWN


@pytest.mark.parametrize("state", ["erasing", "erased"])
def test_what_a_law_alone_keeps_serves_only_the_purposes_of_that_duty(state: str) -> None:
    facts = replace(ADULT, state=state, kept_by_law="RET-HOJINZEI")
    opened = {
        purpose.id
        for purpose in default_snapshot().purposes.values()
        if ask(facts=facts, purpose=purpose)
    }
    assert opened == {"accounting"}
    assert ask(event(GIVEN), facts=facts).code is ReasonCode.SUBJECT_KEPT_BY_LAW


# --- cells


def test_mail_consent_does_not_permit_sms() -> None:
    mail = event(GIVEN, channel="email")
    assert ask(mail, channel="email")
    assert ask(mail, channel="sms").code is ReasonCode.SUBJECT_NO_CONSENT


def test_without_a_channel_the_most_restrictive_one_decides() -> None:
    assert not ask(event(GIVEN, channel="email"))
    assert ask(event(GIVEN, 1, channel="email"), event(GIVEN, 2, channel="sms"))
    assert not ask(event(GIVEN, 1), event(WITHDRAWN, 2, channel="sms"))


def test_a_grant_for_one_channel_opens_no_purpose_without_channels() -> None:
    silent = replace(OFFERS, channels=frozenset())
    assert not ask(event(GIVEN, channel="email"), purpose=silent)
    assert ask(event(GIVEN), purpose=silent)
    assert not ask(event(GIVEN, 1), event(WITHDRAWN, 2, channel="email"), purpose=silent)


def test_a_grant_to_one_class_of_recipients_opens_no_other() -> None:
    ours = event(GIVEN, recipient_class="internal")
    assert ask(ours)
    assert not ask(ours, recipient="third_party:partner")


# --- expiry


def test_the_equal_instant_is_expired() -> None:
    granted = event(GIVEN, valid_until=NOW)
    assert ask(granted, at=NOW - timedelta(microseconds=1)).valid_until == NOW
    assert ask(granted, at=NOW).code is ReasonCode.SUBJECT_EXPIRED


@pytest.mark.parametrize("field", ["expires_months", "inactivity_months"])
def test_a_purpose_ends_its_consents_after_its_months(field: str) -> None:
    purpose = replace(OFFERS, **{field: 24})  # type: ignore[arg-type] # one of two named fields
    end = datetime(2028, 10, 1, 3, 0, tzinfo=UTC)
    assert ask(event(GIVEN), purpose=purpose, at=end - timedelta(seconds=1)).valid_until == end
    assert ask(event(GIVEN), purpose=purpose, at=end).code is ReasonCode.SUBJECT_EXPIRED


def test_the_nearest_end_over_all_cells_bounds_the_permit() -> None:
    soon, later = NOW + timedelta(days=1), NOW + timedelta(days=2)
    decision = ask(
        event(GIVEN, 1, channel="email", valid_until=later),
        event(GIVEN, 2, channel="sms", valid_until=soon),
    )
    assert decision.valid_until == soon


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ((2024, 1, 31), 1, (2024, 2, 29)),
        ((2023, 1, 31), 1, (2023, 2, 28)),
        ((2024, 2, 29), 12, (2025, 2, 28)),
        ((2024, 12, 31), 2, (2025, 2, 28)),
        ((2024, 11, 30), 1, (2024, 12, 30)),
    ],
)
def test_months_are_clamped_to_the_end_of_a_month(
    start: tuple[int, int, int], months: int, end: tuple[int, int, int]
) -> None:
    moment = datetime(*start, 23, 59, tzinfo=UTC)
    assert add_months(moment, months) == datetime(*end, 23, 59, tzinfo=UTC)


# --- notices


@pytest.mark.parametrize(
    ("change", "recipient", "stale"),
    [
        (ChangeClass.EDITORIAL, "internal", False),
        (ChangeClass.EDITORIAL, "third_party:partner", False),
        (ChangeClass.MATERIAL, "internal", True),
        (ChangeClass.MATERIAL, "third_party:partner", True),
        (ChangeClass.NEW_RECIPIENT, "internal", False),
        (ChangeClass.NEW_RECIPIENT, "third_party:partner", True),
        (ChangeClass.NEW_RECIPIENT, "joint:group", True),
    ],
)
def test_what_changed_in_the_notice_decides_whether_a_consent_is_stale(
    change: ChangeClass, recipient: str, *, stale: bool
) -> None:
    notices = (*VERSIONS, version("2.0", 2, change), version("2.1", 3, ChangeClass.EDITORIAL))
    decision = ask(event(GIVEN), notices=notices, recipient=recipient)
    assert (decision.code is ReasonCode.SUBJECT_STALE_NOTICE) is stale
    assert ask(event(GIVEN, notice_version="2.0"), notices=notices, recipient=recipient)


@pytest.mark.parametrize(
    ("notice", "seen"),
    [("offers", "9.9"), ("offers", None), (None, None), ("other", "1.0")],
)
def test_a_consent_to_no_published_text_is_stale(notice: str | None, seen: str | None) -> None:
    granted = event(GIVEN, notice=NoticeId(notice) if notice else None, notice_version=seen)
    assert ask(granted).code is ReasonCode.SUBJECT_STALE_NOTICE


def test_a_notice_that_was_never_published_makes_every_consent_stale() -> None:
    assert ask(event(GIVEN), notices=()).code is ReasonCode.SUBJECT_STALE_NOTICE


# --- evidence


def test_a_pre_ticked_box_is_no_consent_under_the_gdpr() -> None:
    ticked = event(GIVEN, evidence=EvidenceGrade.PRE_TICKED)
    assert ask(ticked).code is ReasonCode.SUBJECT_NO_CONSENT
    assert ask(ticked, facts=replace(ADULT, laws=APPI))
    assert ask(event(GIVEN, evidence=EvidenceGrade.IMPORTED, import_run="a"))


# --- minors


@pytest.mark.parametrize(
    ("minors", "guardian", "verified", "open_"),
    [
        (Minors.GUARDIAN, True, True, True),
        (Minors.GUARDIAN, True, False, False),
        (Minors.GUARDIAN, False, True, False),
        (Minors.GUARDIAN, False, False, False),
        (Minors.REFUSED, True, True, False),
        (Minors.ALLOWED, False, False, True),
    ],
)
def test_a_minors_consent_needs_a_verified_guardian(
    minors: Minors, *, guardian: bool, verified: bool, open_: bool
) -> None:
    facts = replace(ADULT, minor=True, guardian_verified=verified)
    decision = ask(
        event(GIVEN, guardian=guardian), facts=facts, purpose=replace(OFFERS, minors=minors)
    )
    assert bool(decision) is open_
    assert open_ or decision.code is ReasonCode.SUBJECT_MINOR_UNVERIFIED
    assert ask(event(GIVEN), purpose=replace(OFFERS, minors=minors))


# --- signals

GPC = replace(OFFERS, signals=frozenset({Signal.GPC}), signal_override=SignalOverride.EXPLICIT)
SIGNAL = event(EventKind.SIGNAL, 2, purpose=EVERY)


def test_a_signal_narrows_only_purposes_that_take_it() -> None:
    assert ask(event(GIVEN, 1), SIGNAL)
    decision = ask(event(GIVEN, 1), SIGNAL, purpose=GPC)
    assert (decision.code, decision.event_seq) == (ReasonCode.SUBJECT_OBJECTED, 2)


def test_an_explicit_later_opt_in_outweighs_a_signal_where_the_purpose_says_so() -> None:
    assert ask(SIGNAL, event(GIVEN, 3), purpose=GPC)
    never = replace(GPC, signal_override=SignalOverride.NEVER)
    assert not ask(SIGNAL, event(GIVEN, 3), purpose=never)


@pytest.mark.parametrize(
    "late",
    [
        event(GIVEN, 3, import_run="a", evidence=EvidenceGrade.IMPORTED),
        event(GIVEN, 3, evidence=EvidenceGrade.PRE_TICKED),
    ],
)
def test_what_is_not_explicit_outweighs_no_signal(late: ConsentEvent) -> None:
    assert not ask(SIGNAL, late, purpose=GPC, facts=replace(ADULT, laws=APPI))


# --- imported files


def test_an_imported_grant_lifts_no_refusal_of_another_source() -> None:
    late = event(GIVEN, 9, import_run="b", evidence=EvidenceGrade.IMPORTED)
    for kind in (REFUSED, WITHDRAWN, EventKind.INVALIDATED):
        assert not ask(event(kind, 1), late)
        assert not ask(event(kind, 1, import_run="a"), late)
        assert ask(event(kind, 1, import_run="b"), late)


def test_a_refusal_of_the_file_hides_no_earlier_refusal_made_here() -> None:
    history = (
        event(WITHDRAWN, 1),
        event(WITHDRAWN, 2, import_run="a"),
        event(GIVEN, 3, import_run="a", evidence=EvidenceGrade.IMPORTED),
    )
    assert ask(*history).code is ReasonCode.SUBJECT_WITHDRAWN


def test_an_imported_withdrawal_always_applies() -> None:
    old = NOW - timedelta(days=3000)
    assert not ask(event(GIVEN, 1), event(WITHDRAWN, 2, import_run="a", occurred_at=old))


def test_the_default_policy_gates_every_marketing_purpose_by_consent() -> None:
    for purpose in default_snapshot().purposes.values():
        if purpose.direct_marketing:
            for laws in (APPI, BOTH):
                assert not ask(purpose=purpose, facts=replace(ADULT, laws=laws)), purpose.id


def test_events_of_other_purposes_say_nothing() -> None:
    assert ask(event(GIVEN, 1), event(WITHDRAWN, 2, purpose=PurposeId("mail_marketing")))
