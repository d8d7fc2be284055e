"""What a table holds: a uniform sample of its rows, each column classified, texts read.

Numbers of the report rest on the sample alone; `at_most` says what it proves about the rest.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from governance.discovery.examples import examples
from governance.discovery.proposal import proposal
from governance.discovery.sampling import Reservoir, at_most
from governance.discovery.types import Analyse, ColumnFinding, Place, Record
from governance.pii.column_shapes import shape_of
from governance.pii.column_tables import side_by_side
from governance.pii.columns import classify_column, written
from governance.pii.language import language_of
from governance.pii.types import ColumnLabel, Entity, Span

SEED: Final = 20_240_401  # the same file gives the same report
COLUMNS: Final = 2_000  # of a table; the rest are of no table that a person made
CELL: Final = 20_000  # characters of a value that are kept while the sample waits
PLACES: Final = 100  # rows that a report names for one column
# A word of a column that holds no persons reads as a name too often: these tell by their shape
STRAY: Final = frozenset(
    {
        *(Entity.EMAIL, Entity.PHONE, Entity.MY_NUMBER, Entity.CREDIT_CARD, Entity.ADDRESS),
        *(Entity.RESIDENCE_CARD, Entity.IBAN, Entity.SENSITIVE),
    }
)
_WORDS: Final = re.compile(r"[A-Za-z]{2}|[ぁ-んァ-ヶ一-鿿]|@")


@dataclass(slots=True, kw_only=True)
class _Column:
    """Values of one column of the sample, with the rows that they stand in."""

    name: str
    rows: list[int]
    values: list[str] = field(repr=False)


def profile(
    name: str,
    kind: str,
    records: Iterable[Record],
    analyse: Analyse,
    *,
    sample: int | None,
    of: int | None = None,
) -> Place:
    """The table's report; one pass over the records, memory by the sample alone.

    `of` is the number of rows of a table whose records are a sample already.
    """
    kept = Reservoir[Record](sample, seed=SEED)
    kept.fill(
        tuple((column, value[:CELL]) for column, value in record[:COLUMNS]) for record in records
    )
    size, rows = len(kept.kept), kept.seen if of is None else max(of, len(kept.kept))
    found = _columns(kept)
    labels = side_by_side(
        [column.name for column in found],
        [column.values for column in found],
        [classify_column(column.name, column.values) for column in found],
        table=name,
    )
    columns = [
        _finding(column, label, analyse, rows=rows, size=size)
        for column, label in zip(found, labels, strict=True)
    ]
    return Place(
        name=name,
        kind=kind,
        rows=rows,
        sampled=size,
        columns=tuple(columns),
        proposal=proposal(name, columns),
    )


def _columns(kept: Reservoir[Record]) -> Sequence[_Column]:
    found: dict[str, _Column] = {}
    for number, record in kept.kept:
        for name, value in record:
            column = found.get(name)
            if column is None:
                column = found[name] = _Column(name=name, rows=[], values=[])
            if written(value):
                column.rows.append(number)
                column.values.append(value)
    return tuple(found.values())


def _finding(
    column: _Column, label: ColumnLabel, analyse: Analyse, *, rows: int, size: int
) -> ColumnFinding:
    read = label.free_text or (label.entity is None and _is_wordy(column.values))
    spans = _read(column.values, analyse) if read else {}
    counts, lines = _counted(column, label, spans)
    others = _others(column, label, counts)
    return ColumnFinding(
        name=column.name,
        label=label.label,
        confidence=label.confidence,
        filled=round(min(1.0, len(column.values) / size), 4) if size else 0.0,
        sampled=len(column.values),
        counts=counts,
        at_most=at_most(min(others, size), size, of=rows),
        special_care=_special_care(column, spans, analyse),
        examples=examples(label.entity, _agreeing(column, label)),
        lines=tuple(lines[:PLACES]),
        tie=label.tie.value,
    )


def _is_wordy(values: Sequence[str]) -> bool:
    return any(_WORDS.search(value) for value in values)


def _read(values: Sequence[str], analyse: Analyse) -> Mapping[str, tuple[Span, ...]]:
    """Findings of each different value."""
    texts = tuple(dict.fromkeys(values))
    found = analyse((text, language_of(text).value) for text in texts)
    return dict(zip(texts, found, strict=True))  # fails closed: an answer for every text


def _agreeing(column: _Column, label: ColumnLabel) -> list[str]:
    if label.entity is None:
        return []
    return [value for value in column.values if label.entity in _may_be(value)]


def _may_be(value: str) -> frozenset[Entity]:
    shape = shape_of(value)
    return shape.sure | shape.possible


def _counted(
    column: _Column, label: ColumnLabel, spans: Mapping[str, tuple[Span, ...]]
) -> tuple[Mapping[str, int], list[int]]:
    """In how many values each kind stands, and the rows of texts that have any."""
    if label.entity is not None:
        agreeing = len(_agreeing(column, label)) or round(label.confidence * len(column.values))
        return {label.entity.value: agreeing}, []
    counts, lines = Counter[str](), list[int]()
    for number, value in zip(column.rows, column.values, strict=True):
        kinds = {
            span.label for span in spans.get(value, ()) if label.free_text or span.entity in STRAY
        }
        counts.update(kinds)
        if kinds:
            lines.append(number)
    return dict(sorted(counts.items())), lines


def _others(column: _Column, label: ColumnLabel, counts: Mapping[str, int]) -> int:
    """Values of the sample that the column's label does not cover."""
    if label.entity is not None:
        return len(column.values) - counts.get(label.entity.value, 0)
    return 0 if label.free_text else sum(counts.values())


def _special_care(
    column: _Column, spans: Mapping[str, tuple[Span, ...]], analyse: Analyse
) -> tuple[str, ...]:
    """Kinds of 要配慮個人情報 in the values or announced by the column's name."""
    named = next(iter(analyse(((column.name, language_of(column.name).value),))), ())
    found = (*named, *(span for value in spans.values() for span in value))
    return tuple(sorted({span.kind.value for span in found if span.kind is not None}))
