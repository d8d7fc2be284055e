"""Health insurance: insurer number, symbol and number, wherever 保険 stands before them."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.types import Entity, Reason, Span

_FIELD: Final = re.compile(
    r"(保険者(?:等)?番号|被保険者証?(?:等)?(?:の)?(?:記号)?[・・]?(?:番号)?"
    r"|組合員証?番号|記号[・・]?番号|記号|番号"
    r"|保険証(?:番号|No\.?)?|資格確認書(?:番号)?)"
    r"[ 「]?(?:は|が|:|=|\.)?[ 「]{0,2}(?!記号|番号|枝番)([0-9A-Za-z][0-9A-Za-z\-]{1,15}"
    r"|[一-龥ァ-ヶぁ-ん]{1,4}[0-9]{1,8})"
)
_TOPIC: Final = re.compile("保険証|健康保険|健保|国保|社保|被保険者|保険者|組合員証|資格確認書")
_OTHER: Final = re.compile(
    r"免許|パスポート|旅券|口座|ゆうちょ|銀行|カード番号|クレジット"
    r"|電話|(?:注文|伝票|会員|社員|受付|証券|契約"
    r"|商品|管理|自動車|火災|生命|損害)"
)
_REACH: Final = 60


def find(document: Document) -> Iterator[Span]:
    """Symbols and numbers of an insurance card; the nearest topic before them decides."""
    shadow = document.shadow
    if "保険" not in shadow and "健保" not in shadow and "国保" not in shadow:
        return
    for found in _FIELD.finditer(shadow):
        context = shadow[max(0, found.start() - _REACH) : found.start()] + found.group(1)
        topics = [hit.end() for hit in _TOPIC.finditer(context)]
        others = [hit.end() for hit in _OTHER.finditer(context)]
        if not topics or (others and others[-1] > topics[-1]):
            continue
        if not any(sign.isdigit() for sign in found.group(2)):
            continue
        yield Span(
            start=found.start(2),
            end=found.end(2),
            entity=Entity.HEALTH_INSURANCE,
            score=0.96,
            reason=Reason.LABEL,
        )
