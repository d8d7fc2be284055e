"""Labels before a value: which word, nearest before a number or date, says what it is.

Negative labels (order, slip, membership, corporate numbers) count like the others, so that the
nearest one wins whatever it says.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from governance.pii.cells import Cell, Cells


class Topic(StrEnum):
    """What a label announces."""

    MY_NUMBER = "my_number"
    DRIVER_LICENSE = "driver_license"
    PASSPORT = "passport"
    RESIDENCE_CARD = "residence_card"
    PENSION = "pension"
    HEALTH_INSURANCE = "health_insurance"
    BANK = "bank"
    CARD = "card"
    PHONE = "phone"
    BIRTH = "birth"
    SSN = "ssn"
    IP = "ip"
    ADDRESS = "address"
    POSTAL = "postal"
    NUMBER = "number"  # says only that a number follows
    OTHER_NUMBER = "other_number"  # a number of a thing, not of a person
    OTHER_DATE = "other_date"  # a date of an event, not of birth
    VERSION = "version"


_NO: Final = r"(?:[ の]?(?:番号|ナンバー|№|[Nn][Oo]\.?|[Nn]umber|NUMBER))?"
_PATTERNS: Final[tuple[tuple[Topic, str], ...]] = (
    (
        Topic.OTHER_NUMBER,
        (
            r"(?:ご?注文|オーダー|伝票|追跡|送り状|問い?合わ?せ|受付|受注|発注書?"
            r"|会員|顧客|お客様|社員|職員"
            r"|従業員|学籍|学生|法人|管理|整理|契約者?|証券|予約|案件|商談|請求書?"
            r"|見積書?|納品書?|領収書?"
            r"|シリアル|製造|ロット|製品|商品|登録|申込|返品|修理|保証書?|承認"
            r"|決済|取引|荷物|配送|引取"
            r"|利用者|患者|診察券|ポイント|部屋|チケット|登録者|事業者|インボイス"
            r"|ジャンル|メーター|車両"
            r"|ケース|インシデント|物件|図書|レシート|店舗|機種)[ の]?"
            r"(?:番号|ナンバー|№|[Nn][Oo]\.?|コード|ID|Id|id)|(?:会員|社員|学生"
            r"|診察券|登録|ポイント)カード"
        ),
    ),
    (
        Topic.OTHER_NUMBER,
        (
            r"シリアル(?!番号)|ロット(?!番号)|型番|品番|型式|機番|車台|車検|検針|検収|稟議|議案"
            r"|決裁|労災"
            r"|雇用保険(?:被保険者)?(?:番号)?|追跡|送り状|伝票|在庫|JAN|ISBN|SKU|ポイントカード"
            r"|会員証|社員証|学生証"
            r"|(?<![A-Za-z])(?:[Oo]rder|[Ii]nvoice|[Tt]racking|[Tt]icket|[Pp]art"
            r"|[Ss]erial|[Ee]mployee"
            r"|[Mm]ember(?:ship)?|[Cc]ustomer|[Rr]eference|[Bb]ooking|[Cc]ase"
            r"|[Rr]eceipt|[Pp]urchase"
            r"|[Ss]hipment|[Pp]arcel|[Pp]roduct|[Ii]tem)(?: order)?"
            r" ?(?:ID|id|[Nn]umber|[Nn]o\.?|#|[Cc]ode|[Rr]ef)?(?![A-Za-z])"
        ),
    ),
    (
        Topic.OTHER_DATE,
        (
            r"(?:注文|購入|契約|受付|受注|発行|発送|出荷|配送|来店|登録|更新"
            r"|解約|退会|申込|作成|訪問|対応"
            r"|締切|期限|納期|入社|退職|入会|検査|診察|入院|手術|予約|変更|開始"
            r"|終了|完了|提出|支払|請求"
            r"|振込|入金|返品|到着|お届け|施工|開催|面談|打合せ|打ち合わせ)日時?"
            r"|有効期限|期限|締め?切り?"
            r"|納期|日時|日付|設立|創業|創立"
        ),
    ),
    (
        Topic.MY_NUMBER,
        r"マイナンバー(?:カード)?" + _NO + r"|マイナ番号|個人番号(?:カード)?"
        r"|通知カード|番号カード|マイナカード|ﾏｲﾅﾝﾊﾞｰ",
    ),
    (Topic.MY_NUMBER, r"(?i:my ?number)(?! is)"),
    (Topic.DRIVER_LICENSE, r"(?:運転)?免許証?" + _NO),
    (
        Topic.DRIVER_LICENSE,
        r"(?i:(?:driver'?s? |driving )?(?<![A-Za-z])licen[cs]e(?: check)?(?: ok)?)" + _NO,
    ),
    (Topic.PASSPORT, r"パスポート" + _NO + r"|ﾊﾟｽﾎﾟｰﾄ" + r"|旅券" + _NO + r"|(?i:passport)" + _NO),
    (Topic.RESIDENCE_CARD, r"在留カード" + _NO + r"|在留" + _NO + r"|(?i:residence card)" + _NO),
    (Topic.PENSION, r"(?:基礎)?年金(?:手帳|証書)?" + _NO),
    (
        Topic.HEALTH_INSURANCE,
        r"(?:健康|国民健康|社会)保険証?"
        + _NO
        + r"|国保|社保|健保|(?:健康)?保険証"
        + _NO
        + r"|(?:被保険者証?|保険者|組合員証?|資格確認書)(?:等)?(?:の)?(?:記号・?番号|番号|記号)?",
    ),
    (
        Topic.BANK,
        r"(?:口座|普通(?!郵便|便|車|紙|免許|自動車|ごみ|に)預?金?|(?<=[ 　])[普当](?=[ ]?[0-9])"
        r"|当座預?金?|貯蓄預?金?|通常貯金|通帳|ｺｳｻﾞ|ﾌﾂｳ"
        r"|預金|貯金|振込先|引落先?|振替|ゆうちょ"
        r"|キャッシュカード"
        r")"
        + _NO
        + r"|振込(?=[ :]{0,2}[0-9]{7}(?![0-9円]))|(?<![A-Za-z])Bank(?= [0-9]{7}(?![0-9]))"
        + r"|(?i:(?<![a-z])(?:account|acct|acc|a/c))"
        + _NO,
    ),
    (
        Topic.CARD,
        r"(?:クレジット|デビット|決済)?カード"
        + _NO
        + r"|クレジット"
        + _NO
        + r"|クレカ"
        + _NO
        + r"|(?i:visa|master ?card|jcb|amex|credit card|debit card|card)"
        + _NO,
    ),
    (
        Topic.PHONE,
        r"(?:お?電話|携帯|連絡先|固定|自宅|勤務先|直通|代表|折り?返し先?|つながる)(?:電話)?"
        + _NO
        + r"|(?<![A-Za-z])(?i:tel|fax|phone|mobile|cell|telephone)(?![A-Za-z])"
        + _NO
        + r"|℡|☎|📞|📱|ケータイ|スマホ|テル(?![ァ-ヶー])"
        r"|デンワ|でんわ|ﾃﾞﾝﾜ|ﾃﾙ|ｹｲﾀｲ|ﾚﾝﾗｸｻｷ|れんらくさき",
    ),
    (
        Topic.BIRTH,
        (
            r"生年月日|ｾｲﾈﾝｶﾞｯ?ﾂ?ﾋﾞ|せいねんがっぴ|たんじょうび|誕生会|誕生日|お誕生|バースデー"
            r"|生まれ|(?i:date of birth|(?<![a-z])birth(?:[ _]?da(?:te|y))?(?![ _]?place|[a-z])|dob"
            r"|d\.o\.b\.?|born(?: on)?)"
        ),
    ),
    (Topic.SSN, r"(?i:ssn|social security)" + _NO),
    (Topic.IP, r"(?<![A-Za-z])(?:IP|ip)(?![a-z])(?:アドレス|v[46])?|接続元|ログイン元|アクセス元"),
    (
        Topic.VERSION,
        r"ファームウェア|ファーム|バージョン|(?i:firmware|version|ver\.|build|release)",
    ),
    (
        Topic.ADDRESS,
        (
            r"(?:ご|現)?住所|じゅうしょ|ｼﾞ[ﾕｭ]ｳｼ[ﾖｮ]|本籍|居住地|住居地|おところ"
            r"|所在地|お?届け先|送付先|配送先|居所|転居先|(?i:address)"
        ),
    ),
    (
        Topic.POSTAL,
        (
            r"〒|郵便番号|郵便No\.?|ゆうびんばんごう|ﾕｳﾋﾞﾝﾊﾞﾝｺﾞｳ"
            r"|(?<![A-Za-z])(?i:zip(?: ?code)?|postal code|postcode)(?![A-Za-z])"
        ),
    ),
    (Topic.NUMBER, r"番号|ナンバー|№|(?<![A-Za-z])[Nn][Oo]\.|(?i:(?<![a-z])number)"),
)
# Signs that each of the patterns can begin with: a scan tries no other pattern at a sign
_FIRST: Final = (
    "おごイオケシジチポメレロ予事会伝保修利取受商問図契学店引従患承整案機決法注物申発登社管納職荷製見診証請車返追送部配領顧",
    "BCEIJMOPRSTbceimoprstシポロ会伝労品在型学検機決社稟議車追送雇",
    "お予作入出到創受変契完対手打振提支施日更有期来検注申発登納終締解訪設診請購返退配開面",
    "マ個番通ﾏ", "Mm", "免運", "DLdl", "Ppパ旅ﾊ", "Rr在", "基年", "保健国社組被資",
    "ABaゆキ口引当振普貯通預ｺﾌ", "ACDJMVacdjmvカクデ決",
    "CFMPTcfmpt℡☎おつでれケステデ代勤固折携直自連電ｹﾃﾚ📞📱", "BDbdおせたバ生誕ｾ", "Ss",
    "Iiアロ接", "BFRVbfrvバフ", "Aaおごじ住居届所本現転送配ｼ", "PZpz〒ゆ郵ﾕ", "Nn№ナ番",
)  # fmt: skip
_TOGETHER: Final = 5  # patterns whose first signs are looked at in one go


def _any_of(firsts: Sequence[str], branches: Sequence[str]) -> str:
    """One of the branches, looked at only where one of their first signs stands."""
    return f"(?=[{''.join(sorted(set(''.join(firsts))))}])(?:{'|'.join(branches)})"


_BRANCHES: Final = tuple(
    _any_of([first], [f"({pattern})"])
    for first, (_, pattern) in zip(_FIRST, _PATTERNS, strict=True)
)
_ALL: Final = re.compile(
    _any_of(
        _FIRST,
        [
            _any_of(_FIRST[at : at + _TOGETHER], _BRANCHES[at : at + _TOGETHER])
            for at in range(0, len(_FIRST), _TOGETHER)
        ],
    )
)
_TOPICS: Final = tuple(topic for topic, _ in _PATTERNS)


_NONE: Final[frozenset[Topic]] = frozenset()
_VAGUE: Final = frozenset({Topic.NUMBER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One label in a text."""

    start: int
    end: int
    topic: Topic


