"""What a column holds: a vote of its values, with the column's name as context."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from governance.pii.column_shapes import BIRTH_YEAR, Votes, votes_of
from governance.pii.shadow import shadow_of
from governance.pii.types import ColumnLabel, Entity

SAMPLE: Final = 400  # values; a share of .8 is then known within four points
_EMPTY: Final = re.compile(
    r"(?:-|ー|―|—|\?|？|\.|n/?a|null|none|nil|nan|unknown|不明|なし"
    r"|無し|無|未登録|未記入|未設定|該当なし|空欄|#N/A|特になし|0)?\Z",
    re.IGNORECASE,
)
# Names of columns and what they announce; the first match decides
_NAMES: Final[tuple[tuple[re.Pattern[str], Entity | None], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), entity)
    for pattern, entity in (
        (r"マイナンバー|個人番号|my_?number", Entity.MY_NUMBER),
        (r"免許|licen[cs]e_?(?:no|num)|driver", Entity.DRIVER_LICENSE),
        (r"パスポート|旅券|passport", Entity.PASSPORT),
        (r"在留|residence_?card", Entity.RESIDENCE_CARD),
        (r"年金|pension", Entity.PENSION_NUMBER),
        (r"保険証|被保険者|保険者番号|health_?ins", Entity.HEALTH_INSURANCE),
        (
            (
                r"法人番号|インボイス番号|社員番号|従業員番号|会員番号|顧客番号"
                r"|顧客ID|注文|受注|伝票|追跡|送り状|型番|品番|商品|sku|order|tracking"
                r"|invoice"
                r"|amount|price|金額|価格|単価|数量|qty|quantity|status|状態|区分"
                r"|ステータス|version|url|link|件数|在庫|カード下|支払|フェーズ"
                r"|確度|ランク|(?:^|_)id$|employee_?(?:no|id)|member_?(?:no|id)"
            ),
            None,
        ),
        (
            r"クレジット|カード番号|credit|card(?:_?(?:no|num(?:ber)?))?$|^カード$|pan$",
            Entity.CREDIT_CARD,
        ),
        (r"口座(?!名義)|account_?(?:no|num)|bank_?acc", Entity.BANK_ACCOUNT),
        (r"iban", Entity.IBAN),
        (r"ssn|social_?security", Entity.US_SSN),
        (r"生年月日|誕生日|生まれ|birth|dob", Entity.BIRTH_DATE),
        (
            (
                r"(?:日時|日付|年月日|受付日|登録日|契約日|購入日|更新日|解約日"
                r"|退会日|開始日|完了|期限|満了|created|updated|_at$|_on$|date|time"
                r"|日)$"
            ),
            None,
        ),
        (r"郵便|〒|zip|postal|postcode", Entity.POSTAL_CODE),
        (r"メール|ﾒｰﾙ|e-?mail|mail", Entity.EMAIL),
        (r"電話|携帯|TEL|ＴＥＬ|℡|phone|mobile|fax|ＦＡＸ|連絡先|cell", Entity.PHONE),
        (r"ip_?addr|last_?ip|client_?ip|(?:^|_)ip$|IPアドレス", Entity.IP_ADDRESS),
        (
            (
                r"会社|法人|企業|勤務先|店舗|支店|部署|部門|役職|職業|業種|組織"
                r"|団体|company|corp|org|shop|store|dept|department|vendor|商材"
                r"|製品|product|branch|title"
            ),
            None,
        ),
        (r"住所|所在地|addr|address|送付先(?!氏名)|届け先(?!氏名)|ship_?to|居所", Entity.ADDRESS),
        (r"SNS|twitter|instagram|アカウント|handle", Entity.SNS_ACCOUNT),
        (
            (
                r"氏\s*名|名前|姓名|お名前|名義|フリガナ|ふりがな|カナ|kana|full_?name"
                r"|first_?name|last_?name|(?:^|_)name$|surname|担当|代表者|保護者"
                r"|宛名|申込者|契約者|contact|customer_?name|^nm"
            ),
            Entity.PERSON,
        ),
    )
)
_FREE_NAME: Final = re.compile(
    r"備考|メモ|内容|コメント|自由|摘要|履歴|特記|所見|理由|note|memo"
    r"|comment|remark|description|free|text|body|message",
    re.IGNORECASE,
)
_HINTED: Final = 0.4  # share that suffices when the column's name says so
_PLAIN: Final = 0.7  # share that the values alone must reach
_FREE: Final = 0.35
_RECENT: Final = 0.3  # share of early years that makes dates dates of birth


def _sample(values: Iterable[object]) -> list[str]:
    texts = [str(value).strip() for value in values if value is not None]
    texts = [text for text in texts if not _EMPTY.match(shadow_of(text))]
    if len(texts) <= SAMPLE:
        return texts
    step = len(texts) / SAMPLE
    return [texts[int(index * step)] for index in range(SAMPLE)]


def _hint(name: str) -> tuple[bool, Entity | None]:
    """Whether the name is known, and the entity it announces; None = not personal."""
    for pattern, entity in _NAMES:
        if pattern.search(name):
            return True, entity
    return False, None


def _label(entity: Entity | None, share: float, sampled: int, *, free: bool = False) -> ColumnLabel:
    return ColumnLabel(entity=entity, free_text=free, confidence=round(share, 3), sampled=sampled)


def _dates(votes: Votes, hint: tuple[bool, Entity | None], share: float) -> Entity | None:
    """Dates are of birth by the column's name, or when many of them are long ago."""
    known, entity = hint
    if known:
        return Entity.BIRTH_DATE if entity is Entity.BIRTH_DATE else None
    early = sum(1 for year in votes.years if year < BIRTH_YEAR)
    return Entity.BIRTH_DATE if share >= _PLAIN and early > _RECENT * len(votes.years) else None


def _by_values(votes: Votes, hint: tuple[bool, Entity | None]) -> tuple[Entity | None, float]:
    known, hinted = hint
    total = votes.total
    if hinted is not None:
        share = votes.of(hinted) / total
        if share >= _HINTED:
            return hinted, share
    for entity, count in Counter(votes.sure).most_common():
        share = count / total
        if share < _PLAIN:
            break
        if entity is Entity.BIRTH_DATE:
            return _dates(votes, hint, share), share
        if known and hinted is None and entity not in {Entity.EMAIL, Entity.MY_NUMBER, Entity.IBAN}:
            return None, share
        return entity, share
    return None, 0.0


def classify_column(name: str, values: Sequence[object]) -> ColumnLabel:
    """What the column holds, by its non-empty values; free text goes to the text path."""
    sample = _sample(values)
    if not sample:
        return _label(None, 0.0, 0)
    votes, hint = votes_of(sample), _hint(shadow_of(name))
    entity, share = _by_values(votes, hint)
    if entity is not None and entity not in {Entity.PERSON, Entity.ADDRESS}:
        return _label(entity, share, len(sample))
    free = votes.sentences / votes.total
    named = _FREE_NAME.search(name) is not None
    if (named and free > 0) or (free >= _FREE and share < _PLAIN):
        return _label(None, free, len(sample), free=True)
    if entity is not None:
        return _label(entity, share, len(sample))
    return _label(None, 1.0 - share, len(sample))
