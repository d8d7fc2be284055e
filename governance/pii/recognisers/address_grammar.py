"""How a Japanese address goes on after its town: block in any notation, then building and room."""

import re
from typing import Final

K: Final = "〇一二三四五六七八九十百壱弐参拾"
NUM: Final = (
    rf"(?:[1-9][0-9]{{0,4}}|[{K}]{{1,6}}(?=$|[^一-龥ァ-ヶ{K}]|丁|番|号|条|線|地割|街区|区|組"
    rf"|[東西南北]))"
)
_UNIT: Final = r"(?:丁目|番丁|番地|番町|番|丁|号地|号|条|線|地割|街区)"
_NOT: Final = (
    r"(?![0-9:]|[,.][0-9]|(?:月|年|時|人|名|個|件|円|分(?!譲)|歳|才|回|日(?!町|の出)|点"
    r"|本(?![一-龥])"
    r"|冊|枚|台(?![一-龥])|度|割|ヶ月|か月|ケ月|週|通(?!り)|箱|店舗|社|目|頭|匹|杯|泊|部屋|軒"
    r"|階級|%|万|千円|kg|cm|mm|km|LDK|[DL]K|AM|PM|am|pm|歩|着|便|棟建|坪|㎡|m2))"
)
_JOIN: Final = (
    r"(?:(?<=[目地番丁町号条線割])[、,]?[ ]?(?:の|-)?[ ]?|[ ]?-[ ]?|(?<=[東西南北])|の|ノ"
    r"|(?<=[0-9])/(?=[0-9]+/))"
)
_SEGMENT: Final = rf"{NUM}(?:{_UNIT}(?:[東西南北](?={NUM}))?)?"
# 1-2-3, 1丁目2番3号, 三の十六の四, 北三十条西6-16-18, 甲1234, 第2地割1-5
BLOCK: Final = re.compile(
    rf"[ ]?(?:第|[甲乙丙丁イロハニ](?=[0-9]))?{_SEGMENT}(?:{_JOIN}{_SEGMENT})*{_NOT}"
    rf"|[ ]?(?:無番地|番外地)"
)
_GROUP: Final = re.compile(rf"{NUM}(?:組|区)(?![一-龥])")  # 鉄輪東6組, 川治下町一区
TOWN_BLOCK: Final = re.compile(
    rf"(?=[1-9{K}])(?<![0-9\-.:/])(?:[1-9][0-9]{{0,2}}-[1-9][0-9]{{0,3}}(?:-[1-9][0-9]{{0,3}})*"
    rf"|{NUM}(?:丁目|番地|番(?={NUM}))(?:{_JOIN}{_SEGMENT})*|(?<=[町村])[1-9][0-9]{{1,3}}"
    rf"|[{K}]{{1,3}}(?:の[{K}]{{1,3}}){{1,3}}|[1-9][0-9]{{0,2}}(?:の[1-9][0-9]{{0,3}}){{1,3}}){_NOT}(?!-[0-9])"
)
_WORDS: Final = (
    "ビルディング|ビルヂング|ビル|タワー|マンション|ハイツ|ハイム|コーポラス|コーポ|メゾン"
    "|レジデンシャル"
    "|レジデンス|シャトー|シャトレ|アパートメント|アパート|荘|ヒルズ|プラザ|パーク|ハウス|ガーデン"
    "|コート|パレス|パレ|団地|寮|会館|宿舎|住宅|カーサ|ヴィラ|ビラ|ヴィレッジ|ビレッジ|フラット"
    "|フラッツ"
    "|テラス|スクエア|センター|シティ|キャッスル|エステート|ドミール|クレスト|プレイス|フォレスト"
    "|ステージ|リバーサイド|エスポワール|セジュール|グランデ|フロント|ハイランド|コンド|ホーム"
    "|庁舎|事業所|事務所"
    "|特養|病院|医院|学園|大学|工場|倉庫|支社|本社|支店|本店|営業所|苑|園|番館|号館|号棟"
)
DWELLINGS: Final = (  # words that nothing but a place to live has
    "マンション", "ハイツ", "ハイム", "コーポラス", "コーポ", "メゾン", "レジデンス", "シャトー",
    "シャトレ", "アパート", "荘", "パレス", "団地", "寮", "宿舎", "ヴィラ", "カーサ", "エステート",
    "ドミール", "フラッツ", "セジュール", "レジデンシャル", "ルミエール", "シャルム",
    "テラスハウス", "住宅",
)  # fmt: skip
_STRONG: Final = f"(?:{'|'.join(DWELLINGS)})"
_NAME: Final = r"[一-龥々〆ケァ-ヶー・A-Za-z0-9ⅠⅡⅢⅣⅤⅥ'&.\-]"
_NAME_START: Final = r"(?![にへでのをがとはもやよか、（）()]|TEL|Tel|tel|FAX|電話|携帯|℡|〒|No\.)"
_WING: Final = r"(?:(?:[A-Z]|[0-9]{1,3})(?:号棟|号館|棟|街区)[ ]?-?)"
_ROOM: Final = (
    rf"(?:#[0-9]{{1,4}}|B[0-9]F?(?![0-9])|地下[0-9]階|{_WING}?[A-Z]{{0,2}}-?[0-9]{{1,4}}"
    rf"(?:号室|号(?![館棟])|室|F|階)(?:-[A-Z0-9]{{1,3}})?|{_WING}[0-9]{{0,4}}"
    rf"|[0-9]{{1,4}}-[0-9]{{1,4}}"
    r"|[A-Z]-?[0-9]{1,4}|[0-9]{1,3}[A-Z]|[0-9]{1,4}"
    r"|[壱弐参一二三四五六七八九十〇]{1,4}(?:号室|号館|号棟|号(?![館棟])|階))"
)
_ROOM_END: Final = (
    r"(?![0-9A-Za-z]|[\-.:/][0-9]|[ ]?(?:月|年|時|人|名|個|件|円|分|歳|才|回|日|点|本|冊|枚|台|度"
    r"|%|万|㎡"
    r"|[DL]K|LDK|頭|泊|匹|丁目|通))"
)
_PHONE: Final = re.compile(r"[ ]?\(?0[0-9]{1,4}[\-() ]{1,2}[0-9]|[ ]?0[0-9]{9}")
_ATTACHED: Final = re.compile(
    rf"-[A-Z]{{0,2}}-?[0-9]{{1,4}}[A-Z]?(?:号室?|F|階)?(?:-[A-Z0-9]{{1,3}})?{_ROOM_END}"
    rf"|-[A-Z](?![A-Za-z0-9])|(?:の|-)[{K}]{{1,4}}(?![一-龥])|F(?:-[A-Z])?(?![A-Za-z])|号(?:室|棟"
    rf"|館)?(?![一-龥])"
)
_ROOM_ATOM: Final = re.compile(rf"[ ]{{0,2}}(?:の(?=[0-9]{{3}}(?![0-9])))?{_ROOM}{_ROOM_END}")
_SURE_ROOM: Final = re.compile(
    rf"[ ]{{0,2}}(?:#[0-9]{{1,4}}|B[0-9]F?(?![0-9A-Za-z])|地下[0-9]階|{_WING}?[A-Z]?-?[0-9]{{1,4}}"
    rf"(?:号室|号(?![館棟])|室|F|階)(?:-[A-Z0-9]{{1,3}})?|{_WING}[0-9]{{0,4}}|[A-Z]-[0-9]{{1,4}}"
    r"|[A-Z][0-9]{2,4}|[0-9]{3,4})" + _ROOM_END
)
# A name with a word of buildings in it; hiragana only on the way to that word
_BUILDING: Final = re.compile(
    rf"[ ]{{0,2}}{_NAME_START}(?:{_NAME}|[ぁ-ん](?=[ぁ-ん一-龥ー]{{0,6}}(?:{_WORDS}))){{0,16}}?"
    rf"(?:{_WORDS})(?:[ぁ-ん]{{2,6}}(?=[ ]?[0-9]|内|$|[\s、。）)])"
    rf"|{_NAME}{{0,12}}?)(?=[ ]?{_ROOM}{_ROOM_END}"
    r"|内|[\s、。，,／/（）()「」|\"';；:：<>→\x1f]|$|[一-龥ァ-ヶー]{0,3}(?:在住|様|さん|方)"
    r"|[にへでのをがとはもや])"
)
# A name of one kind of letters that a room number ends
_NAMED_ROOM: Final = re.compile(
    rf"[ ]{{1,2}}{_NAME_START}(?:[一-龥々ケァ-ヶー・A-Za-zⅠⅡⅢ'&.]|[ぁ-ん](?![ ]?(?:様|さん)))"
    rf"[一-龥々ケァ-ヶー・A-Za-zⅠⅡⅢ'&.ぁ-ん]{{1,14}}[ ]?{_ROOM}{_ROOM_END}"
)
_JOINED_ROOM: Final = re.compile(
    rf"{_NAME_START}[一-龥々ケァ-ヶー・A-Za-zⅠⅡⅢ'&]{{2,16}}[ ]?[A-Z]?[0-9]{{1,4}}(?:号室|号棟|号"
    rf"|室|F|階)"
)
_NO_BUILDING: Final = re.compile(
    r"[ ]{0,2}[^ \n、。，（(]{0,8}?(?:様|さん|氏|宛|御中|電話|携帯|連絡|担当|課|部(?![屋])|付近"
    r"|徒歩|築"
    r"|相談|案内|テラス案内|時間|指定|代引|着払|元払|段ボール|ダンボール|エレベーター|荷物|なし|あり"
    r"|冷蔵|冷凍|常温|クール|サイズ|重量|粗大|布団|シール"
    r"|前(?![一-龥])|係|契約|在留|駐車|年|号機|予約|下[0-9]桁|最寄)"
)
_NEXT_LINE: Final = re.compile(
    rf"[ ]*\n[ ]*(?=(?:{_NAME}|[ぁ-ん ]){{0,20}}(?:{_STRONG}|コート|ビル)(?:{_NAME}"
    rf"|[ぁ-ん ]){{0,16}}[ ]*(?:\n"
    rf"|$)"
    r"|[ ]*[0-9A-Z\-]{1,5}号室?[ ]*(?:\n|$)|[ ]+[0-9]{3,4}[ ]*(?:\n|$)"
    r"|[一-龥ァ-ヶーA-Za-z]{2,14}[ ]?[0-9]{1,4}(?:号室?|F|階)[ ]*(?:\n|$)"
    rf"|[ ]+[ァ-ヶー]{{4,12}}[ ]?[{K}]{{2,4}}[ ]*(?:\n|$))"
)
_KANJI_ROOM: Final = re.compile(rf"[ァ-ヶー]{{4,12}}[ ]?[{K}]{{2,4}}(?=[ ]*(?:\n|$))")
_COMMA: Final = re.compile(rf"、(?=[一-龥ァ-ヶー]{{0,10}}(?:{_WORDS})の?[0-9])")
_OF: Final = re.compile(r"の(?=[0-9]{3,4}(?![0-9]))")
_INSIDE: Final = re.compile("内(?![一-龥ァ-ヶ])")
_MOST_ATOMS: Final = 5


