"""Conditions of a hold as an officer writes them."""

import pytest

from governance.core.terms import FieldId
from governance.customers.holds.types import Comparison, Condition
from retention.holds.asked import condition_of, text_of
from retention.holds.errors import HoldConditionError

LEFT = Condition(field=FieldId("person.withdrawn_on"), test=Comparison.TO, value="2016-12-31")


@pytest.mark.parametrize(
    "field",
    ["person.withdrawn_on", "退会日", "顧客.退会日", "Withdrawn on", "Customer.Withdrawn on"],
)
def test_a_field_is_named_by_its_id_or_by_its_name_for_people(field: str) -> None:
    assert condition_of(f"{field} to 2016-12-31") == LEFT
    assert condition_of(text_of(LEFT)) == LEFT


def test_a_value_may_hold_blanks_and_the_words_of_comparisons() -> None:
    found = condition_of("購買.店舗 is 渋谷 to 新宿")
    assert (found.field, found.value) == ("purchase.store", "渋谷 to 新宿")


@pytest.mark.parametrize(
    "words", ["退会日", "退会日 2016-12-31", "退会日 before 2016-12-31", "is x"]
)
def test_what_is_no_condition_is_refused(words: str) -> None:
    with pytest.raises(HoldConditionError):
        condition_of(words)
