"""What is looked for before anything is stored: My Number, card numbers, 要配慮, third persons.

個人番号 and full card numbers are masked in every cell (番号法20条; design.md section 2): also in
the row that is put aside. 要配慮個人情報 is kept only with a ground: what the person wrote is
"provided by the person"; what a third party handed over without one is not taken in (APPI 20(2)).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from governance.core.terms import FieldId, Lang
from governance.customers.catalogue import catalogue
from governance.customers.ports import Analyse
from governance.customers.types import Problem, ProblemKind
from governance.gateway.intake.types import Draft, Finding
from governance.pii.redaction import mask_numbers
from governance.pii.types import Entity, Role, Span

THIRD_PARTY_SOURCES = frozenset({"提携先から提供", "前任者名簿"})
WRITTEN_BY_PERSON = frozenset({FieldId("inquiry.subject"), FieldId("inquiry.body")})
PROVIDED, UNCONFIRMED, REFUSED = "provided_by_person", "unconfirmed", "refused"
MASKED = frozenset({Entity.MY_NUMBER, Entity.CREDIT_CARD})
THIRD_PERSON = "THIRD_PERSON"


def mask_cells(cells: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """The cells without any 個人番号 or full card number, and how many were masked."""
    masked = [mask_numbers(cell) for cell in cells]
    return tuple(cell for cell, _ in masked), sum(len(hits) for _, hits in masked)


def screen(drafts: Sequence[Draft], analyse: Analyse) -> tuple[Draft, ...]:
    """The drafts with their free texts masked, searched, and tagged by what was found."""
    free = {field.id for field in catalogue().fields.values() if field.free_text}
    places: list[tuple[int, FieldId]] = []
    texts: list[str] = []
    masked: list[dict[FieldId, str]] = [{} for _ in drafts]
    counted: list[Counter[tuple[FieldId, str, str]]] = [Counter() for _ in drafts]
    for n, draft in enumerate(drafts):
        for name, value in draft.plain.items():
            if name not in free or not isinstance(value, str):
                continue
            words, hits = mask_numbers(value)
            masked[n][name] = words
            for hit in hits:
                counted[n][name, hit.entity.value, ""] += 1
            places.append((n, name))
            texts.append(words)
    for (n, name), spans in zip(places, analyse(texts, Lang.JA), strict=True):
        for span in spans:
            for entity, kind in _labels(span):
                counted[n][name, entity, kind] += 1
    return tuple(
        _tagged(draft, words, found)
        for draft, words, found in zip(drafts, masked, counted, strict=True)
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
    return replace(draft, plain=plain, problems=problems, findings=findings)


def ground_of(draft: Draft, field: FieldId) -> str:
    """On what ground 要配慮 in this field may be held."""
    if field in WRITTEN_BY_PERSON:
        return PROVIDED
    if draft.clear.get("source") in THIRD_PARTY_SOURCES:
        return REFUSED
    return UNCONFIRMED