class LabelIndex:
    """All labels of one shadow text, in order, with the nearest-before question answered fast."""

    __slots__ = ("_cells", "_ends", "labels", "topics")

    def __init__(self, shadow: str, cells: Cells | None = None) -> None:
        self.labels = tuple(
            Label(start=found.start(), end=found.end(), topic=_TOPICS[(found.lastindex or 1) - 1])
            for found in _ALL.finditer(shadow)
        )
        self.topics = frozenset(label.topic for label in self.labels)
        self._ends = tuple(label.end for label in self.labels)
        self._cells = cells if cells is not None and cells.cells else None

    def _column(self, cell: Cell) -> Label | None:
        """The label in the header above the cell, the last of them."""
        index = bisect_right(self._ends, cell.head[1]) - 1
        if index < 0 or self.labels[index].start < cell.head[0]:
            return None
        return self.labels[index]

    def before(self, position: int, *, within: int) -> Label | None:
        """The nearest label that ends at most `within` code points before the position.

        In a table that is a label inside the cell, else the one in the header of the column.
        """
        return self.before_but(position, within=within, skip=_NONE)

    def before_but(self, position: int, *, within: int, skip: frozenset[Topic]) -> Label | None:
        """The same, passing over labels of the given topics."""
        index = bisect_right(self._ends, position) - 1
        cell = self._cells.at(position) if self._cells else None
        floor = position - within if cell is None else max(position - within, cell.start)
        while index >= 0 and self._ends[index] >= floor:
            label = self.labels[index]
            if label.topic not in skip and (cell is None or label.start >= cell.start):
                return label
            index -= 1
        if cell is None:
            return None
        column = self._column(cell)
        if column is not None and column.topic not in skip | _VAGUE:
            return column
        if (
            index >= 0
            and self.labels[index].start >= cell.line
            and (position - self._ends[index] <= within and self.labels[index].topic not in skip)
        ):
            return self.labels[index]  # a table of names and values: マイナンバー | 119388452070
        return column if column is not None and column.topic not in skip else None

    def after(self, position: int, *, within: int) -> Label | None:
        """The label that begins at most `within` code points after the position."""
        index = bisect_right(self._ends, position)
        if index >= len(self.labels) or not 0 <= self.labels[index].start - position <= within:
            return None
        return self.labels[index]
