"""Whatever way a value is written, its search finds it, and no other value is taken for it."""

import re
import unicodedata

import jaconv
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from governance.core.terms import FieldId
from governance.crypto.index import TermKind
from governance.customers.normalise.names import name_key, variants
from governance.customers.normalise.romaji import readings
from governance.customers.normalise.sounds import long_vowels, passport, sound
from governance.customers.search_queries import named, recognised
from governance.customers.search_terms import Form, Level, asked, form_of, stored_terms

KINDS = {
    Form.NAME: (TermKind.EXACT, TermKind.PREFIX, TermKind.GRAM),
    Form.READING: (TermKind.EXACT, TermKind.PREFIX, TermKind.GRAM),
    Form.PHONE: (TermKind.EXACT, TermKind.SUFFIX),
    Form.EMAIL: (TermKind.EXACT, TermKind.PREFIX),
    Form.POSTAL: (TermKind.EXACT, TermKind.PREFIX),
    Form.ADDRESS: (TermKind.GRAM,),
    Form.COMPANY: (TermKind.EXACT, TermKind.PREFIX, TermKind.GRAM),
    Form.CORPORATE: (TermKind.EXACT,),
    Form.WORD: (TermKind.EXACT,),
}
KANA = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
    "ガギグゲゴザジズゼゾダデドバビブベボパピプペポ"
)
kana = st.text(KANA + "ーャュョッ", min_size=1, max_size=6)
readings_of = st.tuples(st.text(KANA, min_size=2, max_size=5), kana).map(" ".join)
kanji = st.text("山田川本髙高﨑崎邊邉辺𠮷吉澤沢齋斎廣広渡渡太郎花子一二美", min_size=1, max_size=4)
names = st.tuples(kanji, kanji).map("　".join)


def found(form: Form, query: str, value: str) -> Level | None:
    """On which level the index leads to the value and the comparison agrees; None for neither."""
    what = asked(form, query)
    if what is None:
        return None
    held = {kind: set(terms) for kind, terms in stored_terms(form, value, KINDS[form]).items()}
    true = what.level(value)
    read = [
        one.level
        for one in what.lookups
        if one.terms and set(one.terms) <= held.get(one.kind, set())
    ]
    if true is None:
        return None
    return min((level for level in read if level >= true), default=None)


def spelled(text: str) -> st.SearchStrategy[str]:
    """The same text in other widths, scripts, forms and with other spaces."""
    return st.sampled_from(
        [
            text,
            text.replace(" ", "　"),
            text.replace("　", " "),
            text.replace(" ", "").replace("　", ""),
            jaconv.kata2hira(text),
            jaconv.z2h(text, kana=True),
            unicodedata.normalize("NFD", text),
            f"  {text} ",
        ]
    )


@given(data=st.data(), value=readings_of)
def test_a_reading_is_found_whole_however_it_is_written(data: st.DataObject, value: str) -> None:
    assert found(Form.READING, data.draw(spelled(value)), value) is Level.EXACT


@given(data=st.data(), value=names)
def test_a_name_is_found_whole_however_it_is_written(data: st.DataObject, value: str) -> None:
    assert found(Form.NAME, data.draw(spelled(value)), value) is Level.EXACT


@given(value=names)
def test_a_name_is_found_with_its_variants_folded_and_ivs(value: str) -> None:
    folded = value.translate(variants())
    selected = "".join(c + "\U000e0100" for c in value)
    for written in (folded, selected):
        assert found(Form.NAME, written, value) is Level.EXACT
        assert found(Form.NAME, value, written) is Level.EXACT


@given(value=names, data=st.data())
def test_the_beginning_of_a_name_is_found(value: str, data: st.DataObject) -> None:
    key = name_key(value)
    cut = data.draw(st.integers(1, len(key)))
    level = found(Form.NAME, key[:cut], value)
    assert level is (Level.EXACT if cut == len(key) else Level.EDGE)


