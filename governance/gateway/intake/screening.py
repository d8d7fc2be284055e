"""What is looked for before anything is stored: My Number, card numbers, 要配慮, third persons.

個人番号 and full card numbers are masked in every cell (番号法20条; design.md section 2): also in
the row that is put aside. 要配慮個人情報 is kept only with a ground: what the person wrote is
"provided by the person"; what a third party handed over without one is not taken in (APPI 20(2)).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from governance.core.terms import FieldId, Lang
from governance.customers.catalogue import catalogue, derived
from governance.customers.master.types import FORMS, Form
from governance.customers.normalise.chars import fold_width
from governance.customers.types import Problem, ProblemKind
from governance.gateway.intake.merging import said
from governance.gateway.intake.merging import words as spoken_words
from governance.gateway.intake.types import Draft, Finding
from governance.pii.numbers import is_card, is_my_number
from governance.pii.redaction import MaskedNumber, mask_numbers
from governance.pii.types import Analyse, Entity, Role, Span

THIRD_PARTY_SOURCES = frozenset({"提携先から提供", "前任者名簿"})
THEMSELVES = frozenset({"person", "representative"})
WRITTEN_BY_PERSON = frozenset({FieldId("inquiry.subject"), FieldId("inquiry.body")})
PROVIDED, UNCONFIRMED, REFUSED = "provided_by_person", "unconfirmed", "refused"
MASKED = frozenset({Entity.MY_NUMBER, Entity.CREDIT_CARD})
THIRD_PERSON = "THIRD_PERSON"
OTHERS = frozenset({Role.FAMILY, Role.THIRD})
K = TypeVar("K", bound=str)
LEAST_DIGITS = 12  # of a 個人番号; a card number has more
GROUP = 4  # digits of one group of a number that a form splits
HIDDEN = "＊＊＊＊"
SOURCE_KEY = "source_key"  # the key of a row that has an owner
ANNOUNCED = re.compile(
    r"個人番号|マイナンバー|my\s*number|カード番号|カードNo|card\s*(?:no|num)", re.IGNORECASE
)
_GAPS = re.compile(r"[\s\-‐－ー.]+")
_DIGIT = re.compile("[0-9\uff10-\uff19]")
NUMBERED = frozenset({"identifier"})  # numbers of somebody's own numbering
OWN_NUMBERS = frozenset(
    {
        *("id", "subject_id", "company_id", "source_key", "source_file", "corporate_number"),
        *("phone", "mobile", "fax", "contact_phone"),  # read as telephone numbers or not at all
    }
)


@derived
def typed(table: str) -> frozenset[FieldId]:
    """Texts besides the free ones in which somebody may have typed such a number.

    References to other rows are none: twelve digits in a row of a key may have the check digit by
    chance, and what leads to no row is refused.
    """
    forms = FORMS.get(table, {})
    apart = OWN_NUMBERS | {name for name, form in forms.items() if form.form is Form.REFERENCE}
    return frozenset(
        entry.id
        for entry in catalogue().table(table).fields
        if entry.category not in NUMBERED and entry.column not in apart and not entry.free_text
    )


@derived
def typed_columns(table: str) -> frozenset[str]:
    """The same by column."""
    return frozenset(name.partition(".")[2] for name in typed(table))


def without_numbers(text: str) -> tuple[str, tuple[MaskedNumber, ...]]:
    """The text without 個人番号 and full card numbers; quick where too few digits stand."""
    if len(text) < LEAST_DIGITS or len(_DIGIT.findall(text)) < LEAST_DIGITS:
        return text, ()
    return mask_numbers(text)


def mask_cells(cells: Sequence[str], *, headers: Sequence[str] = ()) -> tuple[tuple[str, ...], int]:
    """The cells without any 個人番号 or full card number, and how many were masked.

    A column whose header announces such numbers shows none of its digits; a number that is
    written over neighbouring cells is masked in each of them.
    """
    masked = [without_numbers(cell) for cell in cells]
    found = [cell for cell, _ in masked]
    count = sum(len(hits) for _, hits in masked)
    for n, header in enumerate(headers[: len(cells)]):
        if ANNOUNCED.search(header) and _DIGIT.search(found[n]):
            found[n], count = HIDDEN, count + 1
    for start, end in _over_cells(found):
        found[start:end] = [HIDDEN] * (end - start)
        count += 1
    return tuple(found), count


def _over_cells(cells: Sequence[str]) -> list[tuple[int, int]]:
    """Runs of neighbouring cells of four digits that together are such a number."""
    groups = [fold_width(cell).strip() for cell in cells]
    short = [len(group) == GROUP and group.isascii() and group.isdigit() for group in groups]
    found, n = [], 0
    while n < len(groups):
        size = next((k for k in (4, 3) if all(short[n : n + k]) and n + k <= len(groups)
                     and _is_number("".join(groups[n : n + k]))), 0)  # fmt: skip
        if size:
            found.append((n, n + size))
        n += size or 1
    return found


def _is_number(digits: str) -> bool:
    return is_my_number(digits) or is_card(digits)


def ids_without_numbers(drafts: Sequence[Draft]) -> tuple[Draft, ...]:
    """The drafts, those barred whose own id is a 個人番号 or card number: it is no id.

    One in ten ids of twelve digits has the check digit by chance: where most of a batch's ids of
    that length have none, they are ids.
    """
    if not drafts:
        return ()
    names = (*id_fields(drafts[0].table), SOURCE_KEY)
    barred: dict[int, str] = {}
    for name in names:
        written = {n: value for n, draft in enumerate(drafts) if (value := _id_of(draft, name))}
        long = {
            n: bare for n, value in written.items() if len(bare := _bare(value)) >= LEAST_DIGITS
        }
        numbers = {n for n, bare in long.items() if _is_number(bare)}
        if len(numbers) * 2 > len(long):
            barred |= dict.fromkeys(numbers, name)
        labelled = (
            n for n, value in written.items() if n not in long and without_numbers(value)[1]
        )
        barred |= dict.fromkeys(labelled, name)
    return tuple(
        _barred(draft, barred[n]) if n in barred else draft for n, draft in enumerate(drafts)
    )


def _id_of(draft: Draft, name: str) -> str:
    value = draft.clear.get(name) if name == SOURCE_KEY else draft.plain.get(FieldId(name))
    return value if isinstance(value, str) else ""


def _bare(value: str) -> str:
    """The digits of a value that has nothing else but gaps; empty for others."""
    digits = _GAPS.sub("", fold_width(value))
    return digits if digits.isascii() and digits.isdigit() else ""


def _barred(draft: Draft, name: str) -> Draft:
    problem = Problem(kind=ProblemKind.NUMBER_MASKED, row=draft.number, column=name)
    return replace(draft, problems=(*draft.problems, problem), barred=ProblemKind.NUMBER_MASKED)


@derived
def id_fields(table: str) -> tuple[FieldId, ...]:
    """Sealed fields that hold somebody's numbering."""
    return tuple(
        entry.id for entry in catalogue().table(table).sealed() if entry.category == "identifier"
    )


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
    """The drafts without any 個人番号 or full card number, their free texts beside them."""
    free = {entry.id for entry in catalogue().fields.values() if entry.free_text}
    words: list[dict[FieldId, str]] = [{} for _ in drafts]
    none = Counter[tuple[FieldId, str, str]]()  # one for all rows without: most have none
    counted = [none for _ in drafts]
    clean: list[Draft] = []
    for n, draft in enumerate(drafts):
        plain = dict(draft.plain)
        for name in plain.keys() & free:
            if isinstance(value := plain[name], str):
                words[n][name], hits = without_numbers(value)
                plain[name] = words[n][name]
                if hits:
                    counted[n] = counted[n] + Counter((name, hit.entity.value, "") for hit in hits)
        plain |= _masked(plain, typed(draft.table))
        clear = _masked(draft.clear, typed_columns(draft.table))
        whole = {**draft.clear, **clear}
        words_said = said(spoken_words(draft.table, plain, whole))
        clean.append(replace(draft, plain=plain, clear=whole, said=words_said))
    texts = dict.fromkeys(text for row in words for text in row.values())
    return Masked(drafts=tuple(clean), words=words, hits=counted, texts=tuple(texts))


