"""Masked values never hold the clear value beyond the part that the method declares to keep."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.address import municipality_of
from policies.masking import MARK, Masking, MaskMethod, Span, mask, redact, signs

ON = date(2026, 10, 1)
TEXTS = st.text(min_size=1, max_size=40).filter(lambda value: bool(value.strip()))


@pytest.mark.parametrize(
    ("method", "value", "shown"),
    [
        (MaskMethod.PARTIAL, "+81901234567", MARK + "4567"),
        (MaskMethod.PARTIAL, "090-1234-5678", MARK + "5678"),
        (MaskMethod.PARTIAL, "4111 1111 1111 1111", MARK + "1111"),
        (MaskMethod.PARTIAL, "hanako@mail.example.jp", f"h{MARK}@{MARK}.jp"),
        (MaskMethod.PARTIAL, "1234567", MARK),
        (MaskMethod.PARTIAL, "架空の宛先", MARK),
        (MaskMethod.INITIAL, "山田 花子", "山" + MARK),
        (MaskMethod.INITIAL, "森", MARK),
        (MaskMethod.INITIAL, "葛\U000e0100", MARK),
        (MaskMethod.KEEP_LAST, "C000123", MARK),
        (MaskMethod.KEEP_LAST, "C0001234", MARK + "1234"),
        (MaskMethod.YEAR_MONTH, "1978-04-01", "1978-04"),
        (MaskMethod.YEAR_MONTH, "昭和53年", MARK),
        (MaskMethod.YEAR_MONTH, "1978-02-30", MARK),
        (MaskMethod.YEAR, "1978-04-01", "1978"),
        (MaskMethod.AGE_BAND, "1986-10-01", "40-49"),
        (MaskMethod.AGE_BAND, "1986-10-02", "30-39"),
        (MaskMethod.AGE_BAND, "1920-01-01", "90+"),
        (MaskMethod.AGE_BAND, "2030-01-01", MARK),
        (MaskMethod.PREFECTURE, "和歌山県橋本市紀見ケ丘1-22", "和歌山県"),
        (MaskMethod.PREFECTURE, "橋本市紀見ケ丘1-22", MARK),
        (MaskMethod.MUNICIPALITY, "神奈川県横浜市中区1-1", "神奈川県横浜市中区"),
        (MaskMethod.HIDE, "x", MARK),
        (MaskMethod.HIDE, "", ""),
    ],
)
def test_method_shows_only_its_part(method: MaskMethod, value: str, shown: str) -> None:
    assert mask(value, Masking(method=method), on=ON) == shown


@pytest.mark.parametrize(
    ("address", "municipality"),
    [
        ("三重県四日市市諏訪町1", "三重県四日市市"),
        ("千葉県市川市八幡1", "千葉県市川市"),
        ("東京都新宿区市谷本村町5", "東京都新宿区"),
        ("東京都町田市森野2", "東京都町田市"),
        ("奈良県大和郡山市北郡山町2", "奈良県大和郡山市"),
        ("福島県郡山市朝日1", "福島県郡山市"),
        ("愛知県蒲郡市旭町17", "愛知県蒲郡市"),
        ("京都府京都市上京区1", "京都府京都市上京区"),
        ("北海道札幌市北区北8条西5", "北海道札幌市北区"),
        ("沖縄県国頭郡大宜味村1", "沖縄県国頭郡大宜味村"),
        ("富山県中新川郡舟橋村", "富山県中新川郡舟橋村"),
        ("石川県野々市市三納1", "石川県野々市市"),
        ("岩手県", "岩手県"),
    ],
)
def test_municipality_ends_before_the_town(address: str, municipality: str) -> None:
    assert municipality_of(address) == municipality


@given(value=TEXTS, method=st.sampled_from(MaskMethod), keep=st.integers(1, 8))
def test_mask_never_returns_the_value(value: str, method: MaskMethod, keep: int) -> None:
    if value.strip() in MARK:
        return
    assert value.strip() not in mask(value, Masking(method=method, keep=keep), on=ON)


@given(digits=st.text("0123456789", min_size=1, max_size=19), keep=st.integers(1, 8))
def test_partial_keeps_at_most_half_and_at_most_the_number_named(digits: str, keep: int) -> None:
    shown = mask(digits, Masking(method=MaskMethod.PARTIAL, keep=keep)).removeprefix(MARK)
    assert len(shown) <= keep
    assert len(shown) * 2 <= len(digits)


@given(local=st.from_regex(r"[a-z0-9]{2,12}", fullmatch=True))
def test_email_keeps_no_more_of_the_local_part_than_its_first_letter(local: str) -> None:
    shown = mask(f"{local}@example.jp", Masking(method=MaskMethod.PARTIAL))
    assert shown == f"{local[0]}{MARK}@{MARK}.jp"


@given(before=st.text(max_size=10), secret=st.text(min_size=1, max_size=10), after=st.text())
def test_redaction_replaces_exactly_the_span(before: str, secret: str, after: str) -> None:
    span = Span(start=len(before), end=len(before) + len(secret), label="PERSON")
    assert redact(before + secret + after, spans=[span]) == f"{before}［PERSON］{after}"


def test_overlapping_spans_leave_nothing_between() -> None:
    spans = [Span(start=0, end=3, label="A"), Span(start=2, end=6, label="B")]
    assert redact("abcdefgh", spans=spans) == "［A］gh"


def test_unfit_span_hides_the_whole_text() -> None:
    assert redact("abc", spans=[Span(start=1, end=9, label="A")]) == MARK


def test_text_without_analysis_is_hidden() -> None:
    assert mask("森さんに電話", Masking(method=MaskMethod.REDACT)) == MARK


def test_redaction_names_kinds_in_the_readers_language() -> None:
    spans = [Span(start=0, end=2, label="PERSON")]
    assert redact("森花 様", spans=spans, names={"PERSON": "氏名"}) == "［氏名］ 様"


def test_age_band_without_a_day_is_hidden() -> None:
    assert mask("1986-10-01", Masking(method=MaskMethod.AGE_BAND)) == MARK


KANA = st.sampled_from(
    ["カ", "か\u3099", "ｶﾞ", "葛\U000e0100", "神\ufe00", "é", "e\u0301", "森", "A"]
)
NAMES = st.lists(KANA, min_size=1, max_size=8)


@given(parts=NAMES)
def test_signs_are_what_people_count(parts: list[str]) -> None:
    assert signs("".join(parts)) == parts


@given(parts=NAMES)
def test_an_initial_is_one_whole_sign_and_never_the_whole_name(parts: list[str]) -> None:
    shown = mask("".join(parts), Masking(method=MaskMethod.INITIAL))
    assert shown == (MARK if len(parts) == 1 else parts[0] + MARK)


@given(parts=NAMES, keep=st.integers(1, 8))
def test_the_last_signs_are_whole_and_at_most_a_half(parts: list[str], keep: int) -> None:
    shown = mask("".join(parts), Masking(method=MaskMethod.KEEP_LAST, keep=keep))
    assert shown == (MARK if len(parts) < 2 * keep else MARK + "".join(parts[-keep:]))


def test_a_local_part_of_one_letter_is_hidden() -> None:
    assert mask("h@example.jp", Masking(method=MaskMethod.PARTIAL)) == f"{MARK}@{MARK}.jp"


@given(value=TEXTS)
def test_a_token_is_the_data_sets_own_and_hidden_without_one(value: str) -> None:
    masking = Masking(method=MaskMethod.TOKEN)
    assert mask(value, masking) == MARK
    assert mask(value, masking, tokens=lambda _: "t1") == "t1"


@given(value=TEXTS)
def test_null_leaves_nothing(value: str) -> None:
    assert mask(value, Masking(method=MaskMethod.NULL)) == ""


@given(
    day=st.dates(date(1900, 1, 1), date(2026, 10, 1)),
    other=st.dates(date(1900, 1, 1), date(2026, 10, 1)),
)
def test_a_generalised_date_tells_no_more_than_its_part(day: date, other: date) -> None:
    def shown(value: date, method: MaskMethod) -> str:
        return mask(value.isoformat(), Masking(method=method), on=ON)

    if (day.year, day.month) == (other.year, other.month):
        assert shown(day, MaskMethod.YEAR_MONTH) == shown(other, MaskMethod.YEAR_MONTH)
    if day.year == other.year:
        assert shown(day, MaskMethod.YEAR) == shown(other, MaskMethod.YEAR)
    assert len(shown(day, MaskMethod.YEAR_MONTH)) == 7
    low, _, high = shown(day, MaskMethod.AGE_BAND).partition("-")
    assert low == "90+" or int(high) == int(low) + 9


@given(rest=st.text(alphabet="0123456789-丁目番地号室", max_size=12))
def test_a_generalised_address_tells_nothing_behind_its_part(rest: str) -> None:
    address = f"東京都千代田区丸の内{rest}"
    assert mask(address, Masking(method=MaskMethod.PREFECTURE)) == "東京都"
    assert mask(address, Masking(method=MaskMethod.MUNICIPALITY)) == "東京都千代田区"
