"""Words beside an arrow: the way of a lorry (唐津→佐世保), or of a task (原→濱口)."""

import re
from enum import Enum
from typing import Final

from governance.pii.names import Name, name_of
from governance.pii.sudachi import senses

_ARROWS: Final = "→⇒"
_ARROW: Final = re.compile(f"[{_ARROWS}]")
_BREAKS: Final = re.compile(r"[\n。！？!?「」]")
_STOP: Final = re.compile(r"[ 　、，,：:（(）)／/]")
_HANDED: Final = re.compile(
    r"さん|様|くん|ちゃん|先生|氏|回覧|担当|引き?継|交[代替]|変更|当番|リレー|異動|打順|シフト|姓"
)
_TRAVEL: Final = re.compile(
    r"ルート|便|納品|積|荷|配[送達]|運行|行程|旅程|経由|乗り?換|乗り?継|停車|休憩|巡回|出張|泊|宿"
    r"|高速|新幹線|電車|バス|フェリー|給油|復路|往路|SA|PA|IC|駅|港|直行|走行|遠足|旅行|移動"
)
_PLACED: Final = re.compile(
    r"(?:駅|市|区|県|港|店|[SP]A|IC|工場|倉庫|センター|営業所|本社|病院|学校|施設|海岸|温泉|寺|神社)$"
)
_SERIES: Final = (frozenset("月火水木金土日"), frozenset("東西南北中"))
_REACH: Final = 120  # signs; keeps the look at each of many arrows short
_MANY: Final = 3  # words that may be either: of so many it is a way
_FEW: Final = 2  # the same where a word of travel stands in the line


class _Sense(Enum):
    PLACE = "place"
    PERSON = "person"
    EITHER = "either"
    UNKNOWN = "unknown"


def on_route(text: str, start: int, end: int) -> bool:
    """The word from start to end stands in a chain of places, days or directions."""
    if not _beside(text, start, end):
        return False
    line = _line(text, start, end)
    if _HANDED.search(line):
        return False
    items = _items(line)
    word = text[start:end]
    if any(word in series and sum(one in series for one in items) > 1 for series in _SERIES):
        return True
    kinds = [_sense(item) for item in items]
    if _Sense.PERSON in kinds:
        return False
    either = kinds.count(_Sense.EITHER)
    places = kinds.count(_Sense.PLACE)
    enough = _FEW if _TRAVEL.search(line) else _MANY
    return places > 0 or either >= enough


def _line(text: str, start: int, end: int) -> str:
    """What stands around the word up to the next break, no further than a way is told."""
    before, after = text[max(0, start - _REACH) : start], text[end : end + _REACH]
    head = max((found.end() for found in _BREAKS.finditer(before)), default=0)
    tail = _BREAKS.search(after)
    return before[head:] + text[start:end] + (after[: tail.start()] if tail else after)


def _beside(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - 2) : start].rstrip(" 　")[-1:]
    after = text[end : end + 2].lstrip(" 　")[:1]
    return bool(before and before in _ARROWS) or bool(after and after in _ARROWS)


def _items(line: str) -> list[str]:
    """The words of the chain: of the first part the last word, of the last part the first."""
    parts = [part.strip(" 　") for part in _ARROW.split(line)]
    first, last = _STOP.split(parts[0])[-1], _STOP.split(parts[-1])[0]
    return [item for item in (first, *parts[1:-1], last) if item]


def _sense(item: str) -> _Sense:
    if _PLACED.search(item):
        return _Sense.PLACE
    known = senses(item)
    person = known.surname or known.given or name_of(item) >= Name.SURNAME
    if known.place:
        return _Sense.EITHER if person else _Sense.PLACE
    return _Sense.PERSON if person else _Sense.UNKNOWN
