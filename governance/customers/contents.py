"""Which field a column of a file holds: by its header, by its values, and how sure that is.

A suggestion from the values alone is told to a person and taken only when one accepts it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from governance.customers.columns import Column, Reason, columns_of, fold_header, suggest
from governance.customers.kinds import KINDS
from governance.customers.normalise.chars import folded_word
from governance.customers.normalise.values import normalise_sex
from governance.customers.types import FieldKind, SourceKind
from governance.pii.columns import classify_column
from governance.pii.types import ColumnLabel, Entity

SAMPLE = 200  # rows whose values are looked at
SURE_BY_HEADER: Mapping[Reason, float] = {
    Reason.EXACT: 1.0,
    Reason.FOLDED: 0.95,
    Reason.CONTAINS: 0.7,
    Reason.NONE: 0.0,
}
BY_ENTITY: Mapping[Entity, FieldKind] = {
    Entity.PERSON: FieldKind.NAME,
    Entity.EMAIL: FieldKind.EMAIL,
    Entity.PHONE: FieldKind.PHONE,
    Entity.POSTAL_CODE: FieldKind.POSTAL,
    Entity.ADDRESS: FieldKind.ADDRESS,
    Entity.BIRTH_DATE: FieldKind.BIRTH_DATE,
}
HEARD = frozenset({Entity.MY_NUMBER, Entity.CREDIT_CARD})  # never a field of the store
GUESSED = frozenset({*BY_ENTITY.values(), FieldKind.KANA, FieldKind.NOTE})
SAID_BY_HEADER = frozenset({"guardian_name", "agent", "fax"})  # values cannot tell these
_DAYS = frozenset({FieldKind.DATE, FieldKind.INSTANT})
MOST = 0.8  # share of values that decide a form
DOUBTED = 0.5  # a header whose values say something else
_KANA = re.compile(r"[\u30a0-\u30ff\u3041-\u309f\uff66-\uff9f\u3000 ・･]+\Z")
_MOBILE = re.compile(r"(?:\+?81[- ]?|0)[789]0")
_CODE = re.compile(r"[A-Za-z]{0,4}[-_]?[0-9]{3,12}\Z")
_DATE = re.compile(r"(?:[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}|[明大昭平令][和治正成]?[0-9元])")


class Ground(StrEnum):
    """What a suggestion rests on."""

    EXACT = "exact"
    FOLDED = "folded"
    CONTAINS = "contains"
    CONTENT = "content"  # the values alone
    DISAGREES = "disagrees"  # the header says one thing, the values another
    NUMBER = "number"  # 個人番号 or card numbers: never taken in
    MAPPED = "mapped"  # a person said so
    IGNORED = "ignored"  # a person left the column out
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSuggestion:
    """One column of a file, the field proposed for it, how sure, and why."""

    index: int
    header: str
    field: str | None
    confidence: float
    ground: Ground
    looks_like: str | None  # what the values are, whatever the header says
    filled: float  # share of rows with a value


def unique_headers(headers: Sequence[str]) -> tuple[str, ...]:
    """The headers with a number behind each repeated one: 電話, 電話#2."""
    seen: dict[str, int] = {}
    found: list[str] = []
    for header in headers:
        seen[header] = seen.get(header, 0) + 1
        found.append(header if seen[header] == 1 else f"{header}#{seen[header]}")
    return tuple(found)


def suggest_columns(
    headers: Sequence[str], rows: Sequence[Sequence[str]], kind: SourceKind
) -> tuple[ColumnSuggestion, ...]:
    """A proposal for every column, at most one column per field; header first, then values."""
    columns = {column.name: column for column in columns_of(kind)}
    by_header = suggest(headers, kind)
    values = [_values(rows, index) for index in range(len(headers))]
    shapes = [_shape(header, found, kind) for header, found in zip(headers, values, strict=True)]
    taken = {item.column for item in by_header if item.column is not None}
    made: list[ColumnSuggestion] = []
    for item in by_header:
        shape, filled = shapes[item.index], len(values[item.index]) / max(1, min(len(rows), SAMPLE))
        if item.column is not None:
            made.append(_by_header(item.index, item.header, columns[item.column], item.reason,
                                   shape, filled))  # fmt: skip
            continue
        made.append(_by_content(item.index, item.header, columns, shape, filled, taken))
        if (field := made[-1].field) is not None:
            taken.add(field)
    return tuple(made)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """What the values of a column are."""

    kind: FieldKind | None
    prefers: str | None
    share: float
    label: str | None
    number: bool = False


_NOTHING = _Shape(kind=None, prefers=None, share=0.0, label=None)


def _values(rows: Sequence[Sequence[str]], index: int) -> tuple[str, ...]:
    found = (row[index].strip() for row in rows[:SAMPLE] if index < len(row))
    return tuple(value for value in found if value)


