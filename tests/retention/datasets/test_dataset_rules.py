"""No standard is met by accident, no value comes back finer, no rare person stays."""

from collections import defaultdict
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.terms import FieldId
from governance.customers.catalogue import catalogue
from retention.datasets.errors import DatasetFormError
from retention.datasets.reading import read_request
from retention.datasets.rules import band, checked, checklist, fine_dates, treated
from retention.datasets.types import OTHER, DatasetKind, Item, Line, Request, Standard, Way

DAY = date(2026, 11, 26)
SAFE = (
    Item(field=FieldId("person.sex")),
    Item(field=FieldId("person.rank")),
    Item(field=FieldId("person.address"), way=Way.PREFECTURE),
)


def request(kind: DatasetKind, *items: Item, k: int = 3) -> Request:
    return Request(
        name="n",
        kind=kind,
        purpose="purchase_analysis",
        table="person",
        items=items or SAFE,
        expires_on=date(2027, 3, 31),
        k=k,
        digest="0",
        text="",
    )


def unmet(kind: DatasetKind, *items: Item) -> set[Standard]:
    return {
        point.standard
        for point in checklist(request(kind, *items), catalogue().fields)
        if not point.met
    }


@pytest.mark.parametrize("kind", list(DatasetKind))
def test_every_item_of_the_standard_is_gone_through(kind: DatasetKind) -> None:
    points = checklist(request(kind), catalogue().fields)
    prefix = "r31" if kind is DatasetKind.PSEUDONYMISED else "r34"
    assert [p.standard for p in points] == [s for s in Standard if s.value.startswith(prefix)]
    assert all(point.met for point in points)


@pytest.mark.parametrize("kind", list(DatasetKind))
@pytest.mark.parametrize(
    "column",
    ["name", "kana", "email", "mobile", "customer_id", "notes", "guardian_name", "address"],
)
def test_what_identifies_is_refused(kind: DatasetKind, column: str) -> None:
    name = FieldId(f"person.{column}")
    if name not in catalogue().fields:
        pytest.fail(f"{name} is not in the catalogue any more")
    assert unmet(kind, Item(field=name)) >= {
        Standard.R31_1 if kind is DatasetKind.PSEUDONYMISED else Standard.R34_1
    }


def test_a_birth_date_is_coarser_where_anybody_may_receive_it() -> None:
    born = FieldId("person.birth_date")
    assert unmet(DatasetKind.PSEUDONYMISED, Item(field=born, way=Way.YEAR)) == set()
    assert unmet(DatasetKind.ANONYMISED, Item(field=born, way=Way.YEAR)) == {Standard.R34_1}
    assert unmet(DatasetKind.ANONYMISED, Item(field=born, way=Way.AGE_BAND)) == set()
    hidden = Item(field=born, way=Way.AGE_BAND, quasi=False)
    assert unmet(DatasetKind.ANONYMISED, hidden) == {Standard.R34_5}


def test_money_and_keys_are_refused_by_their_own_standard() -> None:
    owed = FieldId("person.unpaid_balance")
    assert unmet(DatasetKind.PSEUDONYMISED, Item(field=owed)) == {Standard.R31_3}
    assert unmet(DatasetKind.ANONYMISED, Item(field=owed)) == {Standard.R34_4}
    assert unmet(DatasetKind.ANONYMISED, Item(field=FieldId("person.id"))) == {Standard.R34_3}


@given(st.text(max_size=30), st.sampled_from([way for way in Way if way is not Way.AS_IS]))
def test_a_treated_value_has_the_form_of_its_way(value: str, way: Way) -> None:
    item = Item(field=FieldId("person.sex"), way=way, width=10)
    found = treated(value, item, on=DAY)
    assert treated(found, item, on=DAY) in (found, "")  # and is never finer the second time
    if way in (Way.YEAR, Way.YEAR_MONTH):
        assert found == "" or len(found) == {Way.YEAR: 4, Way.YEAR_MONTH: 7}[way]


