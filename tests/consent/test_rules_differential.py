"""The gate against its reference model, and what holds for every history."""

import os
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.rules import decide
from consent.types import (
    EVERY,
    GRANTS,
    ChangeClass,
    ConsentEvent,
    EventKind,
    EvidenceGrade,
    NoticeVersion,
    SubjectFacts,
)
from governance.core.terms import Law, NoticeId, PurposeId
from policies.purposes import (
    BASES,
    Channel,
    Minors,
    Provision,
    PurposeRecord,
    Signal,
    SignalOverride,
)
from policies.reasons import ReasonCode
from tests.consent.builders import ADULT, NOTICE, NOW, OFFERS, SUBJECT, event, version
from tests.consent.reference.gate import answer

EXAMPLES = int(os.environ.get("SEKISHO_SOAK", "500"))
SLOW = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
moments = st.integers(-30, 5).map(lambda months: NOW + timedelta(days=30 * months))
days = moments.map(datetime.date)
channels = st.sampled_from([EVERY, "email", "sms"])
classes = st.sampled_from([EVERY, "internal", "third_party"])

events = st.builds(
    ConsentEvent,
    seq=st.just(0),
    subject=st.just(SUBJECT),
    purpose=st.sampled_from([OFFERS.id, OFFERS.id, OFFERS.id, EVERY, PurposeId("elsewhere")]),
    channel=channels,
    recipient_class=classes,
    kind=st.sampled_from([*EventKind, *GRANTS, *GRANTS, EventKind.GIVEN, EventKind.SIGNAL]),
    occurred_at=moments,
    notice=st.sampled_from([NOTICE, NOTICE, NOTICE, None, NoticeId("other")]),
    notice_version=st.sampled_from(["1.0", "2.0", "3.0", "9.9", None]),
    evidence=st.sampled_from([EvidenceGrade.ACTIVE, *EvidenceGrade]),
    guardian=st.booleans(),
    minor=st.sampled_from([False, False, True]),
    valid_until=st.none() | moments,
    import_run=st.sampled_from([None, None, "a", "b"]),
)
histories = st.lists(events, max_size=7).map(
    lambda found: tuple(replace(item, seq=n) for n, item in enumerate(found, 1))
)
notices = st.lists(st.sampled_from([*ChangeClass][1:]), max_size=2).map(
    lambda changes: tuple(
        version(f"{n}.0", n, change) for n, change in enumerate([ChangeClass.FIRST, *changes], 1)
    )
)
laws = st.sampled_from([Law.APPI, Law.GDPR])
grounds = st.fixed_dictionaries(
    {},
    optional={
        law: st.sampled_from(sorted(BASES[law]))
        | st.just(next(b for b in BASES[law] if b == "consent"))
        for law in (Law.APPI, Law.GDPR)
    },
).map(MappingProxyType)
purposes = st.builds(
    PurposeRecord,
    id=st.just(OFFERS.id),
    label=st.just(OFFERS.label),
    basis=grounds | st.just(OFFERS.basis),
    categories=st.just(OFFERS.categories),
    channels=st.sampled_from([frozenset(), OFFERS.channels, frozenset({Channel.EMAIL})]),
    notice=st.sampled_from([NOTICE, NOTICE, None]),
    expires_months=st.sampled_from([None, None, 12, 24]),
    inactivity_months=st.sampled_from([None, None, 6]),
    signals=st.sampled_from([frozenset(), frozenset({Signal.GPC})]),
    signal_override=st.sampled_from(SignalOverride),
    minors=st.sampled_from(Minors),
    direct_marketing=st.booleans(),
    provisions=st.sampled_from([frozenset(), frozenset(), frozenset({Provision.THIRD_PARTY})]),
    duties=st.sampled_from([(), ("D1",)]),
)
persons = st.builds(
    SubjectFacts,
    subject=st.just(SUBJECT),
    state=st.sampled_from(["active", "active", "active", "restricted", "erasing", "erased"]),
    laws=st.frozensets(laws, min_size=1),
    minor=st.booleans(),
    minor_in_contract=st.booleans(),
    guardian_verified=st.booleans(),
    grown_on=st.none() | days,
    last_active_on=st.none() | days,
    kept_by_law=st.sampled_from([None, "D1", "D2"]),
)
asked = st.sampled_from([None, "email", "sms"])
recipients = st.sampled_from(["internal", "third_party:partner"])


