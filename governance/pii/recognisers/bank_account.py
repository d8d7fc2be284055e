"""Bank accounts: the account number after 普通, 当座 or 口座, and ゆうちょ symbol and number."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.labels import Topic
from governance.pii.places import Groups, matches
from governance.pii.types import Entity, Reason, Span

_NUMBER: Final = re.compile(
    r"(?=[0-9])(?:(?<![0-9A-Za-z\-.])|(?<=[Nn]o\.))"
    r"(?:[0-9]{6,8}|[0-9]{3}[ \-][0-9]{4}|[0-9](?: [0-9]){6})"
    r"(?![0-9A-Za-z]|[\-.][0-9]|円|個|年|月|件)"
)
_LONG: Final = re.compile(r"(?=[0-9])(?<![0-9A-Za-z\-.])[0-9]{9,17}(?![0-9A-Za-z]|[\-.][0-9]|円)")
_KIND_AFTER: Final = re.compile(
    r"[ ]?(?:[(（]|[一-龥ァ-ヶーA-Za-z]{1,8}[ ]?)[^)）\n]{0,14}?(?:普通|当座|普(?![通一-龥])"
    r"|当(?![座一-龥]))"
)
_KIND_RIGHT: Final = re.compile(
    "[(（](?:普通|当座|普|当)[)）]|[、, ]{1,2}(?:普通|当座)(?:預金|口座)?(?:で|の|、|です)"
)
_AGAIN: Final = re.compile(r"[^0-9\n]{0,24}(?:では?なく|→|⇒|正しくは|「|誤)[^0-9\n]{0,8}")
_POST: Final = re.compile(
    r"記号[ :はが】\])]{0,3}(?:[0-9](?:けた|桁)で?)?(1[0-9]{4})(?:-[0-9])?[ 、,・/\nで【\[(-]{0,3}"
    r"(?:通帳)?番号[ :はが】\])]{0,3}(?:[0-9](?:けた|桁)で?)?([0-9]{2,8})(?![0-9])"
)
_DAY: Final = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_SPACED: Final = re.compile(r"口 座(?: 番 号)?[ :]{0,3}([0-9](?: [0-9]){6})(?![0-9]| [0-9])")
_POST_PAIR: Final = re.compile(
    r"(?<![0-9\-])(?:1[0-9]{4}-(?:[0-9]-)?[0-9]{6,8}|0[0-9]{4}-[0-9]-[0-9]{1,6})(?![0-9\-])"
)
_PUT_RIGHT: Final = re.compile(  # 組戻し 誤1120434 正1120443
    r"誤[ :]?([0-9]{7})[ 、,/→]{0,3}正[ :]?([0-9]{7})(?![0-9])"
)
_FILLED: Final = re.compile(  # 銀行:イオン銀行 / 支店:ガーネット(001) / 番号:2288103
    r"(?:銀行|信金|金庫|農協|労金|組合|[Bb]ank)[^\n。]{0,40}(?:支店|店番|店名|出張所|本店|[Bb]ranch)[^\n。]{0,24}?"
    r"(?:番号|[Ss]avings|[Cc]hecking|[Oo]rdinary)[ :]{0,3}([0-9]{7})(?![0-9])"
)
_AT_BANK: Final = re.compile(  # りそな難波0412288から
    r"(?:りそな|みずほ|三菱(?:UFJ)?|三井住友|SMBC|MUFG|楽天|住信(?:SBI)?|ソニー|イオン|横浜|千葉|静岡"
    r"|福岡|京都)(?:銀行|銀|信金)?[ ]?[一-龥ァ-ヶー]{1,7}(?:支店)?[ ]?([0-9]{7})"
    r"(?=から|へ|に|より|宛|、|。|\n|\Z| )"
)
_MONEY: Final = re.compile("口座|振込|組戻|引落|送金|着金")
_POST_SAID: Final = re.compile(  # ゆうちょだと 15410 の 23178891
    r"(?<![0-9\-])(1[0-9]{3}0)(?:-[0-9])?[ ]?(?:の|と|、|・|/|,| )[ ]?([0-9]{6,8})(?![0-9\-])"
)
_POST_WORD: Final = re.compile("通帳|ゆうちょ|郵便局|郵貯|貯金|口座|振込")
_OF_SOMETHING: Final = re.compile(
    "(?<!口座)(?<!通帳)(?<!預金)(?<!貯金)(?<!普通)(?<!当座)(?<=[ァ-ヶー一-龥])$"
)
_LEAST: Final = 6  # digits that two writings of one account share
_PLACE: Final = re.compile(r"\(普\)|\(当\)|銀行|信用金庫|信金|信組|農協|労金|支店|店番|出張所|本店")
_REACH: Final = 22
_NEAR: Final = 3
_NEUTRAL: Final = frozenset({Topic.NUMBER})


def _of(start: int, end: int, score: float) -> Span:
    return Span(start=start, end=end, entity=Entity.BANK_ACCOUNT, score=score, reason=Reason.LABEL)


def _post_office(shadow: str, groups: Groups) -> Iterator[Span]:
    for found in _POST.finditer(shadow):
        if _POST_WORD.search(shadow[max(0, found.start() - 40) : found.end()]):
            yield _of(found.start(1), found.end(1), 0.95)
            yield _of(found.start(2), found.end(2), 0.95)
    for found in matches(_POST_PAIR, shadow, groups.of(7)):
        if _POST_WORD.search(shadow[max(0, found.start() - 25) : found.start()]):
            yield _of(found.start(), found.end(), 0.95)


def _put_right(shadow: str) -> Iterator[Span]:
    """A wrong account and the right one, where money was sent."""
    for found in _PUT_RIGHT.finditer(shadow):
        if _MONEY.search(shadow, max(0, found.start() - _REACH), found.end() + _REACH):
            yield from (_of(*found.span(group), 0.85) for group in (1, 2))


def _post_said(shadow: str) -> Iterator[Span]:
    """Symbol and number of ゆうちょ side by side without their names."""
    for found in _POST_SAID.finditer(shadow):
        if re.search("ゆうちょ|郵貯|貯金", shadow[max(0, found.start() - 25) : found.start()]):
            yield from (_of(*found.span(group), 0.9) for group in (1, 2))


def _of_something_else(document: Document, position: int) -> bool:
    """口座開設キャンペーン番号: the number belongs to the word before 番号, not to the account."""
    label = document.labels.before(position, within=_REACH)
    return (
        label is not None
        and label.topic is Topic.NUMBER
        and _OF_SOMETHING.search(document.shadow, max(0, label.start - 3), label.start) is not None
    )


def _score(document: Document, found: re.Match[str], last: int, known: str) -> float:
    """How sure a number is an account, after one that ends at `last`; 0 means it is none."""
    shadow = document.shadow
    label = document.labels.before_but(found.start(), within=_REACH, skip=_NEUTRAL)
    if label is not None and label.topic is Topic.BANK:
        far = found.start() - label.end > _NEAR
        if far and _DAY.fullmatch(found.group()):
            return 0.0  # 口座振替日は…初回は20260427
        return 0.0 if _of_something_else(document, found.start()) else 0.95
    if len(known) >= _LEAST and found.group().endswith(known):
        return 0.8  # the same with its leading nought
    if _KIND_RIGHT.match(shadow, found.end()):
        return 0.8
    if last >= 0 and _AGAIN.fullmatch(shadow, last, found.start()):
        return 0.8
    beside = _PLACE.search(shadow, max(0, found.start() - 12), found.start())
    return 0.7 if label is None and (beside or _KIND_AFTER.match(shadow, found.end())) else 0.0


def find(document: Document) -> Iterator[Span]:
    """Account numbers of the text; bank, branch and kind of account are not personal alone."""
    shadow = document.shadow
    last, known = -1, ""
    for found in matches(_NUMBER, shadow, document.groups.of(6)):
        if score := _score(document, found, last, known):
            last, known = found.end(), found.group()
            yield _of(found.start(), found.end(), score)
    for found in matches(_LONG, shadow, document.groups.of(9)):  # accounts abroad
        label = document.labels.before(found.start(), within=_NEAR)
        if label is not None and label.topic is Topic.BANK:
            yield _of(found.start(), found.end(), 0.8)
    if document.has_long_number:
        for pattern in (_FILLED, _AT_BANK):
            yield from (_of(*found.span(1), 0.85) for found in pattern.finditer(shadow))
    for found in _SPACED.finditer(shadow):
        yield _of(found.start(1), found.end(1), 0.9)
    if "誤" in shadow:
        yield from _put_right(shadow)
    if "記号" in shadow or "ゆうちょ" in shadow or "貯" in shadow or "口座" in shadow:
        yield from _post_office(shadow, document.groups)
        yield from _post_said(shadow)
