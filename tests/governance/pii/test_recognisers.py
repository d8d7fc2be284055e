"""What each recogniser finds and leaves, one line per case: text, entity, what is found."""

import pytest

from governance.pii.engine import Analyzer

FOUND = [
    # e-mail
    ("メールはtaro.y+a@example.co.jpです", "EMAIL", ["taro.y+a@example.co.jp"]),
    ("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｃｏｍまで", "EMAIL", ["ｔａｒｏ＠ｅｘａｍｐｌｅ．ｃｏｍ"]),
    ("<a_b@example.com>、c@example.ne.jp", "EMAIL", ["a_b@example.com", "c@example.ne.jp"]),
    # telephone
    ("電話03-1234-5678へ", "PHONE", ["03-1234-5678"]),
    ("携帯は０９０１２３４５６７８です", "PHONE", ["０９０１２３４５６７８"]),
    ("(06)6123-4567", "PHONE", ["(06)6123-4567"]),
    ("+81-(0)90-1234-5678に", "PHONE", ["+81-(0)90-1234-5678"]),
    ("090 1234 5678", "PHONE", ["090 1234 5678"]),
    ("TEL0312345678", "PHONE", ["0312345678"]),
    ("call 212-555-0187 now", "PHONE", ["212-555-0187"]),
    ("+44 20 7946 0123", "PHONE", ["+44 20 7946 0123"]),
    # postal codes
    ("〒100-0005 東京都", "POSTAL_CODE", ["100-0005"]),
    ("郵便番号は１０００００５", "POSTAL_CODE", ["１０００００５"]),
    ("060-0042 北海道札幌市中央区大通西3丁目", "POSTAL_CODE", ["060-0042"]),
    # documents by their labels
    ("免許証番号は３０２０１２３４５６７０", "DRIVER_LICENSE", ["３０２０１２３４５６７０"]),
    ("運転免許 第302012345670号", "DRIVER_LICENSE", ["302012345670"]),
    ("パスポートTK1234567", "PASSPORT", ["TK1234567"]),
    ("在留カードAB12345678CDを確認", "RESIDENCE_CARD", ["AB12345678CD"]),
    ("基礎年金番号1234-567890", "PENSION_NUMBER", ["1234-567890"]),
    ("保険証 記号：4021 番号：118", "HEALTH_INSURANCE", ["4021", "118"]),
    ("被保険者証 記号 松・番号 12345", "HEALTH_INSURANCE", ["12345"]),
    ("SSN: 219-09-9999", "US_SSN", ["219-09-9999"]),
    ("IBAN DE89 3704 0044 0532 0130 00", "IBAN", ["DE89 3704 0044 0532 0130 00"]),
    # bank
    ("渋谷支店 普通1234567", "BANK_ACCOUNT", ["1234567"]),
    ("ゆうちょ 記号10120 番号34567891", "BANK_ACCOUNT", ["10120", "34567891"]),
    # dates of birth
    ("生年月日：昭和五十八年十月九日", "BIRTH_DATE", ["昭和五十八年十月九日"]),
    ("令和元年5月1日生まれ", "BIRTH_DATE", ["令和元年5月1日"]),
    ("誕生日はS48.5.12です", "BIRTH_DATE", ["S48.5.12"]),
    ("born on 12 March 1979", "BIRTH_DATE", ["12 March 1979"]),
    ("DOB 06/24/1952", "BIRTH_DATE", ["06/24/1952"]),
    # addresses of the network and accounts
    ("接続元は192.0.2.15から", "IP_ADDRESS", ["192.0.2.15"]),
    ("2001:db8::8a2e:370:7334から", "IP_ADDRESS", ["2001:db8::8a2e:370:7334"]),
    ("インスタのアカウントは@hanako_88です", "SNS_ACCOUNT", ["@hanako_88"]),
    # addresses
    ("東京都千代田区丸の内一丁目二番三号に", "ADDRESS", ["東京都千代田区丸の内一丁目二番三号"]),
    ("横浜市西区みなとみらい1-2-3在住", "ADDRESS", ["横浜市西区みなとみらい1-2-3"]),
    (
        "大阪府豊中市新千里東町1-4-2　千里ハイツ305号室へ",
        "ADDRESS",
        ["大阪府豊中市新千里東町1-4-2　千里ハイツ305号室"],
    ),
    ("北海道札幌市北区北三十条西6-16-18です", "ADDRESS", ["北海道札幌市北区北三十条西6-16-18"]),
    ("富山県中新川郡上市町若杉新5-24-7", "ADDRESS", ["富山県中新川郡上市町若杉新5-24-7"]),
    (
        "京都市下京区四条通烏丸東入3-9",
        "ADDRESS",
        ["京都市下京区四条通烏丸東入3-9"],
    ),
    ("青葉台2-14-3 メゾン青葉203に引っ越し", "ADDRESS", ["青葉台2-14-3 メゾン青葉203"]),
    ("to 209 Baker Street, London SW1A 1AA.", "ADDRESS", ["209 Baker Street, London SW1A 1AA"]),
    ("Goethestraße 88, 80331 München", "ADDRESS", ["Goethestraße 88, 80331 München"]),
    # persons
    ("担当の東が酒井様に架電。", "PERSON", ["東", "酒井"]),
    ("申込者：小鳥遊千尋（タカナシチヒロ）", "PERSON", ["小鳥遊千尋", "タカナシチヒロ"]),
    ("名義 ｻｶｲ ﾕｳﾀ。", "PERSON", ["ｻｶｲ ﾕｳﾀ"]),
    ("マイケル・ジョンソン様", "PERSON", ["マイケル・ジョンソン"]),
    ("葛\U000e0100西様と𠮷田さん", "PERSON", ["葛\U000e0100西", "𠮷田"]),
    ("担当変更　原→濱口", "PERSON", ["原", "濱口"]),
    ("欠席：小松、児玉、石塚", "PERSON", ["小松", "児玉", "石塚"]),
    ("息子の蒼が小麦アレルギー", "PERSON", ["蒼"]),
    ("2026/01/19 小鳥遊：再度架電", "PERSON", ["小鳥遊"]),
    ("Customer Ahmed Hassan (born 1979)", "PERSON", ["Ahmed Hassan"]),
    ("Dear Mr. van Dijk, hello", "PERSON", ["van Dijk"]),
]