@SLOW
@given(st.none() | persons, purposes, histories, notices, asked, recipients)
def test_the_gate_answers_as_its_reference_model(
    facts: SubjectFacts | None,
    purpose: PurposeRecord,
    history: tuple[ConsentEvent, ...],
    versions: tuple[NoticeVersion, ...],
    channel: str | None,
    recipient: str,
) -> None:
    got = decide(facts, purpose, history, versions, channel=channel, recipient=recipient, at=NOW)
    wanted = answer(facts, purpose, history, versions, channel=channel, recipient=recipient, at=NOW)
    assert (got.code.value, got.valid_until) == (wanted.code, wanted.until)
    assert bool(got) is (wanted.code == "permit")


@SLOW
@given(histories, notices, asked, recipients)
def test_a_refusal_of_ours_stands_until_a_later_own_grant(
    history: tuple[ConsentEvent, ...],
    versions: tuple[NoticeVersion, ...],
    channel: str | None,
    recipient: str,
) -> None:
    """After a withdrawal nothing but a grant made here opens the purpose again."""
    after = tuple(
        replace(item, seq=len(history) + 2 + n, import_run="b" if item.kind in GRANTS else None)
        for n, item in enumerate(history)
    )
    told = (*history, event(EventKind.WITHDRAWN, len(history) + 1), *after)
    got = decide(ADULT, OFFERS, told, versions, channel=channel, recipient=recipient, at=NOW)
    assert not got


@SLOW
@given(histories, notices, asked, st.sampled_from([None, "a", "b", "c"]))
def test_a_withdrawal_as_the_last_word_always_refuses(
    history: tuple[ConsentEvent, ...],
    versions: tuple[NoticeVersion, ...],
    channel: str | None,
    run: str | None,
) -> None:
    last = event(EventKind.WITHDRAWN, len(history) + 1, import_run=run)
    assert not decide(ADULT, OFFERS, (*history, last), versions, channel=channel, at=NOW)


@SLOW
@given(persons, purposes, histories, notices)
def test_one_more_narrowing_event_never_opens_anything(
    facts: SubjectFacts,
    purpose: PurposeRecord,
    history: tuple[ConsentEvent, ...],
    versions: tuple[NoticeVersion, ...],
) -> None:
    before = decide(facts, purpose, history, versions, at=NOW)
    for kind in (
        EventKind.WITHDRAWN,
        EventKind.REFUSED,
        EventKind.OBJECTED,
        EventKind.RESTRICTED,
        EventKind.SIGNAL,
        EventKind.REQUESTED,
    ):
        more = (*history, event(kind, len(history) + 1))
        after = decide(facts, purpose, more, versions, at=NOW)
        assert before or not after, kind


@SLOW
@given(persons, purposes, histories, notices)
def test_without_a_channel_no_more_is_open_than_with_any(
    facts: SubjectFacts,
    purpose: PurposeRecord,
    history: tuple[ConsentEvent, ...],
    versions: tuple[NoticeVersion, ...],
) -> None:
    if decide(facts, purpose, history, versions, at=NOW):
        for channel in purpose.channels:
            assert decide(facts, purpose, history, versions, channel=channel, at=NOW)


@SLOW
@given(persons, purposes, histories, notices, asked)
def test_more_laws_never_open_anything(
    facts: SubjectFacts,
    purpose: PurposeRecord,
    history: tuple[ConsentEvent, ...],
    versions: tuple[NoticeVersion, ...],
    channel: str | None,
) -> None:
    both = replace(facts, laws=frozenset({Law.APPI, Law.GDPR}))
    if decide(both, purpose, history, versions, channel=channel, at=NOW):
        single = decide(facts, purpose, history, versions, channel=channel, at=NOW)
        assert single or single.code is ReasonCode.SUBJECT_RESTRICTED
