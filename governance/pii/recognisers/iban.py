"""IBAN (ISO 13616): country, length and check digits; a broken one only beside its label."""

import re
from collections.abc import Iterator
from typing import Final

from stdnum import iban

from governance.pii.document import Document
from governance.pii.places import matches
from governance.pii.types import Entity, Reason, Span

_SHAPE: Final = re.compile(
    r"(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}(?:[ \-]?[0-9A-Z]{4}){2,7}(?:[ \-]?[0-9A-Z]{1,3})?(?"
    r"![0-9A-Za-z])"
)
_LABEL: Final = re.compile(r"(?i:iban)[^0-9A-Za-z]{0,6}$")


def find(document: Document) -> Iterator[Span]:
    """IBANs of the text."""
    shadow = document.shadow
    for found in matches(_SHAPE, shadow, document.codes):
        labelled = _LABEL.search(shadow[max(0, found.start() - 12) : found.start()]) is not None
        valid = bool(iban.is_valid(found.group(), check_country=False))
        if valid or labelled:
            yield Span(
                start=found.start(),
                end=found.end(),
                entity=Entity.IBAN,
                score=0.98 if valid else 0.7,
                reason=Reason.CHECK_DIGIT if valid else Reason.LABEL,
            )
