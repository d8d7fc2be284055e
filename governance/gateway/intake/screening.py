"""What is looked for before anything is stored: My Number, card numbers, 要配慮, third persons.

個人番号 and full card numbers are masked in every cell (番号法20条; design.md section 2): also in
the row that is put aside. 要配慮個人情報 is kept only with a ground: what the person wrote is
"provided by the person"; what a third party handed over without one is not taken in (APPI 20(2)).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TypeVar

from governance.core.terms import FieldId, Lang
from governance.customers.catalogue import catalogue
from governance.customers.ports import Analyse
from governance.customers.types import Problem, ProblemKind
from governance.gateway.intake.types import Draft, Finding
from governance.pii.redaction import MaskedNumber, mask_numbers
from governance.pii.types import Entity, Role, Span

THIRD_PARTY_SOURCES = frozenset({"提携先から提供", "前任者名簿"})
WRITTEN_BY_PERSON = frozenset({FieldId("inquiry.subject"), FieldId("inquiry.body")})
PROVIDED, UNCONFIRMED, REFUSED = "provided_by_person", "unconfirmed", "refused"
MASKED = frozenset({Entity.MY_NUMBER, Entity.CREDIT_CARD})
THIRD_PERSON = "THIRD_PERSON"
K = TypeVar("K", bound=str)
LEAST_DIGITS = 12  # of a 個人番号; a card number has more
_DIGIT = re.compile("[0-9\uff10-\uff19]")
NUMBERED = frozenset({"identifier", "contact", "record_keeping"})  # numbers of their own kinds
OTHER_NUMBERS = frozenset({"company.corporate_number", "company.phone", "company.fax"})


@cache
def typed(table: str) -> frozenset[FieldId]:
    """Texts besides the free ones in which somebody may have typed such a number."""
    return frozenset(
        entry.id
        for entry in catalogue().table(table).fields
        if entry.category not in NUMBERED and entry.id not in OTHER_NUMBERS and not entry.free_text
    )


@cache
def typed_columns(table: str) -> frozenset[str]:
    """The same by column."""
    return frozenset(name.partition(".")[2] for name in typed(table))


def without_numbers(text: str) -> tuple[str, tuple[MaskedNumber, ...]]:
    """The text without 個人番号 and full card numbers; quick where too few digits stand."""
    if len(text) < LEAST_DIGITS or len(_DIGIT.findall(text)) < LEAST_DIGITS:
        return text, ()
    return mask_numbers(text)


def mask_cells(cells: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """The cells without any 個人番号 or full card number, and how many were masked."""
    masked = [without_numbers(cell) for cell in cells]
    return tuple(cell for cell, _ in masked), sum(len(hits) for _, hits in masked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """Drafts with their free texts beside them, numbers masked, and what is still to be searched.

    Many rows say the same: each text is searched once.
    """

    drafts: Sequence[Draft] = field(repr=False)
    words: Sequence[Mapping[FieldId, str]] = field(repr=False)  # of each draft
    hits: Sequence[Counter[tuple[FieldId, str, str]]]  # numbers masked in each draft
    texts: tuple[str, ...] = field(repr=False)


def screen(drafts: Sequence[Draft], analyse: Analyse) -> tuple[Draft, ...]:
    """The drafts with their free texts masked, searched, and tagged by what was found."""
    found = masked(drafts)
    return tagged(found, analyse(found.texts, Lang.JA))


def masked(drafts: Sequence[Draft]) -> Masked:
    """The free texts of the drafts without any 個人番号 or full card number."""
    free = {entry.id for entry in catalogue().fields.values() if entry.free_text}
    words: list[dict[FieldId, str]] = [{} for _ in drafts]
    counted: list[Counter[tuple[FieldId, str, str]]] = [Counter() for _ in drafts]
    for n, draft in enumerate(drafts):
        for name in draft.plain.keys() & free:
            if isinstance(value := draft.plain[name], str):
                words[n][name], hits = without_numbers(value)
                counted[n].update((name, hit.entity.value, "") for hit in hits)
    texts = dict.fromkeys(text for row in words for text in row.values())
    return Masked(drafts=drafts, words=words, hits=counted, texts=tuple(texts))


def tagged(found: Masked, spans: Sequence[tuple[Span, ...]]) -> tuple[Draft, ...]:
    """The drafts with what was found in each of their texts."""
    said = dict(zip(found.texts, spans, strict=True))  # fails closed: an answer for every text
    return tuple(
        _tagged(draft, words, hits + _counted(words, said))
        for draft, words, hits in zip(found.drafts, found.words, found.hits, strict=True)
    )


def _counted(
    words: Mapping[FieldId, str], said: Mapping[str, tuple[Span, ...]]
) -> Counter[tuple[FieldId, str, str]]:
    return Counter(
        (name, entity, kind)
        for name, text in words.items()
        for span in said[text]
        for entity, kind in _labels(span)
    )


def _labels(span: Span) -> tuple[tuple[str, str], ...]:
    """What a span counts as; a named third person counts once more under that name."""
    if span.entity in MASKED:
        return ()  # masked already and counted then
    own = (span.entity.value, span.kind.value if span.kind else "")
    if span.entity is Entity.PERSON and span.role is Role.THIRD:
        return (own, (THIRD_PERSON, ""))
    return (own,)


def _tagged(
    draft: Draft, words: Mapping[FieldId, str], counted: Counter[tuple[FieldId, str, str]]
) -> Draft:
    findings = tuple(
        Finding(field=name, entity=entity, kind=kind, found=found)
        for (name, entity, kind), found in sorted(counted.items())
    )
    plain = {**draft.plain, **words}
    problems = draft.problems
    for name in {f.field for f in findings if f.entity == Entity.SENSITIVE.value}:
        if ground_of(draft, name) == REFUSED:
            del plain[name]
            problems = (
                *problems,
                Problem(kind=ProblemKind.SPECIAL_CARE_NO_GROUND, row=draft.number, column=name),
            )
    return replace(
        draft,
        plain=plain | _masked(plain, typed(draft.table)),
        clear={**draft.clear, **_masked(draft.clear, typed_columns(draft.table))},
        problems=problems,
        findings=findings,
    )


def _masked(values: Mapping[K, object], names: frozenset[K]) -> dict[K, str]:
    """The typed texts in which 個人番号 or card numbers were masked; none of another kind."""
    return {
        name: words
        for name in values.keys() & names
        if isinstance(value := values[name], str) and (words := without_numbers(value)[0]) != value
    }


def ground_of(draft: Draft, name: FieldId) -> str:
    """On what ground 要配慮 in this field may be held."""
    if name in WRITTEN_BY_PERSON:
        return PROVIDED
    if draft.clear.get("source") in THIRD_PARTY_SOURCES:
        return REFUSED
    return UNCONFIRMED
