"""Who may receive: the register's answer beside what a purpose names."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from governance.core.terms import Law, PurposeId, RowId
from governance.registers.countries import countries
from governance.registers.rules import gaps_of, ground_of, refusal_of
from governance.registers.types import (
    Recipient,
    RecipientGap,
    RecipientRole,
    Subprocessor,
    TransferGround,
)
from policies.purposes import Basis, Provision, PurposeRecord
from policies.reasons import ReasonCode
from policies.types import Label

ON = date(2026, 10, 1)
BOTH = frozenset({Law.APPI, Law.GDPR})
GOOD = Recipient(
    id=RowId("01900000-0000-7000-8000-000000000001"),
    source_key="V1",
    name="架空運輸",
    role=RecipientRole.PROCESSOR,
    country="JP",
    contracted_on=date(2025, 4, 1),
    expires_on=date(2027, 3, 31),
)
PURPOSE = PurposeRecord(
    id=PurposeId("order_fulfilment"),
    label=Label(ja="発送", en="Shipping"),
    basis={Law.APPI: Basis.WITHIN_PURPOSE, Law.GDPR: Basis.CONTRACT},
    categories=frozenset({"name", "address"}),
    recipients=("processor:*",),
    countries=frozenset({"*"}),
)
ABROAD = replace(PURPOSE, provisions=frozenset({Provision.FOREIGN}))


def refused(
    purpose: PurposeRecord = PURPOSE,
    laws: frozenset[Law] = frozenset({Law.APPI}),
    **facts: Any,
) -> ReasonCode | None:
    return refusal_of(
        replace(GOOD, **facts),
        purpose,
        categories=("name",),
        laws=laws,
        on=ON,
    )


def test_a_recipient_in_order_receives() -> None:
    assert refused() is None


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"role": RecipientRole.SOURCE}, ReasonCode.PURPOSE_RECIPIENT_UNKNOWN),
        ({"ended_on": ON}, ReasonCode.PURPOSE_RECIPIENT_ENDED),
        ({"valid_from": date(2026, 10, 2)}, ReasonCode.PURPOSE_RECIPIENT_ENDED),
        ({"stopped_on": date(2026, 9, 1)}, ReasonCode.PURPOSE_RECIPIENT_ENDED),
        ({"contracted_on": None}, ReasonCode.PURPOSE_CONTRACT),
        ({"contracted_on": date(2026, 10, 2)}, ReasonCode.PURPOSE_CONTRACT),
        ({"expires_on": date(2026, 9, 30)}, ReasonCode.PURPOSE_CONTRACT),
        ({"purposes": ("accounting",)}, ReasonCode.PURPOSE_RECIPIENT),
        ({"categories": ("address",)}, ReasonCode.PURPOSE_CATEGORY),
        ({"country": None}, ReasonCode.PURPOSE_COUNTRY),
        ({"country": "US"}, ReasonCode.PURPOSE_TRANSFER),
        ({"country": "US", "transfer_basis": "不明"}, ReasonCode.PURPOSE_TRANSFER),
        ({"country": "US", "transfer_basis": "equivalent_country"}, ReasonCode.PURPOSE_TRANSFER),
        ({"country": "US", "transfer_basis": "law"}, ReasonCode.PURPOSE_TRANSFER),
    ],
)
def test_each_lack_refuses_with_its_own_code(facts: dict[str, Any], code: ReasonCode) -> None:
    assert refused(**facts) is code


def test_an_authority_needs_a_law_and_no_contract() -> None:
    assert refused(role=RecipientRole.AUTHORITY, contracted_on=None) is None


def test_an_expired_contract_that_renews_itself_stands() -> None:
    assert refused(expires_on=date(2026, 1, 1), auto_renewal=True) is None


@pytest.mark.parametrize("country", sorted(countries().appi_equivalent))
def test_an_equivalent_country_needs_no_ground_under_appi(country: str) -> None:
    assert refused(country=country) is None


def test_the_consent_to_a_country_counts_only_where_the_purpose_asks_for_it() -> None:
    facts: dict[str, Any] = {"country": "US", "transfer_basis": "本人同意"}
    assert refused(**facts) is ReasonCode.PURPOSE_TRANSFER
    assert refused(ABROAD, **facts) is None


def test_under_both_laws_each_needs_its_ground() -> None:
    contract: dict[str, Any] = {"country": "US", "transfer_basis": "基準適合体制（契約）"}
    assert refused(**contract) is None
    assert refused(laws=BOTH, **contract) is ReasonCode.PURPOSE_TRANSFER
    assert refused(laws=BOTH, **contract, gdpr_ground="scc") is None
    assert refused(laws=BOTH, country="US", gdpr_ground="scc") is ReasonCode.PURPOSE_TRANSFER


def test_the_words_of_a_register_file_name_the_ground() -> None:
    words = {
        "本人同意": TransferGround.CONSENT,
        "同等水準国（規則15条）": TransferGround.EQUIVALENT_COUNTRY,
        "基準適合体制（契約）": TransferGround.EQUIVALENT_SYSTEM,
        "scc": None,
        "": None,
    }
    for said, ground in words.items():
        assert ground_of(replace(GOOD, transfer_basis=said)) is ground


def gaps(
    *, gdpr: bool = False, representative: bool = True, subs: tuple[Subprocessor, ...] = (),
    **facts: Any,
) -> frozenset[RecipientGap]:  # fmt: skip
    full = replace(GOOD, purposes=("order_fulfilment",), categories=("name",), address="東京都")
    return gaps_of(
        replace(full, **facts),
        subs,
        representative=representative,
        gdpr=gdpr,
        on=ON,
    )


def test_a_full_entry_has_no_gap() -> None:
    assert gaps() == frozenset()


@pytest.mark.parametrize(
    ("facts", "gap"),
    [
        ({"contracted_on": None}, RecipientGap.CONTRACT_MISSING),
        ({"purposes": ()}, RecipientGap.PURPOSES_MISSING),
        ({"categories": ()}, RecipientGap.CATEGORIES_MISSING),
        ({"country": None}, RecipientGap.COUNTRY_MISSING),
        ({"check_due_on": date(2026, 9, 30)}, RecipientGap.CHECK_DUE),
        ({"stopped_on": ON}, RecipientGap.TRANSFER_STOPPED),
        (
            {"country": "US", "transfer_basis": "equivalent_country"},
            RecipientGap.COUNTRY_NOT_EQUIVALENT,
        ),
        (
            {
                "country": "US",
                "transfer_basis": "equivalent_system",
                "transfer_checked_on": date(2025, 9, 30),
            },
            RecipientGap.TRANSFER_CHECK_DUE,
        ),
        ({"role": RecipientRole.THIRD_PARTY, "address": None}, RecipientGap.ADDRESS_MISSING),
        (
            {"role": RecipientRole.THIRD_PARTY, "representative": False},
            RecipientGap.REPRESENTATIVE_MISSING,
        ),
        ({"gdpr": True}, RecipientGap.GDPR_CLAUSES_MISSING),
        (
            {"gdpr": True, "role": RecipientRole.JOINT, "country": "US"},
            RecipientGap.GDPR_GROUND_MISSING,
        ),
    ],
)
def test_each_gap_is_told(facts: dict[str, Any], gap: RecipientGap) -> None:
    assert gaps(**facts) == {gap}


def test_a_subprocessor_in_an_unknown_country_is_a_gap() -> None:
    sub = Subprocessor(id=GOOD.id, name="架空便", country=None, service=None, approved_on=None)
    assert gaps(subs=(sub,)) == {RecipientGap.COUNTRY_MISSING}
