"""Places: a pattern that is tried where it can begin finds what it finds when tried everywhere."""

import re
from collections.abc import Callable, Iterable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.pii.document import Document
from governance.pii.places import Groups, matches, opened
from governance.pii.recognisers import bank_account, iban, labelled, phone, postal_code
from governance.pii.recognisers.labelled import Shape

SIGNS: Final = "00112345678999  ---..(())//の、:+AABKTxNo第号円"

Places = Callable[[Document], Iterable[int]]
FORMS: Final[tuple[tuple[re.Pattern[str], Places], ...]] = (
    (phone._JAPAN, lambda one: opened(one.shadow, one.groups.of(phone._FEWEST, "0"), "(")),
    (phone._AMERICA, lambda one: opened(one.shadow, one.groups.of(10), "(")),
    (phone._BRITAIN, lambda one: one.groups.of(11, "0")),
    (phone._ANY_FORM, lambda one: opened(one.shadow, one.groups.of(4), "(")),
    (phone._BARE, lambda one: one.groups.of(10)),
    (phone._LOCAL, lambda one: one.groups.of(6)),
    (phone._SEVEN, lambda one: one.groups.of(7)),
    (phone._SPOKEN_LONG, lambda one: one.groups.of(7, "0")),
    (phone._SPACED_OUT, lambda one: one.groups.of(1, "0")),
    (bank_account._NUMBER, lambda one: one.groups.of(6)),
    (bank_account._LONG, lambda one: one.groups.of(9)),
    (bank_account._POST_PAIR, lambda one: one.groups.of(7)),
    (postal_code._JAPAN, lambda one: one.groups.of(7)),
    (postal_code._WESTERN, lambda one: sorted({*one.groups.of(4), *one.codes})),
    (iban._SHAPE, lambda one: one.codes),
)


def spans(found: Iterable[re.Match[str]]) -> list[tuple[int, int]]:
    return [one.span() for one in found]


@pytest.mark.parametrize(("pattern", "places"), FORMS, ids=map(str, range(len(FORMS))))
@given(text=st.text(SIGNS, max_size=60))
def test_forms_are_found_where_they_can_begin(
    pattern: re.Pattern[str], places: Places, text: str
) -> None:
    document = Document(text, "ja")
    tried = matches(pattern, document.shadow, places(document))
    assert spans(tried) == spans(pattern.finditer(document.shadow))


@pytest.mark.parametrize("shape", labelled._SHAPES, ids=lambda shape: shape.entity.value)
@given(text=st.text(SIGNS, max_size=60))
def test_numbers_of_documents_are_found_where_they_can_begin(shape: Shape, text: str) -> None:
    document = Document(text, "ja")
    tried = matches(shape.pattern, document.shadow, labelled._places(document, shape))
    assert spans(tried) == spans(shape.pattern.finditer(document.shadow))


@pytest.mark.parametrize(
    ("text", "least", "places"),
    [
        ("03-1234-5678", 10, [0]),
        ("03-1234-5678", 8, [0, 3]),
        ("2名、090 12345678", 11, [0, 3]),
        ("2名、090 12345678", 12, [0]),
        ("12　　　　34", 3, []),
        ("", 1, []),
    ],
)
def test_groups_count_the_digits_that_follow_close_by(
    text: str, least: int, places: list[int]
) -> None:
    assert list(Groups(text).of(least)) == places
