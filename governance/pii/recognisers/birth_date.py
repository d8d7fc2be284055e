"""Dates of birth: a real date whose nearest label, or the word after it, says birth."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.dates import DateSpan, dates_in
from governance.pii.document import Document
from governance.pii.labels import Label, Topic
from governance.pii.types import Entity, Reason, Span

_AFTER: Final = re.compile(
    r"[ )]{0,2}(?:に|の|付)?(?:生ま?れ|うまれ|誕生(?!祭)|生(?![産活協命徒地鮮花])|産まれ|born)"
)
_REACH: Final = 34  # code points; a sentence may end between ("間違っています。正しくは")
_WORD: Final = re.compile(r"生年月日|誕生日|生まれ|(?i:dob|d\.o\.b|birth|born)")
_GROWN: Final = 2010  # an earlier date beside 本人確認 is nobody's visit
_CHECKED: Final = re.compile("本人確認")
_CORRECTION: Final = re.compile(r"→|⇒|では?なく|ではない|正しくは|または|もしくは|誤|訂正|変更")
_NEUTRAL: Final = frozenset({Topic.NUMBER, Topic.PHONE})


def _label(document: Document, found: DateSpan) -> Label | None:
    """The label of birth nearest before the date, when nothing nearer says otherwise."""
    label = document.labels.before_but(found.start, within=_REACH, skip=_NEUTRAL)
    return label if label is not None and label.topic is Topic.BIRTH else None


def _by_header(text: str, dates: list[DateSpan]) -> set[int]:
    """Starts of the dates that stand in a column whose header says birth."""
    head, _, _ = text.partition("\n")
    found: set[int] = set()
    for sign in ("\t", ","):
        columns = [n for n, cell in enumerate(head.split(sign)) if _WORD.search(cell)]
        if not columns or sign not in head:
            continue
        for one in dates:
            line = text[text.rfind("\n", 0, one.start) + 1 : one.start]
            if one.start > len(head) and line.count(sign) in columns:
                found.add(one.start)
    return found


def find(document: Document) -> Iterator[Span]:
    """Dates of birth of the text, 和暦 included."""
    if not _WORD.search(document.shadow) and not re.search("生|本人確認", document.shadow):
        return
    spent: dict[int, int] = {}  # a label speaks for the date next to it, and a correction of it
    dates = sorted(dates_in(document.shadow, english=document.has_latin), key=lambda d: d.start)
    tabled = _by_header(document.text, dates)
    for found in dates:
        label = _label(document, found)
        if _AFTER.match(document.shadow, found.end):
            reason = Reason.LABEL_AFTER
        elif (
            found.start in tabled
            or (
                label is not None
                and (
                    label.end not in spent
                    or _CORRECTION.search(document.shadow[spent[label.end] : found.start])
                )
            )
            or (
                found.value.year < _GROWN
                and _CHECKED.search(document.shadow[max(0, found.start - 12) : found.start])
            )
        ):
            reason = Reason.LABEL
        else:
            continue
        if label is not None:
            spent[label.end] = found.end
        yield Span(
            start=found.start,
            end=found.end,
            entity=Entity.BIRTH_DATE,
            score=0.97,
            reason=reason,
        )
