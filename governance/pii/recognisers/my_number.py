"""個人番号: twelve digits by label, or by check digit where no label speaks against it."""

from collections.abc import Iterator

from governance.pii.document import Document
from governance.pii.numbers import my_numbers
from governance.pii.types import Entity, Reason, Span


def find(document: Document) -> Iterator[Span]:
    """個人番号 of the text, split in any way."""
    for found, score in my_numbers(document.shadow, document.labels, document.groups):
        reason = Reason.CHECK_DIGIT if score == 0.6 else Reason.LABEL  # noqa: PLR2004
        yield Span(
            start=found.start, end=found.end, entity=Entity.MY_NUMBER, score=score, reason=reason
        )
