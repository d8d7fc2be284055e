"""What an officer must put right about a recipient, rule by rule."""

from dataclasses import replace
from datetime import date

import pytest

from governance.core.terms import RowId
from governance.db.engine import Database
from governance.registers import store
from governance.registers.rules import problems_of
from governance.registers.types import Recipient, RecipientProblem, RecipientRole
from tests.installation import AT

ON = date(2026, 10, 1)
CLEAN = Recipient(
    id=RowId("01900000-0000-7000-8000-000000000001"),
    source_key="V1",
    name="架空運輸",
    role=RecipientRole.PROCESSOR,
    country="JP",
    expires_on=date(2027, 3, 31),
    subprocessing="不可",
    safeguards="暗号化",
    audited_on=date(2026, 4, 1),
)


def problems(**other: object) -> frozenset[RecipientProblem]:
    return problems_of(replace(CLEAN, **other), on=ON)  # type: ignore[arg-type] # named fields


def test_a_recipient_in_order_has_no_problem() -> None:
    assert problems() == frozenset()


@pytest.mark.parametrize(
    ("other", "problem", "holds"),
    [
        ({"expires_on": date(2026, 9, 30)}, RecipientProblem.CONTRACT_EXPIRED, True),
        ({"expires_on": ON}, RecipientProblem.CONTRACT_EXPIRED, False),
        (
            {"expires_on": date(2020, 1, 1), "auto_renewal": True},
            RecipientProblem.CONTRACT_EXPIRED,
            False,
        ),
        ({"subprocessor": "架空便"}, RecipientProblem.SUBPROCESSOR_NOT_PERMITTED, True),
        (
            {"subprocessor": "架空便", "subprocessing": None},
            RecipientProblem.SUBPROCESSOR_NOT_PERMITTED,
            True,
        ),
        (
            {"subprocessor": "架空便", "subprocessing": "可（事前承諾）"},
            RecipientProblem.SUBPROCESSOR_NOT_PERMITTED,
            False,
        ),
        (
            {"subprocessor": "架空便", "subprocessing": "可(事前承諾)"},
            RecipientProblem.SUBPROCESSOR_NOT_PERMITTED,
            False,
        ),
        ({"country": "US"}, RecipientProblem.NO_TRANSFER_BASIS, True),
        ({"country": None}, RecipientProblem.NO_TRANSFER_BASIS, True),
        ({"country": "IE"}, RecipientProblem.NO_TRANSFER_BASIS, False),
        ({"country": "US", "transfer_basis": "契約"}, RecipientProblem.NO_TRANSFER_BASIS, False),
        ({"transfer_basis": "本人同意"}, RecipientProblem.NO_FOREIGN_SYSTEM_INFO, True),
        (
            {"transfer_basis": "本人同意", "foreign_system_on": ON},
            RecipientProblem.NO_FOREIGN_SYSTEM_INFO,
            False,
        ),
        ({"role": RecipientRole.THIRD_PARTY}, RecipientProblem.NO_PROVISION_RECORD, True),
        ({"role": RecipientRole.SOURCE}, RecipientProblem.NO_PROVISION_RECORD, True),
        ({"role": RecipientRole.JOINT}, RecipientProblem.NO_PROVISION_RECORD, False),
        (
            {"role": RecipientRole.SOURCE, "provision_record": True},
            RecipientProblem.NO_PROVISION_RECORD,
            False,
        ),
        ({"audited_on": None}, RecipientProblem.AUDIT_OVERDUE_2Y, True),
        ({"audited_on": date(2024, 9, 30)}, RecipientProblem.AUDIT_OVERDUE_2Y, True),
        ({"audited_on": date(2024, 10, 1)}, RecipientProblem.AUDIT_OVERDUE_2Y, False),
        (
            {"audited_on": None, "role": RecipientRole.JOINT},
            RecipientProblem.AUDIT_OVERDUE_2Y,
            False,
        ),
        ({"safeguards": ""}, RecipientProblem.NO_SAFEGUARDS, True),
        ({"safeguards": None}, RecipientProblem.NO_SAFEGUARDS, True),
    ],
)
def test_each_duty_has_its_own_problem(
    other: dict[str, object], problem: RecipientProblem, *, holds: bool
) -> None:
    assert (problem in problems(**other)) is holds


def test_an_audit_of_a_leap_day_is_late_after_the_first_of_march() -> None:
    leap = replace(CLEAN, audited_on=date(2024, 2, 29), expires_on=None)
    assert not problems_of(leap, on=date(2026, 3, 1))
    assert problems_of(leap, on=date(2026, 3, 2)) == {RecipientProblem.AUDIT_OVERDUE_2Y}


def test_a_recipient_comes_back_as_it_was_stored(database: Database) -> None:
    full = replace(CLEAN, service="配送", contracted_on=ON, provision_record=True, notes="架空")
    database.write(lambda tx: store.add_recipient(tx, full, contact=b"sealed", at=AT))
    with database.read() as tx:
        assert store.all_recipients(tx) == (full,)
        assert store.known_keys(tx, ["V1", "V2"]) == {"V1"}


def test_problems_are_replaced_not_added(database: Database) -> None:
    found = [RecipientProblem.NO_SAFEGUARDS, RecipientProblem.CONTRACT_EXPIRED]
    database.write(lambda tx: store.add_recipient(tx, CLEAN, contact=None, at=AT))
    for problems_ in (found, found, found[:1]):
        database.write(
            lambda tx, now=problems_: store.replace_problems(tx, CLEAN.id, now, on=ON)  # type: ignore[misc] # bound now
        )
    with database.read() as tx:
        assert [row.kind for row in tx.execute(store.PROBLEM.select())] == ["NO_SAFEGUARDS"]
