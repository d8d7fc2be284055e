"""Japanese addresses: municipality or town by the gazetteer, then block, building and room."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from governance.pii.document import Document
from governance.pii.gazetteer import PREFECTURES, Gazetteer, fold, gazetteer
from governance.pii.labels import Topic
from governance.pii.recognisers.address_grammar import (
    NUM,
    K,
    block_after,
    with_building,
)
from governance.pii.recognisers.address_town import (
    ENDS,
    KANJI,
    MINIMUM_TOWN,
    NO_PLACE_AFTER,
    alone,
    by_town,
    span_of,
)
from governance.pii.types import Span

_TAB: Final = re.compile("\t")
_CITY_END: Final = re.compile("[市区町村]")
_PREFECTURE: Final = re.compile("(?:" + "|".join(PREFECTURES) + ")[ ]?$")
_PREFECTURES: Final = re.compile("|".join(PREFECTURES))
_INSIDE_WORD: Final = re.compile("(?:" + "|".join(PREFECTURES) + ")[一-龥]*$")
_COUNTY: Final = re.compile(r"[一-龥]{1,4}郡[ ]?$")
_OLD: Final = re.compile(  # a municipality of earlier days: 西蒲原郡巻町, 東京市麹町区
    r"[ ]?(?:[一-龥ケ]{1,4}[郡市][ ]?[一-龥ケぁ-ん]{1,5}?[町村区]|[一-龥ケぁ-ん]{1,4}?[市郡])"
)
_SAME: Final = re.compile(
    r"同(?<![一-龥]同)(?:[都道府県市区町村](?=[一-龥])|(?=[一-龥]{2,8}[0-9]))"
)
_STREET: Final = re.compile(  # 京都: 通り名 with 上る 下る 東入 西入
    r"[一-龥々ケァ-ヶーぁ-ん]{1,12}?(?:通|筋|町|路)り?[一-龥々]{0,6}(?:上る"
    r"|下る|上ル|下ル|東入る?|西入る?|東入ル|西入ル)"
    r"(?:[一-龥々]{1,8}町)?"
)
_FREE_TOWN: Final = re.compile(
    r"[ ]?(?![がはのにをでともへや、])(?:大字|字)?(?![市区町村]?役[所場]|[市区町村]?[民立内外]"
    r"|議会|全域)(?!(?:[^ ]{1,4}[都県]|[^ ]{1,5}[市区]))"
    r"[一-龥々〆ケァ-ヶーぁ-んA-Z]{1,12}?(?=[ "
    r"]?(?:[0-9甲乙]|[" + K + r"]{1,4}(?:丁目|番|条|の|-)))"
)
_HAMLET: Final = re.compile(
    r"[ ]?(?:大字|字|小字)[一-龥々ケァ-ヶ]{1,8}?(?=[0-9" + K + r"]|[ \n、。）)]|$)"
)
_LIVES: Final = re.compile(
    r"(?:方面)?[ ]?(?:に|へ|で|の)?[ ]?(?:お住|在住|住ん|住まい|居住"
    r"|引っ越|引越|転居|転入|住所|自宅|実家|移りま)"
)
_BOUND: Final = re.compile(r"[\s、。，,／/（）()「」\x1f→]|の|に|へ|で|から|より|まで|を|$")
_LINE: Final = re.compile(r"[ ]*\n[ ]*(?:[（(][^）)\n]{1,12}[）)])?[ ]*")
_OF: Final = re.compile("の(?=[一-龥])")
_UNIT_AHEAD: Final = re.compile(rf"[ ]?{NUM}(?:丁目|番地?|[\-])")
_SMALL_TOWN: Final = 6
_MOST_TOWNS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A municipality and how far its address goes."""

    start: int
    city: int
    city_end: int
    end: int
    prefecture: bool
    town: bool
    block: bool
    ward: bool  # a ward without its city


def _city_at(folded: str, end: int, places: Gazetteer) -> int | None:
    """Start of the longest municipality that ends here."""
    for size in range(min(places.longest_city, end), 1, -1):
        if folded[end - size : end] in places.cities:
            return end - size
    return None


