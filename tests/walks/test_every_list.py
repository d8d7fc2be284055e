"""Every list of the console over HTTP: filter, order, page, columns, saved view, files, choice.

A list is found by the registry, so a new one is tried here as it is added. What a page shows and
what its file holds are compared cell by cell.
"""

import csv
import html
import io
import re
from html.parser import HTMLParser
from typing import Final
from urllib.parse import parse_qsl

import httpx
import pytest

from governance.console.lists.registry import SOURCES
from governance.console.lists.source import Source
from governance.console.menu import MENU
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.ui.lists.types import SIZES, Kind, ListColumn
from governance.ui.lists.views import filter_names
from policies.types import RoleKind
from tests.walks.house import TOKEN, House

MOST_ROWS: Final = SIZES[-1]
NO_LIST: Final = frozenset(
    {
        *("/console", "/account", "/docs", "/console/style", "/console/pause", "/console/health"),
        *("/console/retention", "/console/keys", "/console/search", "/console/first-week"),
        *("/console/settings", "/console/reports"),
    }
)  # no list is their subject


class Table(HTMLParser):
    """Rows of the list with this id, cell by cell as a reader sees them."""

    def __init__(self, ident: str) -> None:
        super().__init__()
        self.ident = f"list-{ident}-row-"
        self.rows: list[list[str]] = []
        self.keys: list[str] = []
        self._row = self._cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "tr":
            self._row = (found.get("id") or "").startswith(self.ident)
            if self._row:
                self.rows.append([])
        if not self._row:
            return
        if found.get("name") == "key":
            self.keys.append(found["value"] or "")
        if tag in {"td", "th"}:
            self._cell = found.get("class") != "sk-rows__pick"
            if self._cell:
                self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self._cell = False
        if tag == "tr":
            self._row = False

    def handle_data(self, data: str) -> None:
        if self._row and self._cell:
            self.rows[-1][-1] += f" {data}"


def table(page: str, ident: str) -> Table:
    found = Table(ident)
    found.feed(page)
    return found


@pytest.fixture(scope="module")
def readers(furnished: House) -> dict[str, str]:
    """For each list a role that may see it."""
    policy = furnished.wiring.policies.current
    roles = [name for name, one in policy.roles.items() if one.kind is RoleKind.STAFF]
    return {
        name: next(
            role
            for role in ("privacy_officer", "data_manager", *roles)
            if any(policy.may(frozenset({role}), action) for action in source.any_of)
        )
        for name, source in SOURCES.items()
    }


def seen(house: House, reader: str, found: Source, /, **asked: str) -> str:
    source, prefix = found, found.declared.prefix
    query = {prefix + name.replace("__", "."): value for name, value in asked.items()}
    answer = house.browser(reader).get(source.declared.path, params=query)
    assert answer.status_code == httpx.codes.OK, (source.declared.id, query, answer.text[:200])
    return answer.text


def exported(house: House, role: str, source: Source, **asked: str) -> list[list[str]]:
    prefix = source.declared.prefix
    query = {prefix + name: value for name, value in asked.items()}
    answer = house.browser(role).get(f"/console/lists/{source.declared.id}/csv", params=query)
    assert answer.status_code == httpx.codes.OK, (source.declared.id, answer.text[:200])
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def squeezed(said: str) -> str:
    """Words without what only one of the two writes: blanks, brackets of a note, marks."""
    return re.sub(r"[\s()'’,–－]", "", said)


def same(shown: str, held: str, column: ListColumn) -> bool:
    if column.kind in {Kind.DAY, Kind.MOMENT} and held[:4].isdigit():
        year, month, day = (int(part) for part in held[:10].split("-"))
        return f"{year}年{month}月{day}日" in shown.replace(" ", "")
    return squeezed(held) == squeezed(shown)


@pytest.fixture(params=sorted(SOURCES))
def source(request: pytest.FixtureRequest) -> Source:
    return SOURCES[request.param]


