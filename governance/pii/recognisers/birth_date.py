"""Dates of birth: a label, the word after the date or the person beside it says birth."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.dates import DateSpan, dates_in, days_in
from governance.pii.document import Document
from governance.pii.labels import Label, Topic
from governance.pii.names import Name, name_of
from governance.pii.recognisers.person_grammar import run_before, suffix_name
from governance.pii.types import Entity, Reason, Span

_AFTER: Final = re.compile(
    r"[ )]{0,2}(?:に|の|付)?(?:生ま?れ|うまれ|誕生(?!祭)|生(?![産活協命徒地鮮花])|産まれ|born)"
)
_AGE: Final = re.compile(r"[ ]{0,2}[(（、,][ ]?(?:満|現在)?[0-9]{1,3}(?:歳|才)")
_AGE_BEFORE: Final = re.compile(r"(?<![0-9])([0-9]{1,3})(?:歳|才)[ （(、,]{0,2}$")
_REACH: Final = 34  # code points; a sentence may end between ("間違っています。正しくは")
_NEAR: Final = 18  # code points between a label and a day without its year
_WORDS: Final = (
    "生年月日", "誕生", "生まれ", "ｾｲﾈﾝｶﾞ", "せいねんがっぴ", "たんじょうび", "バースデー", "dob",
    "d.o.b", "birth", "born",
)  # fmt: skip
_GROWN: Final = 2010  # an earlier date beside a person is nobody's visit
_CHECKED: Final = re.compile("本人確認")
_CORRECTION: Final = re.compile(
    r"→|⇒|では?なく|ではない|正しくは|または|もしくは|誤|訂正|変更|つまり|should be"
)
_BESIDE: Final = re.compile(r"[/・、, ]{1,2}$")
_NEUTRAL: Final = frozenset({Topic.NUMBER, Topic.PHONE})
_HONORIFIC: Final = re.compile(r"(?:様|さま|さん|氏|ちゃん|くん|君|先生)[ ]{0,2}[(（]?$")
_READ: Final = re.compile(r"[(（][ぁ-んァ-ヶーｦ-ﾟ ]+[)）][ ]{0,2}[(（]?$")
_OPEN: Final = re.compile(r"[(（][^)）\n]{0,12}?[、, ]?[ ]?$")
_ENDS: Final = frozenset({")", "）", "、", " "})
_FIELD: Final = re.compile(
    r"(?:氏名|お名前|ｼﾒｲ)[ :]{0,3}[^\s0-9]{1,8}(?:[ ][^\s0-9]{1,8})?[ ]{1,3}$"
)
_READING: Final = re.compile(r"[)）][ ]{0,2}[(（]?$")
_CLOSES: Final = re.compile(r"[ ]?[)）、,/;]|[ ]|$|\n")
_KIN: Final = re.compile(
    r"(?:子|長[男女]|[次二三][男女]|息子|娘|孫|夫|妻|父|母|本人|配偶者|世帯主|児童|園児|生徒|患者"
    r"|利用者|被保険者|契約者|受取人"
    r"|対象|Child|child|son|daughter|wife|husband|baby|patient)"
)
_WESTERN: Final = re.compile(
    r"(?:\b(?:son|daughter|child|children|baby|wife|husband|mother|father|patient"
    r"|twins?)\b[^.\n]{0,30}"
    r"[A-Z][a-z]+ \(|(?:[A-Z][a-zA-ZÀ-ž'\-]+ )+\(?b\. ?)$"
)
_WINDOW: Final = 40


def _label(document: Document, found: DateSpan, within: int) -> Label | None:
    """The label of birth nearest before the date, when nothing nearer says otherwise."""
    label = document.labels.before_but(found.start, within=within, skip=_NEUTRAL)
    return label if label is not None and label.topic is Topic.BIRTH else None


def _named(document: Document, found: DateSpan) -> bool:
    """A person's name, honorific or reading stands right before the date."""
    shadow = document.shadow
    before = shadow[max(0, found.start - _WINDOW) : found.start]
    if _HONORIFIC.search(before):
        return True
    inner = _READING.search(before)
    if inner is not None and _READ.search(before):
        return True
    bare = before.rstrip(" （(、,：:")
    if len(before) - len(bare) > 2 or not bare:  # noqa: PLR2004
        return False
    end = found.start - (len(before) - len(bare))
    run = run_before(document.text, end, within=24)
    if not run:
        return False
    if run[0].isascii():
        return name_of(run) is Name.FOREIGN and "(" in before[-2:]
    hit = suffix_name(document, run, end, weak=True)
    return hit is not None and hit[1] >= Name.LIKELY


