"""However a search is cut into pages, each hit comes once, best first, and is counted once."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.app.wiring import Wiring
from governance.core.ids import new_row_id
from governance.core.terms import FieldId
from governance.customers.search.filling import follow
from governance.customers.search_terms import Level
from governance.customers.tokens import packed
from governance.gateway import search_pages, search_rows
from governance.gateway.search_rows import LAST_ROW, Place
from governance.gateway.search_types import Order, SearchAnswer, SearchRequest
from governance.gateway.searching import search
from tests.installation import AT, MANAGER, customer, import_file, register, staff, write_file

NAMES = (
    "山田",
    "山田　一郎",
    "山田　花子",
    "小山田　次郎",
    "大山田　三郎",
    "山田　一郎",
    "架空　四郎",
)


@pytest.fixture
def crowd(on_sqlite: Wiring, tmp_path: Path) -> Wiring:
    """Twenty-one customers of seven names, found in every way."""
    people = [customer(n, 氏名=NAMES[n % 7], フリガナ="カクウ") for n in range(21)]
    import_file(on_sqlite, write_file(tmp_path, register(people)))
    follow(on_sqlite.database, on_sqlite.vault)
    return on_sqlite


def found(wiring: Wiring, text: str = "山田", **more: Any) -> SearchAnswer:
    request = SearchRequest(text=text, purpose="data_quality", **more)
    return search(wiring.ports, MANAGER, request, at=AT)


def pages(wiring: Wiring, text: str = "山田", **more: Any) -> list[SearchAnswer]:
    """Every page to the end."""
    made = [found(wiring, text, **more)]
    while made[-1].cursor is not None:
        made.append(found(wiring, text, cursor=made[-1].cursor, **more))
    return made


def rows(answers: Sequence[SearchAnswer]) -> list[str]:
    return [hit.row for answer in answers for hit in answer.hits]


@pytest.mark.parametrize("limit", [1, 2, 5, 17, 18, 19])
def test_pages_of_any_size_hold_the_same_hits_in_the_same_order(crowd: Wiring, limit: int) -> None:
    whole, cut = rows([found(crowd, limit=100)]), pages(crowd, limit=limit)
    assert len(whole) == 18
    assert rows(cut) == whole
    assert cut[-1].total_exact
    assert [page.total for page in cut][-1] == 18
    for page in cut[:-1]:
        assert page.total <= 18


def test_levels_never_rise_and_rows_of_a_level_grow_older(crowd: Wiring) -> None:
    (page,) = pages(crowd, limit=100)
    order = [(hit.level, hit.row) for hit in page.hits]
    assert order == sorted(order, key=lambda one: (one[0], -int(one[1].replace("-", ""), 16)))
    assert {hit.level for hit in page.hits} == set(Level)


def test_a_page_that_stops_early_goes_on_where_it_stopped(
    crowd: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = rows([found(crowd, limit=100)])
    monkeypatch.setattr(search_pages, "IN_VAIN", {False: 2, True: 1})
    monkeypatch.setattr(search_pages, "PASSED_OVER", {False: 3, True: 1})
    monkeypatch.setattr(search_rows, "FIRST_ROUND", dict.fromkeys(Level, 2))
    monkeypatch.setattr(search_rows, "ROUND", 3)
    cut = pages(crowd, limit=4)
    assert rows(cut) == whole
    assert len(cut) > 5
    assert (cut[-1].total, cut[-1].total_exact) == (18, True)


def test_more_rows_than_one_page_opens_are_reached_by_the_next(
    crowd: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_pages, "COUNTED_AT", 4)  # as 1,000 of a great register
    monkeypatch.setattr(search_pages, "CHUNK", 2)
    cut = pages(crowd, limit=100)
    assert len(rows(cut)) == len(set(rows(cut))) == 18
    assert len(cut) > 4


def test_a_count_goes_on_behind_the_page_and_changes_no_page(crowd: Wiring) -> None:
    plain, counted = found(crowd, limit=3), found(crowd, limit=3, count=True)
    assert 3 < plain.total < 18  # as far as the page had to look
    assert not plain.total_exact
    assert (counted.total, counted.total_exact) == (18, True)
    assert rows([plain]) == rows([counted])
    assert rows(pages(crowd, limit=3, count=True)) == rows(pages(crowd, limit=3))


def test_whom_the_searcher_may_not_see_is_not_counted(crowd: Wiring) -> None:
    request = SearchRequest(text="山田", purpose="mail_marketing", count=True)
    answer = search(crowd.ports, staff("marketing"), request, at=AT)
    assert (answer.hits, answer.total, answer.total_exact) == ((), 0, True)


def test_a_cursor_holds_neither_word_nor_token_nor_row(crowd: Wiring) -> None:
    answer = found(crowd, limit=1)
    assert answer.cursor is not None
    for secret in ("山田", answer.hits[0].row, packed(answer.hits[0].row).hex()):
        assert secret not in answer.cursor
    again = found(crowd, limit=1)
    assert again.cursor != answer.cursor  # sealed anew: it tells not even that it is the same


levels = st.sampled_from(list(Level))
keys = st.binary(min_size=16, max_size=16)
places = st.builds(Place, part=st.just(0), level=levels, row=keys)


@settings(max_examples=50)
@given(some=st.lists(places, unique=True))
def test_places_are_ordered_by_level_and_then_newest_first(some: list[Place]) -> None:
    ordered = sorted(some, key=lambda place: place.order)
    for before, after in pairwise(ordered):
        assert before.level < after.level or before.row > after.row
    for place in some:
        end = Place(part=0, level=place.level, row=LAST_ROW)
        assert place.order <= end.order


def test_rows_made_later_are_newer() -> None:
    made = [packed(new_row_id()) for _ in range(50)]
    assert made == sorted(made)


@pytest.fixture
def read_out(on_sqlite: Wiring, tmp_path: Path) -> Wiring:
    """Six customers of one family, whose readings are in no order of their rows."""
    given = ("ジロウ", "アイ", "ハナコ", "イチロウ", "パンダ", "バアヤ")
    people = [
        customer(n, 氏名=f"山田　{n}", フリガナ=f"ヤマダ　{name}") for n, name in enumerate(given)
    ]
    import_file(on_sqlite, write_file(tmp_path, register(people)))
    follow(on_sqlite.database, on_sqlite.vault)
    return on_sqlite


@pytest.mark.parametrize("limit", [2, 6])
def test_few_enough_hits_stand_in_the_order_of_their_kana(read_out: Wiring, limit: int) -> None:
    made = [found(read_out, order=Order.KANA, limit=limit)]
    while made[-1].cursor is not None:
        made.append(found(read_out, cursor=made[-1].cursor, order=made[-1].order, limit=limit))
    told = [
        (view.shown.value or "").split()[-1]
        for page in made
        for hit in page.hits
        if (view := hit.view.get("kana")) is not None
    ]
    assert told == ["アイ", "イチロウ", "ジロウ", "バアヤ", "ハナコ", "パンダ"]
    assert {page.total for page in made} == {6}
    assert {page.order for page in made} == {Order.KANA}


def test_more_hits_than_can_be_ordered_stand_newest_first_and_say_so(
    read_out: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_pages, "FOUND_MOST", 5)
    page = found(read_out, order=Order.KANA)
    assert page.order is Order.BEST
    assert rows([page]) == rows([found(read_out)])


def test_a_kana_that_is_not_shown_orders_nobody(read_out: Wiring) -> None:
    sees_no_kana = found(read_out, order=Order.KANA, show=(FieldId("person.name"),))
    assert sees_no_kana.order is Order.KANA
    assert rows([sees_no_kana]) == rows([found(read_out)])
