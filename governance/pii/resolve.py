"""Overlaps: of findings that share a sign, the surest and then the longest stays; linear.

The rules come first. What the learned tagger found adds to them where they are silent, and mends
their bounds: of a name when it sees the same name otherwise cut, of an address when it sees more.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from governance.pii.types import Entity, Reason, Span

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


def resolve(spans: Iterable[Span], size: int, *, alone: float = 0.0) -> tuple[Span, ...]:
    """Findings without any overlap, in order of the text.

    Where a tagger has read the text too, a rule's name below `alone` needs its word.
    """
    ruled: list[Span] = []
    learned: list[Span] = []
    for span in spans:
        (learned if span.reason is Reason.LEARNED else ruled).append(span)
    kept = _without_overlap(ruled, size)
    seen = _without_overlap(learned, size)
    mended = _without_overlap(_mended(kept, seen), size) if seen else kept
    return tuple(span for span in mended if _stands(span, seen, alone))


def _stands(span: Span, seen: Sequence[Span], alone: float) -> bool:
    """The rule is sure enough of the name, or the tagger sees one there too."""
    if span.entity is not Entity.PERSON or span.score >= alone or span.reason is Reason.LEARNED:
        return True
    return any(
        one.entity is Entity.PERSON and one.start < span.end and span.start < one.end
        for one in seen
    )


def _without_overlap(spans: Iterable[Span], size: int) -> tuple[Span, ...]:
    taken = bytearray(size)
    kept: list[Span] = []
    for span in sorted(spans, key=_key):
        if taken.find(1, span.start, span.end) >= 0:
            continue
        taken[span.start : span.end] = b"\1" * (span.end - span.start)
        kept.append(span)
    kept.sort(key=lambda span: span.start)
    return tuple(kept)


def _mended(ruled: Sequence[Span], learned: Sequence[Span]) -> Iterator[Span]:
    """The rules' findings, with other bounds where that helps, and what the tagger adds."""
    gone: set[int] = set()
    first = 0
    for seen in learned:
        while first < len(ruled) and ruled[first].end <= seen.start:
            first += 1
        hits = []
        at = first
        while at < len(ruled) and ruled[at].start < seen.end:
            if ruled[at].entity is not Entity.SENSITIVE:
                hits.append(at)
            at += 1
        if not hits:
            yield seen
        elif _better(seen, [ruled[hit] for hit in hits]):
            surest = max((ruled[hit] for hit in hits), key=lambda span: span.score)
            yield replace(surest, start=seen.start, end=seen.end)
            gone.update(hits)
    yield from (span for at, span in enumerate(ruled) if at not in gone)


def _better(seen: Span, hits: Sequence[Span]) -> bool:
    """The tagger's bounds are taken instead of the rules'."""
    if any(hit.entity is not seen.entity for hit in hits):
        return False
    if seen.entity is Entity.PERSON:
        return len(hits) == 1
    return all(seen.start <= hit.start and hit.end <= seen.end for hit in hits)
