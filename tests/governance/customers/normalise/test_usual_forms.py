"""Usual cells are read without folding; what is close to them is read as ever."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.customers.normalise.chars import ABSENT, is_absent
from governance.customers.normalise.dates import normalise_date
from governance.customers.normalise.kana import kana_key, normalise_kana
from governance.customers.normalise.names import name_key, normalise_name
from governance.customers.normalise.phone import normalise_phone
from governance.customers.normalise.postal import prefectures_of
from governance.customers.normalise.sounds import large_kana

DAY = date(2026, 11, 26)


@pytest.mark.parametrize("written", ["2024/3/9", "2024-03-09", "２０２４／３／９", " 2024.3.9 "])
def test_a_western_day_is_the_same_in_every_width(written: str) -> None:
    assert normalise_date(written, at=DAY).value == "2024-03-09"


def test_a_usual_day_that_does_not_exist_is_none() -> None:
    assert normalise_date("2023-02-29", at=DAY).value is None


@pytest.mark.parametrize("written", ["03-1234-5678", "0312345678", "０３－１２３４－５６７８"])
def test_a_domestic_number_is_the_same_in_every_width(written: str) -> None:
    assert normalise_phone(written).value == normalise_phone("TEL 03-1234-5678").value


@pytest.mark.parametrize("written", ["090-0000-0000", "0000000000"])
def test_a_usual_number_that_fills_a_field_is_none(written: str) -> None:
    assert normalise_phone(written).value is None


@pytest.mark.parametrize("written", ["ヤマダ　タロウ", "ヤマダ タロウサマ", "やまだ　たろう"])
def test_a_reading_is_the_same_in_every_form(written: str) -> None:
    assert normalise_kana(written).value == "ヤマダ タロウ"


@pytest.mark.parametrize("written", ["山田　太郎", "山田 太郎様"])
def test_a_name_has_one_narrow_space(written: str) -> None:
    assert normalise_name(written).value == "山田 太郎"


@pytest.mark.parametrize("mark", sorted(ABSENT))
def test_every_mark_of_absence_is_one_between_brackets_too(mark: str) -> None:
    assert is_absent(mark)
    assert is_absent(f"（{mark}）")


@pytest.mark.parametrize(
    ("address", "prefecture"), [("神奈川県横浜市", "神奈川県"), ("東京都港区", "東京都")]
)
def test_a_prefecture_of_three_or_four_signs_is_told(address: str, prefecture: str) -> None:
    assert prefectures_of(address) == {prefecture}


KATAKANA = "".join(map(chr, range(0x30A1, 0x30FB))) + "ー 　"


@given(st.text(st.sampled_from(KATAKANA + "・"), min_size=1))
def test_a_usual_reading_has_the_keys_that_folding_gives(reading: str) -> None:
    folded = reading + "\u200b"  # no sign of a usual reading, and no sign of its keys
    assert kana_key(reading) == kana_key(folded)
    assert large_kana(reading) == large_kana(folded)


@given(
    st.text(st.one_of(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5),
                      st.sampled_from(KATAKANA + "々髙邉﨑靜")), min_size=1)
)  # fmt: skip
def test_a_usual_name_has_the_key_that_folding_gives(name: str) -> None:
    assert name_key("架" + name) == name_key("架" + name + "()")  # brackets are folded away