NOT_FOUND = [
    ("a@b、x@y.z、@example", "EMAIL"),
    ("注文番号0312345678", "PHONE"),
    ("2026-01-02", "PHONE"),
    ("型番 03-1234-567", "PHONE"),
    ("100-0005点", "POSTAL_CODE"),
    ("整理番号302012345670", "DRIVER_LICENSE"),
    ("型番TK1234567", "PASSPORT"),
    ("注文番号AB12345678CD", "RESIDENCE_CARD"),
    ("1234-567890", "PENSION_NUMBER"),
    ("番号：118", "HEALTH_INSURANCE"),
    ("自動車保険の証券番号12345", "HEALTH_INSURANCE"),
    ("IBAN-like GB00NWBK60161331926819", "IBAN"),
    ("普通郵便で1234567通", "BANK_ACCOUNT"),
    ("購入日は昭和58年4月1日", "BIRTH_DATE"),
    ("生年月日：昭和65年4月1日", "BIRTH_DATE"),
    ("生年月日：2023年2月30日", "BIRTH_DATE"),
    ("ファームウェア 1.2.3.4 に更新", "IP_ADDRESS"),
    ("999.1.2.3", "IP_ADDRESS"),
    ("横浜市は港町です", "ADDRESS"),
    ("1-2-3の手順", "ADDRESS"),
    ("株式会社高島屋と千葉銀行、林文具店", "PERSON"),
    ("お客様、奥様、皆さん、たくさん", "PERSON"),
    ("福岡空港への出張", "PERSON"),
    ("The Parker pen from Springfield", "PERSON"),
    ("会員番号：KS1029384", "CUSTOMER_NUMBER"),
]


def texts(rules: Analyzer, text: str, entity: str) -> list[str]:
    return [text[s.start : s.end] for s in rules.analyze(text) if s.entity == entity]


@pytest.mark.parametrize(("text", "entity", "expected"), FOUND)
def test_recogniser_finds(rules: Analyzer, text: str, entity: str, expected: list[str]) -> None:
    assert texts(rules, text, entity) == expected


@pytest.mark.parametrize(("text", "entity"), NOT_FOUND)
def test_recogniser_leaves(rules: Analyzer, text: str, entity: str) -> None:
    assert texts(rules, text, entity) == []


MENTIONS = [
    ("糖尿病で治療歴あり", "SENSITIVE:MEDICAL_HISTORY"),
    ("うつ病の薬を処方されている", "SENSITIVE:MEDICAL_CARE"),
    ("聴覚障害2級。連絡はメールで", "SENSITIVE:DISABILITY"),
    ("左足が不自由なので", "SENSITIVE:DISABILITY"),
    ("健診で血圧が高値と話しておられた", "SENSITIVE:HEALTH_CHECKUP"),
    ("○○教の信者のため", "SENSITIVE:CREED"),
    ("詐欺の前科ありとの情報", "SENSITIVE:CRIMINAL_RECORD"),
    ("DV被害を受けており住所は秘密", "SENSITIVE:CRIME_VICTIM"),
    ("昨年逮捕されたと聞いた", "SENSITIVE:CRIMINAL_PROCEDURE"),
    ("少年院に入っていたと本人談", "SENSITIVE:JUVENILE"),
    ("在日韓国人三世とのこと", "SENSITIVE:RACE"),
    ("被差別部落の出身と記載", "SENSITIVE:SOCIAL_STATUS"),
    ("労働組合の役員をしている", "SENSITIVE:UNION"),
    ("同性のパートナーと暮らす", "SENSITIVE:SEXUAL_ORIENTATION"),
    ("He was diagnosed with diabetes last year", "SENSITIVE:MEDICAL_HISTORY"),
]
TRAPS = [
    "システム障害の件でお詫び",
    "○○病院に勤務",
    "糖尿病の食事本を購入",
    "防犯カメラを購入。盗難防止に関心",
    "介護用品をよく購入される",
    "癌封じのお守りについて",
    "心臓破りの坂の上",
    "前科目の教材を返品",
    "お寺（宗教法人）への納品",
    "国籍はベトナム",
    "少年野球のユニフォーム",
    "がん保険の案内を希望",
]


@pytest.mark.parametrize(("text", "label"), MENTIONS)
def test_mention_is_found_with_its_kind(rules: Analyzer, text: str, label: str) -> None:
    assert label in {span.label for span in rules.analyze(text)}


@pytest.mark.parametrize("text", TRAPS)
def test_trap_is_no_mention(rules: Analyzer, text: str) -> None:
    assert not [span for span in rules.analyze(text) if span.kind]


def test_own_numbers_are_found_by_configured_labels() -> None:
    own = Analyzer(own_numbers=["会員番号"])
    assert texts(own, "会員番号：KS1029384", "CUSTOMER_NUMBER") == ["KS1029384"]


def test_a_name_before_a_title_never_crosses_the_line(rules: Analyzer) -> None:
    text = "　社長　安倍 晴臣\n　専務　阿倍 仲太\n　部長　安部 公平"
    names = texts(rules, text, "PERSON")
    assert "安倍 晴臣" in names
    assert not [name for name in names if "\n" in name]
