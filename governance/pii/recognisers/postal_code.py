"""Postal codes: after 〒 or their label, in their column, or right before a Japanese address."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.labels import Topic
from governance.pii.places import matches
from governance.pii.types import Entity, Reason, Span

_JAPAN: Final = re.compile(
    r"(?=[0-9])(?<![0-9A-Za-z\-.])[0-9]{3}(?:[ ]?-[ ]?)?[0-9]{4}(?![0-9A-Za-z]|-[0-9])"
)
_PLACE: Final = re.compile(
    r"(?:[^\s0-9、。]{1,6}[)）])?[\)）]?[ \n\t,;|\"]{0,4}(?:北海道"
    r"|[^\s0-9、。]{1,5}[都道府県市区郡町村])"
)
_TOUCHING: Final = re.compile(r"[ ]?(?:北海道|[一-龥ぁ-んァ-ヶ]{1,5}?[都道府県市区郡])")
_AFTER_LABEL: Final = re.compile(r"住所[ :は]{0,3}$")
# Outside Japan only after a label; within an address they belong to it
_WESTERN: Final = re.compile(
    r"(?<![0-9A-Za-z\-.])(?:[0-9]{5}-[0-9]{4}|[0-9]{4,5}(?: ?[A-Z]{2})?|[0-9]{2}-[0-9]{3}"
    r"|[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}|[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9])(?![0-9A-Za-z\-])"
)
_BEFORE: Final = 8
_LABEL_REACH: Final = 8


def _labelled(document: Document, start: int) -> bool:
    label = document.labels.before(start, within=_LABEL_REACH)
    return label is not None and label.topic is Topic.POSTAL


def _score(document: Document, found: re.Match[str]) -> float:
    """How sure seven digits are a postal code; 0 means they are none."""
    shadow, text = document.legible, found.group()
    if not text.replace("-", "").strip("0 "):
        return 0.0  # a form's example
    if _labelled(document, found.start()):
        return 0.99
    if "-" not in text:
        return 0.8 if _TOUCHING.match(shadow, found.end()) and not _owned(document, found) else 0.0
    if " " in text:
        return 0.0
    if _AFTER_LABEL.search(shadow, max(0, found.start() - _BEFORE), found.start()):
        return 0.9
    return 0.9 if _PLACE.match(document.shadow, found.end()) else 0.0


def _owned(document: Document, found: re.Match[str]) -> bool:
    """Some label says the digits are of something else."""
    label = document.labels.before(found.start(), within=_LABEL_REACH)
    return label is not None and label.topic is not Topic.ADDRESS


def find(document: Document) -> Iterator[Span]:
    """Postal codes of the text, without the sign before them."""
    for found in matches(_JAPAN, document.legible, document.legible_groups.of(7)):
        if score := _score(document, found):
            reason = Reason.LABEL if score > 0.95 else Reason.SHAPE  # noqa: PLR2004
            yield Span(start=found.start(), end=found.end(), entity=Entity.POSTAL_CODE,
                       score=score, reason=reason)  # fmt: skip
    if document.has_latin and Topic.POSTAL in document.labels.topics:
        places = sorted({*document.groups.of(4), *document.codes})
        for found in matches(_WESTERN, document.shadow, places):
            if _labelled(document, found.start()):
                yield Span(start=found.start(), end=found.end(), entity=Entity.POSTAL_CODE,
                           score=0.9, reason=Reason.LABEL)  # fmt: skip