def _atom(shadow: str, end: int) -> int:
    """End of the next part of building or room; the same place when none follows."""
    if _PHONE.match(shadow, end):
        return end
    for pattern in (_ATTACHED, _SURE_ROOM):
        if found := pattern.match(shadow, end):
            return found.end()
    if _NO_BUILDING.match(shadow, end):
        return end
    for pattern in (_BUILDING, _NAMED_ROOM, _JOINED_ROOM):
        if found := pattern.match(shadow, end):
            if _BARE_WORD.fullmatch(found.group()) and not _ROOM_ATOM.match(shadow, found.end()):
                return end
            room = _ROOM_ATOM.match(shadow, found.end())
            if room is None or _PHONE.match(shadow, found.end()):
                return found.end()
            return room.end()
    return end


_BARE_WORD: Final = re.compile(rf"[ ]*(?:{_WORDS})[ ]?")


def with_building(shadow: str, end: int) -> int:
    """End of building and room when they follow the block, over a line break where one is meant."""
    for _ in range(_MOST_ATOMS):
        after = _atom(shadow, end)
        if after == end and (gap := _NEXT_LINE.match(shadow, end) or _COMMA.match(shadow, end)):
            kanji = _KANJI_ROOM.match(shadow, gap.end())
            after = kanji.end() if kanji else _atom(shadow, gap.end())
            if after == gap.end():
                return end
        if after == end and (of := _OF.match(shadow, end)):
            after = _atom(shadow, of.end())
        if after == end:
            break
        end = after
    inside = _INSIDE.match(shadow, end)
    return inside.end() if inside and shadow[end - 1] not in "0123456789" else end