@given(st.dates(date(1900, 1, 1), DAY))
def test_a_date_loses_what_its_way_takes(day: date) -> None:
    name = FieldId("person.registered_on")
    assert treated(day.isoformat(), Item(field=name, way=Way.YEAR), on=DAY) == f"{day:%Y}"
    assert treated(day.isoformat(), Item(field=name, way=Way.YEAR_MONTH), on=DAY) == f"{day:%Y-%m}"
    age = treated(day.isoformat(), Item(field=name, way=Way.AGE_BAND), on=DAY)
    assert age == "90+" or int(age.partition("-")[2]) - int(age.partition("-")[0]) == 9


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_a_number_lies_in_its_band(number: int, width: int) -> None:
    low = number // width * width
    assert band(str(number), width=width) == (
        str(low) if width == 1 else f"{low}-{low + width - 1}"
    )
    assert band(f"{number} 円", width=width) == ""


CELLS = st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.sampled_from("123"))
LINES = st.lists(st.builds(Line, person=st.sampled_from("pqrstuvw"), cells=CELLS), max_size=60)


@given(LINES, st.integers(3, 5))
def test_every_combination_that_stays_is_shared_by_k_persons(lines: list[Line], k: int) -> None:
    asked = request(DatasetKind.ANONYMISED, k=k)
    found = checked(lines, asked)
    persons: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for line in found.lines:
        persons[line.cells].add(line.person)
    assert all(len(having) >= k for having in persons.values())
    assert found.smallest == min(map(len, persons.values()), default=0)
    assert found.removed + len(found.lines) == len(lines)
    before = defaultdict(set)
    for line in lines:
        for place, cell in enumerate(line.cells):
            before[place, cell].add(line.person)
    for line in found.lines:
        for place, cell in enumerate(line.cells):
            assert cell == OTHER or len(before[place, cell]) >= k


def test_many_rows_of_one_person_hide_nobody() -> None:
    lines = [Line(person="p", cells=("a", "x", "1"))] * 50
    assert checked(lines, request(DatasetKind.ANONYMISED)).lines == ()


@given(LINES)
def test_a_pseudonymised_one_keeps_its_rows_and_tells_how_rare_they_are(lines: list[Line]) -> None:
    found = checked(lines, request(DatasetKind.PSEUDONYMISED))
    assert list(found.lines) == lines
    assert found.removed == 0


def test_dates_finer_than_a_month_are_seen() -> None:
    lines = [Line(person="p", cells=("a", "2026-01-02T03:04:05Z", "東京都"))]
    assert fine_dates(lines, SAFE) == (FieldId("person.rank"),)
    assert fine_dates([Line(person="p", cells=("a", "2026-01", "b"))], SAFE) == ()


GOOD = """
schema: sekisho-dataset/1
name: 年代と地域
kind: anonymised
purpose: purchase_analysis
table: person
expires_on: 2027-03-31
items:
  - {column: birth_date, way: age_band}
  - {column: address, way: prefecture}
"""


def test_a_request_is_read() -> None:
    found = read_request(GOOD)
    assert [item.field for item in found.items] == ["person.birth_date", "person.address"]
    assert (found.k, found.kind) == (10, DatasetKind.ANONYMISED)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("sekisho-dataset/1", "sekisho-dataset/2", "schema"),
        ("name: 年代と地域", "name: ''", "name"),
        ("kind: anonymised", "kind: 匿名", "kind"),
        ("table: person", "table: subject", "table"),
        ("column: address", "column: none", "items[1].column"),
        ("column: address", "column: birth_date", "items"),
        ("way: prefecture", "way: band", "items[1]"),
        ("way: prefecture", "way: hash", "items[1].way"),
        ("expires_on: 2027-03-31", "expires_on: 2027-02-30", "expires_on"),
        ("kind: anonymised", "kind: anonymised\nk: 1", "k"),
        ("kind: anonymised", "kind: anonymised\nmore: 1", "/"),
        ("kind: anonymised", "kind: anonymised\nmost_removed_percent: 100", "most_removed_percent"),
    ],
)
def test_a_fault_is_named_by_its_place(old: str, new: str, path: str) -> None:
    with pytest.raises(DatasetFormError) as refused:
        read_request(GOOD.replace(old, new))
    assert refused.value.params["path"] == path


def test_no_text_breaks_the_reader() -> None:
    for text in ("", "- 1", "{", "\x00", "a" * 200_000, "name: !!python/object:os.system x"):
        with pytest.raises(DatasetFormError):
            read_request(text)
