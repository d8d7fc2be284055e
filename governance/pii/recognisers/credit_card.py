"""Card numbers: issuer range, Luhn, and no label that says it is something else."""

from collections.abc import Iterator

from governance.pii.document import Document
from governance.pii.numbers import cards
from governance.pii.types import Entity, Reason, Span


def find(document: Document) -> Iterator[Span]:
    """Full card numbers of the text, split in any way."""
    for found, score in cards(document.shadow, document.labels, document.groups):
        reason = Reason.CHECK_DIGIT if score == 0.85 else Reason.LABEL  # noqa: PLR2004
        yield Span(
            start=found.start, end=found.end, entity=Entity.CREDIT_CARD, score=score, reason=reason
        )
