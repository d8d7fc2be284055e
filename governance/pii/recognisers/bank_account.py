"""Bank accounts: the account number after 普通, 当座 or 口座, and ゆうちょ symbol and number."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.labels import Topic
from governance.pii.types import Entity, Reason, Span

_NUMBER: Final = re.compile(
    r"(?=[0-9])(?<![0-9A-Za-z\-.])(?:[0-9]{6,8}|[0-9]{3}[ \-][0-9]{4}|[0-9](?: [0-9]){6})"
    r"(?![0-9A-Za-z]|[\-.][0-9]|円|個|年|月|件)"
)
_LONG: Final = re.compile(r"(?=[0-9])(?<![0-9A-Za-z\-.])[0-9]{9,17}(?![0-9A-Za-z]|[\-.][0-9]|円)")
_KIND_AFTER: Final = re.compile(
    r"[ ]?(?:[(（]|[一-龥ァ-ヶーA-Za-z]{1,8}[ ]?)[^)）\n]{0,14}?(?:普通|当座|普(?![通一-龥])"
    r"|当(?![座一-龥]))"
)
_AGAIN: Final = re.compile(r"[^0-9\n]{0,24}(?:では?なく|→|⇒|正しくは|「|誤)[^0-9\n]{0,8}")
_POST: Final = re.compile(
    r"記号[ :は]{0,3}(1[0-9]{4})(?:-[0-9])?[ 、,・/\n-]{0,3}番号[ :は]{0,3}([0-9]{2,8})(?![0-9])"
)
_POST_PAIR: Final = re.compile(r"(?<![0-9\-])1[0-9]{4}-[0-9]{6,8}(?![0-9\-])")
_POST_WORD: Final = re.compile("ゆうちょ|郵便局|郵貯|貯金|口座|振込")
_PLACE: Final = re.compile(r"\(普\)|\(当\)|銀行|信用金庫|信金|信組|農協|労金|支店|店番|出張所|本店")
_REACH: Final = 22
_NEAR: Final = 3
_NEUTRAL: Final = frozenset({Topic.NUMBER})


def _of(start: int, end: int, score: float) -> Span:
    return Span(start=start, end=end, entity=Entity.BANK_ACCOUNT, score=score, reason=Reason.LABEL)


def _post_office(shadow: str) -> Iterator[Span]:
    for found in _POST.finditer(shadow):
        if _POST_WORD.search(shadow[max(0, found.start() - 40) : found.start()]):
            yield _of(found.start(1), found.end(1), 0.95)
            yield _of(found.start(2), found.end(2), 0.95)
    for found in _POST_PAIR.finditer(shadow):
        if _POST_WORD.search(shadow[max(0, found.start() - 25) : found.start()]):
            yield _of(found.start(), found.end(), 0.95)


def find(document: Document) -> Iterator[Span]:
    """Account numbers of the text; bank, branch and kind of account are not personal alone."""
    shadow = document.shadow
    last = -1
    for found in _NUMBER.finditer(shadow):
        label = document.labels.before_but(found.start(), within=_REACH, skip=_NEUTRAL)
        if label is not None and label.topic is Topic.BANK:
            score = 0.95
        elif last >= 0 and _AGAIN.fullmatch(shadow, last, found.start()):
            score = 0.8
        elif label is None and (
            _PLACE.search(shadow[max(0, found.start() - 12) : found.start()])
            or _KIND_AFTER.match(shadow, found.end())
        ):
            score = 0.7
        else:
            continue
        last = found.end()
        yield _of(found.start(), found.end(), score)
    for found in _LONG.finditer(shadow):  # accounts abroad
        label = document.labels.before(found.start(), within=_NEAR)
        if label is not None and label.topic is Topic.BANK:
            yield _of(found.start(), found.end(), 0.8)
    if "記号" in shadow or "ゆうちょ" in shadow or "貯" in shadow or "口座" in shadow:
        yield from _post_office(shadow)
