"""Places: a pattern that is tried where it can begin finds what it finds when tried everywhere."""

import re
from collections.abc import Callable, Iterable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.pii import dates, numbers
from governance.pii.document import Document
from governance.pii.names import HALF, LATIN
from governance.pii.places import Groups, matches, opened
from governance.pii.recognisers import (
    address_western,
    bank_account,
    iban,
    labelled,
    person_signature,
    person_words,
    phone,
    postal_code,
)
from governance.pii.recognisers.labelled import Shape
from governance.pii.recognisers.person_grammar import CHARS, run_before

RUN: Final = re.compile(
    rf"(?:[{LATIN}'’.\-]+(?:[ 　][{LATIN}'’.\-]+){{0,3}}|[{HALF}]+(?:[ 　][{HALF}]+)?"
    rf"|[{CHARS}・＝]+(?:[ 　][{CHARS}]+)?)\Z"
)
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


LETTERS: Final = "佐藤一二三十から→にへ変更と、・で訪問対応2名より連絡。\n 　ですよろしく！山田"
DATES: Final = "00112399年月日/.- 明治令和皇紀MTSHR一二三十元OlI初"
ENGLISH: Final = "12390 May march of st,2019A-"
WORDS: Final[tuple[tuple[re.Pattern[str], Callable[[str], Iterable[re.Match[str]]], str], ...]] = (
    (person_words._BOTH, person_words._both, LETTERS),
    (person_words._RENAMED, person_words._renamed, LETTERS),
    (person_words._FROM, person_words._sending, LETTERS),
    (person_signature._CLOSED, person_signature._closed, LETTERS),
    (dates._JAPANESE, lambda text: dates._japanese(text, Groups(text)), DATES),
    (dates._DAY, dates._days, DATES),
    (dates._ENGLISH, lambda text: dates._english(text, Groups(text)), ENGLISH),
)


@pytest.mark.parametrize(("pattern", "find", "signs"), WORDS, ids=map(str, range(len(WORDS))))
@given(draw=st.data())
def test_names_and_dates_are_found_where_they_can_begin(
    pattern: re.Pattern[str],
    find: Callable[[str], Iterable[re.Match[str]]],
    signs: str,
    draw: st.DataObject,
) -> None:
    text = draw.draw(st.text(signs, max_size=60))
    assert spans(find(text)) == spans(pattern.finditer(text))


@given(text=st.text("山田ﾔﾏ ーアＡbｰ’.-・＝太郎々　", max_size=30), within=st.integers(1, 30))
def test_run_before_a_place_is_the_longest(text: str, within: int) -> None:
    window = text[-within:]
    expected = RUN.search(window)
    assert run_before(text, len(text), within=within) == (expected.group() if expected else "")


@given(text=st.text("0123OolI-.() ab", max_size=40))
def test_no_misread_digit_is_passed_over(text: str) -> None:
    mixed = [
        one
        for one in numbers._SCANNED.finditer(text)
        if re.search("[OolI]", one.group()) and re.search("[0-9]", one.group())
    ]
    assert not mixed or numbers._BESIDE.search(text)


@given(text=st.text("12 NHa eauKvRrueiPlatz.,\n", max_size=60))
def test_streets_are_found_line_by_line(text: str) -> None:
    forms = [form for form, _ in (*address_western._IN_LINES, *address_western._OVER_LINES)]
    expected = [found for form in forms for found in form.finditer(text)]
    assert spans(address_western._streets(text)) == spans(expected)
