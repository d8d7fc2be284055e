"""Columns: what the values say, what the name adds, and what is no personal data."""

import pytest

from governance.pii.columns import classify_column

NAMES = ["佐藤 花子", "鈴木一郎", "高橋健太", "田中 美咲", "ワタナベ ケンジ", "山本さくら"]
CARDS = ["4111111111111111", "5555-5555-5555-4444", "3530111333300000", "378282246310005"]
TWELVE = ["123456789018", "987654321093", "202601011230", "555123456787", "314159265352"]
ADDRESSES = [
    "東京都千代田区丸の内1-2-3",
    "大阪府豊中市新千里東町1-4-2 千里ハイツ305号室",
    "横浜市西区みなとみらい2-3",
]
DATES = ["1978/04/01", "昭和53年4月1日", "H2.7.30", "1986-02-14", "2001年3月3日"]
RECENT = ["2024/05/01", "令和6年5月1日", "R6.5.1", "2025-02-14", "2023年3月3日"]


@pytest.mark.parametrize(
    ("name", "values", "label"),
    [
        ("氏名", NAMES, "PERSON"),
        ("x1", NAMES, "PERSON"),
        ("担当", ["佐藤", "鈴木", "高橋", "千葉", "福島", "原"], "PERSON"),
        ("full_name", ["Olivia Martinez", "John Smith", "K. Schmidt", "Laura Becker"], "PERSON"),
        ("住所", ADDRESSES, "ADDRESS"),
        ("c7", ADDRESSES, "ADDRESS"),
        ("zip", ["100-0005", "651-0087", "9800811"], "POSTAL_CODE"),
        ("電話", ["03-1234-5678", "０９０１２３４５６７８", "+81-90-1234-5678"], "PHONE"),
        ("c9", ["03-1234-5678", "(06)6123-4567", "09012345678"], "PHONE"),
        ("mail", ["a@example.com", "b.c@example.ne.jp"], "EMAIL"),
        ("c3", ["a@example.com", "不明", None, "b＠example.com"], "EMAIL"),
        ("個人番号", ["123456789018", "111111111111"], "MY_NUMBER"),
        ("n", TWELVE, "MY_NUMBER"),
        ("免許証番号", ["302012345670", "451234567890"], "DRIVER_LICENSE"),
        ("pay", CARDS, "CREDIT_CARD"),
        ("生年月日", DATES, "BIRTH_DATE"),
        ("d", DATES, "BIRTH_DATE"),
        ("口座番号", ["1234567", "7654321"], "BANK_ACCOUNT"),
        ("last_ip", ["192.0.2.1", "2001:db8::1:2:3"], "IP_ADDRESS"),
        ("旅券", ["TK1234567", "MU7654321"], "PASSPORT"),
        ("備考", ["配送は午前中を希望。", "山田様から折り返しの依頼あり。", "なし"], "FREE_TEXT"),
        (
            "x9",
            ["荷物が届いていません。", "サイズを交換してください。", "電話をください。"],
            "FREE_TEXT",
        ),
    ],
)
def test_column_is_recognised(name: str, values: list[object], label: str) -> None:
    assert classify_column(name, values).label == label


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("受付日", RECENT),
        ("d", RECENT),
        ("会員番号", ["KS1029384", "M-204857", "00123456"]),
        ("order_no", ["123456789018", "555666777888", "000111222333"]),
        ("x", ["102938475610", "998877665544", "010203040506", "765432109876"]),
        ("tracking", CARDS),
        ("会社名", ["株式会社高島屋", "千葉銀行", "有限会社鈴木製作所"]),
        ("店舗", ["渋谷センター", "福岡空港", "神戸", "銀座店"]),
        ("金額", ["12,345円", "￥9,800", "35万円"]),
        ("qty", ["12", "1470", "8"]),
        ("status", ["対応中", "完了", "保留"]),
        ("version", ["10.2.6", "9.9.1"]),
        ("url", ["https://www.example.com/p/1", "https://www.example.com/p/2"]),
        ("空", [None, "", "不明", "-", "N/A"]),
        ("", []),
    ],
)
def test_column_without_personal_data_has_no_label(name: str, values: list[object]) -> None:
    assert classify_column(name, values).label is None


VERSIONS = ["4.12.0.6", "6.17.7.19", "3.0.5.10", "1.9.2.33"]
ROMAJI = ["Naoki Imai", "KINOSHITA HINA", "Arai Koji", "Yui Miura", "OTSUKA Kazuya"]


@pytest.mark.parametrize(
    ("name", "values", "label"),
    [
        ("注文者氏名", NAMES, "PERSON"),
        ("order_email", ["a@example.com", "b.c@example.ne.jp"], "EMAIL"),
        ("店舗電話番号", ["03-1234-5678", "0312345678"], "PHONE"),
        ("company address", ADDRESSES, "ADDRESS"),
        ("postal_code", ["163-5692", "9808638"], "POSTAL_CODE"),
        ("mobileNo", ["09026062849", "03-6661-2816"], "PHONE"),
        ("first_name", ["Tomasz", "Ingrid", "Xochitl", "Björn"], "PERSON"),
        ("nenkin_no", ["2572-497053", "5413-872539"], "PENSION_NUMBER"),
        ("x1", ROMAJI, "PERSON"),
        ("x2", [f"{name} 様" for name in NAMES], "PERSON"),
        ("x3", ["Apt 37, 96 Oak Lane, Sydney NSW 2000", "1095 5th Avenue, Dallas"], "ADDRESS"),
        ("x4", [f"{day} 09:30:00" for day in DATES], "BIRTH_DATE"),
        ("last_ip", VERSIONS, "IP_ADDRESS"),
        ("x5", VERSIONS, None),
        ("x6", ["14:43:3c:b7:f4:44", "e3:89:b3:54:6f:e7"], None),
        ("x7", ["8:00-18:30", "11:00-16:30"], None),
        ("氏名区分", ["本人", "家族", "法人"], None),
        ("product_name", ["Wireless Mouse", "Rose Garden Soap", "Grace Perfume"], None),
        ("担当店舗", ["千葉", "福島", "新宿"], None),
    ],
)
def test_last_word_of_the_name_and_the_shape_of_the_values_decide(
    name: str, values: list[object], label: str | None
) -> None:
    assert classify_column(name, values).label == label


def test_confidence_is_the_share_that_agrees() -> None:
    found = classify_column("c", ["a@example.com"] * 9 + ["abc"])
    assert (found.confidence, found.sampled) == (0.9, 10)


def test_long_columns_are_sampled() -> None:
    assert classify_column("c", [f"u{n}@example.com" for n in range(5_000)]).sampled == 400
