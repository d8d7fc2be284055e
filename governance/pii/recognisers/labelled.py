"""Numbers that only their nearest label makes personal: licence, passport, pension, SSN."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from governance.pii.document import Document
from governance.pii.labels import Topic
from governance.pii.types import Entity, Reason, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A form of number and the label it needs."""

    entity: Entity
    topic: Topic
    pattern: re.Pattern[str]
    reach: int = 24
    alone: float = 0.0  # score when no label stands before it; 0 = it needs the label


_EDGE: Final = r"(?<![0-9A-Za-z])"
_STOP: Final = r"(?![0-9A-Za-z]|-[0-9])"
_SHAPES: Final = (
    Shape(
        entity=Entity.DRIVER_LICENSE,
        topic=Topic.DRIVER_LICENSE,
        pattern=re.compile(
            _EDGE
            + r"(?:[0-9]{12}|[0-9]{4}[ \-][0-9]{4}[ \-][0-9]{4}|[0-9]{2}[ \-][0-9]{2}[ \-][0-9]{6}"
            r"[ \-][0-9]{2})" + _STOP
        ),
    ),
    Shape(
        entity=Entity.PASSPORT,
        topic=Topic.PASSPORT,
        pattern=re.compile(_EDGE + r"(?:[A-Za-z]{2} ?[0-9]{7}|[A-Z][0-9]{8}|[0-9]{9})" + _STOP),
    ),
    Shape(
        entity=Entity.RESIDENCE_CARD,
        topic=Topic.RESIDENCE_CARD,
        pattern=re.compile(_EDGE + r"[A-Za-z]{2} ?[0-9]{8} ?[A-Za-z]{2}" + _STOP),
        alone=0.75,
    ),
    Shape(
        entity=Entity.PENSION_NUMBER,
        topic=Topic.PENSION,
        pattern=re.compile(_EDGE + r"[0-9]{4}[ \-]?[0-9]{6}" + _STOP),
    ),
    Shape(
        entity=Entity.US_SSN,
        topic=Topic.SSN,
        pattern=re.compile(
            _EDGE
            + r"(?!000|666|9[0-9]{2})[0-9]{3}[ \-]?(?!00)[0-9]{2}[ \-]?(?!0000)[0-9]{4}"
            + _STOP
        ),
    ),
    Shape(
        entity=Entity.US_SSN,
        topic=Topic.SSN,
        pattern=re.compile(
            _EDGE + r"(?!000|666|9[0-9]{2})[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}" + _STOP
        ),
        alone=0.6,
    ),
)
_NEUTRAL: Final = frozenset({Topic.NUMBER})


def find(document: Document) -> Iterator[Span]:
    """Numbers of documents, each after its own label (a word like 番号 between them is passed)."""
    for shape in _SHAPES:
        for found in shape.pattern.finditer(document.shadow):
            label = document.labels.before_but(found.start(), within=shape.reach, skip=_NEUTRAL)
            after = document.labels.after(found.end(), within=4)
            if label is not None and label.topic is shape.topic:
                score, reason = 0.97, Reason.LABEL
            elif after is not None and after.topic is shape.topic and label is None:
                score, reason = 0.8, Reason.LABEL_AFTER
            elif shape.alone and label is None:
                score, reason = shape.alone, Reason.SHAPE
            else:
                continue
            yield Span(
                start=found.start(),
                end=found.end(),
                entity=shape.entity,
                score=score,
                reason=reason,
            )
