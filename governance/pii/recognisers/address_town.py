"""Addresses without their municipality: a town and its block, or a dwelling and its room."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.gazetteer import Gazetteer
from governance.pii.labels import Topic
from governance.pii.lexicon import lines_with
from governance.pii.names import surname
from governance.pii.recognisers.address_grammar import ALONE, DWELLINGS, TOWN_BLOCK, with_building
from governance.pii.types import Entity, Reason, Span

_STOP_BEFORE: Final = re.compile(r"(?:バス停|停留所|駅名?|交差点)[「 ]?$")
_LEADS: Final = re.compile(
    r"(?:^|[\n\x1f、。：:／/「（(→・　＞>は]|(?:^|\n)[0-9]{1,2}|住所|お?届け?先|現場)[ ]?$"
)
_WHO: Final = re.compile(r"[ ]?[^\s0-9]{1,6}(?:様|さん|宅|邸|方)")
NO_PLACE_AFTER: Final = re.compile(
    r"[ ]?(?:店|駅|交差点|停留所|バス停|行き|方面|出張所|支店|線|便)"
)
ENDS: Final = re.compile(r"[\s、。，,／/（）()「」\x1f→]|$|の|に|へ|で|様|さん")
KANJI: Final = re.compile("[一-龥々ケァ-ヶー]")
MINIMUM_TOWN: Final = 2
# A town and one figure: 三田井 718, 内里荒場 14番地先; no count, date or hour
_SINGLE: Final = re.compile(
    r"(?:(?<=[一-龥])|(?<=[一-龥] ))[1-9][0-9]{0,3}(?:番地?)?"
    r"(?=[ \n、。，（()）」\x1f→]|/(?![0-9])|$|[の様]|さん|番地先)(?![ ][ぁ-ん][ ])"
    r"(?![ ]?(?:名|人|個|件|円|分|時|本|枚|台|歳|才|回|日|月|年|点|便|泊|頭|匹|箱|号車|番線|階|%))"
)
_LONG_TOWN: Final = 4  # signs; shorter towns are too often names or words
_TOWN_ENDS: Final = "町台丘"


def span_of(start: int, end: int, score: float) -> Span:
    """An ADDRESS span; spaces at its end are not part of it."""
    return Span(start=start, end=end, entity=Entity.ADDRESS, score=score, reason=Reason.GAZETTEER)


def _town_before(folded: str, position: int, places: Gazetteer) -> int | None:
    """Start of the longest town that ends here and does not begin inside a longer word."""
    at = position - 1 if position and folded[position - 1] == " " else position
    for size in range(min(places.longest_town, at), MINIMUM_TOWN - 1, -1):
        if folded[at - size : at] in places.towns:
            before = folded[at - size - 1 : at - size]
            if not before or not KANJI.match(before):
                return at - size
    return None


def by_town(document: Document, folded: str, places: Gazetteer) -> Iterator[Span]:
    """青葉台2-14-3: a town and three figures, or a town and two where an address stands."""
    for found in TOWN_BLOCK.finditer(folded):
        start = _town_before(folded, found.start(), places)
        if start is None:
            start = _town_and_direction(folded, found.start(), places)
        if start is None or NO_PLACE_AFTER.match(folded, found.end()):
            continue
        before = folded[max(0, start - 8) : start]
        if _STOP_BEFORE.search(before):
            continue
        label = document.labels.before(start, within=10)
        labelled = label is not None and label.topic is Topic.ADDRESS
        building = with_building(folded, found.end())
        strong = found.group().count("-") > 1 or "丁目" in found.group()
        figures = "-" in found.group() and _stands_free(folded, start, found)
        if strong or labelled or figures or building > found.end():
            yield span_of(start, building, 0.75 if strong or labelled else 0.6)
    yield from _by_single(folded, places)


def _stands_free(folded: str, start: int, block: re.Match[str]) -> bool:
    """A town with two figures begins a line or cell, or somebody lives there."""
    before = folded[max(0, start - 8) : start]
    if ENDS.match(folded, block.end()) is None:
        return False
    spaced = before[-1:] == " " and (
        _WHO.match(folded, block.end()) is not None
        or folded[: block.start()].rstrip()[-1:] in _TOWN_ENDS
    )
    return spaced or _LEADS.search(before) is not None


def _town_and_direction(folded: str, position: int, places: Gazetteer) -> int | None:
    """Start of a town the post writes without its direction: 緑が丘東2-8."""
    if position < MINIMUM_TOWN + 1 or folded[position - 1] not in "東西南北":
        return None
    return _town_before(folded, position - 1, places)


def _by_single(folded: str, places: Gazetteer) -> Iterator[Span]:
    """下奈良一丁堤 31: a long town that is nobody's name, or one in 町, with one figure."""
    for found in _SINGLE.finditer(folded):
        start = _town_before(folded, found.start(), places)
        if start is None or NO_PLACE_AFTER.match(folded, found.end()):
            continue
        before = folded[max(0, start - 8) : start]
        town = folded[start : found.start()].rstrip()
        known = len(town) >= _LONG_TOWN or (len(town) > MINIMUM_TOWN and not surname(town))
        if known and (before[-1:] == " " or _LEADS.search(before)):
            yield span_of(start, found.end(), 0.6)


def alone(folded: str) -> Iterator[Span]:
    """コーポ鶴見302: a dwelling and its room, the rest of the address left unsaid."""
    for start, end in lines_with(folded, DWELLINGS):
        for found in ALONE.finditer(folded, start, end):
            yield span_of(found.start(), found.end(), 0.55)
