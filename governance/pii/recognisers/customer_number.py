"""The company's own numbers (会員番号 and the like): only by labels that the settings name."""

import re
from collections.abc import Callable, Iterable, Iterator

from governance.pii.document import Document
from governance.pii.types import Entity, Reason, Span


def finder(labels: Iterable[str]) -> Callable[[Document], Iterator[Span]]:
    """A recogniser of numbers that follow one of these labels; none for no label."""
    words = sorted({label for label in labels if label}, key=len, reverse=True)
    if not words:
        return lambda _document: iter(())
    pattern = re.compile(
        "(?:" + "|".join(map(re.escape, words)) + r")[ ]?(?:は|が|:|=|#)?[ 「]{0,2}"
        r"([A-Za-z]{0,4}-?[0-9][0-9A-Za-z\-]{2,19})(?![0-9A-Za-z])"
    )

    def find(document: Document) -> Iterator[Span]:
        for found in pattern.finditer(document.shadow):
            yield Span(
                start=found.start(1),
                end=found.end(1),
                entity=Entity.CUSTOMER_NUMBER,
                score=0.9,
                reason=Reason.LABEL,
            )

    return find
