"""What time does to a consent: growing up, being inactive, ending, being told of late."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

import pytest

from consent.ages import age_table
from consent.facts import facts_of
from consent.rules import decide
from consent.types import ConsentEvent, EventKind, EvidenceGrade, SubjectDecision, SubjectFacts
from governance.core.terms import Law, SubjectId
from governance.customers.store import Subject
from governance.customers.subjects import AgeBand, SubjectKind, SubjectState
from policies.law.load import shipped
from policies.purposes import Basis, Minors, PurposeRecord
from policies.reasons import ReasonCode
from tests.consent.builders import ADULT, NOW, OFFERS, SUBJECT, VERSIONS, event

GIVEN, EXPIRED = EventKind.GIVEN, EventKind.EXPIRED
DUE, YOUNG = ReasonCode.SUBJECT_RECONFIRM_DUE, ReasonCode.SUBJECT_MINOR_UNVERIFIED
APPI, GDPR = frozenset({Law.APPI}), frozenset({Law.GDPR})
SECOND = timedelta(seconds=1)


def ask(
    *history: ConsentEvent,
    facts: SubjectFacts = ADULT,
    purpose: PurposeRecord = OFFERS,
    at: datetime = NOW,
) -> SubjectDecision:
    return decide(facts, purpose, history, VERSIONS, at=at)


def person(band: AgeBand, *laws: Law, country: str | None = None) -> SubjectFacts:
    found = facts_of(
        Subject(
            id=SubjectId(SUBJECT),
            kind=SubjectKind.CUSTOMER,
            state=SubjectState.ACTIVE,
            laws=frozenset(laws),
            age_band=band,
            guardian_verified=False,
            kept_by_law=None,
            country=country,
        )
    )
    assert found is not None
    return found


# --- ages


@pytest.mark.parametrize(
    ("band", "laws", "country", "minor"),
    [
        (AgeBand.AT_13, GDPR, "BE", False),
        (AgeBand.UNDER_13, GDPR, "BE", True),
        (AgeBand.AT_13, GDPR, "AT", True),
        (AgeBand.AT_14, GDPR, "AT", False),
        (AgeBand.AT_14, GDPR, "FR", True),
        (AgeBand.AT_15, GDPR, "FR", False),
        (AgeBand.AT_15, GDPR, "DE", True),
        (AgeBand.AT_15, GDPR, None, True),  # no country: the highest age
        (AgeBand.FROM_13, GDPR, "AT", True),  # 13, 14 or 15
        (AgeBand.AT_15, APPI, "BE", True),
        (AgeBand.AT_15, APPI | GDPR, "BE", True),  # both laws must permit
        (AgeBand.FROM_16, APPI | GDPR, "BE", False),
        (AgeBand.UNKNOWN, APPI, None, False),
    ],
)
def test_the_age_of_consent_is_that_of_law_and_country(
    band: AgeBand, laws: frozenset[Law], country: str | None, *, minor: bool
) -> None:
    assert person(band, *laws, country=country).minor is minor


def test_the_shipped_ages_are_those_of_the_law_file() -> None:
    ages = age_table().consent[Law.GDPR]
    for country, entry in shipped().child_ages.items():
        assert ages.get(country, ages["default"]) == entry.age, country
    assert set(ages) - {"default"} <= set(shipped().child_ages)


def test_a_contract_needs_the_guardian_until_majority() -> None:
    basis = MappingProxyType({Law.APPI: Basis.CONSENT, Law.GDPR: Basis.CONTRACT})
    contract = replace(OFFERS, basis=basis)
    facts = person(AgeBand.FROM_16, Law.APPI, Law.GDPR)
    assert ask(event(GIVEN), facts=facts)
    assert ask(event(GIVEN), facts=facts, purpose=contract).code is YOUNG
    assert ask(event(GIVEN), facts=person(AgeBand.FROM_16, Law.APPI), purpose=contract)
    assert ask(event(GIVEN), facts=person(AgeBand.ADULT, *Law), purpose=contract).code is not YOUNG


def test_a_choice_made_alone_as_a_child_is_no_consent_after_growing_up() -> None:
    alone = event(GIVEN, minor=True)
    assert ask(alone, facts=replace(ADULT, minor=True)).code is YOUNG
    assert ask(alone).code is DUE
    assert ask(alone, event(EventKind.RENEWED, 2))
    assert ask(alone, purpose=replace(OFFERS, minors=Minors.ALLOWED))


def test_a_guardians_consent_speaks_six_months_for_whom_has_grown_up() -> None:
    grown = replace(ADULT, grown_on=date(2026, 10, 2))
    guarded = event(GIVEN, guardian=True, minor=True)
    end = datetime(2027, 4, 1, 15, tzinfo=UTC)  # six months after the Japanese day began
    assert ask(guarded, facts=grown, at=end - SECOND).valid_until == end
    assert ask(guarded, facts=grown, at=end).code is DUE
    assert ask(guarded, event(GIVEN, 2), facts=grown, at=end)
    later = event(GIVEN, guardian=True, occurred_at=datetime(2026, 10, 1, 15, tzinfo=UTC))
    assert ask(later, facts=grown, at=end)  # who acts for an adult is an agent
    for_all = replace(OFFERS, minors=Minors.ALLOWED)
    assert ask(guarded, facts=grown, purpose=for_all, at=end)


# --- inactivity

SLEEPY = replace(OFFERS, inactivity_months=24)


def test_inactivity_counts_from_the_persons_last_own_act() -> None:
    active = replace(ADULT, last_active_on=date(2027, 3, 31))
    end = datetime(2029, 3, 30, 15, tzinfo=UTC)
    assert ask(event(GIVEN), facts=active, purpose=SLEEPY, at=end - SECOND).valid_until == end
    assert ask(event(GIVEN), facts=active, purpose=SLEEPY, at=end).code is (
        ReasonCode.SUBJECT_EXPIRED
    )


def test_an_act_before_the_choice_shortens_nothing() -> None:
    before = replace(ADULT, last_active_on=date(2020, 1, 1))
    assert ask(event(GIVEN), facts=before, purpose=SLEEPY) == ask(event(GIVEN), purpose=SLEEPY)


def test_activity_does_not_move_an_absolute_end() -> None:
    both = replace(SLEEPY, expires_months=24)
    active = replace(ADULT, last_active_on=date(2028, 9, 1))
    end = datetime(2028, 10, 1, 3, tzinfo=UTC)
    assert ask(event(GIVEN), facts=active, purpose=both, at=end - SECOND).valid_until == end
    assert not ask(event(GIVEN), facts=active, purpose=both, at=end)


# --- the end on record


def test_the_entry_of_an_end_changes_no_answer() -> None:
    """The rule never waits for the entry, so with or without it a later file says the same."""
    ends = NOW + timedelta(days=30)
    granted, ended = event(GIVEN, 1, valid_until=ends), event(EXPIRED, 2, occurred_at=ends)
    anew = event(
        GIVEN,
        3,
        import_run="a",
        evidence=EvidenceGrade.IMPORTED_PROVEN,
        occurred_at=ends + SECOND,
    )
    late = NOW + timedelta(days=60)
    assert ask(granted, ended, at=late).code is ask(granted, at=late).code
    assert ask(granted, ended, anew, at=late)
    assert ask(granted, anew, at=late)


def test_a_file_with_what_was_before_the_end_does_not_revive_it() -> None:
    old = event(GIVEN, 3, import_run="a", occurred_at=NOW - timedelta(days=1))
    assert ask(event(GIVEN, 1), event(EXPIRED, 2), old).code is ReasonCode.SUBJECT_EXPIRED


def test_a_file_that_tells_late_of_an_older_grant_displaces_no_newer_one() -> None:
    newer = event(GIVEN, 1)
    older = event(
        GIVEN, 2, import_run="a", evidence=EvidenceGrade.PRE_TICKED, occurred_at=NOW - SECOND
    )
    assert ask(newer, older).event_seq == 1
    assert ask(newer, replace(older, occurred_at=NOW)).code is ReasonCode.SUBJECT_NO_CONSENT


def test_an_end_hides_no_withdrawal_from_a_file() -> None:
    history = (event(EventKind.WITHDRAWN, 1), event(EXPIRED, 2))
    assert not ask(*history, event(GIVEN, 3, import_run="a"))