@pytest.mark.parametrize("form", [Form.NAME, Form.READING, Form.ADDRESS])
@given(data=st.data())
def test_every_part_of_two_characters_is_found(form: Form, data: st.DataObject) -> None:
    values = {Form.NAME: names, Form.READING: readings_of, Form.ADDRESS: addresses()}
    value = data.draw(values[form])
    plain = re.sub(r"\s", "", value)
    if form is Form.ADDRESS:
        plain = re.sub(r"^(?:東京都|大阪府|北海道)", "", plain)
    start = data.draw(st.integers(0, max(0, len(plain) - 2)))
    size = data.draw(st.integers(2, 12))
    part = plain[start : start + size]
    if form is Form.READING and (part[0] in "ーャュョッ" or len(part.replace("ー", "")) < 2):
        return  # no reading begins so, and one sound alone says nothing
    if form is Form.ADDRESS and any(part.startswith(p) for p in ("東京都", "大阪府", "北海道")):
        return
    if len(part) >= 2:
        assert found(form, part, value) is not None, (part, value)


def addresses() -> st.SearchStrategy[str]:
    number = st.integers(1, 30).map(str)
    kanji_number = st.sampled_from(["一", "二", "三", "十", "二十三"])
    return st.builds(
        "{}{}{}{}{}{}".format,
        st.sampled_from(["東京都", "大阪府", "北海道", ""]),
        st.sampled_from(["渋谷区神南", "千代田区丸の内", "札幌市中央区大通西", "町田市原町田"]),
        st.one_of(number, kanji_number).map("{}丁目".format),
        number.map("{}番".format),
        number.map("{}号".format),
        st.sampled_from(["", "架空ビル101", "　カクウハイツ２０３号室"]),
    )


@pytest.mark.parametrize(
    ("form", "query", "value"),
    [
        (Form.PHONE, "090-1111-2222", "+819011112222"),
        (Form.PHONE, "０９０−１１１１−２２２２", "+819011112222"),
        (Form.PHONE, "+81 90 1111 2222", "+819011112222"),
        (Form.PHONE, "０３（１２１２）３４３４", "+81312123434"),
        (Form.PHONE, "tel:03-1212-3434", "+81312123434"),
        (Form.EMAIL, "Taro.Kakuu＠Example.COM", "taro.kakuu@example.com"),
        (Form.EMAIL, "<taro.kakuu@example.com>", "taro.kakuu@example.com"),
        (Form.POSTAL, "〒１００−０００５", "100-0005"),
        (Form.POSTAL, "1000005", "100-0005"),
        (Form.READING, "yamada tarou", "ヤマダ タロウ"),
        (Form.READING, "YAMADA Taro", "ヤマダ タロウ"),
        (Form.READING, "Tarō Yamada", "ヤマダ タロウ"),
        (Form.READING, "satoh", "サトウ"),
        (Form.READING, "ohno", "オオノ"),
        (Form.READING, "sinitirou", "シンイチロウ"),
        (Form.READING, "shin'ichiro", "シンイチロウ"),
        (Form.READING, "Homma", "ホンマ"),
        (Form.READING, "Hatchobori", "ハッチョウボリ"),
        (Form.READING, "zyunko", "ジュンコ"),
        (Form.READING, "サトー", "サトウ"),
        (Form.READING, "ジユンコ", "ジュンコ"),
        (Form.NAME, "髙橋 﨑男", "高橋　崎男"),
        (Form.NAME, "渡邉𠮷", "渡辺 吉"),
        (Form.NAME, "Mueller Silke", "Silke Müller"),
        (Form.WORD, "ｃ００１２", "C0012"),
    ],
)
def test_notations_of_one_value_meet(form: Form, query: str, value: str) -> None:
    assert found(form, query, value) is Level.EXACT


