"""Japanese words for the keys and closed values of a policy folder.

The English word is the canonical one. A value that is neither of both is an error, never a guess:
``Deny`` with a capital is not ``deny``.
"""

from collections.abc import Mapping
from types import MappingProxyType

KEYS: Mapping[str, str] = MappingProxyType(
    {
        "版": "version",
        "方針": "title",
        "責任者": "owner",
        "区分": "categories",
        "資源": "resources",
        "役割": "roles",
        "利用目的": "purposes",
        "規則": "rules",
        "試験": "tests",
        "職務分離": "separations",
        "不変条件": "properties",
        "番号": "id",
        "名称": "label",
        "種別": "kind",
        "継承": "inherits",
        "できること": "may",
        "緊急開錠": "break_glass",
        "項目": "fields",
        "除く": "except",
        "操作": "actions",
        "属性": "attributes",
        "データ区分": "category",
        "要配慮": "sensitive",
        "根拠": "basis",
        "条文": "law_refs",
        "コード": "code",
        "提供先": "recipients",
        "手段": "channels",
        "国": "countries",
        "通知": "notice",
        "有効期間": "expires",
        "不活動期間": "inactivity",
        "信号": "signals",
        "信号の上書き": "signal_override",
        "未成年": "minors",
        "直接販促": "direct_marketing",
        "提供の要件": "provisions",
        "保存義務": "duties",
        "許可": "allow",
        "禁止": "deny",
        "行為": "to",
        "対象": "on",
        "目的": "for",
        "義務": "obligations",
        "条件": "when",
        "理由": "because",
        "方法": "method",
        "マスク": "mask",
        "墨消し": "redact",
        "記録": "log",
        "期限": "expire",
        "連絡": "notify",
        "回数": "rate",
        "残す文字数": "keep",
        "日本語": "ja",
        "英語": "en",
        "誰が": "who",
        "何を": "does",
        "結果": "expect",
        "規則番号": "by",
        "表示": "treatment",
        "本人属性": "subject",
        "対象属性": "resource",
        "両立禁止の役割": "roles_apart",
        "両立禁止の行為": "actions_apart",
        "決して": "never",
        "平文でない": "never_clear",
        "両方は不可": "never_both",
    }
)

VALUES: Mapping[str, str] = MappingProxyType(
    {
        "閲覧": "read",
        "検索": "search",
        "登録": "write",
        "取込": "import",
        "出力": "export",
        "利用": "use",
        "統合": "merge",
        "消去": "erase",
        "職員": "staff",
        "システム": "system",
        "本人": "person",
        "許可": "permit",
        "拒否": "deny",
        "全部": "*",
        "はい": "true",
        "いいえ": "false",
        "同意": "consent",
        "契約": "contract",
        "法令": "legal_obligation",
        "正当な利益": "legitimate_interest",
        "利用目的の範囲内": "within_purpose",
        "委託": "entrustment",
        "共同利用": "joint_use",
        "オプトアウト": "opt_out",
        "保護者": "guardian",
        "一部": "partial",
        "頭文字": "initial",
        "末尾のみ": "keep_last",
        "年月": "year_month",
        "年": "year",
        "年代": "age_band",
        "都道府県": "prefecture",
        "市区町村": "municipality",
        "墨消し": "redact",
        "非表示": "hide",
        "平文": "clear",
        "伏字": "masked",
        "不開示": "withheld",
        "電子メール": "email",
        "電話": "phone",
        "郵送": "post",
        "アプリ": "app",
        "店頭": "store",
    }
)


def key_word(written: str) -> str:
    """The canonical key of a written one."""
    return KEYS.get(written, written)


def value_word(written: str) -> str:
    """The canonical value of a written one."""
    return VALUES.get(written, written)
