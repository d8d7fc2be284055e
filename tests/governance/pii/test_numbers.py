"""個人番号 and card numbers: check digits, labels for and against, any way of splitting."""

import pytest

from governance.core.terms import Lang
from governance.pii.labels import LabelIndex, Topic
from governance.pii.numbers import is_card, is_my_number
from governance.pii.redaction import mask_numbers
from governance.pii.types import Entity

MY_NUMBER = "123456789018"
CARD = "4111111111111111"


@pytest.mark.parametrize("digits", [MY_NUMBER, "987654321093", "202601011230"])
def test_right_check_digit_is_a_my_number(digits: str) -> None:
    assert is_my_number(digits)


@pytest.mark.parametrize("digits", ["123456789012", "98765432109", "1234567890180"])
def test_wrong_check_digit_or_length_is_none(digits: str) -> None:
    assert not is_my_number(digits)


@pytest.mark.parametrize(
    "digits",
    [CARD, "5555555555554444", "378282246310005", "3530111333300000", "30569309025904"],
)
def test_issuer_and_luhn_make_a_card(digits: str) -> None:
    assert is_card(digits)


@pytest.mark.parametrize("digits", ["4111111111111112", "9111111111111111", "0000000000000000"])
def test_unknown_issuer_or_bad_luhn_is_no_card(digits: str) -> None:
    assert not is_card(digits)


@pytest.mark.parametrize(
    "text",
    [
        "番号は123456789018です",
        "1234-5678-9018",
        "１２３４　５６７８　９０１８",
        "1234\u200b5678\u200b9018",
        "マイナンバー 123456 789018",
        "マイナンバー：123456789012",  # mistyped is still somebody's number
        "１２３４５６７８９０１８ ←マイナンバー",
        "1 2 3 4 5 6 7 8 9 0 1 8",
        "1234.5678.9018",
    ],
)
def test_my_number_is_masked_however_split(text: str) -> None:
    masked, hits = mask_numbers(text)
    assert [hit.entity for hit in hits] == [Entity.MY_NUMBER]
    assert not any(sign.isdigit() for sign in masked)


@pytest.mark.parametrize(
    "text",
    [
        "カード4111111111111111です",
        "4111-1111-1111-1111",
        "４１１１　１１１１　１１１１　１１１１",
        "4111 1111-1111 1111",
        "3782 822463 10005",
        "カード番号4111 1111 1111 1112",  # mistyped, by its label
        "4111\u00ad1111\u20601111\ufeff1111",
    ],
)
def test_card_is_masked_to_its_last_four(text: str) -> None:
    masked, hits = mask_numbers(text)
    assert [hit.entity for hit in hits] == [Entity.CREDIT_CARD]
    assert sum(sign.isdigit() for sign in masked) == 5  # 下4桁 and four digits


@pytest.mark.parametrize(
    "text",
    [
        "注文番号 123456789018 の配送",
        "伝票番号：4111111111111111",
        "追跡番号4111-1111-1111-1111",
        "法人番号1234567890123",
        "090-1234-5678",
        "2026/01/02 03:04",
        "会員番号：123456789018",
        "",
    ],
)
def test_numbers_of_things_stay(text: str) -> None:
    assert mask_numbers(text) == (text, ())


def test_offsets_of_hits_are_those_of_the_original_text() -> None:
    text = "前😀 マイナンバー１２３４－５６７８－９０１８、カード4111111111111111。"
    _, hits = mask_numbers(text, lang=Lang.EN)
    assert [text[hit.start : hit.end] for hit in hits] == [
        "１２３４－５６７８－９０１８",
        "4111111111111111",
    ]


def test_two_numbers_side_by_side_are_both_masked() -> None:
    masked, hits = mask_numbers("123456789018 4111111111111111")
    assert len(hits) == 2
    assert "9018" not in masked


def test_nearest_label_wins() -> None:
    labels = LabelIndex("マイナンバーではなく注文番号は123456789018")
    found = labels.before(17, within=24)
    assert found is not None
    assert found.topic is Topic.OTHER_NUMBER
