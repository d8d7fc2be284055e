"""Lists without a page: views of query strings, rows of a view, files of exactly these rows."""

from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from urllib.parse import parse_qsl, urlsplit

import openpyxl
import pytest

from governance.core.terms import Lang
from governance.ui.lists.arranging import arranged, kana_order
from governance.ui.lists.exporting import FileForm, file_of
from governance.ui.lists.listing import Listing, listing_of
from governance.ui.lists.types import MOST, Cell, Found, Kind, ListColumn, ListOf, Row, View
from governance.ui.lists.views import address, has_words, spelled, view_of
from governance.ui.parts import Sorted

LABEL = "ui.table.empty"
LIST = ListOf(
    id="things",
    path="/console/things",
    title="ui.table.empty",
    keeps=("look",),
    columns=(
        ListColumn(key="name", label=LABEL, kind=Kind.NAME),
        ListColumn(key="state", label=LABEL, kind=Kind.CHOICE, filters=True),
        ListColumn(key="on", label=LABEL, kind=Kind.DAY, filters=True),
        ListColumn(key="count", label=LABEL, kind=Kind.NUMBER, filters=True),
        ListColumn(key="secret", label=LABEL, personal=True, filters=True, shown=False),
        ListColumn(key="act", label=LABEL, kind=Kind.ACT),
    ),
)
OTHER = ListOf(id="others", path="/console/things", title=LABEL, prefix="o-", columns=LIST.columns)


def thing(name: str, count: int, state: str = "open", day: int = 1) -> Row:
    return Row(
        key=f"k{count}",
        cells={
            "name": Cell(value=name, href=f"/console/things/{count}"),
            "state": Cell(value=state.upper(), code=state),
            "on": Cell(value=date(2026, 11, day)),
            "count": Cell(value=count),
            "secret": Cell(value="架空 花子"),
            "act": Cell(value="do", post="/x"),
        },
    )


ROWS = (
    thing("さくら", 3),
    thing("あおい", 1, "done", 5),
    thing("がく", 2, "open", 9),
    thing("かえで", 4),
)


def seen(query: str, rows: tuple[Row, ...] = ROWS) -> Listing:
    return listing_of(LIST, view_of(LIST, parse_qsl(query)), Found(rows=rows))


def names(query: str) -> list[object]:
    return [row.cell("name").value for row in seen(query).rows]