def _ward_at(folded: str, end: int, places: Gazetteer) -> int | None:
    """Start of a ward that its city does not stand before: 南区大橋3-19."""
    for size in (4, 3, 2):
        start = end - size
        if start < 0 or folded[start:end] not in places.wards:
            continue
        free = not start or not KANJI.match(folded[start - 1]) or folded[:start].endswith("住所")
        return start if free else None
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


def _towns(folded: str, position: int, places: Gazetteer) -> int:
    """End of town, 字 and 小字 after the municipality; the position itself when none follows."""
    street = _STREET.match(folded, position)
    if street:
        return street.end()
    end = _town_after(folded, position, places)
    if end == position or block_after(folded, end) is None:
        free = _FREE_TOWN.match(folded, position)
        if free and block_after(folded, free.end()) is not None:
            end = free.end()
    elif (
        (free := _FREE_TOWN.match(folded, end))  # 字 and 小字 below the town
        and len(free.group()) <= _SMALL_TOWN
        and _UNIT_AHEAD.match(folded, free.end())
    ):
        end = free.end()
    for _ in range(_MOST_TOWNS):
        hamlet = _HAMLET.match(folded, end) if end > position else None
        if hamlet is None:
            break
        end = hamlet.end()
    return end


def _tail(folded: str, position: int, places: Gazetteer) -> tuple[int, bool, bool]:
    """End of the address after its municipality, and whether it has a town and a block."""
    gap = _LINE.match(folded, position) or _OF.match(folded, position)
    end = _towns(folded, position, places)
    if end == position and gap:
        beyond = _towns(folded, gap.end(), places)
        if beyond > gap.end() and block_after(folded, beyond) is not None:
            end = beyond
    has_town = end > position
    block = block_after(folded, end)
    if block is None and has_town and (gap := _LINE.match(folded, end)):
        block = block_after(folded, gap.end())
        if block is not None and not ENDS.match(folded, block):
            block = None
    if block is None:
        house = with_building(folded, end) if has_town and folded[end : end + 1] == " " else end
        return house, has_town, house > end
    return with_building(folded, block), has_town, True


def _start_of(shadow: str, city_start: int) -> tuple[int, bool]:
    """Start of the address with county and prefecture, and whether a prefecture stands there."""
    before = shadow[max(0, city_start - 6) : city_start]
    if county := _COUNTY.search(before):
        city_start -= len(before) - county.start()
        before = shadow[max(0, city_start - 6) : city_start]
    if prefecture := _PREFECTURE.search(before):
        return city_start - (len(before) - prefecture.start()), True
    return city_start, False


def _own_town(folded: str, place: _Place, places: Gazetteer) -> bool:
    """The post knows this town in this municipality, and a word ends after it."""
    town = folded[place.city_end : place.end].strip().removeprefix("大字")
    return (
        len(town) >= MINIMUM_TOWN
        and (folded[place.city : place.city_end], town) in places.pairs
        and _BOUND.match(folded, place.end) is not None
        and not NO_PLACE_AFTER.match(folded, place.end)
    )


def _city_end(folded: str, end: int, start: int, places: Gazetteer) -> int:
    """End of the longest municipality that begins here: 横浜市 before 西区."""
    longer = _CITY_END.search(folded, end, end + 6)
    while longer and _city_at(folded, longer.end(), places) == start:
        end = longer.end()
        longer = _CITY_END.search(folded, end, end + 6)
    return end


def _score(document: Document, folded: str, place: _Place, places: Gazetteer) -> float:
    """How sure a municipality with what follows is an address; 0 means it is none."""
    label = document.labels.before(place.start, within=6)
    labelled = label is not None and label.topic is Topic.ADDRESS
    lives = _LIVES.match(folded, place.end) is not None
    if place.ward and not place.town:
        return 0.0
    if place.block and (place.town or place.prefecture or labelled):
        return 0.95
    if place.town and (place.prefecture or labelled or lives):
        return 0.8
    if place.town and _own_town(folded, place, places):
        return 0.7
    return 0.6 if labelled or (place.prefecture and lives) else 0.0


