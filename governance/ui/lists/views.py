"""Views to query strings and back. What is unknown or malformed is not used, and named."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Final
from urllib.parse import urlencode

from governance.ui.lists.types import DATED, Kind, ListColumn, ListOf, Pairs, View

WORDS: Final = "q"
FROM, TO, LEAST = ".from", ".to", ".least"
OWN: Final = frozenset({WORDS, "sort", "page", "size", "cols", "before", "view"})
ALL: Final = "all"  # the list as it is, whatever view opens it otherwise
LONGEST: Final = 100  # characters of a filter's value
CURSOR: Final = re.compile(r"[\w.:-]{1,500}", re.ASCII)  # a place may be sealed
PLACES: Final = 6  # digits of a page's number
ROW_KEY: Final = re.compile(r"[\w.:-]{1,100}", re.ASCII)
TELLABLE: Final = re.compile(r"[a-z][a-z0-9_.-]{0,39}")  # a parameter's name that is said again
UNTOLD: Final = "?"


def filter_names(column: ListColumn) -> tuple[str, ...]:
    """The parameters that filter by this column."""
    if not column.filters or column.personal:
        return ()
    if column.kind in DATED:
        return (column.key + FROM, column.key + TO)
    if column.kind is Kind.NUMBER:
        return (column.key + LEAST,)
    return (column.key,)


def names_of(declared: ListOf) -> frozenset[str]:
    """Every parameter of the list, without its prefix."""
    filters = {name for column in declared.columns for name in filter_names(column)}
    return OWN | filters


def is_own(declared: ListOf, name: str) -> bool:
    """Whether the parameter speaks to this list; one with another's prefix does not."""
    if declared.prefix:
        return name.startswith(declared.prefix)
    return "-" not in name and name not in declared.keeps


def others(declared: ListOf, pairs: Pairs) -> tuple[tuple[str, str], ...]:
    """Parameters of the page and of its other lists, which the list's links carry on."""
    kept = {*declared.keeps}
    return tuple(
        (name, value)
        for name, value in pairs
        if not is_own(declared, name) and (name in kept or "-" in name or declared.prefix)
    )


def view_of(declared: ListOf, pairs: Pairs) -> View:
    """The view that a query string asks for, with the names of what it does not understand."""
    given: dict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        if is_own(declared, name):
            given[name.removeprefix(declared.prefix)].append(value.strip())
    return _read(declared, {name: values for name, values in given.items() if any(values)})


def _read(declared: ListOf, given: dict[str, list[str]]) -> View:
    known = names_of(declared)
    dropped = [name for name in given if name not in known]
    last = {name: values[-1] for name, values in given.items() if name in known}
    columns, wrong = _columns(declared, given.get("cols", []))
    dropped += ["cols"] if wrong else []
    found = View(
        filters=tuple(_filters(declared, last, dropped)),
        sort=_sort(declared, last.get("sort", ""), dropped),
        page=_number(last, "page", dropped),
        size=_size(declared, last.get("size", ""), dropped),
        columns=columns,
        before=_place(declared, last.get("before", ""), dropped),
        saved=last.get("view", "") if ROW_KEY.fullmatch(last.get("view", "")) else "",
    )
    told = (name if TELLABLE.fullmatch(name) else UNTOLD for name in dropped)
    return replace(found, dropped=tuple(dict.fromkeys(told)))


def _filters(
    declared: ListOf, given: dict[str, str], dropped: list[str]
) -> Iterable[tuple[str, str]]:
    words = given.get(WORDS, "")
    if words and declared.seeks and len(words) <= LONGEST:
        yield WORDS, words
    elif words:
        dropped.append(WORDS)
    for column in declared.columns:
        for name in filter_names(column):
            value = given.get(name, "")
            if not value:
                continue
            if is_filter(column, value):
                yield name, value
            else:
                dropped.append(name)


def is_filter(column: ListColumn, value: str) -> bool:
    """Whether the value can filter a column of this kind."""
    if column.kind in DATED:
        return day_of(value) is not None
    if column.kind is Kind.NUMBER:
        return value.isascii() and value.isdigit() and len(value) <= LONGEST // 10
    return len(value) <= LONGEST


def day_of(value: str) -> date | None:
    """The day of ISO 8601; None for anything else."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _sort(declared: ListOf, value: str, dropped: list[str]) -> str:
    if not value:
        return declared.order
    column = declared.column(value.removeprefix("-"))
    if column is None or not column.sorts or column.kind is Kind.ACT:
        dropped.append("sort")
        return declared.order
    return value


def _number(given: dict[str, str], name: str, dropped: list[str]) -> int:
    value = given.get(name, "")
    if not value:
        return 1
    if value.isascii() and value.isdigit() and len(value) <= PLACES and int(value) > 0:
        return int(value)
    dropped.append(name)
    return 1


def _size(declared: ListOf, value: str, dropped: list[str]) -> int:
    if value in {str(size) for size in declared.sizes}:
        return int(value)
    if value:
        dropped.append("size")
    return declared.size


def _place(declared: ListOf, value: str, dropped: list[str]) -> str:
    if value and not (declared.cursor and CURSOR.fullmatch(value)):
        dropped.append("before")
        return ""
    return value


def _columns(declared: ListOf, values: Iterable[str]) -> tuple[tuple[str, ...], bool]:
    """The chosen columns in the order of the list, never without the first; and a wrong name."""
    chosen = {name for value in values for name in value.split(",") if name}
    keys = [one.key for one in declared.columns]
    found = tuple(key for place, key in enumerate(keys) if place == 0 or key in chosen)
    default = not chosen or found == declared.default_columns
    return () if default else found, bool(chosen - set(keys))


def spelled(declared: ListOf, view: View) -> tuple[tuple[str, str], ...]:
    """The parameters of a view; what is as the list has it by itself is left out."""
    said: list[tuple[str, str]] = list(view.filters)
    if view.sort != declared.order:
        said.append(("sort", view.sort))
    if view.columns:
        said.append(("cols", ",".join(view.columns)))
    if view.size != declared.size:
        said.append(("size", str(view.size)))
    if view.before:
        said.append(("before", view.before))
    if view.page > 1:
        said.append(("page", str(view.page)))
    if view.saved:
        said.append(("view", view.saved))
    return tuple((declared.prefix + name, value) for name, value in said)


def address(declared: ListOf, view: View, rest: Pairs = ()) -> str:
    """The address of the page with this view of the list."""
    query = urlencode([*rest, *spelled(declared, view)])
    return f"{declared.path}?{query}" if query else declared.path


def has_words(declared: ListOf, view: View) -> bool:
    """Whether the view holds words that somebody typed."""
    typed = {WORDS} | {
        one.key for one in declared.columns if one.kind in {Kind.WORDS, Kind.NAME} and one.filters
    }
    return any(name in typed for name, _ in view.filters)


def names_persons(declared: ListOf) -> bool:
    """Whether rows of the list say something of a customer."""
    return any(column.personal for column in declared.columns)
