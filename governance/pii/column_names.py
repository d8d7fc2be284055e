"""What the name of a column announces: its last word decides (注文者氏名, order_email)."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from governance.pii.shadow import shadow_of
from governance.pii.types import Entity

_JOINS: Final = re.compile(r"[\s\-./・]+")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_THING: Final = (
    r"会社|法人|企業|勤務先|店舗|支店|支社|部署|部門|役職|職業|職種|業種|組織|団体|学校|出身校|病院|銀行"
    r"|取引先|仕入先|商材|製品|商品|品|プラン|ブランド|駅|倉庫|営業所|工場|拠点|地区|エリア|路線|産地|メーカー|都道府県|市区町村|company|corp|organi[sz]ation"
    r"|org|employer|shop|store|dept|department|vendor|supplier|product|item|branch|brand|title|plan"
    r"|position|file|bank|city|country|state|prefecture|school|hospital|host|domain|table|column"
    r"|station|warehouse|plant|region|area|maker"
)
# Of names that end at the same sign the first one here decides; None: no personal data
_WORDS: Final[tuple[tuple[str, Entity | None], ...]] = (
    (r"マイナンバー|個人番号|my_?number|kojin_?bango", Entity.MY_NUMBER),
    (r"免許(?:証)?(?:番号)?|licen[cs]e_?(?:no|num(?:ber)?)?|driver|menkyo", Entity.DRIVER_LICENSE),
    (r"パスポート|旅券|passport", Entity.PASSPORT),
    (r"在留|residence_?card|zairyu", Entity.RESIDENCE_CARD),
    (r"年金|pension|nenkin", Entity.PENSION_NUMBER),
    (r"保険証|被保険者|記号番号|保険者番号|health_?ins(?:urance)?", Entity.HEALTH_INSURANCE),
    (r"(?:IP|ip)_?addr(?:ess)?|last_?ip|client_?ip|remote_addr|(?:^|_)ip$|IPアドレス|接続元IP",
     Entity.IP_ADDRESS),
    (r"(?:mac|url|web|host|block|wallet)_?addr(?:ess)?|MACアドレス|URL", None),
    ((r"法人番号|インボイス番号|社員番号|従業員番号|会員番号|顧客番号|顧客ID|注文|受注|伝票|追跡"
     r"|送り状|型番|品番|sku|order|tracking|invoice|amount|price|金額|価格|単価|数量|qty|quantity"
     r"|status|状態|区分|種別|種類|ステータス|version|firmware|url|link|件数|在庫|カード下"
     r"|支払(?:方法)?|フェーズ|確度|ランク|フラグ|有無|可否|コード"
     r"|employee_?(?:no|id)|member_?(?:no|id)"), None),
    (r"クレジット|カード番号|credit|card(?:_?(?:no|num(?:ber)?))?$|カード$|(?:^|_)pan$",
     Entity.CREDIT_CARD),
    (r"口座(?!名義)(?:番号)?|account_?(?:no|num(?:ber)?)|bank_?acc(?:ount)?|kou?za(?!_?mei)",
     Entity.BANK_ACCOUNT),
    (r"iban", Entity.IBAN),
    (r"ssn|social_?security", Entity.US_SSN),
    (r"生年月日|誕生日|生まれ(?:た日)?|birth(?:_?(?:date|day|ymd))?|dob|seinengappi|tanjoubi",
     Entity.BIRTH_DATE),
    ((r"(?:日時|日付|年月日|開始|完了|期限|満了|時間|時刻|created|updated|_at|_on|date|time|timestamp"
     r"|日)$"), None),
    (r"郵便(?:番号)?|〒|zip(?:_?(?:code|cd))?|post(?:al)?_?(?:code|cd|no)|postal|yuu?bin",
     Entity.POSTAL_CODE),
    (r"(?:メール|e-?mail|mail)(?:_?addr(?:ess)?|アドレス)?", Entity.EMAIL),
    ((r"電話(?:番号)?|携帯(?:番号)?|tel|℡|phone(?:_?(?:no|num(?:ber)?))?|mobile|fax|連絡先|cell"
     r"|denwa|keitai"), Entity.PHONE),
    (rf"(?:{_THING})(?:_?name|名)?", None),
    (r"住所|所在地|番地|addr(?:ess)?|送付先|届け?先|居所|居住地|ship_?to|bill_?to|juu?sho",
     Entity.ADDRESS),
    ((r"(?:SNS|twitter|instagram|facebook|line|tiktok)(?:_?(?:id|account|アカウント))?|アカウント"
     r"|handle"), Entity.SNS_ACCOUNT),
    ((r"氏名|名前|姓名|名義人?|フリガナ|ﾌﾘｶﾞﾅ|ふりがな|カナ|ｶﾅ$|ｼﾒｲ|かな|ローマ字|romaji|kana|name|担当|代表者|保護者|者名?$"
     r"|宛名|申込者|契約者|contact|customer|recipient|employee|owner|holder|(?:^|_)nm(?:$|_)|_by$"
     r"|shimei|namae|(?:^|_)(?:sei|mei)$|(?:^|お)?(?:姓|名|セイ|メイ)$"), Entity.PERSON),
    (r"(?:^|_)(?:id|cd|code|flg|flag|type)$", None),
)  # fmt: skip
_KNOWN: Final = tuple((re.compile(words, re.IGNORECASE), entity) for words, entity in _WORDS)
_FREE: Final = re.compile(
    r"備考|メモ|内容|コメント|自由|摘要|履歴|特記|所見|理由|経緯|経過|状況|要望|感想|意見|報告|症状|feedback|review|note|memo|comment|remark"
    r"|description|free|text|body|message",
    re.IGNORECASE,
)
_ONE_PART: Final = re.compile(
    r"(?:first|given|last|family|middle|sur)_?name|^(?:姓|名|セイ|メイ|sei|mei|surname)$"
    r"|romaji|ローマ字",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What a name says of its column; `known` with no entity: nothing personal."""

    known: bool
    entity: Entity | None = None
    free_text: bool = False
    one_part: bool = False  # a part of a name alone: any capitalised word can be one


@lru_cache(maxsize=4_096)
def announced(name: str) -> Announced:
    """What the column's name says, whatever its spelling and script."""
    folded = _JOINS.sub("_", _HUMP.sub("_", shadow_of(name).strip()))
    folded = re.sub(r"(?<=[^\x00-\x7f])_(?=[^\x00-\x7f])", "", folded)  # 氏 名
    last, entity, known = 0, None, False
    for pattern, meant in _KNOWN:
        end = max((found.end() for found in pattern.finditer(folded)), default=0)
        if end > last:
            last, entity, known = end, meant, True
    return Announced(
        known=known,
        entity=entity,
        free_text=_FREE.search(folded) is not None,
        one_part=_ONE_PART.search(folded) is not None,
    )
