"""What a model learns from: a text and its spans."""

from collections.abc import Iterable
from dataclasses import dataclass

from governance.pii.corpus.reading import AnnotatedText
from governance.pii.types import Entity


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A text and its spans (start, end, entity), in order and without overlap."""

    text: str
    spans: tuple[tuple[int, int, Entity], ...]


def examples_of(texts: Iterable[AnnotatedText]) -> tuple[Example, ...]:
    """The annotated texts as examples; optional spans are learned like required ones."""
    return tuple(
        Example(
            text=text.text,
            spans=tuple((mark.start, mark.end, mark.entity) for mark in text.spans),
        )
        for text in texts
        if text.text
    )
