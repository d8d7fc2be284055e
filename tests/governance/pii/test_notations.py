"""Identifiers, contacts and addresses in the notations people use: what is found, and nothing else.

A case is a text in which 〔ENTITY|surface〕 marks each finding; names of persons and mentions of
要配慮個人情報 are not looked at here.
"""

import re

import pytest

from governance.pii.engine import Analyzer

MARK = re.compile(r"〔([A-Z_]+)\|([^〕]+)〕")
OTHERS = {"PERSON", "SENSITIVE"}

PHONES = [
    "携帯 〔PHONE|090(1234)5678〕 / 〔PHONE|03（3456）7890〕 内線 221",
    "お電話は〔PHONE|〇九〇－一二三四－五六七八〕まで",
    "電話番号　〔PHONE|０３　３４５６　７８９０〕",
    "Tel:〔PHONE|+81 3 3456 7890〕、fax 〔PHONE|(075)123-4567〕",
    "携帯 〔PHONE|O9O-2281-6643〕 TEL 〔PHONE|06 - 6352 -0071〕",
    "携帯は、〔PHONE|080の5571の3306〕です",
    "携帯〔PHONE|0 9 0 - 4 4 7 2 - 0 1 8 8〕（間が空いている）",
    "電話 〔PHONE|98-7742〕（市外局番なし）",
    "携帯の下4桁は5678です",
    "折り返しは〔PHONE|080 1111 2222〕に。注文番号は0801111222です",
    "見積番号 2025-1105-0334、管理番号 090-1234-5678",
    "受付番号 03-1234-5678-01",
    "電話：000-0000-0000（記入例）",
]
MAILS = [
    "メールは〔EMAIL|yamada.taro＠example.co.jp〕です",
    "アドレス 〔EMAIL|taro(at)example.com〕、〔EMAIL|sato_kei[at]mail.example.jp〕",
    "〔EMAIL|suzuki @ example.co.jp〕と読める",
    "user=〔EMAIL|t.brandt@example.de〕 from host",
    "〔PHONE|090-1147-6620〕／〔EMAIL|maki@mail.example.jp〕",
    "インスタ〔SNS_ACCOUNT|@taro.photo〕 と LINE ID：〔SNS_ACCOUNT|taro_1985〕",
    "LINEを教わった　IDは 〔SNS_ACCOUNT|mochi_mochi〕 だそう",
    "@channel 下記の方いますか",
]
BANKS = [
    "〇〇銀行 渋谷支店（123）普通預金 〔BANK_ACCOUNT|1234567〕 名義 ｽｽﾞｷ",
    "三井 新宿 (普) 〔BANK_ACCOUNT|0123456〕、西院 普 〔BANK_ACCOUNT|0881204〕",
    "ゆうちょ銀行\n記号　〔BANK_ACCOUNT|17420〕\n番号　〔BANK_ACCOUNT|20938811〕",
    "口座 〔BANK_ACCOUNT|3304418〕ではなく 〔BANK_ACCOUNT|3304481〕 へ",
    "会員番号 1234567、口座 〔BANK_ACCOUNT|7654321〕",
    "当座 〔BANK_ACCOUNT|0012345〕 に振り込み。請求額 1234567円",
]
NUMBERS = [
    "通知カード 〔MY_NUMBER|6 1 8 3 3 0 9 5 2 7 4 5〕",
    "法人番号 1234567890123、個人番号 〔MY_NUMBER|123456789018〕",
    "検証用の番号 4111 1111 1111 1112",
    "免許証番号 〔DRIVER_LICENSE|44 18 02937715 0〕（区切って読み上げ）",
    "番号 第 〔DRIVER_LICENSE|9 2 0 1 8 8 3 5 7 1 6 0〕 号",
    "旅券 〔PASSPORT|TR1234567〕、シリアル TR7654321は製品",
    "在留期限 2026/2/14 〔RESIDENCE_CARD|XE28810947ND〕",
    "在留カード 〔RESIDENCE_CARD|AB 1 2 0 4 7 8 8 3 CD〕",
    "年金番号 旧 〔PENSION_NUMBER|3105-226017〕、新 〔PENSION_NUMBER|5520-118843〕",
    "form says 〔US_SSN|301-44-9082〕, card says 〔US_SSN|301-44-9028〕",
    "健保の番号 → 記号 〔HEALTH_INSURANCE|8820〕 番号 〔HEALTH_INSURANCE|117〕",
    "保険者番号 〔HEALTH_INSURANCE|3 2 1 3 0 2 1 3〕",
    (
        "保険証の写し：〔HEALTH_INSURANCE|33110027〕 〔HEALTH_INSURANCE|12〕"
        " 〔HEALTH_INSURANCE|3390〕　以上"
    ),
    "雇用保険被保険者番号 5502-118843-7",
]
BIRTHS = [
    "鈴木一郎（〔BIRTH_DATE|昭58.3.2〕）",
    "世帯主　奥野 誠司（〔BIRTH_DATE|1971.4.8〕）\n子　奥野 颯太（〔BIRTH_DATE|2018.2.11〕）",
    "中村 宏様　〔BIRTH_DATE|昭和14年4月20日〕（86歳）",
    "誕生日〔BIRTH_DATE|3月2日〕のクーポンが届かない",
    "ｾｲﾈﾝｶﾞﾂﾋﾞ 〔BIRTH_DATE|S43/04/17〕 ﾆｭｳｶｲ H05/04/17",
    "生年月日 〔BIRTH_DATE|平成ll年7月2曰〕",
    "田中様 2025.11.3 来店、次回 2025年12月1日",
    "昭和五十八年創業の店",
]
TABLES = [
    (
        "氏名\t保険記号\t番号\t年金\n山田 京\t〔HEALTH_INSURANCE|5110〕\t〔HEALTH_INSURANCE|27〕"
        "\t〔PENSION_NUMBER|1188-309924〕"
    ),
    (
        "社員番号,氏名,個人番号,口座番号\n1001,三枝 律子,〔MY_NUMBER|207731944583〕,"
        "〔BANK_ACCOUNT|1120984〕"
    ),
    "種別\t番号\nマイナンバー\t〔MY_NUMBER|119388452070〕\n受付番号\t431720998541",
    "会員No,本名,誕生日\nM001,山田 吉宗,〔BIRTH_DATE|06/12〕\nM002,原 夢,〔BIRTH_DATE|11/30〕",
    "name,zip\n市原 節子,〔POSTAL_CODE|123-0841〕\n戸塚 恒夫,〔POSTAL_CODE|1250061〕",
    "品番,色,在庫\nTS-01,白,14\nTS-02,黒,1234567",
]
ADDRESSES = [
    "〒〔POSTAL_CODE|〇六〇‐〇〇〇一〕\n〔ADDRESS|札幌市中央区北一条西十九丁目一の三〕",
    "〔POSTAL_CODE|8500874〕 〔ADDRESS|長崎市魚の町7の24〕",
    "〔ADDRESS|大阪府堺市堺区大浜北町3丁1番44号〕",
    "〔ADDRESS|千葉県船橋市本町\n2-10-14〕",
    "〔ADDRESS|横浜市港北区日吉4-1-1-305〕の佐藤です",
    "〔ADDRESS|南区大橋3-19-7-801〕へ",
    "〔ADDRESS|長野県北安曇郡白馬村大字北城字八方4487番地〕",
    "〔ADDRESS|岩手県盛岡市上田第1地割30番地〕",
    "〔ADDRESS|仙台市青葉区一番町一丁目〕に在住",
    "〔ADDRESS|岡山県倉敷市水島北幸町〕の工場にお勤め",
    "〔ADDRESS|春日部市粕壁東1-22-5 ファミール粕壁206〕 海保様",
    "〔ADDRESS|那覇市首里石嶺町3丁目 県営石嶺団地15棟408号〕と確認",
    "〔ADDRESS|千葉県船橋市浜町2-1-1 ビビットスクエア 13F〕　〔PHONE|047-437-8820〕",
    "住 所 〔ADDRESS|石 川 県 小 松 市 土 居 原 町 7 1 0〕",
    "ｼﾞﾕｳｼﾖ: 〔ADDRESS|ﾅｶﾞﾉｹﾝ ﾏﾂﾓﾄｼ ｵｵｱｻﾞｻﾄﾔﾏﾍﾞ 2930-5〕",
    "〔ADDRESS|コーポ鶴見302〕の郵便があふれている",
    "stay at 〔ADDRESS|2-14-5 Akasaka, Minato-ku, Tokyo 107-0052〕.",
    "Post to 〔ADDRESS|Rathmore House, Clonakilty, Co. Cork P85 XY12〕.",
    "〔ADDRESS|27 quai de la Loire, bâtiment C, 75019 Paris〕 です",
    "moved to 〔ADDRESS|45 Harbour View, Apt 7, Halifax NS B3K 5X5〕 in May",
    "バス停「本町三丁目」から徒歩、六本木一丁目駅",
    "渋谷区役所 3階 12番窓口、京都市は晴れ",
    "4-5-6回目、第1-2章、会議室3-1 10:30-12:00",
]


@pytest.mark.parametrize(
    "marked", [*PHONES, *MAILS, *BANKS, *NUMBERS, *BIRTHS, *TABLES, *ADDRESSES]
)
def test_exactly_what_is_marked_is_found(rules: Analyzer, marked: str) -> None:
    text = MARK.sub(lambda found: found[2], marked)
    expected = [(found[1], found[2]) for found in MARK.finditer(marked)]
    spans = [span for span in rules.analyze(text) if span.entity not in OTHERS]
    assert [(span.entity.value, text[span.start : span.end]) for span in spans] == expected
