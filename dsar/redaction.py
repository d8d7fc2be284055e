"""Which places of a text are about others: found by the PII analysis, judged by role; pure.

Fails closed: a place whose person is not known to be the one who asks is replaced. An officer
may take a replacement back, because the text itself stays in the sealed finding.
"""

import re
import unicodedata
from collections.abc import Iterable

from governance.core.terms import FieldId
from governance.pii.types import Role, Span
from policies.masking import Span as Place

SEPARATORS = re.compile(r"[\s()‐‑–ー―−-]+")
OWN_FIELDS = frozenset(
    FieldId(name)
    for name in (
        "person.customer_id",
        "person.name",
        "person.kana",
        "person.email",
        "person.phone",
        "person.mobile",
        "person.fax",
        "person.address",
        "person.postal_code",
        "person.birth_date",
        "person.sns",
        "deal.contact_name",
        "deal.contact_email",
        "deal.contact_phone",
    )
)  # whose values are the person's own words
SHORTEST_OWN = 2  # signs; one sign alone identifies nobody


def folded(text: str) -> str:
    """One form of a name, number or address for comparing."""
    return SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).casefold()


def own_words(values: Iterable[str]) -> frozenset[str]:
    """The person's own values and the parts of a name that a blank divides."""
    words = {folded(part) for value in values for part in (value, *value.split())}
    return frozenset(word for word in words if len(word) >= SHORTEST_OWN)


def is_about_others(text: str, span: Span, own: frozenset[str]) -> bool:
    """Whether this place must be replaced before the person sees the text."""
    match span.role:
        case Role.SELF:
            return False
        case Role.FAMILY | Role.THIRD | Role.STAFF:
            return True
        case Role.UNKNOWN:
            return folded(text[span.start : span.end]) not in own


def places_about_others(
    text: str, spans: Iterable[Span], *, own: frozenset[str]
) -> tuple[Place, ...]:
    """The places to be replaced, in order; what is only sensitive about the person stays."""
    return tuple(
        Place(start=span.start, end=span.end, label=span.entity.value)
        for span in sorted(spans, key=lambda span: (span.start, -span.end))
        if is_about_others(text, span, own)
    )