@pytest.mark.parametrize(
    ("form", "query", "value", "level"),
    [
        (Form.PHONE, "2222", "+819011112222", Level.EDGE),
        (Form.EMAIL, "taro.kak", "taro.kakuu@example.com", Level.EDGE),
        (Form.EMAIL, "taro.kakuu@", "taro.kakuu@example.com", Level.EDGE),
        (Form.POSTAL, "〒100", "100-0005", Level.EDGE),
        (Form.POSTAL, "100-00", "100-0005", Level.EDGE),
        (Form.READING, "yamad", "ヤマダ タロウ", Level.EDGE),
        (Form.READING, "yam", "ヤマダ タロウ", Level.EDGE),
        (Form.READING, "taro", "ヤマダ タロウ", Level.PART),
        (Form.NAME, "太郎", "山田 太郎", Level.PART),
        (Form.ADDRESS, "神南一丁目2番", "東京都渋谷区神南1-2-3", Level.PART),
        (Form.ADDRESS, "神南1-2-3", "東京都渋谷区神南一丁目２番３号", Level.PART),
        (Form.ADDRESS, "東京都渋谷区", "東京都渋谷区神南1-2-3", Level.PART),
    ],
)
def test_parts_of_a_value_are_found_on_their_level(
    form: Form, query: str, value: str, level: Level
) -> None:
    assert found(form, query, value) is level


@pytest.mark.parametrize(
    ("form", "query", "value"),
    [
        (Form.READING, "オノ", "オーノ"),
        (Form.READING, "ケコ", "ケイコ"),
        (Form.READING, "keko", "ケイコ"),
        (Form.READING, "yamat", "ヤマダ"),
        (Form.PHONE, "1111", "+819011112222"),
        (Form.EMAIL, "kakuu", "taro.kakuu@example.com"),
        (Form.POSTAL, "000", "100-0005"),
        (Form.NAME, "田太郎一", "山田 太郎"),
        (Form.ADDRESS, "神南1-23", "東京都渋谷区神南1-2-3"),
        (Form.ADDRESS, "東京都", "東京都渋谷区神南1-2-3"),
    ],
)
def test_what_is_not_so_is_not_found(form: Form, query: str, value: str) -> None:
    assert found(form, query, value) is None


@given(query=st.one_of(names, readings_of, kana, kanji), value=st.one_of(names, readings_of))
@example(query="ウア", value="アソ ウア")
def test_the_comparison_never_takes_another_value(query: str, value: str) -> None:
    for form, key in ((Form.NAME, name_key), (Form.READING, sound)):
        if found(form, query, value) is not None:
            places = (value, *value.split())  # a long vowel may bridge two words of the value
            assert any(key(query) in key(place) for place in places) or key(query) == ""


@given(text=kana)
def test_the_widest_sound_covers_the_narrower_ones(text: str) -> None:
    assert sound(passport(text)) == sound(text)
    assert long_vowels(text).replace("ー", "") == sound(text)


@given(value=readings_of, cut=st.integers(1, 8))
def test_sounds_keep_beginnings(value: str, cut: int) -> None:
    plain = value.replace(" ", "")
    assert sound(plain).startswith(sound(plain[:cut]))


@given(text=st.text(max_size=12))
def test_no_text_breaks_the_readings(text: str) -> None:
    for reading in readings(text):
        assert reading.kana


FIELDS = {
    FieldId(f"person.{name}"): form_of(FieldId(f"person.{name}"))
    for name in (
        "customer_id",
        "name",
        "kana",
        "phone",
        "mobile",
        "email",
        "postal_code",
        "address",
    )
}


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("taro@example.com", [{Form.EMAIL}]),
        ("090-1111-2222", [{Form.PHONE, Form.WORD}]),
        ("〒100-0005", [{Form.POSTAL, Form.WORD}]),
        ("C000123", [{Form.WORD, Form.EMAIL}]),
        ("やまだ たろう", [{Form.READING, Form.NAME}]),
        ("山田　太郎", [{Form.NAME, Form.ADDRESS}]),
        ("山田 渋谷区神南 2222", [{Form.NAME, Form.ADDRESS}, {Form.NAME, Form.ADDRESS},
                              {Form.PHONE, Form.POSTAL, Form.WORD}]),
        ("yamada", [{Form.NAME, Form.READING, Form.EMAIL, Form.WORD}]),
        ("", []),
        ("　 ", []),
    ],
)  # fmt: skip
def test_the_box_recognises_what_is_typed(text: str, forms: list[set[Form]]) -> None:
    parts = recognised(text, FIELDS)
    assert [{FIELDS[q.field] for q in part.questions} for part in parts] == forms


