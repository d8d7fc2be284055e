"""Japanese addresses: municipality or town by the gazetteer, then block, building and room."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.gazetteer import PREFECTURES, Gazetteer, fold, gazetteer
from governance.pii.labels import Topic
from governance.pii.types import Entity, Reason, Span

_CITY_END: Final = re.compile("[市区町村]")
_PREFECTURE: Final = re.compile("(?:" + "|".join(PREFECTURES) + ")[ ]?$")
_PREFECTURES: Final = re.compile("|".join(PREFECTURES))
_COUNTY: Final = re.compile(r"[一-龥]{1,4}郡[ ]?$")
_K: Final = "〇一二三四五六七八九十百千"
_NUM: Final = rf"(?:[0-9]{{1,5}}|[{_K}]{{1,6}})"
_UNIT: Final = r"(?:丁目|番丁|番地|番町|番|号地|号|条|線|地割)"
_NOT: Final = (
    r"(?![0-9]|月|年|時|人|名|個|件|円|分|歳|才|回|日|点|本|冊|枚|台"
    r"|階級|%|万|千円|通|箱|店舗|社|目)"
)
# Either figures with signs between them, or numerals with units between them
_BLOCK: Final = re.compile(
    rf"[ ]?(?:第?{_NUM}(?:丁目|条)[東西南北]?)?[ ]?"
    rf"(?:{_NUM}{_UNIT}(?:の|[ ]?-?)(?:{_NUM}{_UNIT}?(?:の|-)?)*{_NUM}?{_UNIT}?"
    rf"|[0-9]{{1,5}}(?:[ ]?[\-ー/の][ ]?[0-9]{{1,5}}){{1,5}}{_UNIT}?"
    rf"|[0-9]{{1,5}}|[{_K}]{{1,4}}の[{_K}]{{1,4}}){_NOT}"
)
_STREET: Final = re.compile(  # 京都: 通り名 with 上る 下る 東入 西入
    r"[一-龥々ケァ-ヶーぁ-ん]{1,12}?(?:通|筋|町)[一-龥々]{0,6}(?:上る"
    r"|下る|上ル|下ル|東入る?|西入る?|東入ル|西入ル)"
    r"(?:[一-龥々]{1,8}町)?"
)
_FREE_TOWN: Final = re.compile(
    r"[ ]?(?![がはのにをでともへや、])(?:大字|字)?[一-龥々〆ケァ-ヶーぁ-んA-Z]{1,12}?(?=[ "
    r"]?(?:[0-9]|[" + _K + r"]{1,4}(?:丁目|番|条)))"
)
_BUILDING_WORD: Final = (
    "ビルディング|ビル|タワー|マンション|ハイツ|コーポラス|コーポ|メゾン"
    "|レジデンス|シャトー|アパートメント|アパート|荘"
    "|ヒルズ|プラザ|パーク|ハウス|ガーデン|コート|パレス|団地|寮|会館"
    "|住宅|ハイム|カーサ|ヴィラ|ビラ|グラン|ロイヤル"
    "|サンライズ|フラット|テラス|スクエア|センター|シティ|レジデンシャル"
    "|キャッスル|グリーン|エステート|ドミール|クレスト"
    "|アーバン|ライフ|ルミエール|ヴェル|プレイス|フォレスト|ステージ"
    "|リバーサイド|エスポワール|セジュール|サニー|ニュー"
    "|朝日|壱番館|弐番館|番館|号館|号棟|棟"
)
_LETTER: Final = r"[一-龥々〆ケァ-ヶー・A-Za-z0-9ⅠⅡⅢⅣ'&.\-]"
_ROOM: Final = r"(?:[ ]?[A-Z]?[\-]?[0-9]{1,4}(?:号室|号棟|号|室|F|階|棟)?){1,3}"
_BUILDING: Final = re.compile(
    rf"[ ]?(?![にへでのをがとはもやよか])(?:{_LETTER}|[ぁ-ん](?=[ぁ-ん一-龥]{{0,6}}(?:"
    rf"{_BUILDING_WORD}))){{0,16}}?"
    rf"(?:{_BUILDING_WORD}){_LETTER}{{0,12}}?(?:{_ROOM}|(?={_LETTER}{{0,3}}(?:在住"
    rf"|様|さん|方))|(?!{_LETTER}))"
    rf"|[ ]?(?![にへでのをがとはもやよか])[一-龥々〆ケァ-ヶー・A-Za-zⅠⅡⅢ'&]{{2,16}}[ ]?[A-Z"
    rf"]?[0-9]{{1,4}}(?:号室|号棟|号|室|F|階)"
    rf"|[ ]?[A-Z]?[0-9]{{1,4}}(?:号室|号棟|F|階)"
    rf"|[ ][0-9]{{3,4}}(?![0-9\-]|[月年時人名個件円分])"
)
_TAIL_FLOOR: Final = re.compile(
    r"[ ]?(?:[A-Z]?[0-9]{1,4}(?:号室|号|室|F|階)|[A-Z]棟[ ]?[0-9]{1,4}(?:号室)?)"
)
_LIVES: Final = re.compile(
    r"(?:方面)?[ ]?(?:に|へ|で|の)?[ ]?(?:お住|在住|住ん|住まい|居住"
    r"|引っ越|引越|転居|転入|住所|自宅|実家|移りま)"
)
_TOWN_BLOCK: Final = re.compile(
    rf"(?<![0-9\-.])(?:[0-9]{{1,3}}-[0-9]{{1,4}}-[0-9]{{1,4}}(?:-[0-9]{{1,4}})?(?![0-9\-]|月|年)"
    rf"|{_NUM}丁目[ ]?[0-9{_K}\-番地号の]*|[0-9]{{1,5}}番地(?:の?[0-9]{{1,4}})?"
    rf"|[0-9]{{1,3}}-[0-9]{{1,4}}(?![0-9\-]|月|年|万|円|個))"
)
_KANJI: Final = re.compile("[一-龥々ケァ-ヶー]")
_MINIMUM_TOWN: Final = 2
_SMALL_TOWN: Final = 6


def _span(start: int, end: int, score: float) -> Span:
    """An ADDRESS span; spaces at its end are not part of it."""
    return Span(start=start, end=end, entity=Entity.ADDRESS, score=score, reason=Reason.GAZETTEER)


def _city_at(folded: str, end: int, places: Gazetteer) -> int | None:
    """Start of the longest municipality that ends here."""
    for size in range(min(places.longest_city, end), 1, -1):
        if folded[end - size : end] in places.cities:
            return end - size
    return None


def _town_after(folded: str, position: int, places: Gazetteer) -> int:
    """End of the longest town that begins here; the position itself when none does."""
    for skip in ("大字", "字", " 大字", " ", ""):
        if folded.startswith(skip, position):
            at = position + len(skip)
            for size in range(min(places.longest_town, len(folded) - at), 0, -1):
                if folded[at : at + size] in places.towns:
                    return at + size
    return position


def _with_building(shadow: str, end: int) -> int:
    """End of building and room when they follow the block."""
    found = _BUILDING.match(shadow, end)
    if found is None:
        return end
    end = found.end()
    more = _TAIL_FLOOR.match(shadow, end)
    return more.end() if more else end


def _tail(folded: str, position: int, places: Gazetteer) -> tuple[int, bool, bool]:
    """End of the address after its municipality, and whether it has a town and a block."""
    street = _STREET.match(folded, position)
    end = street.end() if street else _town_after(folded, position, places)
    if end == position or (not _BLOCK.match(folded, end) and not street):
        free = _FREE_TOWN.match(folded, position)
        if free and _BLOCK.match(folded, free.end()):
            end = free.end()
    elif (
        (free := _FREE_TOWN.match(folded, end))  # 字 and 小字 below the town
        and len(free.group()) <= _SMALL_TOWN
        and _UNIT_AHEAD.match(folded, free.end())
    ):
        end = free.end()
    has_town = end > position
    block = _BLOCK.match(folded, end)
    if block is None or not block.group().strip():
        return end, has_town, False
    return _with_building(folded, block.end()), has_town, True


_UNIT_AHEAD: Final = re.compile(rf"[ ]?{_NUM}(?:丁目|番地?|[\-])")


def _start_of(shadow: str, city_start: int) -> tuple[int, bool]:
    """Start of the address with county and prefecture, and whether a prefecture stands there."""
    before = shadow[max(0, city_start - 6) : city_start]
    if county := _COUNTY.search(before):
        city_start -= len(before) - county.start()
        before = shadow[max(0, city_start - 6) : city_start]
    if prefecture := _PREFECTURE.search(before):
        return city_start - (len(before) - prefecture.start()), True
    return city_start, False


def _by_city(document: Document, folded: str, places: Gazetteer) -> Iterator[Span]:
    reached = 0
    for found in _CITY_END.finditer(folded):
        if found.end() <= reached:
            continue
        city_start = _city_at(folded, found.end(), places)
        if city_start is None:
            continue
        city_end = found.end()
        longer = _CITY_END.search(folded, city_end, city_end + 6)  # 横浜市 before 西区
        while longer and _city_at(folded, longer.end(), places) == city_start:
            city_end = longer.end()
            longer = _CITY_END.search(folded, city_end, city_end + 6)
        start, prefecture = _start_of(folded, city_start)
        end, town, block = _tail(folded, city_end, places)
        if not prefecture and _PREFECTURES.search(folded, max(0, start - 7), start):
            continue  # 富山県中新川郡上市町: 郡上市 is no place here
        label = document.labels.before(start, within=6)
        labelled = label is not None and label.topic is Topic.ADDRESS
        lives = _LIVES.match(folded, end) is not None
        if block and (town or prefecture or labelled):
            score = 0.95
        elif town and (prefecture or labelled or lives):
            score = 0.8
        elif labelled or (prefecture and lives):
            score = 0.6
        else:
            continue
        reached = end
        yield _span(start, start + len(folded[start:end].rstrip(" 　")), score)


def _by_prefecture(folded: str, places: Gazetteer) -> Iterator[Span]:
    """東京都丸の内1-2-3: a prefecture, no municipality, a town and a block."""
    for found in _PREFECTURES.finditer(folded):
        end = _town_after(folded, found.end(), places)
        if end == found.end():
            continue
        block = _BLOCK.match(folded, end)
        if block and block.group().strip():
            yield _span(found.start(), _with_building(folded, block.end()), 0.8)


def _town_before(folded: str, position: int, places: Gazetteer) -> int | None:
    """Start of the longest town that ends here and does not begin inside a longer word."""
    at = position - 1 if position and folded[position - 1] == " " else position
    for size in range(min(places.longest_town, at), _MINIMUM_TOWN - 1, -1):
        if folded[at - size : at] in places.towns:
            before = folded[at - size - 1 : at - size]
            if not before or not _KANJI.match(before):
                return at - size
    return None


def _by_town(document: Document, folded: str, places: Gazetteer) -> Iterator[Span]:
    """青葉台2-14-3: a town and three figures, or a town and two after an address label."""
    for found in _TOWN_BLOCK.finditer(folded):
        start = _town_before(folded, found.start(), places)
        if start is None:
            continue
        label = document.labels.before(start, within=10)
        labelled = label is not None and label.topic is Topic.ADDRESS
        strong = found.group().count("-") > 1 or "丁目" in found.group()
        building = _with_building(folded, found.end())
        if strong or labelled or building > found.end():
            yield _span(start, building, 0.75)


def find(document: Document) -> Iterator[Span]:
    """Japanese addresses of the text."""
    if not document.has_japanese:
        return
    places = gazetteer()
    folded = fold(document.shadow)
    yield from _by_city(document, folded, places)
    if document.has_number:
        yield from _by_prefecture(folded, places)
        yield from _by_town(document, folded, places)