def block_after(shadow: str, end: int) -> int | None:
    """End of the block that follows a town; None when none does."""
    found = BLOCK.match(shadow, end)
    if found is None or _PHONE.match(shadow, end):
        group = _GROUP.match(shadow, end)
        return group.end() if group else None
    group = _GROUP.match(shadow, end)
    return max(found.end(), group.end() if group else 0)


# A building with its room where no block stands: コーポ鶴見302, ヴィラ桜坂 B-102
ALONE: Final = re.compile(
    rf"(?:^|(?<=[\s、。／/（(「:：・のは→\x1f]))(?=[^\n]{{0,14}}?{_STRONG})"
    rf"(?:[一-龥々ケァ-ヶー・A-Za-zⅠⅡⅢ]|[ぁ-ん](?=[ぁ-んー]{{1,4}}{_STRONG})){{0,8}}?{_STRONG}"
    r"(?:[一-龥ァ-ヶーⅠⅡⅢ]{1,6}|[ ]?[ⅠⅡⅢ])?[ ]?(?:の)?"
    r"(?:[A-Z]-?[0-9]{2,4}|[0-9]{1,2}F-[A-Z]|[0-9]{3,4}|[0-9]{1,2}(?:の|-)[0-9]{2,4}"
    r"|[A-Z]?[0-9]{1,4}(?:号室|号棟[ ]?[0-9]{0,4}))"
    r"(?:号室)?(?![0-9]|[\-.:/][0-9]|[ ]?(?:月|年|人|円|個|件|戸|世帯|号線|万|㎡|名|台))"
)
