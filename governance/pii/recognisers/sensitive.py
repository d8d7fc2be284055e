"""Mentions of 要配慮個人情報 for review: lexicon with traps, and whom they are about."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.lexicon import lexicon, places_of
from governance.pii.types import Entity, Reason, Role, Span

# One of these stands in every mention; a text without any is done at once
_SIGNS: Final = (
    "病", "症", "癌", "障", "薬", "診", "盲", "聾", "宗", "党", "刑", "懲", "獄", "逮", "虐",
    "肝", "腎", "腫", "痛", "梗", "被害", "健診", "健康", "服役", "服用", "服薬", "起訴", "保釈",
    "保護", "暴力", "暴行", "信者", "信徒", "信仰", "信条", "教徒", "部落", "人種", "民族",
    "黒人", "白人", "在日", "日系", "脳出血", "がん", "ガン", "透析", "入院", "通院", "手術",
    "検査", "検診", "ドック", "アレルギー", "手帳", "不自由", "見え", "聞こえ", "麻痺", "車いす",
    "車椅子", "車イス", "難聴", "弱視", "ろう者", "義足", "義手", "クリスチャン", "ムスリム",
    "エホバ", "カトリック", "プロテスタント", "前科", "前歴", "出所", "判決", "DV", "ＤＶ",
    "ストーカー", "支援措置", "送検", "勾留", "捜索", "公判", "被告", "被疑", "少年", "補導",
    "アイヌ", "同和", "嫡出", "婚外子", "組合", "ユニオン", "同性", "ゲイ", "レズ", "LGBT",
    "ＬＧＢＴ", "トランス", "性転換", "HIV", "ＨＩＶ", "うつ", "てんかん", "認知", "骨折",
    "ヘルニア", "ぜんそく", "喘息", "肺炎", "リウマチ", "アトピー", "流産", "死産", "投薬",
    "リハビリ", "インスリン", "要介護", "ADHD", "ＡＤＨＤ", "PTSD", "依存", "不妊",
    "オストメイト", "人工肛門", "ぎっくり", "ALS", "要精", "要再",
)  # fmt: skip
_SIGN: Final = re.compile("|".join(_SIGNS))
_SIGNS_LATIN: Final = (
    "diagnos", "suffer", "history of", "treated", "living with", "diabet", "cancer", "asthma",
    "depress", "allergy", "chemo", "dialysis", "wheelchair", "blind", "deaf", "disab", "impaired",
    "crimin", "convict", "served", "victim", "stalk", "muslim", "christian", "catholic", "jewish",
    "buddhist", "hindu", "jehovah", "atheist", "party", "union", "gewerkschaft", "same-sex",
    "gay", "lesbian", "sexual", "transgender", "insulin", "rehab", "therapy",
)  # fmt: skip
_THIRD: Final = re.compile(
    r"(?:(?P<kin>母|父|妻|夫|息子|娘|長男|長女|次男|次女|子ども|子供|孫|祖父"
    r"|祖母|兄|弟|姉|妹|主人|家内|同居|親|奥様|家族)|隣|友人|知人|上司|部下|同僚"
    r"|彼)[^。\n]{0,24}$"
)
_REACH: Final = 30


def _sentences(document: Document) -> Iterator[tuple[int, int]]:
    """Sentences with any sign of a mention; all others are passed over."""
    text = document.text
    signs = {found.start() for found in _SIGN.finditer(text)}
    if document.has_latin:
        signs |= places_of(text.lower(), _SIGNS_LATIN)
    reached = 0
    for sign in sorted(signs):
        if sign < reached or sign >= len(text):
            continue
        start = max(
            text.rfind("\n", reached, sign) + 1, text.rfind("。", reached, sign) + 1, reached
        )
        ends = [at for at in (text.find("\n", sign), text.find("。", sign)) if at >= 0]
        reached = min(ends, default=len(text))
        yield start, reached


def find(document: Document) -> Iterator[Span]:
    """Mentions by kind; nothing inside a trap."""
    for start, end in _sentences(document):
        yield from _in_sentence(document.text, start, end)


def _in_sentence(text: str, begin: int, stop: int) -> Iterator[Span]:
    known = lexicon()
    traps = [found.span() for found in known.traps.finditer(text, begin, stop)]
    for mention in known.mentions:
        for found in mention.pattern.finditer(text, begin, stop):
            start, end = found.span()
            if any(a < end and start < b for a, b in traps) or end == start:
                continue
            third = _THIRD.search(text[max(0, start - _REACH) : start])
            yield Span(
                start=start,
                end=end,
                entity=Entity.SENSITIVE,
                score=mention.score,
                reason=Reason.LEXICON,
                kind=mention.kind,
                role=_role(third),
            )


def _role(third: re.Match[str] | None) -> Role:
    """Whom a mention is about: the words before it name a relative, another person, or nobody."""
    if third is None:
        return Role.SELF
    return Role.FAMILY if third["kin"] else Role.THIRD
