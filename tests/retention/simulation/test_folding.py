"""Figures add up whatever the pages are, survive being stored, and forecast each month once."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from governance.core.terms import SubjectId
from retention.plans import KeepLine
from retention.simulation.folding import (
    added,
    figures_from,
    figures_json,
    figures_of,
    forecast,
    month_of,
)
from retention.simulation.types import OVERDUE, Figures, Judged, RowFate
from retention.types import Decision, Due, Ending, Kept, Review

TODAY = date(2026, 10, 15)
RULES = st.sampled_from(("A", "B", "LONG"))
DAYS = st.dates(TODAY - timedelta(days=900), TODAY + timedelta(days=2000))
DECISIONS: st.SearchStrategy[Decision] = st.one_of(
    st.builds(Due, rule=RULES, due_on=DAYS),
    st.builds(Kept, rule=RULES.map(lambda rule: rule + Ending.NOT_YET), due_on=DAYS),
    st.builds(Kept, rule=RULES),
    st.builds(Review, rule=RULES, due_on=st.none() | DAYS),
)
KEEPS = st.builds(
    KeepLine, duty=st.sampled_from(("TAX", "BOOK")), rows=st.integers(1, 9), fields=st.just(()),
    until=DAYS,
)  # fmt: skip
PERSONS = st.lists(
    st.builds(
        Judged,
        subject=st.just(SubjectId("s")),
        decision=st.none() | DECISIONS,
        keeps=st.lists(KEEPS, max_size=2).map(tuple),
        other=st.none() | DECISIONS,
    ),
    max_size=20,
)


def of(persons: list[Judged]) -> Figures:
    rows = {("person", RowFate.DELETE): len(persons)} if persons else {}
    return figures_of(persons, today=TODAY, rows=rows, compared=True)


@given(PERSONS, st.integers(0, 20))
def test_pages_add_up_to_the_whole_and_survive_being_stored(
    persons: list[Judged], cut: int
) -> None:
    whole = of(persons)
    first, second = of(persons[:cut]), of(persons[cut:])
    assert added(figures_from(figures_json(first)), second) == whole
    assert figures_from(figures_json(whole)) == whole


@given(PERSONS, st.integers(1, 60))
def test_every_person_with_a_date_stands_in_exactly_one_place_of_the_forecast(
    persons: list[Judged], months: int
) -> None:
    found = forecast(of(persons), today=TODAY, months=months)
    dated = [
        one.decision
        for one in persons
        if one.decision is not None
        and one.decision.due_on is not None
        and not isinstance(one.decision, Review)
    ]
    assert len(found.months) == months
    overdue, later = sum(found.overdue.values()), sum(found.later.values())
    assert overdue + sum(one.total for one in found.months) + later == len(dated)
    assert overdue == sum(one.due_on <= TODAY for one in dated if one.due_on)


def test_months_run_over_the_end_of_a_year_and_name_the_rule_alone() -> None:
    kept = Kept(rule="A" + Ending.NOT_YET, due_on=date(2027, 1, 31))
    assert month_of(kept, today=TODAY) == ("2027-01", "A")
    assert month_of(Due(rule="A", due_on=TODAY), today=TODAY) == (OVERDUE, "A")
    found = forecast(of([Judged(subject=SubjectId("s"), decision=kept)]), today=TODAY, months=4)
    assert [one.month for one in found.months] == ["2026-10", "2026-11", "2026-12", "2027-01"]
    assert found.months[-1].rules == {"A": 1}


def test_a_change_of_schedule_tells_who_moves_and_whither() -> None:
    sooner = Judged(
        subject=SubjectId("s"),
        decision=Due(rule="A", due_on=date(2026, 1, 1)),
        other=Kept(rule="B"),
    )
    outside = Judged(subject=SubjectId("t"), decision=None, other=Due(rule="A", due_on=TODAY))
    found = of([sooner, outside])
    assert found.moves == {("kept", "due"): 1, ("due", "outside"): 1}
    assert (found.sooner, found.later, found.persons) == (1, 1, 1)