@given(text=st.text(max_size=40))
def test_no_text_breaks_the_box(text: str) -> None:
    for part in recognised(text, FIELDS):
        for question in part.questions:
            question.asked.level("架空 花子")


def test_named_values_ask_their_fields_alone() -> None:
    names = {
        "phone": (FieldId("person.phone"), FieldId("person.mobile")),
        "name": (FieldId("person.name"), FieldId("person.kana")),
        "kana": (FieldId("person.kana"),),
    }
    values = {"phone": "090-1111-2222", "name": "yamada", "sex": "女", "kana": " "}
    parts = named(values, names, FIELDS)
    assert [{FIELDS[q.field] for q in part.questions} for part in parts] == [
        {Form.PHONE},
        {Form.NAME, Form.READING},
    ]


LEGAL = (
    "株式会社{}",
    "{}株式会社",
    "㈱{}",
    "{}㈱",
    "(株){}",
    "（株）{}",
    "{}（株）",
    "株式会社　{}",
    "{}",
)
bare = st.text("山田川商事工業ネットワークゼータデルタ", min_size=2, max_size=8)


@given(name=bare, held=st.sampled_from(LEGAL), typed=st.sampled_from(LEGAL))
def test_a_company_is_found_whole_whatever_its_legal_form_is_written_like(
    name: str, held: str, typed: str
) -> None:
    assert found(Form.COMPANY, typed.format(name), held.format(name)) is Level.EXACT


@given(name=bare, held=st.sampled_from(LEGAL))
def test_a_company_is_found_in_narrow_kana_and_by_its_beginning(name: str, held: str) -> None:
    narrow = jaconv.z2h(name)
    assert found(Form.COMPANY, narrow, held.format(name)) is Level.EXACT
    assert found(Form.COMPANY, name[:-1], held.format(name)) in {Level.EDGE, Level.EXACT}


@pytest.mark.parametrize(
    ("query", "value", "level"),
    [
        ("Kakuu Trading", "Kakuu Trading Co., Ltd.", Level.EXACT),
        ("かくうネット", "株式会社カクウネット", Level.EXACT),
        ("商事", "株式会社架空商事", Level.PART),
        ("株式会社", "株式会社架空商事", None),
        ("架空商店", "株式会社架空商事", None),
    ],
)
def test_companies_by_name(query: str, value: str, level: Level | None) -> None:
    assert found(Form.COMPANY, query, value) is level


@pytest.mark.parametrize(
    "query", ["1180301018771", "1-1803-0101-8771", "Ｔ1180301018771", "T1180301018771"]
)
def test_a_corporate_number_is_found_whole_and_by_its_invoice_number(query: str) -> None:
    assert found(Form.CORPORATE, query, "1180301018771") is Level.EXACT
    assert asked(Form.CORPORATE, "118030") is None


@given(value=names, cut=st.integers(1, 9))
def test_a_beginning_is_looked_up_by_all_its_shorter_ones(value: str, cut: int) -> None:
    key = name_key(value)
    what = asked(Form.NAME, key[:cut])
    assert what is not None
    held = set(stored_terms(Form.NAME, value, KINDS[Form.NAME]).get(TermKind.PREFIX, ()))
    (edge,) = (one for one in what.lookups if one.level is Level.EDGE)
    assert len(edge.terms) == min(cut, len(key), 8)
    if cut < len(key):
        assert set(edge.terms) <= held