def _beside_person(document: Document, found: DateSpan) -> bool:
    """奥野 誠司（1971.4.8）: an early date beside a person, or a bracket with nothing else."""
    shadow = document.shadow
    before = shadow[max(0, found.start - _WINDOW) : found.start]
    if _FIELD.search(before) and found.value.year < _GROWN:
        return True
    if document.has_latin and _WESTERN.search(before):
        return True
    if not _CLOSES.match(shadow, found.end):
        return False
    kin = _KIN.search(before.rsplit("\n", 1)[-1]) is not None
    bracket = _OPEN.search(before) is not None and shadow[found.end : found.end + 1] in _ENDS
    if found.value.year >= _GROWN and not (bracket and kin) and not _READ.search(before):
        return False
    return _named(document, found) or (kin and bracket)


def _age_agrees(document: Document, found: DateSpan) -> bool:
    """3歳 2022/6/14: an age before the date that such a birth can have."""
    age = _AGE_BEFORE.search(document.shadow, max(0, found.start - 8), found.start)
    return age is not None and 2000 <= found.value.year + int(age[1]) <= 2060  # noqa: PLR2004


def _spoken_for(document: Document, found: DateSpan, label: Label, spent: dict[int, int]) -> bool:
    """The label has no date yet, or this one stands beside it or corrects it."""
    if label.end not in spent or label.end > found.start:
        return True
    between = document.shadow[spent[label.end] : found.start]
    return bool(_CORRECTION.search(between)) or _BESIDE.fullmatch(between) is not None


def _reason(document: Document, found: DateSpan, spent: dict[int, int]) -> Reason | None:
    """Why the date is one of birth; None when nothing says so."""
    if _AFTER.match(document.shadow, found.end) or _AGE.match(document.shadow, found.end):
        return Reason.LABEL_AFTER
    label = _label(document, found, _REACH)
    column = label is not None and document.cells.at(found.start) is not None
    if label is not None and (column or _spoken_for(document, found, label, spent)):
        spent[label.end] = found.end
        return Reason.LABEL
    checked = _CHECKED.search(document.shadow, max(0, found.start - 12), found.start)
    if found.value.year < _GROWN and checked:
        return Reason.LABEL
    if _age_agrees(document, found) or _beside_person(document, found):
        return Reason.KINSHIP
    return None


def _of(start: int, end: int, score: float, reason: Reason) -> Span:
    return Span(start=start, end=end, entity=Entity.BIRTH_DATE, score=score, reason=reason)


def _days(document: Document) -> Iterator[Span]:
    """誕生日は8月31日: a day without its year, close to its label or in its column."""
    if not any(word in document.small for word in _WORDS):
        return
    party = "誕生会" in document.shadow
    for found in days_in(document.shadow):
        label = _label(document, found, _NEAR)
        listed = party and document.shadow[found.start - 1 : found.start] in {"(", "（"}
        if label is not None or listed:
            yield _of(found.start, found.end, 0.8, Reason.LABEL)


def find(document: Document) -> Iterator[Span]:
    """Dates of birth of the text, 和暦 included."""
    if not document.has_number:
        return
    spent: dict[int, int] = {}  # a label speaks for the date next to it, and a correction of it
    found = dates_in(document.shadow, document.groups, english=document.has_latin)
    for one in sorted(found, key=lambda date: date.start):
        reason = _reason(document, one, spent)
        if reason is not None:
            score = 0.85 if reason is Reason.KINSHIP else 0.97
            yield _of(one.start, one.end, score, reason)
    yield from _days(document)
