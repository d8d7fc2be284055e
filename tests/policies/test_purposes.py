"""The PURPOSE gate covers what the purpose names and nothing else."""

from types import MappingProxyType

import pytest

from governance.core.terms import Law, PurposeId
from policies.purposes import (
    Basis,
    Channel,
    Provision,
    PurposeRecord,
    consent_gated,
    covers_recipient,
    decide_purpose,
    laws_without_basis,
    objection_blocks,
    recipient_class,
)
from policies.reasons import ReasonCode
from policies.types import Label


def record(**changes: object) -> PurposeRecord:
    facts: dict[str, object] = {
        "id": PurposeId("offers"),
        "label": Label(ja="案内", en="Offers"),
        "basis": MappingProxyType({Law.APPI: Basis.WITHIN_PURPOSE, Law.GDPR: Basis.CONTRACT}),
        "categories": frozenset({"contact"}),
        "channels": frozenset({Channel.EMAIL}),
        "recipients": ("internal", "processor:*", "joint:group"),
        **changes,
    }
    return PurposeRecord(**facts)  # type: ignore[arg-type]  # a builder of test facts


@pytest.mark.parametrize(
    ("use", "code", "about"),
    [
        ({}, ReasonCode.PERMIT, None),
        ({"categories": ["contact"]}, ReasonCode.PERMIT, None),
        ({"categories": ["contact", "health"]}, ReasonCode.PURPOSE_CATEGORY, "health"),
        ({"categories": [""]}, ReasonCode.PURPOSE_CATEGORY, ""),
        ({"recipient": ""}, ReasonCode.PURPOSE_RECIPIENT, ""),
        ({"recipient": "third_party:x"}, ReasonCode.PURPOSE_RECIPIENT, "third_party:x"),
        ({"recipient": "joint:other"}, ReasonCode.PURPOSE_RECIPIENT, "joint:other"),
        ({"recipient": "processor:mail", "country": "JP"}, ReasonCode.PERMIT, None),
        ({"recipient": "processor:mail"}, ReasonCode.PURPOSE_COUNTRY, None),
        ({"recipient": "processor:mail", "country": "US"}, ReasonCode.PURPOSE_COUNTRY, "US"),
        ({"country": "US"}, ReasonCode.PURPOSE_COUNTRY, "US"),
        ({"country": ""}, ReasonCode.PURPOSE_COUNTRY, ""),
        ({"channel": "email"}, ReasonCode.PERMIT, None),
        ({"channel": "sms"}, ReasonCode.PURPOSE_CHANNEL, "sms"),
        ({"channel": ""}, ReasonCode.PURPOSE_CHANNEL, ""),
    ],
)
def test_use_outside_the_purpose_is_refused_with_its_code(
    use: dict[str, object], code: ReasonCode, about: str | None
) -> None:
    decision = decide_purpose(record(), **use)  # type: ignore[arg-type]  # a table of keywords
    assert (decision.code, decision.about) == (code, about)
    assert bool(decision) is (code is ReasonCode.PERMIT)


def test_unknown_purpose_is_refused() -> None:
    assert decide_purpose(None).code is ReasonCode.PURPOSE_UNKNOWN


def test_purpose_without_basis_is_refused() -> None:
    bare = record(basis=MappingProxyType({}))
    assert decide_purpose(bare).code is ReasonCode.PURPOSE_NO_BASIS


def test_every_applicable_law_must_give_a_basis() -> None:
    assert laws_without_basis(record(), {Law.APPI, Law.GDPR}) == ()
    assert laws_without_basis(record(), set(Law)) == (Law.MYNUMBER,)


def test_consent_decides_when_any_law_asks_for_it() -> None:
    mixed = record(basis={Law.APPI: Basis.WITHIN_PURPOSE, Law.GDPR: Basis.CONSENT})
    assert not consent_gated(mixed, {Law.APPI})
    assert consent_gated(mixed, {Law.APPI, Law.GDPR})


def test_provision_to_third_parties_needs_consent_beside_the_basis() -> None:
    assert consent_gated(record(provisions=frozenset({Provision.THIRD_PARTY})), {Law.APPI})


def test_objection_ends_direct_marketing_under_any_law() -> None:
    assert objection_blocks(record(direct_marketing=True), {Law.APPI})


def test_objection_ends_legitimate_interest_and_leaves_contract() -> None:
    interest = record(basis={Law.GDPR: Basis.LEGITIMATE_INTEREST})
    assert objection_blocks(interest, {Law.GDPR})
    assert not objection_blocks(record(), {Law.GDPR})


def test_recipient_class_is_the_word_before_the_colon() -> None:
    assert recipient_class("processor:mail") == "processor"
    assert recipient_class("internal") == "internal"
    assert not covers_recipient(record(), "processor")
