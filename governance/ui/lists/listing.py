"""One list as a page shows it: the rows of one page, what may be chosen, and every address."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlencode

from governance.ui.lists.arranging import arranged, in_order
from governance.ui.lists.types import (
    DATED,
    MOST,
    Facet,
    Found,
    Kind,
    ListColumn,
    ListOf,
    Row,
    View,
)
from governance.ui.lists.views import (
    ALL,
    FROM,
    LEAST,
    TO,
    address,
    filter_names,
    spelled,
)
from governance.ui.parts import Sorted

FORMS: Final = ("csv", "xlsx")
REST: Final = "rest"  # the parameter of those forms


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedLink:
    """A view that somebody kept under a name."""

    id: str
    name: str = field(repr=False)
    href: str
    own: bool
    shared: bool = False
    preferred: bool = False  # it opens the list for this reader
    here: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One field of the filter form."""

    id: str
    name: str
    label: str  # catalogue key of the column
    part: str  # "", "from", "to", "least"
    value: str = field(repr=False)
    options: tuple[Facet, ...] | None = None  # of a choice
    dated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What the macro `ui.list` shows."""

    declared: ListOf
    view: View
    rows: tuple[Row, ...]
    total: int
    of: int
    more: bool = False
    by_key: bool = False
    numbered: bool = False  # of a list with a cursor: all its rows were sorted, pages have numbers
    next: str = ""
    facets: Mapping[str, tuple[Facet, ...]] = field(default_factory=dict)
    rest: tuple[tuple[str, str], ...] = ()
    saved: tuple[SavedLink, ...] = ()
    keeps_views: str = ""  # POST target that saves the view; empty where nobody can
    notes: tuple[str, ...] = ()  # sentences on how these rows were found
    files: str = ""  # where its files are; empty where there are none
    chosen_to: str = ""  # where the chosen rows become a file, where that is not among those

    @property
    def by_cursor(self) -> bool:
        """Whether a page begins after a row, instead of having a number."""
        return self.declared.cursor and not self.numbered

    @property
    def newest_first(self) -> bool:
        """Whether a following page holds older rows."""
        stands = self.by_key or self.view.sort == self.declared.order
        return self.by_cursor and self.declared.dated and stands

    @property
    def columns(self) -> tuple[ListColumn, ...]:
        """The shown columns in their order."""
        chosen = self.view.columns or self.declared.default_columns
        return tuple(one for one in self.declared.columns if one.key in chosen)

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter keeps rows back."""
        return bool(self.view.filters)

    @property
    def file_ends_at(self) -> int:
        """The rows with which a file ends although the list goes on; 0 where it holds them all."""
        return MOST if self.more or (self.declared.cursor and self.total > MOST) else 0

    @property
    def first(self) -> int:
        """The number of the first row on this page, from 1."""
        return (self.view.page - 1) * self.view.size + 1

    @property
    def last(self) -> int:
        """The number of the last row on this page."""
        return self.first + len(self.rows) - 1

    def _at(self, view: View) -> str:
        return address(self.declared, view, self.rest)

    def sorted(self, column: ListColumn) -> Sorted | None:
        """How the list is sorted by this column."""
        order = self.declared.order if self.by_key and self.declared.cursor else self.view.sort
        if column.key != order.removeprefix("-") or (self.by_key and not self.declared.cursor):
            return None
        return Sorted.DESCENDING if order.startswith("-") else Sorted.ASCENDING

    def sort_href(self, column: ListColumn) -> str:
        """The address of the list sorted by this column, the other way round if it already is.

        Where there is no other way round it is the list in its own order.
        """
        if not column.sorts or column.kind is Kind.ACT:
            return ""
        back = self.sorted(column) is Sorted.ASCENDING
        other = f"-{column.key}" if column.back else self.declared.order
        view = replace(self.view.first_page(), sort=other if back else column.key)
        return self._at(replace(view, saved=""))

    @property
    def previous_href(self) -> str:
        """The page before; of a list with a cursor its beginning; empty on the first."""
        if self.by_cursor:
            return self._at(self.view.first_page()) if self.view.before else ""
        return self._at(replace(self.view, page=self.view.page - 1)) if self.view.page > 1 else ""

    @property
    def next_href(self) -> str:
        """The page after; empty on the last."""
        if self.by_cursor:
            return self._at(replace(self.view, before=self.next)) if self.next else ""
        more = self.last < self.total
        return self._at(replace(self.view, page=self.view.page + 1)) if more else ""

    @property
    def clear_href(self) -> str:
        """The list as it is, without filters, in its own order."""
        opened = any(one.preferred for one in self.saved)
        return self._at(
            View(
                sort=self.declared.order,
                size=self.declared.size,
                columns=self.view.columns,
                saved=ALL if opened else "",
            )
        )

    @property
    def query(self) -> str:
        """What is kept of this view: filters, order, columns and size, but no page."""
        return urlencode(spelled(self.declared, replace(self.view.first_page(), saved="")))

    @property
    def query_here(self) -> str:
        """The same from the place where this page begins: its rows are within reach of a file."""
        view = replace(self.view, page=1, saved="")
        return urlencode(spelled(self.declared, view))

    @property
    def rest_of_page(self) -> tuple[tuple[str, str], ...]:
        """What a form that leads back to the page carries on."""
        return ((REST, urlencode(self.rest)),) if self.rest else ()

    def file_href(self, form: str) -> str:
        """The file of exactly the rows and columns of this view, on all its pages."""
        pairs = [*self.rest, *spelled(self.declared, replace(self.view, page=1, saved=""))]
        query = urlencode(pairs)
        return f"{self.files}/{self.declared.id}/{form}" + (f"?{query}" if query else "")

    @property
    def chosen_action(self) -> str:
        """Where the chosen rows are sent to become a file."""
        return self.chosen_to or f"{self.files}/{self.declared.id}/chosen"

    @property
    def id(self) -> str:
        """The element that holds the list and is swapped."""
        return f"list-{self.declared.id}"

    @property
    def controls(self) -> tuple[Control, ...]:
        """The fields of the filter form, in the order of the columns."""
        return tuple(
            self._control(column, name)
            for column in self.declared.columns
            for name in filter_names(column)
        )

    def _control(self, column: ListColumn, name: str) -> Control:
        parts = {FROM: "from", TO: "to", LEAST: "least"}
        part = next((said for end, said in parts.items() if name.endswith(end)), "")
        return Control(
            id=f"{self.id}-{name.replace('.', '-')}",
            name=self.declared.prefix + name,
            label=column.label,
            part=part,
            value=self.view.asked(name),
            options=self.facets.get(column.key, ()) if column.kind is Kind.CHOICE else None,
            dated=column.kind in DATED,
        )

    def _hidden(self, view: View, *, filters: bool) -> tuple[tuple[str, str], ...]:
        view = view if filters else replace(view, filters=())
        return (*self.rest, *spelled(self.declared, replace(view.first_page(), saved="")))

    @property
    def beside_filters(self) -> tuple[tuple[str, str], ...]:
        """What the filter form carries on unseen."""
        return self._hidden(self.view, filters=False)

    @property
    def beside_columns(self) -> tuple[tuple[str, str], ...]:
        """What the form of the columns carries on unseen."""
        plain = replace(self.view, columns=(), size=self.declared.size, sort=self.declared.order)
        return self._hidden(plain, filters=True)

    @property
    def orders(self) -> tuple[tuple[str, str, bool], ...]:
        """Orders that may be chosen: value, label of the column, whether the last comes first."""
        return tuple(
            (f"-{one.key}" if back else one.key, one.label, back)
            for one in self.declared.columns
            if one.sorts and one.kind is not Kind.ACT
            for back in ((False, True) if one.back else (False,))
        )

    @property
    def sizes(self) -> tuple[int, ...]:
        """Rows of a page that may be chosen."""
        return self.declared.sizes


