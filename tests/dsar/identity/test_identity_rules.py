"""The graded rule of identity proof, by property."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsar.case import Evidence
from dsar.identity.rules import (
    CODE_TRIES,
    CODES_PER_REQUEST,
    CONTACT_DAYS,
    FAMILY,
    PROOF_LIFE,
    code_open,
    document_fits,
    may_send,
    required_proofs,
    sufficient,
)
from dsar.identity.types import AUTHORITIES, Act, Document, UploadKind
from dsar.types import GRAVE, EvidenceKind, Requester, RequestKind
from tests.dsar.cases import DESK, NOW

moments = st.integers(-200 * 1440, 1440).map(lambda minutes: NOW + timedelta(minutes=minutes))
proofs = st.builds(
    Evidence,
    kind=st.sampled_from(EvidenceKind),
    accepted=st.booleans(),
    at=moments,
    by=st.just(DESK.id),
    contact_days=st.none() | st.integers(0, 60),
)
sets = st.lists(proofs, max_size=6)
rights = st.sampled_from([*RequestKind, *Act])
askers = st.sampled_from(Requester)


@given(sets, rights, askers)
def test_less_proof_never_opens_more(
    have: list[Evidence], right: RequestKind | Act, who: Requester
) -> None:
    if not sufficient(have, right, requester=who, at=NOW):
        for left_out in range(len(have)):
            fewer = have[:left_out] + have[left_out + 1 :]
            assert not sufficient(fewer, right, requester=who, at=NOW)


@given(sets, rights, askers)
def test_a_refused_proof_changes_nothing(
    have: list[Evidence], right: RequestKind | Act, who: Requester
) -> None:
    refused = [replace(proof, accepted=False) for proof in have]
    assert not sufficient(refused, right, requester=who, at=NOW)
    before = sufficient(have, right, requester=who, at=NOW)
    assert sufficient([*have, *refused], right, requester=who, at=NOW) == before


@given(sets, st.sampled_from([*sorted(GRAVE), *Act]))
def test_a_grave_right_needs_two_different_things(
    have: list[Evidence], right: RequestKind | Act
) -> None:
    if sufficient(have, right, requester=Requester.SELF, at=NOW):
        counted = {
            FAMILY[proof.kind]
            for proof in have
            if proof.accepted
            and proof.kind in FAMILY
            and (
                (proof.contact_days or 0) >= CONTACT_DAYS
                if "code" in proof.kind
                else proof.contact_days is None or proof.contact_days >= CONTACT_DAYS
            )
        }
        assert len(counted) >= 2


@given(sets, rights)
def test_an_agent_needs_all_that_the_person_needs_and_authority(
    have: list[Evidence], right: RequestKind | Act
) -> None:
    for agent in (Requester.STATUTORY_AGENT, Requester.MANDATED_AGENT):
        if sufficient(have, right, requester=agent, at=NOW):
            assert sufficient(have, right, requester=Requester.SELF, at=NOW)
            without = [p for p in have if p.kind is not EvidenceKind.AGENT_AUTHORITY]
            assert not sufficient(without, right, requester=agent, at=NOW)


@given(sets, rights, askers)
def test_a_proof_of_tomorrow_and_one_of_long_ago_count_for_nothing(
    have: list[Evidence], right: RequestKind | Act, who: Requester
) -> None:
    early = [replace(proof, at=NOW + timedelta(seconds=1)) for proof in have]
    old = [replace(proof, at=NOW - PROOF_LIFE - timedelta(seconds=1)) for proof in have]
    assert not sufficient(early, right, requester=who, at=NOW)
    assert not sufficient(old, right, requester=who, at=NOW)


def test_two_codes_are_one_proof_and_a_new_contact_is_none() -> None:
    def code(kind: EvidenceKind, days: int) -> Evidence:
        return Evidence(kind=kind, accepted=True, at=NOW, by=DESK.id, contact_days=days)

    mail, sms = code(EvidenceKind.EMAIL_CODE, 90), code(EvidenceKind.SMS_CODE, 90)
    paper = Evidence(kind=EvidenceKind.DOCUMENT, accepted=True, at=NOW, by=DESK.id)
    fresh = code(EvidenceKind.EMAIL_CODE, CONTACT_DAYS - 1)
    for right in (RequestKind.DISCLOSURE, RequestKind.PORTABILITY, Act.CONTACT_CHANGE):
        assert not sufficient([mail, sms], right, requester=Requester.SELF, at=NOW)
        assert not sufficient([fresh, paper], right, requester=Requester.SELF, at=NOW)
        assert sufficient([mail, paper], right, requester=Requester.SELF, at=NOW)


@pytest.mark.parametrize(
    ("days", "enough"), [(0, False), (CONTACT_DAYS - 1, False), (CONTACT_DAYS, True), (None, True)]
)
def test_a_young_passkey_is_no_second_proof_since_a_code_let_it_in(
    days: int | None, *, enough: bool
) -> None:
    session = Evidence(
        kind=EvidenceKind.PORTAL_SESSION, accepted=True, at=NOW, by=DESK.id, contact_days=days
    )
    mail = replace(session, kind=EvidenceKind.EMAIL_CODE, contact_days=90)
    grave = sufficient([session, mail], RequestKind.ERASURE, requester=Requester.SELF, at=NOW)
    assert grave is enough
    alone = sufficient([session], RequestKind.ERASURE, requester=Requester.SELF, at=NOW)
    assert not alone, "a passkey alone erases nothing"
    light = sufficient([session], RequestKind.OBJECTION, requester=Requester.SELF, at=NOW)
    assert light


@pytest.mark.parametrize("right", [*RequestKind, *Act])
def test_nothing_is_given_without_a_proof(right: RequestKind | Act) -> None:
    for who in Requester:
        assert required_proofs(right, requester=who).families >= 1
        assert not sufficient([], right, requester=who, at=NOW)


@given(st.integers(0, 20), st.none() | moments, moments)
def test_a_code_is_tried_a_few_times_in_time_and_used_once(
    tries: int, used: datetime | None, ends: datetime
) -> None:
    opened = code_open(tries=tries, used_at=used, expires_at=ends, at=NOW)
    assert opened == (tries < CODE_TRIES and used is None and ends > NOW)


@given(st.lists(moments, max_size=12))
def test_codes_go_out_a_few_times_a_day(sent: list[datetime]) -> None:
    lately = [moment for moment in sent if NOW - moment < timedelta(hours=24)]
    assert may_send(sent, at=NOW) == (len(lately) < CODES_PER_REQUEST)


def test_a_mandate_is_no_identity_card() -> None:
    for document in Document:
        assert document_fits(document, UploadKind.AUTHORITY) == (document in AUTHORITIES)
        assert document_fits(document, UploadKind.IDENTITY) == (document not in AUTHORITIES)
