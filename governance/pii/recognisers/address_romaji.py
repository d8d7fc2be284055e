"""Addresses of Japan in Latin letters, in kana alone, and with every sign spaced out by a scan."""

import re
from collections.abc import Iterator
from typing import Final

import jaconv

from governance.pii.document import Document
from governance.pii.lexicon import lines_at, words
from governance.pii.places import matches
from governance.pii.recognisers import address
from governance.pii.types import Entity, Reason, Span

_TOWN: Final = (
    r"(?!(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct"
    r"|Nov|Dec)"
    r"(?:[a-z]{0,6})\b)[A-Z][a-z]{2,}(?:-[A-Za-z]+)*"
)
_FIGURES: Final = r"[1-9][0-9]{0,2}(?:-[0-9]{1,4}){1,4}"
_SUFFIX: Final = r"-(?:ku|shi|cho|chō|machi|gun|dori|mura|son|ken|fu|to|chome)\b"
_PART: Final = r"[A-Z][a-z]+(?:-[A-Z]?[a-z]+)*"
_HOUSE: Final = (
    rf"(?:(?:Rm|Room|Apt|Unit|Shop)\.? ?[0-9A-Z]{{1,4}}, (?:(?:{_PART} ){{0,2}}{_PART}, )?"
    rf"|#[0-9]{{1,4}},? (?:(?:{_PART} ){{0,2}}{_PART}, )?"
    rf"|(?:{_PART} ){{1,3}}#?[0-9]{{1,4}}[A-Z]?, )?"
)
_PLACES: Final = rf"(?:, ?{_TOWN}(?: City| Pref(?:ecture)?\.?)?){{0,4}}"
_END: Final = r"(?:,? 〒?[0-9]{3}-[0-9]{4}(?![0-9\-]))?(?:, ?Japan)?"
_LATIN: Final = re.compile(
    rf"(?=[0-9A-Z#])(?<![0-9A-Za-z\-.:/#]){_HOUSE}(?:{_FIGURES},? {_TOWN}"
    rf"|{_TOWN} [1-9][0-9]?(?:-[1-9][0-9]{{0,3}}){{1,4}}"
    rf"|[1-9][0-9]{{0,3}} [A-Z][a-z]+-(?:cho|machi|dori))(?![0-9\-]){_PLACES}{_END}"
)
_SIGN: Final = re.compile(  # what every _LATIN has
    "-(?:[0-9]{1,4},? [A-Z]|cho|machi|dori|(?:(?<=[A-Za-z] [1-9]-)|(?<=[A-Za-z] [1-9][0-9]-))[1-9])"
)
_SURE: Final = re.compile(rf"{_SUFFIX}|[0-9]{{3}}-[0-9]{{4}}|Japan$|Tokyo|Osaka|Kyoto")
_THREE: Final = re.compile(r"[0-9]-[0-9]{1,4}-[0-9]")
_PREFECTURES: Final = words("prefecture_readings.txt")
_FORMS: Final = "|".join(
    sorted(
        {
            form
            for name in _PREFECTURES
            for kana in (
                name,
                name.translate(str.maketrans("ァィゥェォャュョッ", "アイウエオヤユヨツ")),
            )
            for form in (jaconv.z2h(kana, kana=True), kana, jaconv.kata2hira(kana))
        },
        key=len,
        reverse=True,
    )
)
_KANA_LABEL: Final = (
    r"(?:ｼﾞ[ﾕｭ]ｳｼ[ﾖｮ]|ｱﾃｻｷ|ｿｳﾌｻｷ|ﾊｲｿｳｻｷ|ﾄﾄﾞｹｻｷ|ジュウショ|じゅうしょ|おところ|おうちは?|住所"
    r"|送付先|届け?先)"
)
_KANA_NUMBER: Final = re.compile(  # where the numbers of every _KANA begin
    "[0-9](?:(?<=[ｦ-ﾟぁ-んァ-ヶー].)|(?<=[ｦ-ﾟぁ-んァ-ヶー] .)|(?<=[ｦ-ﾟぁ-んァ-ヶー]  .))"
)
_BLOCK: Final = r"(?:ﾁﾖｳﾒ|ﾁｮｳﾒ|ﾊﾞﾝﾁ?|ちょうめ|ばんち?|チョウメ|バンチ?)"
_NUMBERS: Final = rf"[0-9]{{1,5}}(?:(?:-|の| ?{_BLOCK} ?)[0-9]{{1,5}}){{0,4}}"
_KANA: Final = re.compile(
    rf"(?=[ｦ-ﾟァ-ヶぁ-ん住送届])(?:{_KANA_LABEL}[ :は]{{0,3}}|(?<![ｦ-ﾟぁ-んァ-ヶー])(?={_FORMS}))"
    rf"((?:[ｦ-ﾟ]{{2,32}}(?:[ ]{{1,2}}[ｦ-ﾟ]{{2,16}}){{0,5}}"
    rf"|[ぁ-んー]{{2,12}}(?:[ ]{{1,2}}[ぁ-んー]{{2,12}}){{1,5}}"
    rf"|[ァ-ヶー]{{2,16}}(?:[ ]{{1,2}}[ァ-ヶー]{{2,16}}){{0,5}})[ ]{{0,2}}{_NUMBERS})(?![0-9]"
    rf"|-[0-9])"
)
_STEP: Final = re.compile(r" (?= ?[^\s|:](?: {1,2}[^\s|:]){4})")  # after the first of _SPACED
_SPACED: Final = re.compile(
    r"[^\s|:](?:[ ]{1,2}[^\s|:]){5,}(?:[0-9\-]*)(?=[^\n]{0,40})[^\n|:]{0,40}"
)


def _span(start: int, end: int, score: float) -> Span:
    return Span(start=start, end=end, entity=Entity.ADDRESS, score=score, reason=Reason.SHAPE)


def _latin(shadow: str) -> Iterator[Span]:
    signs = (sign.start() for sign in _SIGN.finditer(shadow))
    for start, end in lines_at(shadow, signs):
        for found in _LATIN.finditer(shadow, start, end):
            text = found.group()
            if _SURE.search(text) or _THREE.search(text):
                yield _span(found.start(), found.end(), 0.92)


def _spaced(document: Document) -> Iterator[Span]:
    """浜 松 市 中 央 区 1 - 2: read without the spaces, told with them."""
    steps = [step.start() - 1 for step in _STEP.finditer(document.shadow) if step.start()]
    for found in matches(_SPACED, document.shadow, steps):
        places = [at for at in range(*found.span()) if document.shadow[at] != " "]
        compact = Document("".join(document.text[at] for at in places), document.lang)
        for span in address.find(compact):
            yield _span(places[span.start], places[span.end - 1] + 1, span.score)


def find(document: Document) -> Iterator[Span]:
    """Addresses of Japan that are not written as usual."""
    shadow = document.shadow
    if document.has_digit:
        if document.has_latin:
            yield from _latin(shadow)
        numbers = (sign.start() for sign in _KANA_NUMBER.finditer(shadow))
        for start, end in lines_at(shadow, numbers):
            for found in _KANA.finditer(shadow, start, end):
                yield _span(found.start(1), found.end(1), 0.85)
    if document.has_japanese:
        yield from _spaced(document)