def listing_of(declared: ListOf, view: View, found: Found, **more: object) -> Listing:
    """The list on one page of its view; a page beyond the last is the last."""
    if declared.cursor:
        return _of_database(declared, view, found, more)
    held = arranged(declared, view, found.rows)
    facts = {
        "of": held.of,
        "by_key": held.by_key,
        "facets": held.facets,
        "more": found.more,
    }
    return _page_of(declared, view, held.rows, {**facts, **more})


def _of_database(declared: ListOf, view: View, found: Found, more: Mapping[str, object]) -> Listing:
    """Rows as the database paged them; or all that match, sorted here by a column of its own."""
    total = len(found.rows) if found.total is None else found.total
    facts = {"of": total, "facets": found.facets, **more}
    if found.whole:
        rows = in_order(declared, view, found.rows)
        return _page_of(declared, replace(view, before=""), rows, {**facts, "numbered": True})
    facts |= {"total": total, "by_key": declared.sorts_within(view.sort), "more": found.more}
    return _made(declared, view, {"rows": found.rows, "next": found.next}, facts)


def _page_of(
    declared: ListOf, view: View, rows: tuple[Row, ...], facts: Mapping[str, object]
) -> Listing:
    """One page of all rows; one beyond the last is the last."""
    last = max(1, -(-len(rows) // view.size))
    view = replace(view, page=min(view.page, last))
    start = (view.page - 1) * view.size
    shown = {"rows": rows[start : start + view.size], "total": len(rows)}
    return _made(declared, view, shown, facts)


def _made(
    declared: ListOf, view: View, facts: Mapping[str, object], more: Mapping[str, object]
) -> Listing:
    given: dict[str, object] = {**facts, **more}
    return Listing(declared=declared, view=view, **given)  # type: ignore[arg-type] # by name
