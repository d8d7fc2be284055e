"""Postal codes of Japan: after 〒 or its label, or three and four digits before an address."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.types import Entity, Reason, Span

_MARKED: Final = re.compile(
    r"(?:〒|郵便番号|郵便|(?i:\bzip(?: ?code)?|postal code|postcode))[ :：は]{0,3}([0-9]{3"
    r"}-?[0-9]{4})(?![0-9\-])"
)
_BEFORE_ADDRESS: Final = re.compile(
    r"(?<![0-9A-Za-z\-.])([0-9]{3}-[0-9]{4})(?![0-9\-])(?=\)?[ \n]{0,3}(?:北海道"
    r"|[^\s0-9]{1,5}[都道府県市区郡町]))"
)
_AFTER_LABEL: Final = re.compile(r"住所[ :：は]{0,3}([0-9]{3}-[0-9]{4})(?![0-9\-])")


def find(document: Document) -> Iterator[Span]:
    """Postal codes of the text, without the sign before them."""
    for pattern, score in ((_MARKED, 0.99), (_AFTER_LABEL, 0.9), (_BEFORE_ADDRESS, 0.9)):
        for found in pattern.finditer(document.shadow):
            yield Span(
                start=found.start(1),
                end=found.end(1),
                entity=Entity.POSTAL_CODE,
                score=score,
                reason=Reason.LABEL if pattern is _MARKED else Reason.SHAPE,
            )
