"""Health insurance: insurer number, symbol and number, wherever 保険 stands before them."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from governance.pii.document import Document
from governance.pii.places import matches
from governance.pii.types import Entity, Reason, Span

_WORD: Final = (
    r"(?:(?<!被)保険者(?:等)?(?:番号)?"
    r"|(?<!雇用保険)被保険者証?(?:等)?(?:の)?(?:記号)?[・]?(?:番号)?(?:[（(]介護[）)])?"
    r"|組合員証?番号|資格?記号|資格番号|保険記号|記[ ]?号[ ]?[・][ ]?番[ ]?号|記号番号|記[ ]?号"
    r"|(?<![書込文会客員籍約録件送品所料課求取查査])番[ ]?号等?|証番号|ばんごう|記番|被番(?!号)"
    r"|(?:健康)?保険証(?:の?写し|の番号|番号|No\.?)?|ほけんしょう|(?:国保|健保|社保)証?"
    r"|(?<!雇用保険)被保番号?|資格確認書(?:番号)?|主保険|医療保険"
    r"|(?<![一-龥])保険(?=[ ]?(?:No|№|#))|(?:公費)?負担者(?:番号)?"
    r"|公費[①②1-3]?(?=[ :]{1,2}[0-9]{8})|受給者証?番号"
    r"|受給者(?=[ :]{0,2}[0-9]{7}(?![0-9])))"
)
_STRONG: Final = r"(?<=[証者]番号)|(?<=証の番号)|(?<=資格番号)"  # a few words may stand between
_VALUE: Final = (
    r"(?:[0-9](?: [0-9]){2,9}"
    r"|(?!等|後期|本人|家族|旧|新|枝番)(?:[一-龥ァ-ヶＡ-Ｚ]{0,4}|[ぁ-ん])[ ]?[0-9]{1,10}"
    r"(?:-[0-9]{1,8}){0,2}|[ぁ-んァ-ヶ一-龥][ ][0-9]{1,4}|[0-9A-Za-z][0-9A-Za-z\-]{1,15})"
)
_END: Final = r"(?![0-9A-Za-z]|-[0-9]|[ ]?(?:人|名|円|月|年|割|級|日|枚|件|時|歳|%|丁目))"
_FIELD: Final = re.compile(
    rf"(?=[ばほ主健国保番社組被記証資医負公受])({_WORD})"
    rf"等?(?:[(（][^)）\n]{{1,6}}[)）])?(?:[ ]?(?:No|NO|№|#)\.?)?[ 「]{{0,6}}"
    rf"(?:は口頭で|って|は|が|:|=|\.)?(?:(?:{_STRONG})?(?:下の|この|こちらの?|左の|右の|上の))?"
    rf"[ 「\[［]{{0,3}}(?!記号|番号|枝番|月|年)({_VALUE}){_END}"
)
_NUMBER: Final = re.compile(_VALUE)
_SAYS: Final = r"[ ]?(?:は口頭で|は|が|って|:)?[ 「(（]{0,2}(?:[0-9]{1,2}(?:けた|桁)で?)?"
_SYMBOL: Final = (  # 公立埼12, あ 12, 12-34: no word of a sentence before the digits
    r"(?:(?:[一-龥ァ-ヶＡ-Ｚ]{0,6}|[ぁ-ん])[ ]?[0-9]{1,10}(?:-[0-9]{1,8}){0,2}"
    r"|[0-9](?: [0-9]){2,9}|[0-9A-Z]{1,8}(?:-[0-9A-Z]{1,8}){0,2})"
)
_DIGITS: Final = r"[0-9](?:[ ]?[0-9]){0,9}"
_HEAD: Final = r"(?:(?<![一-龥])|(?<=[者証等険格]))"  # 製品記号 is of goods
_BETWEEN: Final = r"[」)）]?(?:[ 、,・/\n\-]{1,4}(?:の)?|で、?|の|)(?:被保険者証の?|被保険者等?)?"
_PAIR: Final = re.compile(  # 記号 8820 番号 117: both words side by side say it, in either order
    rf"(?=[番記])(?:{_HEAD}記[ ]?号{_SAYS}({_SYMBOL}|[一-龥]{{2,6}}(?=[ 、\n]{{1,3}}番)){_BETWEEN}"
    rf"番[ ]?号{_SAYS}({_DIGITS}){_END}"
    rf"|番[ ]?号{_SAYS}([0-9]{{1,10}})[」]?[ 、,・/\n]{{1,4}}記[ ]?号{_SAYS}({_SYMBOL}){_END})"
)
_LOOSE: Final = re.compile(  # 記号がサンゼロ、えー、3044、番号が51: said of a card that was named
    rf"(?=記){_HEAD}記号[^0-9\n番]{{1,14}}?([0-9]{{1,8}})[^0-9\n]{{1,10}}番号[^0-9\n]{{0,4}}"
    rf"([0-9]{{1,10}}){_END}"
)
_JOINT: Final = (
    re.compile(  # 記号・番号（1120-6641）: one word for both, far from its topic perhaps
        rf"(?=記){_HEAD}記[ ]?号[・、]?番[ ]?号等?(?:[・、]枝番)?{_SAYS}({_SYMBOL}){_END}"
    )
)
_SPACED: Final = re.compile(
    r"保[ ]?険[ ]?者[ ]番[ ]号[ :]{0,3}([0-9](?: [0-9]){5,7})(?![0-9 ]*[0-9])"
)
_NEXT: Final = re.compile(
    r"(?:[)）]?[ ]{0,2}[・/、 ][ ]{0,2}|[ ]?の[ ]?)([0-9]{1,8}(?:-[0-9]{1,8})?)"
    r"(?![0-9]|[\-/年月日割人名円])"
)
_TOPIC: Final = re.compile(
    "保険証|健康保険|健保|けんぽ|国保|社保|被保険者|保険者|組合員証|資格確認書|資格情報|主保険|後期高齢|ほけんしょう"
    "|保険記号|資格記号|資格番号|医療保険|公費|受給者証|医療証|広域連合|共済"
    "|(?<![一-龥])保険(?![一-龥ぁ-ん])|組合員等記号"
)
_OTHER: Final = re.compile(
    r"免許|パスポート|旅券|口座|ゆうちょ|銀行|貯金|カード番号|クレジット|年金"
    r"|雇用保険(?:被保険者(?:番号)?)?|労災保険"
    r"|個人番号|マイナ"
    r"|電話|(?:注文|伝票|会員|社員|受付|証券|契約"
    r"|商品|管理|自動車|火災|生命|損害)"
)
_BANK: Final = re.compile("通帳|ゆうちょ|口座|貯金|銀行|振込|証券|名義|保証書|製造|型")
_SIGNS: Final = re.compile(
    "保険|健保|けんぽ|国保|社保|ほけんしょう|資格|記[ ]?号|後期高齢|受給者|公費|共済|広域連合"
)
# 法別番号 of the kind, then prefecture, insurer and check digit; 国保 has six figures
_LAW: Final = r"(?:0[1-7]|3[1-4]|39|63|67|7[2-5])[0-9]{6}"
_SHOWN: Final = re.compile(  # 国保証 提示。138057 / 13-0567
    rf"(?:国保|健保|社保|保険)証[^0-9\n]{{0,10}}([0-9]{{6}}|{_LAW})(?![0-9\-])"
)
_CARD: Final = re.compile(r"(?i)\bhealth insurance (?:card|certificate)\b")
_ENGLISH_NUMBER: Final = re.compile(
    r"(?i)\b(?:symbol|number|no\.?|id)(?: is|:)? {0,2}#?"
    r"([0-9]{1,10}(?:-[0-9]{1,8})?)(?![0-9A-Za-z\-])"
)
_OTHERS: Final = re.compile(
    r"(?i)\b(?:car|auto|life|fire|travel|pet|home|phone|policy|account|claim)\b"
)
_SHORT: Final = re.compile(  # 記 2210 番 17
    rf"(?<![一-龥])記[ :]{{0,2}}([0-9][0-9\-]{{0,9}})[ 、・/]{{1,3}}番[ :]{{0,2}}"
    rf"([0-9]{{1,10}}){_END}"
)
_INSURER: Final = re.compile(
    rf"(?:健康保険組合|健保組合?|けんぽ|国民健康保険|国保(?:組合)?|社保|協会|広域連合|共済(?:組合)?"
    rf"|(?<=保険者)[ :]{{0,2}}[一-龥ヶ]{{1,6}}[市区町村])(?:の番号)?[（( :]{{0,2}}"
    rf"([0-9]{{6}}|{_LAW})(?![0-9\-])"
)
_CHANGED: Final = re.compile(
    rf"(?<=[→新旧:])[ ]{{0,2}}({_LAW})(?![0-9\-])"
)  # 保険が変わり 新→06139921
_WORDS: Final = re.compile("[番記](?=[ ]?号)")
_REACH: Final = 60
_AFTER: Final = 14  # signs; 番号が205。保険証のですよね
_WIDE: Final = 90  # signs; 記号・番号 is said of nothing else but bonds and goods
_JOINED: Final = re.compile(
    r"保険証|記番|(?<!被)保険者|記[ ]?号[ ]?[・][ ]?番[ ]?号|記号番号|ばんごう|国保|健保"
)
_DIGIT: Final = re.compile("[0-9]")
_HEADS: Final = frozenset({"記号", "番号", "証番号", "記号・番号", "記号番号", "記号-番号", "記番"})


def _of(start: int, end: int) -> Span:
    return Span(start=start, end=end, entity=Entity.HEALTH_INSURANCE, score=0.96,
                reason=Reason.LABEL)  # fmt: skip


def _about(shadow: str, found: re.Match[str]) -> bool:
    """The nearest topic before the field is health insurance."""
    context = shadow[max(0, found.start() - _REACH) : found.start()] + found.group(1)
    topics = [hit.end() for hit in _TOPIC.finditer(context)]
    others = [hit.end() for hit in _OTHER.finditer(context)]
    return bool(topics) and not (others and others[-1] > topics[-1])


def _pairs(shadow: str, words: Sequence[int]) -> Iterator[Span]:
    """Symbol and number together, unless a bank or a product is meant."""
    for found in matches(_PAIR, shadow, words):
        if _BANK.search(shadow, max(0, found.start() - _REACH), found.start()):
            continue
        told = _TOPIC.search(shadow, max(0, found.start() - _REACH), found.start())
        for group in (1, 2, 3, 4):
            if found.group(group) and (told or _DIGIT.search(found.group(group))):
                yield _of(found.start(group), found.end(group))


def _named(shadow: str, words: Sequence[int]) -> Iterator[Span]:
    """Symbol and number where the text has spoken of insurance, and of no bank since."""
    for pattern in (_JOINT, _LOOSE):
        for found in matches(pattern, shadow, words):
            before = max(0, found.start() - _WIDE)
            if _BANK.search(shadow, before, found.start()) or not _DIGIT.search(found.group(1)):
                continue
            if _TOPIC.search(shadow, before, found.end() + _AFTER):
                yield from (_of(*found.span(group)) for group in range(1, pattern.groups + 1))
                more = _NEXT.match(shadow, found.end(1)) if pattern is _JOINT else None
                if more is not None:
                    yield _of(more.start(1), more.end(1))
    for found in _SPACED.finditer(shadow):
        yield _of(found.start(1), found.end(1))


def _following(shadow: str, end: int) -> Iterator[Span]:
    """Symbol and number right behind: 保険証：33110027 12 3390."""
    for _ in range(2):
        more = _NEXT.match(shadow, end)
        if more is None:
            return
        yield _of(*more.span(1))
        end = more.end(1)


def _fields(shadow: str) -> Iterator[Span]:
    for found in _FIELD.finditer(shadow):
        if not _DIGIT.search(found.group(2)) or not _about(shadow, found):
            continue
        yield _of(found.start(2), found.end(2))
        if _JOINED.fullmatch(found.group(1)) or _JOINED.match(found.group(1)):
            yield from _following(shadow, found.end(2))


def _insurers(document: Document) -> Iterator[Span]:
    """Numbers of insurers behind their names, and what follows them on the card."""
    shadow = document.shadow
    for pattern in (_INSURER, _SHOWN, _CHANGED):
        for found in pattern.finditer(shadow):
            before = shadow[max(0, found.start() - _REACH) : found.end()]
            if "保険" not in before and not _TOPIC.search(before):
                continue
            yield _of(*found.span(1))
            if document.cells.at(found.start(1)) is None:
                yield from _following(shadow, found.end(1))
    for found in _SHORT.finditer(shadow):
        if _TOPIC.search(shadow, max(0, found.start() - _REACH), found.start()):
            yield from (_of(*found.span(group)) for group in (1, 2))


def _english(shadow: str) -> Iterator[Span]:
    """Symbol, number and insurer's number behind a health insurance card in an English sentence."""
    for card in _CARD.finditer(shadow):
        for found in _ENGLISH_NUMBER.finditer(shadow, card.end(), card.end() + _WIDE):
            if not _OTHERS.search(shadow, max(0, found.start() - _AFTER), found.start()):
                yield _of(*found.span(1))


def _columns(document: Document) -> Iterator[Span]:
    """Cells below 保険記号, 資格番号 and the like, and below 番号 beside them."""
    text = document.shadow
    heads = {cell.head for cell in document.cells.cells}
    told = {head for head in heads if _TOPIC.search(text, *head)}
    names = {text[slice(*head)].replace(" ", "") for head in heads}
    symbol = bool(told) and any("記号" in name for name in names)
    for cell in document.cells.cells:
        head = text[slice(*cell.head)]
        beside = symbol and head.replace(" ", "") in _HEADS
        value = text[cell.start : cell.end]
        if (cell.head in told or beside) and _NUMBER.fullmatch(value) and _DIGIT.search(value):
            yield _of(cell.start, cell.end)


def find(document: Document) -> Iterator[Span]:
    """Symbols and numbers of an insurance card; the nearest topic before them decides."""
    shadow = document.shadow
    if "insurance" in document.small:
        yield from _english(shadow)
    if not _SIGNS.search(shadow):
        return
    words = [found.start() for found in _WORDS.finditer(shadow)]
    if words:
        yield from _pairs(shadow, words)
        yield from _named(shadow, words)
    yield from _fields(shadow)
    yield from _insurers(document)
    if document.cells.cells:
        yield from _columns(document)
