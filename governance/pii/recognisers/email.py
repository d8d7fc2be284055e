"""E-mail addresses, ASCII look-arounds so that kana may touch them."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.types import Entity, Reason, Span

_ADDRESS: Final = re.compile(
    r"(?<![A-Za-z0-9._%+\-@])(?:[A-Za-z0-9_][A-Za-z0-9._%+'/=\-]{0,63}|\"[^\"\s@]{1,62}\")"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-"
    r"9\-]|\.[A-Za-z])"
)


def find(document: Document) -> Iterator[Span]:
    """E-mail addresses of the text, full-width ＠ included."""
    if "@" not in document.shadow:
        return
    for found in _ADDRESS.finditer(document.shadow):
        yield Span(
            start=found.start(),
            end=found.end(),
            entity=Entity.EMAIL,
            score=0.98,
            reason=Reason.SHAPE,
        )
