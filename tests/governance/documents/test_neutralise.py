import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.documents.neutralise import is_dangerous, neutralised, restored

DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "　=1",
    "\ufeff=1",
    "\u200b=1",
    "\x00=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM",
    "'=1",
    "''=1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("https://example.com","x")',
    "+81 90 0000 0000",
    "@handle",
]
HARMLESS = [
    "",
    "山田 太郎",
    "a=b",
    "1+1",
    "taro@example.com",
    "'quoted'",
    "090-0000-0000",
    " ",
    "ー",
]
NASTY = st.text(st.sampled_from("'=+-@＝ \t\r\n\x00\ufeffa１"), max_size=8)


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_formula_start_is_marked(text: str) -> None:
    assert neutralised(text) == "'" + text


@pytest.mark.parametrize("text", HARMLESS)
def test_an_ordinary_text_stays_as_it_is(text: str) -> None:
    assert neutralised(text) == text


@given(NASTY | st.text())
def test_every_original_comes_back(text: str) -> None:
    assert restored(neutralised(text)) == text


@given(NASTY | st.text())
def test_no_neutralised_cell_begins_like_a_formula(text: str) -> None:
    cell = neutralised(text)
    start = cell.lstrip(" \x00\ufeff\u3000")
    assert not start or start[0] not in "=+-@＝＋－＠\t\r\n"


@given(NASTY, NASTY)
def test_two_texts_never_become_one(one: str, other: str) -> None:
    assert (neutralised(one) == neutralised(other)) is (one == other)


@given(st.text())
def test_an_honest_value_keeps_its_characters(text: str) -> None:
    assert neutralised(text).endswith(text)
    assert len(neutralised(text)) - len(text) == is_dangerous(text)