def test_every_page_of_the_menu_that_is_a_list_has_one() -> None:
    paths = {one.declared.path for one in SOURCES.values()}
    missing = [
        place.href
        for _, places in MENU
        for place in places
        if place.href not in paths | NO_LIST and place.href not in OTHERS
    ]
    assert missing == []


OTHERS: Final = frozenset({"/console/persons"})  # sealed queries of their own


def test_a_list_filters_sorts_and_goes_out_as_it_is_shown(
    furnished: House, readers: dict[str, str], source: Source
) -> None:
    declared, role = source.declared, readers[source.declared.id]
    columns = [one for one in declared.columns if one.kind is not Kind.ACT]
    every = ",".join(one.key for one in columns)
    page = seen(furnished, role, source, cols=every, size=str(MOST_ROWS))
    shown = table(page, declared.id)
    assert f'id="list-{declared.id}"' in page
    assert f'id="list-{declared.id}-dropped"' not in page
    head, *lines = exported(furnished, role, source, cols=every)
    assert len(head) == len(columns)
    assert len(lines[:MOST_ROWS]) == len(shown.rows), declared.id
    for row, line in zip(shown.rows, lines[:MOST_ROWS], strict=True):
        for cell, held, column in zip(row, line, columns, strict=True):
            assert same(cell, held, column), (declared.id, column.key, cell, held)
    for column in columns if shown.rows else ():
        if column.sorts:
            order = [
                table(seen(furnished, role, source, sort=way, size=str(MOST_ROWS)), declared.id)
                for way in (column.key, f"-{column.key}")
            ]
            if len(shown.rows) < MOST_ROWS:
                assert sorted(order[0].keys) == sorted(order[1].keys) == sorted(shown.keys)
            asked = seen(furnished, role, source, sort=column.key, cols=column.key)
            assert 'aria-sort="ascending"' in asked


def test_every_filter_of_a_list_narrows_and_what_it_cannot_read_is_told(
    furnished: House, readers: dict[str, str], source: Source
) -> None:
    declared, role = source.declared, readers[source.declared.id]
    whole = table(seen(furnished, role, source, size=str(MOST_ROWS)), declared.id)
    nothing = {Kind.DAY: "1999-01-01", Kind.MOMENT: "1999-01-01", Kind.NUMBER: "999999999"}
    for column in declared.columns:
        for name in filter_names(column):
            if name.endswith(".from"):
                continue
            value = nothing.get(column.kind, "nothing-has-this-code")
            asked = seen(furnished, role, source, **{name.replace(".", "__"): value})
            assert table(asked, declared.id).rows == [], (declared.id, name)
    told = seen(furnished, role, source, page="zero", sort="nobody")
    if whole.rows:
        assert f'id="list-{declared.id}-dropped"' in told
    if declared.seeks:
        assert table(seen(furnished, role, source, q="qqqqxyz"), declared.id).rows == []


def test_a_view_of_a_list_is_kept_opens_it_and_goes(
    furnished: House, readers: dict[str, str], source: Source
) -> None:
    declared, role = source.declared, readers[source.declared.id]
    browser = furnished.browser(role)
    token = TOKEN.search(browser.get(declared.path).text)
    assert token is not None
    size = next(one for one in SIZES if one != declared.size)
    form = {
        "csrf": token[1], "list": declared.id, "name": f"架空の表示 {declared.id}",
        "query": f"{declared.prefix}size={size}", "preferred": "yes",
    }  # fmt: skip
    kept = browser.post("/console/views", data=form)
    assert kept.status_code == httpx.codes.SEE_OTHER, kept.text[:300]
    place = kept.headers["location"]
    row = place.rpartition("=")[2]
    assert f"架空の表示 {declared.id}" in browser.get(place).text
    bare = browser.get(declared.path).text
    if table(bare, declared.id).rows:
        assert f'<option value="{size}" selected' in bare, "the view opens the list"
        plain = browser.get(declared.path, params={f"{declared.prefix}view": "all"}).text
        here = re.search(rf'id="list-{declared.id}-saved-\d+"[^>]*aria-current', plain)
        assert here is None
    gone = browser.post(f"/console/views/{row}", data={"csrf": token[1], "act": "drop"})
    assert gone.status_code == httpx.codes.SEE_OTHER
    again = browser.post(f"/console/views/{row}", data={"csrf": token[1], "act": "drop"})
    assert again.status_code == httpx.codes.NOT_FOUND
    assert f"架空の表示 {declared.id}" not in browser.get(declared.path).text


