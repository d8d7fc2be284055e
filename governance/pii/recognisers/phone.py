"""Telephone numbers: Japanese in every grouping, +81, other countries with +, North America."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.labels import Topic
from governance.pii.places import matches, opened
from governance.pii.types import Entity, Reason, Span

_S: Final = r"(?:[ ]?[\-.][ ]?|[ ])"
_SPOKEN: Final = r"(?:の、?|、|/)"
_JAPAN: Final = re.compile(
    r"(?=[0(])(?:(?<![0-9A-Za-z+\-._])(?<![0-9A-Za-z]/)|(?<=TEL)|(?<=Tel)|(?<=tel)|(?<=FAX)|(?<=Fax)"
    r"|(?<=fax))(?:"
    r"\(0[0-9]{1,4}\) ?[0-9]{1,4}[ \-]?[0-9]{4}"  # (03)1234-5678
    r"|0[0-9]{1,4}\([0-9]{1,4}\)[0-9]{4}"  # 03(1234)5678
    rf"|0[0-9]{{1,4}}{_S}[0-9]{{1,4}}{_S}[0-9]{{3,4}}"  # 03-1234-5678, 06 - 6352 - 0071
    rf"|0[5-9]0{_SPOKEN}[0-9]{{4}}{_SPOKEN}[0-9]{{4}}"  # 080の5571の3306
    r"|0[0-9]{1,4}[ \-.][0-9]{6,8}"  # 090-12345678
    r"|0[5-9]0[0-9]{4}[ \-][0-9]{4}"  # 0901234-5678
    r"|0[0-9]{9,10}"
    r")(?![0-9A-Za-z]|[\-.][0-9])"
)
_PLUS: Final = re.compile(
    r"\+(?<![0-9A-Za-z]\+) ?(?:81[ \-.]?(?:\(0\)[ \-.]?)?[0-9]{1,4}(?:[ \-.]?[0-9]{2,4}){2}"
    r"|[1-9][0-9]{0,2}(?:[ \-.]?(?:\([0-9]{1,4}\)|[0-9]{1,4})){2,6})(?![0-9])"
)
_AMERICA: Final = re.compile(
    r"(?=[1-9(])(?<![0-9A-Za-z+\-./])(?:1[ \-.])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[\-.])"
    r"[2-9][0-9]{2}[\-. ][0-9]{4}(?![0-9A-Za-z]|[\-.][0-9])"
)
_BRITAIN: Final = re.compile(
    r"0(?<![0-9A-Za-z+\-./]0)(?:[0-9]{4} [0-9]{6}|[0-9]{3} [0-9]{3} [0-9]{4}"
    r"|[0-9]{2} [0-9]{4} [0-9]{4}|[0-9]{4} [0-9]{3} [0-9]{3}"
    r"|7[0-9]{3} [0-9]{3} [0-9]{3})(?![0-9])"
)
_ANY_FORM: Final = re.compile(
    r"(?=[0-9(])(?<![0-9A-Za-z+])\(?[0-9]{2,5}\)?(?:[ \-.][0-9]{2,6}){1,5}(?![0-9A-Za-z])"
)
_SPOKEN_LONG: Final = re.compile(
    rf"(?<![0-9A-Za-z+\-./])0[0-9]{{1,4}}{_SPOKEN}の?[0-9]{{1,4}}{_SPOKEN}の?[0-9]{{4}}(?![0-9])"
)
_SPACED_OUT: Final = re.compile(r"(?<![0-9A-Za-z+\-./])0(?: [0-9\-]){9,13}(?! ?[0-9])")
_KOREA: Final = re.compile(r"010(?<![0-9A-Za-z+\-./]010)-[0-9]{4}-[0-9]{4}(?![0-9A-Za-z\-])")
_SIGN: Final = r"(?:ゼロ|マル|レイ|イチ|サン|ヨン|ゴ|ロク|ナナ|ハチ|キュウ|キュー|ニ)"
_READ_OUT: Final = re.compile(
    rf"(?:ゼロ|マル|レイ){_SIGN}{{1,3}}[、, \-]?(?:{_SIGN}{{2,4}}|[0-9]{{2,4}})[、, \-]?"
    rf"(?:{_SIGN}{{4}}|[0-9]{{4}})(?![0-9])"
)
# Without the area code, right after a label
_LOCAL: Final = re.compile(
    r"(?=[1-9])(?<![0-9A-Za-z+\-./])[1-9][0-9]{1,3}(?:-|の、?)[0-9]{4}(?![0-9A-Za-z\-])"
)
_CALL: Final = re.compile(r"(?i:\b(?:call|text|phone|ring|dial|tel)\b)[^\n0-9]{0,20}$")
_SEVEN: Final = re.compile(r"(?<![0-9A-Za-z+\-./])[2-9][0-9]{2}-[0-9]{4}(?![0-9A-Za-z\-])")
_BARE: Final = re.compile(r"(?<![0-9A-Za-z+\-./])[1-9][0-9]{9,10}(?![0-9A-Za-z])")
_DIGIT: Final = re.compile("[0-9]")
_AGAINST: Final = frozenset({
    Topic.OTHER_NUMBER, Topic.VERSION, Topic.IP, Topic.MY_NUMBER, Topic.DRIVER_LICENSE,
    Topic.BANK, Topic.CARD, Topic.HEALTH_INSURANCE, Topic.PENSION, Topic.SSN,
})  # fmt: skip
_THINGS: Final = frozenset({Topic.OTHER_NUMBER, Topic.VERSION, Topic.IP})
_REACH: Final = 20
_BESIDE: Final = 3
_NEAR: Final = 8  # code points; a number without its area code stands close to the label
_FEWEST: Final = 6  # digits of any form of _JAPAN
_LEAST_DIGITS: Final = 8
_MOST_DIGITS: Final = 15  # E.164
_PLAIN: Final = 10  # digits of a fixed line written without any sign
_MOBILE: Final = 11
_LABELLED_ONLY: Final = 0.4  # ten plain digits are too often something else


def _japanese_score(document: Document, start: int, end: int) -> float:
    """How sure a Japanese number is: 0 means no."""
    found = document.legible[start:end]
    digits = "".join(_DIGIT.findall(found))
    label = document.labels.before(start, within=_REACH)
    topic = label.topic if label else None
    free = digits.startswith(("0120", "0800", "0570"))
    mobile = digits.startswith(("070", "080", "090", "050", "020")) and not free
    if len(digits) != (_MOBILE if mobile or digits.startswith("0800") else _PLAIN):
        return 0.0
    plain = len(found) == len(digits)
    beside = label is not None and start - label.end <= _BESIDE
    against = topic in _THINGS and (beside or not mobile)
    if digits[1] == "0" or against or (topic in _AGAINST and plain):
        return 0.0
    if topic is Topic.PHONE:
        return 0.5 if free else 0.97
    if plain:
        return 0.8 if mobile else _LABELLED_ONLY
    return 0.5 if free else 0.93


def _of(start: int, end: int, score: float) -> Span:
    return Span(start=start, end=end, entity=Entity.PHONE, score=score, reason=Reason.SHAPE)


def _spoken(document: Document) -> Iterator[Span]:
    """Numbers as they are said or spaced out, after a label."""
    for pattern, least in ((_SPOKEN_LONG, 7), (_SPACED_OUT, 1)):
        for found in matches(pattern, document.legible, document.legible_groups.of(least, "0")):
            label = document.labels.before(found.start(), within=_REACH)
            score = _japanese_score(document, found.start(), found.end())
            if score and label is not None and label.topic is Topic.PHONE:
                yield _of(found.start(), found.end(), score)


def _short(document: Document) -> Iterator[Span]:
    """Numbers without area code after a label, read out in words, or of a Korean mobile."""
    shadow, groups = document.legible, document.legible_groups
    told = Topic.PHONE in document.labels.topics
    for found in matches(_LOCAL, shadow, groups.of(6)) if told else ():
        label = document.labels.before(found.start(), within=_NEAR)
        if label is not None and label.topic is Topic.PHONE:
            yield _of(found.start(), found.end(), 0.7)
    for found in matches(_SEVEN, shadow, groups.of(7)) if document.has_latin else ():
        if _CALL.search(shadow, max(0, found.start() - 30), found.start()):
            yield _of(found.start(), found.end(), 0.7)
    read_out = any(word in shadow for word in ("ゼロ", "マル", "レイ"))
    for pattern in (_KOREA, _READ_OUT) if read_out else (_KOREA,):
        for found in pattern.finditer(shadow):
            yield _of(found.start(), found.end(), 0.85)


def find(document: Document) -> Iterator[Span]:
    """Telephone numbers of the text; a plain ten-digit one needs a label."""
    shadow = document.legible
    noughts = opened(shadow, document.legible_groups.of(_FEWEST, "0"), "(")
    for found in matches(_JAPAN, shadow, noughts):
        score = _japanese_score(document, found.start(), found.end())
        if score > _LABELLED_ONLY or (
            score
            and document.labels.before(found.start(), within=6) is None
            and shadow[: found.start()].strip() == ""
        ):
            yield _of(found.start(), found.end(), score)
    for found in _PLUS.finditer(shadow):
        count = len(_DIGIT.findall(found.group()))
        if _LEAST_DIGITS < count <= _MOST_DIGITS:
            yield _of(found.start(), found.end(), 0.95)
    yield from _western(document)
    if Topic.PHONE in document.labels.topics:
        yield from _spoken(document)
    yield from _short(document)


def _western(document: Document) -> Iterator[Span]:
    """North American and British forms, and any form right after a label of telephones."""
    shadow, groups = document.shadow, document.groups
    for pattern, places in (
        (_AMERICA, opened(shadow, groups.of(10), "(")),
        (_BRITAIN, groups.of(11, "0")),
    ):
        for found in matches(pattern, shadow, places):
            label = document.labels.before(found.start(), within=_REACH)
            if label is None or label.topic not in _AGAINST:
                yield _of(found.start(), found.end(), 0.85)
    if Topic.PHONE not in document.labels.topics:
        return
    any_form = opened(shadow, groups.of(4), "(")
    for pattern, places, within, score in (
        (_ANY_FORM, any_form, 3, 0.6),
        (_BARE, groups.of(10), _REACH, 0.7),
    ):
        for found in matches(pattern, shadow, places):
            label = document.labels.before(found.start(), within=within)
            if label is None or label.topic is not Topic.PHONE:
                continue
            digits = "".join(_DIGIT.findall(found.group()))
            if _LEAST_DIGITS <= len(digits) <= _MOST_DIGITS and digits.strip("0"):
                yield _of(found.start(), found.end(), score)
