"""A composed kana is compared without its mark, as Unicode takes it apart; nothing else changes."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from governance.core.fifty_sounds import MARKS, unvoiced

COMPOSED = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x33FF))


@given(COMPOSED)
def test_the_mark_of_a_kana_goes_and_nothing_else(reading: str) -> None:
    def plain(sign: str) -> str:
        apart = unicodedata.normalize("NFD", sign)
        return apart[0] if len(apart) == 2 and apart[1] in MARKS else sign

    assert unvoiced(reading) == "".join(map(plain, reading))


def test_voiced_and_half_voiced_kana_of_both_kinds() -> None:
    assert unvoiced("ガギグ パピプ ヴ ゔ が") == "カキク ハヒフ ウ う か"
