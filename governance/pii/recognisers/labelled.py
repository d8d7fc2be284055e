"""Numbers that only their nearest label makes personal: licence, passport, pension, SSN."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from governance.pii.document import Document
from governance.pii.labels import Topic
from governance.pii.places import matches, opened
from governance.pii.types import Entity, Reason, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A form of number and the label it needs."""

    entity: Entity
    topic: Topic
    pattern: re.Pattern[str]
    reach: int = 24
    alone: float = 0.0  # score when no label stands before it; 0 = it needs the label
    distinct: bool = False  # only the number of a thing is written the same way
    digits: int = 0  # so many follow where it begins with one; 0 = it begins with a letter
    letters: bool = False  # it may begin with a letter


_EDGE: Final = r"(?=[0-9A-Za-z])(?<![0-9A-Za-z])"
_STOP: Final = r"(?![0-9A-Za-z]|-[0-9])"
_SHAPES: Final = (
    Shape(
        entity=Entity.DRIVER_LICENSE,
        topic=Topic.DRIVER_LICENSE,
        pattern=re.compile(
            _EDGE + r"(?:[0-9]{12}|(?=(?:[0-9][ \-、]{0,2}){12}(?![0-9]))[0-9]{1,4}"
            r"(?:[ \-、]{1,2}[0-9]{1,8})"
            r"{1,11})" + _STOP
        ),
        digits=12,
    ),
    Shape(  # as the licence itself says it: 第 302012345670 号
        entity=Entity.DRIVER_LICENSE,
        topic=Topic.DRIVER_LICENSE,
        pattern=re.compile(
            r"(?<=第)[ ]?(?:[0-9]{12}|(?=(?:[0-9][ \-]{0,2}){12}[ ]?号)[0-9]{1,4}"
            r"(?:[ \-][0-9]{1,8}){1,11})(?=[ ]?号)"
        ),
        alone=0.8,
        digits=12,
    ),
    Shape(  # DVLA: five of the surname, six digits, two initials, three more
        entity=Entity.DRIVER_LICENSE,
        topic=Topic.DRIVER_LICENSE,
        pattern=re.compile(
            _EDGE
            + r"[A-Z]{2,5}9{0,3}[ ]?[0-9][0156][0-9][0-3][0-9]{2}[ ]?[A-Z9]{2}[0-9][A-Z]{2}"
            + _STOP
        ),
        alone=0.8,
        letters=True,
    ),
    Shape(  # American and Canadian states: a letter and digits, or seven to nine digits
        entity=Entity.DRIVER_LICENSE,
        topic=Topic.DRIVER_LICENSE,
        pattern=re.compile(
            _EDGE + r"(?:[A-Z][0-9]{4}-[0-9]{5}-[0-9]{5}|[A-Z][0-9]{3}-[0-9]{3}-[0-9]{2}-[0-9]{3}"
            r"(?:-[0-9])?|[A-Z]{1,2}[0-9]{6,8}|[A-Z][0-9]{12,14}|[0-9]{7,9})" + _STOP
        ),
        reach=14,
        digits=7,
        letters=True,
    ),
    Shape(
        entity=Entity.PASSPORT,
        topic=Topic.PASSPORT,
        pattern=re.compile(_EDGE + r"(?:[A-Za-z]{2} ?[0-9]{7}|[A-Z][0-9]{8}|[0-9]{9})" + _STOP),
        digits=9,
        letters=True,
    ),
    Shape(  # other countries mix letters in
        entity=Entity.PASSPORT,
        topic=Topic.PASSPORT,
        pattern=re.compile(_EDGE + r"(?=(?:[A-Z]*[0-9]){4})[A-Z][0-9A-Z]{7,8}" + _STOP),
        reach=8,
        letters=True,
    ),
    Shape(
        entity=Entity.RESIDENCE_CARD,
        topic=Topic.RESIDENCE_CARD,
        pattern=re.compile(_EDGE + r"[A-Za-z]{2} ?[0-9](?: ?[0-9]){7} ?[A-Za-z]{2}" + _STOP),
        alone=0.75,
        distinct=True,
        letters=True,
    ),
    Shape(
        entity=Entity.PENSION_NUMBER,
        topic=Topic.PENSION,
        pattern=re.compile(_EDGE + r"[0-9]{4}[ ]?-?[ ]?[0-9]{6}" + _STOP),
        digits=10,
    ),
    Shape(
        entity=Entity.US_SSN,
        topic=Topic.SSN,
        pattern=re.compile(
            _EDGE
            + r"(?!000|666|9[0-9]{2})[0-9]{3}[ \-]?(?!00)[0-9]{2}[ \-]?(?!0000)[0-9]{4}"
            + _STOP
        ),
        digits=9,
    ),
    Shape(
        entity=Entity.US_SSN,
        topic=Topic.SSN,
        pattern=re.compile(
            _EDGE + r"(?!000|666|9[0-9]{2})[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}" + _STOP
        ),
        alone=0.6,
        distinct=True,
        digits=9,
    ),
)
_NEUTRAL: Final = frozenset({Topic.NUMBER})
_THINGS: Final = frozenset({Topic.OTHER_NUMBER, Topic.VERSION, Topic.BANK, Topic.PHONE})
_CHAIN: Final = 40  # code points between two numbers of one list


def _evidence(
    document: Document, shape: Shape, found: re.Match[str], last: int
) -> tuple[float, Reason] | None:
    """Score and reason of a form; None when nothing speaks for it."""
    start = found.start()
    label = document.labels.before_but(start, within=shape.reach, skip=_NEUTRAL)
    after = document.labels.after(found.end(), within=4)
    if label is not None and label.topic is shape.topic:
        return 0.97, Reason.LABEL
    if after is not None and after.topic is shape.topic and label is None:
        return 0.8, Reason.LABEL_AFTER
    free = label is None or (shape.distinct and label.topic not in _THINGS)
    if free and last >= 0 and start - last <= _CHAIN and "\n\n" not in document.shadow[last:start]:
        return 0.85, Reason.LABEL  # 旧 3105-226017、新 5520-118843
    return (shape.alone, Reason.SHAPE) if shape.alone and free else None


def _places(document: Document, shape: Shape) -> Iterable[int]:
    """Where the shape can begin: at a digit, at a letter before digits, or at a space before."""
    digits = document.groups.of(shape.digits) if shape.digits else ()
    if not shape.letters:
        return opened(document.shadow, digits, " ")
    return sorted({*digits, *document.codes}) if digits else document.codes


def find(document: Document) -> Iterator[Span]:
    """Numbers of documents, each after its own label (a word like 番号 between them is passed)."""
    topics = document.labels.topics
    for shape in _SHAPES:
        if not shape.alone and shape.topic not in topics:
            continue  # nothing could speak for it
        last = -1
        for found in matches(shape.pattern, document.shadow, _places(document, shape)):
            evidence = _evidence(document, shape, found, last)
            if evidence is None:
                continue
            last = found.end()
            start = found.start() + (found.group()[0] == " ")
            yield Span(start=start, end=found.end(), entity=shape.entity,
                       score=evidence[0], reason=evidence[1])  # fmt: skip