def test_chosen_rows_alone_go_out(furnished: House, readers: dict[str, str]) -> None:
    source = SOURCES["law-duties"]
    browser = furnished.browser(readers["law-duties"])
    page = browser.get("/console/law").text
    token, keys = TOKEN.search(page), table(page, "law-duties").keys
    assert token is not None
    form = {"csrf": token[1], "form": "csv", "query": "cols=article", "key": keys[1:3]}
    made = browser.post("/console/lists/law-duties/chosen", data=form)
    lines = list(csv.reader(io.StringIO(made.content.decode("utf-8-sig"))))
    assert len(lines) == 3
    assert lines[0] == [text(source.declared.columns[0].label, Lang.JA)]


def test_who_may_not_see_a_list_gets_no_file_of_it_and_no_view(furnished: House) -> None:
    clerk = furnished.browser("marketing")
    assert clerk.get("/console/lists/holds/csv").status_code == httpx.codes.FORBIDDEN
    assert clerk.get("/console/lists/nothing/csv").status_code == httpx.codes.NOT_FOUND
    officer = furnished.browser("privacy_officer")
    assert officer.get("/console/lists/holds/pdf").status_code == httpx.codes.NOT_FOUND
    token = TOKEN.search(clerk.get("/console").text)
    assert token is not None
    form = {"csrf": token[1], "list": "holds", "name": "x", "query": ""}
    assert clerk.post("/console/views", data=form).status_code == httpx.codes.FORBIDDEN
    assert clerk.post("/console/views", data={**form, "csrf": "x"}).status_code == (
        httpx.codes.FORBIDDEN
    )


def test_words_about_customers_are_not_kept(furnished: House) -> None:
    officer = furnished.browser("privacy_officer")
    token = TOKEN.search(officer.get("/console/holds").text)
    assert token is not None
    form = {"csrf": token[1], "list": "holds", "name": "x", "query": "q=%E5%B1%B1%E7%94%B0"}
    assert officer.post("/console/views", data=form).status_code == (
        httpx.codes.UNPROCESSABLE_ENTITY
    )


FIGURE: Final = re.compile(
    r'sk-figure[^"]*"><a href="([^"]+)"><span class="sk-figure__label">[^<]*</span>'
    r'<span class="sk-figure__count">([\d,]+)'
)
BAR: Final = re.compile(r'class="sk-number"><a href="([^"]+)" aria-label="[^"]*">([\d,]+)')


@pytest.mark.parametrize("role", ["privacy_officer", "it_operator"])
def test_every_figure_of_the_overview_counts_the_rows_of_the_list_it_leads_to(
    furnished: House, role: str
) -> None:
    browser = furnished.browser(role)
    furnished.wiring.ports.decisions.settle()  # what other pages were decided is counted already
    page = browser.get("/console").text
    found = [*BAR.findall(page), *FIGURE.findall(page)]  # a page of the second may be decided anew
    walked = 0
    for href, said in found:
        address = html.unescape(href)
        answer = browser.get(address)
        assert answer.status_code == httpx.codes.OK, address
        path, _, query = address.partition("?")
        there = [one.declared for one in SOURCES.values() if one.declared.path == path]
        if not there:
            continue  # of what is held there are counts by file and kind, and no list of persons
        most = {f"{one.prefix}size": str(MOST_ROWS) for one in there}
        shown = browser.get(path, params={**dict(parse_qsl(query)), **most}).text
        counted = {len(table(shown, one.id).rows) for one in there}
        assert min(int(said.replace(",", "")), MOST_ROWS) in counted, address
        walked += 1
    assert walked >= 2, found
