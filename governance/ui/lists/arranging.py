"""Rows of a view: filtered, counted by their choices, sorted. Pure; for lists held in memory."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

from governance.core.clock import JST
from governance.core.fifty_sounds import unvoiced
from governance.ui.lists.types import (
    DATED,
    MOST,
    Arranged,
    Cell,
    Facet,
    Kind,
    ListColumn,
    ListOf,
    Row,
    Value,
    View,
)
from governance.ui.lists.views import FROM, LEAST, TO, WORDS, day_of

KATAKANA, HIRAGANA = 0x30A1, 0x3041
TO_HIRAGANA: Final = {KATAKANA + n: HIRAGANA + n for n in range(86)}
SMALL: Final = str.maketrans("ぁぃぅぇぉっゃゅょゎ", "あいうえおつやゆよわ")


def folded(words: str) -> str:
    """Words for a comparison: width, case and the kind of kana make no difference."""
    return unicodedata.normalize("NFKC", words).casefold().translate(TO_HIRAGANA)


def kana_order(words: str) -> tuple[str, str]:
    """The place of a name in the order of the fifty sounds; voiced after unvoiced (JIS X 4061)."""
    plain = folded(words).translate(SMALL)
    return unvoiced(plain), plain


def arranged(declared: ListOf, view: View, rows: Iterable[Row]) -> Arranged:
    """The rows of the view, on all its pages; too many names stand by their keys instead."""
    every = tuple(rows)
    found = tuple(row for row in every if _meets(declared, view, row))
    column = declared.column(view.sort_key)
    by_key = column is not None and column.kind is Kind.NAME and len(found) > MOST
    return Arranged(
        rows=_sorted(view, found, None if by_key else column, by_key=by_key),
        of=len(every),
        facets=facets_of(declared, every),
        by_key=by_key,
    )


def in_order(declared: ListOf, view: View, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Rows that the database has filtered, all of them, in the order of the view."""
    return _sorted(view, rows, declared.column(view.sort_key), by_key=False)


def facets_of(declared: ListOf, rows: tuple[Row, ...]) -> Mapping[str, tuple[Facet, ...]]:
    """Which values the choices have here, as often as they come, in the order of their words."""
    found: dict[str, tuple[Facet, ...]] = {}
    for column in declared.columns:
        if column.kind is not Kind.CHOICE or not column.filters:
            continue
        cells = [row.cell(column.key) for row in rows]
        counts = Counter(cell.code for cell in cells if cell.code)
        labels = {cell.code: _label(cell) for cell in cells if cell.code}
        found[column.key] = tuple(
            Facet(code=code, label=label, count=counts[code])
            for code, label in sorted(labels.items(), key=lambda one: kana_order(one[1]))
        )
    return found


def _label(cell: Cell) -> str:
    return str(cell.value or cell.code)


def _meets(declared: ListOf, view: View, row: Row) -> bool:
    for name, value in view.filters:
        if name == WORDS:
            if not _says(declared, row, value):
                return False
            continue
        key = name.removesuffix(FROM).removesuffix(TO).removesuffix(LEAST)
        column = declared.column(key)
        if column is None or not _fits(column, row.cell(key), name, value):
            return False  # fails closed: a filter that is not known shows nothing
    return True


def _says(declared: ListOf, row: Row, words: str) -> bool:
    """Whether every word stands somewhere in the row, outside of personal columns."""
    said = folded(" ".join(row.cell(one.key).said for one in declared.columns if not one.personal))
    return all(word in said for word in folded(words).split())


def _fits(column: ListColumn, cell: Cell, name: str, value: str) -> bool:
    if column.kind in DATED:
        return _in_days(cell, day_of(value), last=name.endswith(TO))
    if column.kind is Kind.NUMBER:
        return isinstance(cell.value, int) and cell.value >= int(value)
    if column.kind is Kind.CHOICE:
        return cell.code == value
    return folded(value) in folded(cell.said)


def _in_days(cell: Cell, limit: date | None, *, last: bool) -> bool:
    held = cell.value if last or cell.last is None else cell.last
    if limit is None or not isinstance(held, date):
        return False
    day = held.astimezone(JST).date() if isinstance(held, datetime) else held
    return day <= limit if last else day >= limit


def _sorted(
    view: View, rows: tuple[Row, ...], column: ListColumn | None, *, by_key: bool
) -> tuple[Row, ...]:
    """In the order of the column, equal ones as they came, empty ones last either way."""
    if by_key:
        return tuple(sorted(rows, key=lambda row: row.key))
    if column is None:
        return rows
    held = [(row, _order(row.cell(column.key))) for row in rows]
    some = [pair for pair in held if pair[1] is not None]
    some.sort(key=lambda pair: pair[1] or (), reverse=view.descending)
    return (*(row for row, _ in some), *(row for row, place in held if place is None))


def _order(cell: Cell) -> tuple[object, ...] | None:
    value: Value = cell.order if cell.order is not None else cell.value
    if value is None and cell.lines:
        value = cell.lines[0]
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return (0, value.timestamp())
    if isinstance(value, date):
        return (0, datetime(value.year, value.month, value.day, tzinfo=JST).timestamp())
    if isinstance(value, int):
        return (0, value)
    return (1, *kana_order(value))