def _shape(header: str, values: Sequence[str], kind: SourceKind) -> _Shape:
    """The kind of field that the values have the form of; the surest reading first."""
    if not values:
        return _NOTHING
    label = classify_column(header, values)
    if label.entity in HEARD:
        return _Shape(
            kind=None,
            prefers=None,
            share=label.confidence,
            label=label.entity.value if label.entity else None,
            number=True,
        )
    words, form = _by_vocabulary(values, kind), _by_form(values, kind)
    return words or _by_label(label, values) or form or _NOTHING


def _by_vocabulary(values: Sequence[str], kind: SourceKind) -> _Shape | None:
    """Words of a closed vocabulary, and readings in kana."""
    said = [folded_word(value) for value in values]
    for column in columns_of(kind):
        if column.words and (share := _share(said, column.words.__contains__)) >= MOST:
            return _Shape(
                kind=column.kind, prefers=column.name, share=share, label=column.name.upper()
            )
    if (share := _share(values, lambda v: normalise_sex(v).value is not None)) >= MOST:
        return _Shape(kind=FieldKind.SEX, prefers="sex", share=share, label="SEX")
    if (share := _share(values, lambda v: _KANA.match(v) is not None)) >= MOST:
        return _Shape(kind=FieldKind.KANA, prefers="kana", share=share, label="KANA")
    return None


def _by_label(label: ColumnLabel, values: Sequence[str]) -> _Shape | None:
    """What the text analysis takes the column for."""
    if label.entity is not None and label.entity in BY_ENTITY:
        mobile = _share(values, lambda v: _MOBILE.match(fold_header(v)) is not None)
        return _Shape(
            kind=BY_ENTITY[label.entity],
            prefers="mobile" if label.entity is Entity.PHONE and mobile >= MOST else None,
            share=label.confidence,
            label=label.entity.value,
        )
    if label.free_text:
        return _Shape(kind=FieldKind.NOTE, prefers="notes", share=label.confidence, label="TEXT")
    return None


def _by_form(values: Sequence[str], kind: SourceKind) -> _Shape | None:
    """Days, and codes: of which no two are alike, the row's own, otherwise a person's."""
    columns = {column.name: column for column in columns_of(kind)}
    if (share := _share(values, lambda v: _DATE.match(v) is not None)) >= MOST:
        dated = [name for name, column in columns.items() if column.kind in _DAYS]
        name = "registered_on" if "registered_on" in columns else dated[0] if dated else ""
        found = columns[name].kind if name else FieldKind.DATE
        return _Shape(kind=found, prefers=name or None, share=share / 2, label="DATE")
    share = _share(values, lambda v: _CODE.match(v) is not None)
    if share < MOST:
        return None
    alone = len(set(values)) == len(values)
    entry = KINDS.get(kind)
    name = entry.key if alone and entry is not None and entry.key else "customer_id"
    if name not in columns or (not alone and entry is not None and entry.table == "person"):
        return None
    return _Shape(kind=columns[name].kind, prefers=name, share=share * 0.7, label="ID")


def _share(values: Sequence[str], holds: Callable[[str], bool]) -> float:
    return sum(holds(value) for value in values) / len(values)


def _by_header(
    index: int, header: str, column: Column, reason: Reason, shape: _Shape, filled: float
) -> ColumnSuggestion:
    """The header's field; doubted when the values are plainly something else."""
    against = shape.kind in _TELLING and column.kind in _TELLING and shape.kind is not column.kind
    doubted = shape.number or (against and shape.share >= MOST and not _akin(shape, column))
    sure = SURE_BY_HEADER[reason]
    return ColumnSuggestion(
        index=index,
        header=header,
        field=column.name,
        confidence=round(min(sure, DOUBTED) if doubted else sure, 2),
        ground=Ground.DISAGREES if doubted else Ground(reason.value),
        looks_like=shape.label,
        filled=round(filled, 3),
    )


_TELLING = frozenset({*BY_ENTITY.values(), FieldKind.SEX, FieldKind.KANA, FieldKind.DATE})
_AKIN = (
    frozenset({FieldKind.NAME, FieldKind.KANA}),
    frozenset({FieldKind.DATE, FieldKind.BIRTH_DATE, FieldKind.INSTANT}),
)


def _akin(shape: _Shape, column: Column) -> bool:
    return any({shape.kind, column.kind} <= kin for kin in _AKIN)


def _by_content(
    index: int,
    header: str,
    columns: Mapping[str, Column],
    shape: _Shape,
    filled: float,
    taken: set[str],
) -> ColumnSuggestion:
    """The first free field of the form that the values have."""
    free = [
        c.name
        for c in columns.values()
        if c.kind is shape.kind and c.name not in taken and c.name not in SAID_BY_HEADER
    ]
    guessed = next(iter(free), None) if shape.kind in GUESSED else None
    field = shape.prefers if shape.prefers in free else guessed
    ground = Ground.CONTENT if field else Ground.NUMBER if shape.number else Ground.NONE
    return ColumnSuggestion(
        index=index,
        header=header,
        field=field,
        confidence=round(shape.share * 0.9, 2) if field else 0.0,
        ground=ground,
        looks_like=shape.label,
        filled=round(filled, 3),
    )