@pytest.mark.parametrize(
    "query",
    [
        "", "q=x", "state=open&sort=-count", "on.from=2026-11-02&on.to=2026-11-09", "count.least=2",
        "cols=name%2Ccount&size=50&page=3", "sort=name",
    ],
)  # fmt: skip
def test_a_view_is_its_address(query: str) -> None:
    view = view_of(LIST, parse_qsl(query))
    assert view.dropped == ()
    assert view_of(LIST, spelled(LIST, view)) == view
    assert address(LIST, view) == (f"{LIST.path}?{query}" if query else LIST.path)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("sort=nothing", "sort"), ("sort=act", "sort"), ("page=0", "page"), ("page=x", "page"),
        ("page=99999999999", "page"), ("size=21", "size"), ("cols=name,zzz", "cols"),
        ("on.from=yesterday", "on.from"), ("count.least=-1", "count.least"),
        ("state.from=1", "state.from"),
        ("secret=x", "secret"), ("before=x", "before"), ("q=" + "x" * 101, "q"), ("junk=1", "junk"),
        ("%3Cb%3E=1", "?"), ("architecture%0A=1", "?"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named_and_changes_nothing(query: str, told: str) -> None:
    view = view_of(LIST, parse_qsl(query))
    assert view.dropped == (told,)
    assert spelled(LIST, view) == (() if not told.startswith("cols") else spelled(LIST, view))
    assert len(seen(query).rows) == len(ROWS)


def test_lists_of_one_page_do_not_hear_each_other_and_keep_each_others_view() -> None:
    pairs = parse_qsl("state=open&o-state=done&look=yes")
    assert view_of(LIST, pairs).filters == (("state", "open"),)
    assert view_of(OTHER, pairs).filters == (("state", "done"),)
    assert view_of(LIST, pairs).dropped == view_of(OTHER, pairs).dropped == ()
    shown = listing_of(
        LIST, view_of(LIST, pairs), Found(rows=ROWS), rest=(("look", "yes"), ("o-state", "done"))
    )
    assert all("o-state=done" in shown.sort_href(one) for one in LIST.columns if one.key != "act")


def test_names_stand_in_the_order_of_the_fifty_sounds() -> None:
    assert names("sort=name") == ["あおい", "かえで", "がく", "さくら"]
    assert names("sort=-name") == ["さくら", "がく", "かえで", "あおい"]
    assert kana_order("カエデ") == kana_order("ｶｴﾃﾞ") == kana_order("かえで")


def test_more_names_than_memory_sorts_stand_by_their_keys() -> None:
    many = tuple(thing(f"n{MOST - n}", n) for n in range(MOST + 1))
    found = arranged(LIST, view_of(LIST, [("sort", "name")]), many)
    assert found.by_key
    assert [row.key for row in found.rows] == sorted(row.key for row in many)
    assert not arranged(LIST, view_of(LIST, [("sort", "name")]), many[1:]).by_key


LOG = replace(
    LIST,
    order="-on",
    cursor=True,
    columns=(
        ListColumn(key="on", label=LABEL, kind=Kind.DAY),
        ListColumn(key="name", label=LABEL, kind=Kind.NAME, within=True),
        ListColumn(key="count", label=LABEL, kind=Kind.NUMBER, within=True, back=False),
    ),
)


def paged(query: str, found: Found) -> Listing:
    return listing_of(LOG, view_of(LOG, parse_qsl(query)), found)


def directions(shown: Listing) -> list[str | None]:
    return [shown.sorted(one) for one in LOG.columns]


def test_a_long_list_is_sorted_here_when_few_enough_match() -> None:
    shown = paged("sort=name&size=20", Found(rows=ROWS * 6, total=24, whole=True))
    assert [row.cell("name").value for row in shown.rows[:6]] == ["あおい"] * 6
    assert (shown.by_cursor, shown.total, shown.first, shown.last) == (False, 24, 1, 20)
    assert parse_qsl(urlsplit(shown.next_href).query) == [("sort", "name"), ("page", "2")]
    assert directions(shown) == [None, Sorted.ASCENDING, None]
    assert "sort=-name" in shown.sort_href(LOG.columns[1])


def test_a_long_list_of_too_many_stands_in_its_own_order_and_says_so() -> None:
    shown = paged("sort=name", Found(rows=ROWS, total=9_000, next="n7"))
    assert (shown.by_key, shown.newest_first, shown.by_cursor) == (True, True, True)
    assert directions(shown) == [Sorted.DESCENDING, None, None]
    assert [row.key for row in shown.rows] == [row.key for row in ROWS]
    assert parse_qsl(urlsplit(shown.next_href).query) == [("sort", "name"), ("before", "n7")]
    oldest = paged("sort=on", Found(rows=ROWS, total=9_000, next="n7"))
    assert (oldest.by_key, oldest.newest_first) == (False, False)
    assert directions(oldest) == [Sorted.ASCENDING, None, None]


def test_rows_chosen_on_a_later_page_are_within_reach_of_their_file() -> None:
    shown = paged("before=n7", Found(rows=ROWS, total=9_000))
    assert parse_qsl(shown.query_here) == [("before", "n7")]
    assert shown.query == "", "a kept view has no page"


def test_a_column_with_one_direction_leads_back_to_the_lists_own_order() -> None:
    shown = paged("sort=count", Found(rows=ROWS, total=4, whole=True))
    assert "sort" not in shown.sort_href(LOG.columns[2])
    assert ("-count", LABEL, True) not in shown.orders


def test_a_file_says_at_its_end_what_it_leaves_out() -> None:
    columns = LIST.columns[:2]
    made = file_of(LIST, columns, ROWS[:1], form=FileForm.CSV, lang=Lang.JA, bounds=("ここまで",))
    lines = made.decode("utf-8-sig").splitlines()
    assert lines[1:] == ['"さくら","OPEN"', '"",""', '"ここまで",""']


def test_filters_meet_and_choices_are_counted() -> None:
    assert names("state=open&count.least=3") == ["さくら", "かえで"]
    assert names("on.from=2026-11-05&on.to=2026-11-05") == ["あおい"]
    assert names("q=%E3%82%AA%E3%83%BC") == []
    assert names("q=%E3%82%A2%E3%82%AA") == ["あおい"], "the kind of kana makes no difference"
    assert names("q=%E8%8A%B1%E5%AD%90") == [], "a personal column is not searched"
    facets = seen("state=done").facets["state"]
    assert {(one.code, one.count) for one in facets} == {("open", 3), ("done", 1)}
    assert names("state=nothing") == []


def test_empty_cells_stand_last_either_way() -> None:
    bare = Row(key="bare", cells={})
    for query in ("sort=count", "sort=-count", "sort=name", "sort=-on"):
        view = view_of(LIST, parse_qsl(query))
        assert arranged(LIST, view, (bare, *ROWS)).rows[-1] is bare


def test_a_page_beyond_the_last_is_the_last() -> None:
    many = tuple(thing(f"n{n}", n) for n in range(45))
    shown = seen("page=9", many)
    assert (shown.first, shown.last, shown.next_href) == (41, 45, "")
    assert "page=2" in shown.previous_href
    assert "page" not in seen("page=2", many).previous_href


def test_the_file_has_the_rows_and_columns_of_the_view_and_no_formula() -> None:
    rows = (thing("=1+1", 1), *ROWS)
    shown = seen("cols=name,count,act&sort=-count", rows)
    held = arranged(LIST, shown.view, rows).rows
    raw = file_of(LIST, shown.columns, held, form=FileForm.CSV, lang=Lang.JA).decode("utf-8-sig")
    lines = raw.splitlines()
    assert len(lines) == 1 + len(rows)
    assert lines[1:3] == ['"かえで","4"', '"さくら","3"']
    assert '"\'=1+1","1"' in lines
    book = openpyxl.load_workbook(
        BytesIO(file_of(LIST, shown.columns, held, form=FileForm.XLSX, lang=Lang.JA))
    )
    sheet = book.worksheets[0]
    cells = [[cell.value for cell in line] for line in sheet.iter_rows(min_row=2)]
    assert ["かえで", 4] in cells
    assert all(cell.data_type != "f" for line in sheet.iter_rows() for cell in line)


AT = ListColumn(key="at", label=LABEL, kind=Kind.MOMENT)


def test_a_moment_is_written_in_japans_time() -> None:
    at = datetime(2026, 11, 26, 15, 30, tzinfo=UTC)
    one = ListOf(
        id="a",
        path="/a",
        title=LABEL,
        columns=(AT,),
    )
    row = Row(key="1", cells={"at": Cell(value=at, note="x")})
    raw = file_of(one, one.columns, [row], form=FileForm.CSV, lang=Lang.JA).decode("utf-8-sig")
    assert "2026-11-27 00:30:00 (x)" in raw


def test_words_and_only_words_make_a_view_that_may_name_somebody() -> None:
    assert has_words(LIST, view_of(LIST, [("q", "x")]))
    assert not has_words(LIST, view_of(LIST, [("state", "open"), ("sort", "name")]))


def test_no_repr_says_what_stands_in_a_cell() -> None:
    assert "架空" not in repr(ROWS[0]) + repr(ROWS[0].cell("secret"))
    assert "架空" not in repr(View(filters=(("q", "架空"),)))


def test_a_list_says_where_its_files_end_when_they_do_not_hold_it_all() -> None:
    view = view_of(LIST, ())
    assert listing_of(LIST, view, Found(rows=ROWS)).file_ends_at == 0
    assert listing_of(LIST, view, Found(rows=ROWS, more=True)).file_ends_at == MOST
