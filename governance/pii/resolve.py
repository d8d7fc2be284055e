"""Overlaps: of findings that share a sign, the surest and then the longest stays; linear."""

from collections.abc import Iterable
from typing import Final

from governance.pii.types import Entity, Span

# Where score and length tie, the graver number wins; a mention gives way to every identifier
_RANK: Final = {entity: rank for rank, entity in enumerate((
    Entity.MY_NUMBER, Entity.CREDIT_CARD, Entity.EMAIL, Entity.IBAN, Entity.DRIVER_LICENSE,
    Entity.PASSPORT, Entity.RESIDENCE_CARD, Entity.PENSION_NUMBER, Entity.US_SSN,
    Entity.HEALTH_INSURANCE, Entity.BANK_ACCOUNT, Entity.BIRTH_DATE, Entity.ADDRESS,
    Entity.POSTAL_CODE, Entity.PHONE, Entity.IP_ADDRESS, Entity.PERSON, Entity.CUSTOMER_NUMBER,
    Entity.SNS_ACCOUNT, Entity.SENSITIVE,
))}  # fmt: skip


def _key(span: Span) -> tuple[bool, float, int, int, int, str]:
    return (
        span.entity is Entity.SENSITIVE,
        -span.score,
        span.start - span.end,
        _RANK[span.entity],
        span.start,
        span.label,
    )


def resolve(spans: Iterable[Span], size: int) -> tuple[Span, ...]:
    """Findings without any overlap, in order of the text."""
    taken = bytearray(size)
    kept: list[Span] = []
    for span in sorted(spans, key=_key):
        if 1 in memoryview(taken)[span.start : span.end]:
            continue
        taken[span.start : span.end] = b"\1" * (span.end - span.start)
        kept.append(span)
    kept.sort(key=lambda span: span.start)
    return tuple(kept)
