"""Personal data taken out of a text: stable placeholders, and numbers that are never stored."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from governance.core.terms import Lang
from governance.i18n.catalogue import text as catalogue_text
from governance.pii.labels import LabelIndex
from governance.pii.numbers import Digits, cards, my_numbers
from governance.pii.places import Groups
from governance.pii.shadow import shadow_of
from governance.pii.types import Entity, Span

WHOLE: Final = "＊＊＊"  # a text of which nothing can be shown
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


class Marked(StrEnum):
    """What a person marks in a text where none of the kinds that the analysis knows fits."""

    PASSAGE = "PASSAGE"


Place = tuple[int, int, Entity | Marked]  # code points, end exclusive


def kind_of(label: str) -> Entity | Marked:
    """What the label of a place says it is."""
    return Marked(label) if label in set(Marked) else Entity(label)


class Placeholders:
    """Placeholders of one case or text: the same value of an entity has the same one throughout.

    A placeholder tells neither the value nor its length. `hidden` gives the values back and is
    for review under the case's key alone; a package is made without it.
    """

    def __init__(self, lang: Lang) -> None:
        self._lang = lang
        self._known: dict[tuple[Entity | Marked, str], str] = {}
        self._counts: dict[Entity | Marked, int] = {}
        self._originals: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Placeholders({len(self._known)})"

    @property
    def hidden(self) -> Mapping[str, str]:
        """The value behind each placeholder, as it was written first."""
        return dict(self._originals)

    def of(self, entity: Entity | Marked, value: str) -> str:
        """The placeholder of a value."""
        key = (entity, _identity(value))
        if key not in self._known:
            number = self._counts[entity] = self._counts.get(entity, 0) + 1
            name = catalogue_text(f"pii.placeholder.{entity.value.lower()}", self._lang)
            made = catalogue_text("pii.placeholder", self._lang, name=name, number=number)
            self._known[key] = made
            self._originals[made] = value
        return self._known[key]

    def redacted(self, text: str, places: Iterable[Place]) -> str:
        """The text with every place replaced; hidden whole when a place is not one of it."""
        parts: list[str] = []
        at = 0
        for start, end, entity in sorted(places, key=lambda place: (place[0], -place[1])):
            if not 0 <= start < end <= len(text):
                return WHOLE  # fails closed: these places belong to another text
            if start >= at:
                parts += [text[at:start], self.of(entity, text[start:end])]
            at = max(at, end)
        return "".join([*parts, text[at:]])


def redact(text: str, spans: Iterable[Span], *, lang: Lang) -> Redacted:
    """One text with every span replaced, and what stands behind the placeholders."""
    placeholders = Placeholders(lang)
    shown = placeholders.redacted(text, ((span.start, span.end, span.entity) for span in spans))
    return Redacted(text=shown, hidden=placeholders.hidden)


def restored(text: str, hidden: Mapping[str, str]) -> str:
    """The text with the values back in their places, for the review screen."""
    if not hidden:
        return text
    signs = sorted(hidden, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, signs)), lambda found: hidden[found.group()], text)


def _identity(value: str) -> str:
    """The value without spaces and widths, so that two writings are one person."""
    return shadow_of(value).replace(" ", "").replace("-", "").lower()


def _mask(found: Digits, entity: Entity, lang: Lang) -> str:
    if entity is Entity.CREDIT_CARD:
        return catalogue_text("pii.mask.credit_card", lang, last=found.digits[-_KEPT_DIGITS:])
    return catalogue_text("pii.mask.my_number", lang)


def _numbers(text: str) -> list[tuple[Digits, Entity]]:
    shadow = shadow_of(text)
    labels, groups = LabelIndex(shadow), Groups(shadow)
    found = [(hit, score, Entity.MY_NUMBER) for hit, score in my_numbers(shadow, labels, groups)]
    found += [(hit, score, Entity.CREDIT_CARD) for hit, score in cards(shadow, labels, groups)]
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
