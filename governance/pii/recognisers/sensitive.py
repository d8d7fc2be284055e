"""Mentions of 要配慮個人情報 for review: lexicon with traps, and whom they are about."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.lexicon import lexicon
from governance.pii.types import Entity, Reason, Role, Span

# One sign of every mention; a text without any is done in one scan
_SIGN: Final = re.compile(
    "病|症|癌|がん|ガン|障|害|薬|透析|通院|入院|手術|診断|健診|検診"
    "|ドック|検査|アレルギー|手帳|不自由|見えな|聞こえ|麻痺|車いす"
    "|車椅子|車イス|難聴|盲|弱視|ろう者|聾|義[足手]"
    "|信者|信徒|教徒|宗|党|クリスチャン|ムスリム|エホバ|信仰|カトリック"
    "|プロテスタント|前科|前歴|懲役|服役|刑|執行猶予|出所|判決|被害"
    "|DV|ＤＶ|暴力|虐待|ストーカー|支援措置|逮捕|起訴|送検|勾留|捜索"
    "|公判|被告|被疑"
    "|保釈|少年|保護観察|補導|在日|アイヌ|黒人|白人|日系|系|部落|同和"
    "|嫡出|婚外子|組合|ユニオン|同性|ゲイ|レズ|LGBT|ＬＧＢＴ|トランス"
    "|性転換|HIV|ＨＩＶ|うつ|てんかん|認知|骨折|ヘルニア|喘息|ぜんそく"
    "|肺炎|肝|腎|結核|梅毒|痛風|リウマチ"
    "|腫|出血|梗塞|腰痛|アトピー|流産|死産|服用|服薬|投薬|リハビリ"
    "|インスリン|要介護|ADHD|ＡＤＨＤ|PTSD|依存|不妊|オストメイト|人工肛門"
    "|高血圧|低血圧|ぎっくり腰|ALS|要精密|要再"
    "|(?i:diagnos|suffer|history of|treated|living with|diabet|cancer"
    "|asthma|depress|allergy|chemo|dialysis|wheelchair|blind|deaf|disab"
    "|impaired|crimin|convict|served|victim|stalk|muslim|christian"
    "|catholic|jewish|buddhist|hindu|jehovah|atheist|party|union|gewerkschaft"
    "|same-sex|gay|lesbian|sexual|transgender|insulin|rehab|therapy)"
)
_THIRD: Final = re.compile(
    r"(?:母|父|妻|夫|息子|娘|長男|長女|次男|次女|子ども|子供|孫|祖父"
    r"|祖母|兄|弟|姉|妹|主人|家内|同居|隣|友人|知人|上司|部下|同僚|親"
    r"|彼|彼女|お母様|お父様|奥様|ご主人|ご家族|家族)[^。\n]{0,24}$"
)
_REACH: Final = 30


def find(document: Document) -> Iterator[Span]:
    """Mentions by kind; nothing inside a trap."""
    text = document.text
    if not _SIGN.search(text):
        return
    known = lexicon()
    traps = [found.span() for found in known.traps.finditer(text)]
    for mention in known.mentions:
        for found in mention.pattern.finditer(text):
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
                role=Role.THIRD if third else Role.SELF,
            )
