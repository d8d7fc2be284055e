"""Personal data taken out of a text: stable placeholders, and numbers that are never stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from governance.core.terms import Lang
from governance.i18n.catalogue import text as catalogue_text
from governance.pii.labels import LabelIndex
from governance.pii.numbers import Digits, cards, my_numbers
from governance.pii.shadow import shadow_of
from governance.pii.types import Entity, Span

_KEPT_DIGITS: Final = 4  # last digits of a card that may be shown (PCI DSS 4.0, 3.4.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """A text with placeholders; `hidden` maps each to its value and never leaves review."""

    text: str
    hidden: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Redacted({len(self.text)} code points, {len(self.hidden)} placeholders)"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedNumber:
    """One number that was removed: its place in the original text and what it was."""

    start: int
    end: int
    entity: Entity


def _placeholder(entity: Entity, number: int, lang: Lang) -> str:
    name = catalogue_text(f"pii.placeholder.{entity.value.lower()}", lang)
    return catalogue_text("pii.placeholder", lang, name=name, number=number)


def redact(text: str, spans: Iterable[Span], *, lang: Lang) -> Redacted:
    """The text with every span replaced; the same value of an entity gets the same placeholder."""
    numbers: dict[tuple[Entity, str], str] = {}
    counts: dict[Entity, int] = {}
    originals: dict[str, str] = {}
    parts: list[str] = []
    at = 0
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if span.start < at:
            continue  # inside one that was replaced already
        key = (span.entity, _identity(text[span.start : span.end]))
        if key not in numbers:
            counts[span.entity] = counts.get(span.entity, 0) + 1
            numbers[key] = _placeholder(span.entity, counts[span.entity], lang)
            originals[numbers[key]] = text[span.start : span.end]
        parts += [text[at : span.start], numbers[key]]
        at = span.end
    parts.append(text[at:])
    hidden = {placeholder: originals[placeholder] for placeholder in numbers.values()}
    return Redacted(text="".join(parts), hidden=hidden)


def _identity(value: str) -> str:
    """The value without spaces and widths, so that two writings are one person."""
    return shadow_of(value).replace(" ", "").replace("-", "").lower()


def _mask(found: Digits, entity: Entity, lang: Lang) -> str:
    if entity is Entity.CREDIT_CARD:
        return catalogue_text("pii.mask.credit_card", lang, last=found.digits[-_KEPT_DIGITS:])
    return catalogue_text("pii.mask.my_number", lang)


def _numbers(text: str) -> list[tuple[Digits, Entity]]:
    shadow = shadow_of(text)
    labels = LabelIndex(shadow)
    found = [(hit, score, Entity.MY_NUMBER) for hit, score in my_numbers(shadow, labels)]
    found += [(hit, score, Entity.CREDIT_CARD) for hit, score in cards(shadow, labels)]
    found.sort(key=lambda item: (-item[1], item[0].start - item[0].end))
    taken = bytearray(len(text))
    kept: list[tuple[Digits, Entity]] = []
    for hit, _, entity in found:
        if 1 not in memoryview(taken)[hit.start : hit.end]:
            taken[hit.start : hit.end] = b"\1" * (hit.end - hit.start)
            kept.append((hit, entity))
    kept.sort(key=lambda item: item[0].start)
    return kept


def mask_numbers(text: str, *, lang: Lang = Lang.JA) -> tuple[str, tuple[MaskedNumber, ...]]:
    """The text without 個人番号 (番号法 Art. 20) and full card numbers, before anything is stored.

    Numbers count however they are split: hyphens, spaces, full width, zero-width signs.
    """
    kept = _numbers(text)
    if not kept:
        return text, ()
    parts: list[str] = []
    at = 0
    for found, entity in kept:
        parts += [text[at : found.start], _mask(found, entity, lang)]
        at = found.end
    parts.append(text[at:])
    hits = tuple(
        MaskedNumber(start=found.start, end=found.end, entity=entity) for found, entity in kept
    )
    return "".join(parts), hits
