"""A list as it is declared, a row of it, and one view of it: frozen facts without any page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

SIZES: Final = (20, 50, 100, 200)  # rows of a page
MOST: Final = 2_000  # rows that are arranged in memory, and sorted by name (kana order)

Value = str | int | date | datetime | None
Pairs = Sequence[tuple[str, str]]


class Kind(StrEnum):
    """What stands in a column; it decides how it is filtered, sorted, shown and exported."""

    WORDS = "words"
    NAME = "name"  # sorted in kana order
    CHOICE = "choice"  # of a closed set, by code
    NUMBER = "number"
    DAY = "day"
    MOMENT = "moment"
    ACT = "act"  # a button; neither sorted nor exported


DATED: Final = frozenset({Kind.DAY, Kind.MOMENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell, in the reader's language."""

    value: Value = field(default=None, repr=False)
    code: str = ""  # of a choice: what a filter names
    order: Value = field(default=None, repr=False)  # sorted by this instead of the value
    last: date | None = None  # of a span of days: its last
    href: str = ""
    aside: bool = False  # the address is not the row's own
    tone: str = ""  # a chip of this tone instead of plain words
    note: str = field(default="", repr=False)  # quiet words after it
    note_tone: str = ""  # the note is a chip
    lines: tuple[str, ...] = field(default=(), repr=False)  # several sentences instead of a value
    mono: bool = False
    whole: bool = False  # never broken between two lines: a number
    under: bool = False  # the note stands on a line of its own
    post: str = ""  # of an act: where its button posts to
    lang: str = ""  # of words that are not in the page's language
    actor: str = ""  # who acted: told by name when the list is shown

    @property
    def said(self) -> str:
        """The words that are searched."""
        return " ".join((*self.lines, "" if self.value is None else str(self.value), self.note))


EMPTY: Final = Cell()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row; its key is no personal value and stands in forms."""

    key: str
    cells: Mapping[str, Cell] = field(repr=False)
    here: bool = False

    def cell(self, key: str) -> Cell:
        """The cell of a column; empty where the row has none."""
        return self.cells.get(key, EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListColumn:
    """One column; `label` is a catalogue key."""

    key: str
    label: str
    kind: Kind = Kind.WORDS
    sorts: bool = True
    back: bool = True  # the other way round too
    within: bool = False  # of a list with a cursor: sorted in memory, where no more than MOST match
    filters: bool = False
    shown: bool = True  # before somebody chooses
    figure: bool = False  # stands on the right as numbers do: a share, a part of a day
    personal: bool = False  # never searched, filtered or kept: a name has no place in an address


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """A list: what it is, its columns, and which rows come first."""

    id: str
    path: str  # of the page that shows it
    title: str  # catalogue key: the caption of the table
    columns: tuple[ListColumn, ...]
    order: str = ""  # a column, with "-" before it for the reverse; "" as the rows come
    size: int = SIZES[0]
    prefix: str = ""  # of its parameters, where a page has several lists: "abroad-"
    keeps: tuple[str, ...] = ()  # parameters of the page itself, which its links carry on
    none: str = "ui.table.empty"
    none_text: str = ""
    cursor: bool = False  # the database filters, sorts and pages; else memory does, up to MOST
    dated: bool = True  # of a list with a cursor: its own order has the newest rows first
    reaches: bool = False  # where a period is asked for, its source reads older rows too
    seeks: bool = True  # has the field for words
    selects: bool = True
    has_files: bool = True
    sizes: tuple[int, ...] = SIZES

    def column(self, key: str) -> ListColumn | None:
        """The column of this key."""
        return next((one for one in self.columns if one.key == key), None)

    def sorts_within(self, sort: str) -> bool:
        """Whether this order is made in memory, of a list that the database pages."""
        column = self.column(sort.removeprefix("-"))
        return self.cursor and column is not None and column.within

    @property
    def default_columns(self) -> tuple[str, ...]:
        """What is shown before somebody chooses."""
        return tuple(one.key for one in self.columns if one.shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What of a list is shown, and how; every part of it stands in the address."""

    filters: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    sort: str = ""
    page: int = 1
    size: int = SIZES[0]
    columns: tuple[str, ...] = ()
    before: str = ""  # of a list with a cursor: the row after which this page begins
    saved: str = ""  # the saved view that it comes from
    dropped: tuple[str, ...] = ()  # parameters that were not understood and are not used

    def asked(self, name: str) -> str:
        """The value of one filter; empty where it asks nothing."""
        return dict(self.filters).get(name, "")

    @property
    def sort_key(self) -> str:
        """The column that it is sorted by."""
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        """Whether the last comes first."""
        return self.sort.startswith("-")

    def first_page(self) -> "View":
        """The same view from its beginning."""
        return replace(self, page=1, before="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """One value of a choice and how many rows have it."""

    code: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Rows of a list as its source gives them."""

    rows: tuple[Row, ...]
    total: int | None = None  # of a list with a cursor: rows that meet the filter, if counted
    more: bool = False  # the source holds more than were read, or the total is a least number
    next: str = ""  # of a list with a cursor: where the following page begins
    whole: bool = False  # of a list with a cursor: all that match, still to be sorted and paged
    bounds: tuple[str, ...] = ()  # sentences on what was not looked through; a file holds them too
    facets: Mapping[str, tuple[Facet, ...]] = field(default_factory=dict)  # of the database


@dataclass(frozen=True, slots=True, kw_only=True)
class Arranged:
    """The rows of a view in its order, on all its pages."""

    rows: tuple[Row, ...]
    of: int  # rows before the filter
    facets: Mapping[str, tuple[Facet, ...]] = field(default_factory=dict)
    by_key: bool = False  # too many for an order by name: they stand by their keys