def tagged(found: Masked, spans: Sequence[tuple[Span, ...]]) -> tuple[Draft, ...]:
    """The drafts with what was found in each of their texts."""
    said = dict(zip(found.texts, spans, strict=True))  # fails closed: an answer for every text
    return tuple(
        _tagged(draft, hits + _counted(words, said)) if hits or words else draft
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
    if span.entity is Entity.PERSON and span.role in OTHERS:
        return (own, (THIRD_PERSON, ""))
    return (own,)


def _tagged(draft: Draft, counted: Counter[tuple[FieldId, str, str]]) -> Draft:
    if not counted:
        return draft
    findings = tuple(
        Finding(field=name, entity=entity, kind=kind, found=found)
        for (name, entity, kind), found in sorted(counted.items())
    )
    refused = sorted(
        name
        for name in {f.field for f in findings if f.entity == Entity.SENSITIVE.value}
        if ground_of(draft, name) == REFUSED
    )
    problems = (
        Problem(kind=ProblemKind.SPECIAL_CARE_NO_GROUND, row=draft.number, column=name)
        for name in refused
    )
    return replace(
        draft,
        plain={name: value for name, value in draft.plain.items() if name not in refused},
        problems=(*draft.problems, *problems),
        findings=findings,
    )


def _masked(values: Mapping[K, object], names: frozenset[K]) -> dict[K, str]:
    """The typed texts in which 個人番号 or card numbers were masked; none of another kind."""
    return {
        name: words
        for name in values.keys() & names
        if isinstance(value := values[name], str)
        and len(value) >= LEAST_DIGITS
        and (words := without_numbers(value)[0]) != value
    }


def ground_of(draft: Draft, name: FieldId) -> str:
    """On what ground 要配慮 in this field may be held."""
    if name in WRITTEN_BY_PERSON:
        return PROVIDED
    if draft.ground is not None:
        return draft.ground
    if draft.handed_over or draft.clear.get("source") in THIRD_PARTY_SOURCES:
        return REFUSED
    return PROVIDED if by_themselves(draft) else UNCONFIRMED


def by_themselves(draft: Draft) -> bool:
    """Whether the person, or who acts for them, wrote or told what the row holds."""
    clear = draft.clear
    written = "person" if clear.get("direction") == "in" else None  # unless somebody else is named
    told = clear.get("source") or clear.get("author_kind") or written
    return draft.table in FORMS and told in THEMSELVES
