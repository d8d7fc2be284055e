"""IP addresses, v4 and v6; version numbers of four parts are not addresses."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

from governance.pii.document import Document
from governance.pii.labels import Topic
from governance.pii.places import matches
from governance.pii.types import Entity, Reason, Span

_V4: Final = re.compile(
    r"(?=[0-9])(?<![0-9A-Za-z.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9A-Za-z]|\.[0-9])"
)
_V6: Final = re.compile(
    r"(?=[0-9A-Fa-f:])(?<![0-9A-Za-z:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![0-9A-Za-z:])"
)
_VERSION_BEFORE: Final = re.compile(r"(?i:v|ver\.?|version|rev\.?)[ ]?$")
_DOTS: Final = re.compile(r"\.[0-9]{1,3}\.[0-9]")
_COLONS: Final = re.compile(r"::|:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:")
_V6_LEAST: Final = 6  # code points; shorter ones are times


def _real(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def find(document: Document) -> Iterator[Span]:
    """IP addresses of the text."""
    shadow = document.shadow
    for found in matches(_V4, shadow, document.groups.of(4)) if _DOTS.search(shadow) else ():
        label = document.labels.before(found.start(), within=20)
        if label is not None and label.topic in {Topic.VERSION, Topic.OTHER_NUMBER}:
            continue
        before = shadow[max(0, found.start() - 9) : found.start()]
        if _real(found.group()) and not _VERSION_BEFORE.search(before):
            yield Span(start=found.start(), end=found.end(), entity=Entity.IP_ADDRESS,
                       score=0.95, reason=Reason.SHAPE)  # fmt: skip
    if _COLONS.search(shadow):
        for found in _V6.finditer(shadow):
            text = found.group()
            if len(text) >= _V6_LEAST and ("::" in text or text.count(":") == 7) and _real(text):  # noqa: PLR2004
                yield Span(start=found.start(), end=found.end(), entity=Entity.IP_ADDRESS,
                           score=0.95, reason=Reason.SHAPE)  # fmt: skip