def _place(folded: str, end: int, places: Gazetteer) -> _Place | None:
    """What stands around a municipality that ends here; None when none does."""
    city = _city_at(folded, end, places)
    ward = city is None
    if city is None:
        city = _ward_at(folded, end, places)
    if city is None:
        return None
    city_end = _city_end(folded, end, city, places)
    start, prefecture = _start_of(folded, city)
    if not prefecture and _INSIDE_WORD.search(folded, max(0, start - 7), start):
        return None  # 富山県中新川郡上市町: 郡上市 is no place here
    reach, town, block = _tail(folded, city_end, places)
    return _Place(
        start=start, city=city, city_end=city_end, end=reach,
        prefecture=prefecture, town=town, block=block, ward=ward,
    )  # fmt: skip


def _by_city(document: Document, folded: str, places: Gazetteer) -> Iterator[Span]:
    reached = 0
    for found in _CITY_END.finditer(folded):
        if found.end() <= reached:
            continue
        place = _place(folded, found.end(), places)
        if place is None or place.start < reached:
            continue
        if score := _score(document, folded, place, places):
            reached = place.end
            size = len(folded[place.start : place.end].rstrip(" \n"))
            yield span_of(place.start, place.start + size, score)


def _by_prefecture(folded: str, places: Gazetteer) -> Iterator[Span]:
    """東京都丸の内1-2-3, 新潟県西蒲原郡巻町...: a prefecture and no municipality of today."""
    for found in _PREFECTURES.finditer(folded):
        end, old_named = _town_after(folded, found.end(), places), False
        if end == found.end():
            old = _OLD.match(folded, found.end())
            end = _towns(folded, old.end(), places) if old else end
            if old is None or end == old.end():
                continue
            old_named = "郡" in old.group()
        block = block_after(folded, end)
        if block is not None:
            yield span_of(found.start(), with_building(folded, block), 0.8)
        elif old_named and _BOUND.match(folded, end):
            yield span_of(found.start(), end, 0.7)


def _by_same(folded: str, places: Gazetteer) -> Iterator[Span]:
    """同市津福本町1790番地の2: the municipality has been named before."""
    for found in _SAME.finditer(folded):
        end, town, block = _tail(folded, found.end(), places)
        if town and block:
            yield span_of(found.start(), end, 0.75)


_PERHAPS_MISREAD: Final = re.compile(r"[lIO|](?:(?<=[0-9目番\-].)|(?<=[目\-] .))")
_MISREAD: Final = re.compile(
    r"(?=[lIO|])(?:(?<=[0-9目番\-])[lIO|]+(?=[0-9\-\s]|$)|(?<=[0-9\-])[lIO]+(?=-)|(?<=-)[lI](?=[0-9])"
    r"|(?<=[目\-] )[lI](?=[0-9]))"
)
_DIGIT_OF: Final = str.maketrans("lI|O", "1110")


def _read_digits(folded: str) -> str:
    """The text with letters that a scanner read for digits put right: 4丁目l-l-1204."""
    if not _PERHAPS_MISREAD.search(folded):
        return folded
    return _MISREAD.sub(lambda found: found.group().translate(_DIGIT_OF), folded)


def find(document: Document) -> Iterator[Span]:
    """Japanese addresses of the text."""
    if not document.has_japanese:
        return
    places = gazetteer()
    folded = fold(document.shadow, document.signs)
    if "\t" in document.text:  # a cell ends what stands in it
        signs = list(folded)
        for found in _TAB.finditer(document.text):
            signs[found.start()] = "\x1f"
        folded = "".join(signs)
    folded = _read_digits(folded)
    yield from _by_city(document, folded, places)
    if document.has_number:
        yield from _by_prefecture(folded, places)
        yield from _by_same(folded, places)
        yield from by_town(document, folded, places)
        yield from alone(folded)
