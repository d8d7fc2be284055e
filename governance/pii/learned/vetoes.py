"""What the learned tagger takes for a name and the signs around it say is none.

A company, a road, a number plate, the branch of a bank, a place that its label names, a part of a
code: of these the words beside tell more than the word itself.
"""

import re
from typing import Final

from governance.pii.learned.forms import common_word
from governance.pii.recognisers.person_grammar import TRADE
from governance.pii.routes import on_route
from governance.pii.sudachi import senses

_THING: Final = re.compile(r"(?<![a-z])(?:an?|the|in|from|at|near) $", re.IGNORECASE)
_ORGANISATION: Final = re.compile(
    r"株式会社|有限会社|合同会社|㈱|㈲|[（(][株有][）)]|銀行|塗装|建具|硝子|左官|板金|石材|畳店|酒店|金物"
    r"|造園|内装|鉄工|漢方|製薬|精機|重機|小児科|産婦人科|泌尿器科|温泉|町会(?!長)"
    r"|信金|商事|商店|商会|商工|製作所|製菓|製麺|製茶"
    r"|製薬|製材|工業|工務店|工機|工芸|建設|建材|建築事務所|不動産|産業|物産|物流|電機|電気|電工|電設"
    r"|設備|金属|鉄工|木材|食品|水産|酒造|醸造|農園|牧場|薬局|内科|外科|眼科|歯科|皮膚科|耳鼻|整形"
    r"|医院|病院|クリニック|接骨|整骨|鍼灸|動物病院|大学|高校|高等学校|中学|小学校|幼稚園(?!長)"
    r"|保育園(?!長)|こども園|学園(?!長)|書店(?!長)|文具|家具|楽器|神社|大社|八幡宮|教会|通り|街道"
    r"|バイパス|地区|方面|支店(?!長)|営業所(?!長)|出張所(?!長)|工場(?!長)|倉庫|会館|マンション"
    r"|ハイツ|コーポ|アパート|旅館|ホテル|運輸|運送|交通|観光|自動車|モータース|設計|印刷|新聞|放送"
    r"|事務所(?!長)|法律事務所|ホールディングス|駅(?!長)|署(?!長)|杯|メール(?!アドレス)"
    r"|美術館|博物館|図書館|公園|店(?![長員主])|保険(?:サービス|会社|代理|事務)"
)
_OWNED: Final = re.compile(
    r"(?:株式会社|有限会社|合同会社|㈱|㈲|[（(][株有][）)]"
    r"|(?:医療|学校|福祉|宗教|財団|社団)法人)[ 　]?$"
)
_PLATE: Final = re.compile(r"[ 　]?[0-9０-９]{2,3}[ 　]?[ぁ-ん][ 　]?[0-9０-９・]")
_BRANCH: Final = re.compile(
    r"[ 　・]?(?:普通?[ 　:：]{0,2}[0-9０-９]|普通[)）・]"
    r"|(?:当座|貯蓄)[ 　:：・]{0,2}[0-9０-９)）])"
)
_KIND: Final = re.compile("[ 　]普$")
_DAY: Final = re.compile("[一二三四五六七八九十]{1,3}[年月日]")
_FIELDS: Final = (  # words of forms in half-width kana, small letters written large as well
    "ｶｸﾆﾝ|ｷﾎﾞｳ|ｹﾝｻｸ|ｺｳｻﾞ|ｼﾒｲ|ｼﾞ[ﾕｭ]ｳｼ[ﾖｮ]|ｽﾞﾐ|ﾀﾝﾄｳ|ﾃﾞﾝﾜ|ﾅﾏｴ|ﾊ[ﾂｯ]ｿｳ|ﾋﾂﾞｹ|ﾋﾝﾒｲ|ﾌｻﾞｲ|ﾌﾖｳ|ﾌﾘｺﾐ|ﾍﾝｺｳ"
    "|ﾍﾝｷﾝ|ﾎｳﾓﾝ|ﾎﾝﾆﾝ|ﾖﾔｸ|ﾚﾝﾗｸ"
)
_FIELD: Final = re.compile(f"(?:(?:{_FIELDS})[ 　]?)+")
_WHERE: Final = re.compile(
    r"(?:国籍|出身地?|前泊地|行先地?|行き先|発地|着地|積地|揚地|路線|エリア|勤務地|Nationality|Country)"
    r"[ 　:：/／\n]{1,2}$|最寄り?(?:駅)?[は ：:]$|直[行帰][（(]$|⇔$"
)
_TRAVEL: Final = re.compile(r"⇔|の各[店校社営]|[ 　]?(?:行き|経由|到着|出発)|[)）] ?(?:到着|出発)")
_JOINT: Final = re.compile("[A-Za-z0-9]-$")
_JOINTED: Final = re.compile("-?[0-9]|-[A-Za-z]+-|-[A-Z0-9]{2}")
_KATAKANA: Final = re.compile("[ァ-ヺー]+")
_REACH: Final = 12  # signs before a word that are looked at


def no_person(text: str, start: int, end: int) -> bool:
    """What stands in the text from start to end is no name of a person."""
    surface, before = text[start:end], text[max(0, start - _REACH) : start]
    if len(surface) > 1 and len(set(surface)) == 1:
        return True  # one sign again and again
    if surface.isascii():
        return _no_latin(text, end, before, surface)
    if _PLATE.match(text, end) or _KIND.search(surface):
        return True
    if _DAY.fullmatch(surface) or _FIELD.fullmatch(surface):
        return True
    if " " in surface or "　" in surface:
        return False
    return bool(
        _ORGANISATION.match(text, end)
        or _OWNED.search(before)
        or (_BRANCH.match(text, end) and senses(surface).place)
        or _WHERE.search(before)
        or _TRAVEL.match(text, end)
        or (_KATAKANA.fullmatch(surface) and _only_place(surface))
        or TRADE.search(surface)
        or on_route(text, start, end)
    )


def _no_latin(text: str, end: int, before: str, surface: str) -> bool:
    """A thing or a place in English (the Parker pen, from Springfield), or a part of a code."""
    if " " in surface:
        return False
    return bool(
        _THING.search(before)
        or _JOINT.search(before)
        or _JOINTED.match(text, end)
        or _WHERE.search(before)
        or (surface.islower() and common_word(surface))
    )


def _only_place(surface: str) -> bool:
    known = senses(surface)
    return known.place and not known.name
