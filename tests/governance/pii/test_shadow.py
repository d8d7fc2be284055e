"""The shadow text has the length of its text and folds what it must."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.pii.shadow import shadow_of

ANY_TEXT = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("０９－ー‐−　＠（）ｱｶﾞ𠮷葛\U000e0100😀\u200b\u202e\ud800"),
    )
)


@given(ANY_TEXT)
def test_shadow_keeps_length(text: str) -> None:
    assert len(shadow_of(text)) == len(text)


@given(ANY_TEXT)
def test_shadow_of_shadow_is_the_shadow(text: str) -> None:
    assert shadow_of(shadow_of(text)) == shadow_of(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("０９０－１２３４－５６７８", "090-1234-5678"),
        ("1ー2ー3", "1-2-3"),
        ("サーバー2", "サーバー2"),
        ("ａｂｃ＠ｅｘａｍｐｌｅ．ｃｏｍ", "abc@example.com"),
        ("山田　太郎", "山田 太郎"),
        ("8‐29–11", "8-29-11"),
    ],
)
def test_shadow_folds(text: str, expected: str) -> None:
    assert shadow_of(text) == expected
