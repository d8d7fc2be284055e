import re

from hypothesis import given
from hypothesis import strategies as st

from governance.customers.normalise.chars import no_spaces

SPACES = "\t\n\x0b\x0c\r\x1c\x1f \x85\xa0\u1680\u2003\u2028\u202f\u3000\u200b\ufeff"


@given(st.text(alphabet=st.one_of(st.sampled_from(SPACES + "aA1-ー山｡"), st.characters())))
def test_no_space_of_any_kind_is_left_and_nothing_else_is_lost(text: str) -> None:
    assert no_spaces(text) == re.sub(r"[\s\u3000\u00a0\u200b\ufeff]+", "", text)
