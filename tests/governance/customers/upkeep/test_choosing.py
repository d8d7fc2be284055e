"""The newest record stands, what belongs together stays together, the stricter word wins."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from governance.core.terms import FieldId, RowId
from governance.customers.subjects import AgeBand
from governance.customers.upkeep.choosing import (
    STRICTER_FIRST,
    Candidate,
    choose,
    strictest,
    youngest,
)
from governance.customers.upkeep.reviews import first_day, quarter_of

NAME, KANA, EMAIL = (FieldId(f"person.{name}") for name in ("name", "kana", "email"))
ADDRESS, POSTAL = FieldId("person.address"), FieldId("person.postal_code")
EVERY = (NAME, KANA, EMAIL, ADDRESS, POSTAL)


def row(name: str, year: int, *fields: FieldId) -> Candidate:
    values = {field: f"{name}-{field}" for field in fields}
    return Candidate(row=RowId(name), confirmed_on=date(year, 1, 1), values=values)


def test_the_newest_record_is_chosen_and_older_ones_fill_its_gaps() -> None:
    found = choose([row("old", 2020, NAME, EMAIL), row("new", 2025, NAME)], EVERY)
    assert found == {NAME: RowId("new"), EMAIL: RowId("old")}


def test_of_one_day_the_fuller_record_is_chosen() -> None:
    found = choose([row("thin", 2025, NAME), row("full", 2025, NAME, EMAIL, KANA)], EVERY)
    assert set(found.values()) == {RowId("full")}


def test_a_postal_code_comes_with_its_address() -> None:
    rows = [row("a", 2025, ADDRESS), row("b", 2020, ADDRESS, POSTAL)]
    wanted = choose(rows, EVERY, wanted={ADDRESS: RowId("b")})
    assert wanted == {ADDRESS: RowId("b"), POSTAL: RowId("b")}


def test_the_officer_is_followed_unless_the_row_has_nothing() -> None:
    rows = [row("a", 2025, NAME), row("b", 2020, EMAIL)]
    assert choose(rows, EVERY, wanted={EMAIL: RowId("a")})[EMAIL] == RowId("b")


@given(st.permutations([row("a", 2020, NAME), row("b", 2025, NAME, EMAIL), row("c", 2025, KANA)]))
def test_the_order_of_the_rows_changes_nothing(rows: list[Candidate]) -> None:
    assert choose(rows, EVERY) == {NAME: "b", EMAIL: "b", KANA: "c"}


@given(st.lists(st.sampled_from((*STRICTER_FIRST, None, "strange")), min_size=1))
def test_no_word_is_ever_widened(words: list[str | None]) -> None:
    found = strictest(words, STRICTER_FIRST)
    given_ = [word for word in words if word is not None]
    if "strange" in given_:
        assert found == "strange"  # nobody knows what it permits: it permits nothing
    else:
        assert found == min(given_, key=STRICTER_FIRST.index, default=None)


def test_the_younger_band_protects() -> None:
    assert youngest([AgeBand.ADULT, AgeBand.FROM_13]) is AgeBand.FROM_13
    assert youngest([AgeBand.UNKNOWN, AgeBand.ADULT]) is AgeBand.ADULT
    assert youngest([]) is AgeBand.UNKNOWN


def test_quarters_begin_in_january_april_july_and_october() -> None:
    assert [quarter_of(date(2026, month, 1)) for month in (1, 3, 4, 9, 10, 12)] == [
        "2026Q1",
        "2026Q1",
        "2026Q2",
        "2026Q3",
        "2026Q4",
        "2026Q4",
    ]
    assert first_day(date(2026, 12, 31)) == date(2026, 10, 1)
