"""Rules as tables and properties."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.core.controller import Controller
from governance.core.retention_settings import RetentionSettings
from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.subjects import SubjectKind, SubjectState
from retention import rules
from retention.duties import after, row_keep, row_keeps, year_end
from retention.errors import ScheduleFormError
from retention.plans import Ground, SecondPerson
from retention.schedules import (
    DEFAULT,
    RETAIL_SAMPLE,
    default_schedule,
    read_schedule,
    shipped_schedule,
)
from retention.thresholds import Limits, Share, limits_of, second_person
from retention.types import (
    RESTRICTED,
    Due,
    GdprView,
    Kept,
    Overflow,
    Period,
    PersonFacts,
    Plan,
    Purchase,
    RegisterRow,
    Review,
)

AT = date(2026, 10, 1)
SUBJECT = SubjectId("00000001-0000-4000-8000-000000000001")
SAMPLE = shipped_schedule(RETAIL_SAMPLE)
DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2030, 12, 31))
MAYBE = st.none() | DAYS
PURCHASES = st.builds(
    Purchase,
    row=st.uuids().map(lambda found: RowId(str(found))),
    subscription=st.booleans(),
    unpaid=st.booleans(),
    purchased_on=MAYBE,
    cancelled_on=MAYBE,
    recorded_on=DAYS,
)
ROWS = st.builds(
    RegisterRow,
    status=st.sampled_from(["active", "dormant", "withdrawn", "prospect", "unknown"]),
    registered_on=MAYBE,
    last_purchase_on=MAYBE,
    withdrawn_on=MAYBE,
)
FACTS = st.builds(
    PersonFacts,
    subject=st.just(SUBJECT),
    kind=st.sampled_from(list(SubjectKind)),
    state=st.sampled_from(list(SubjectState)),
    held=st.booleans(),
    gdpr=st.booleans(),
    rows=st.lists(ROWS, max_size=3).map(tuple),
    purchases=st.lists(PURCHASES, max_size=3).map(tuple),
    inquiry_on=MAYBE,
    deal_on=MAYBE,
    consent_withdrawn_on=MAYBE,
)
SCHEDULES = st.sampled_from([default_schedule(), SAMPLE])


@settings(deadline=None)  # the law of each drawn day is read anew
@given(FACTS, SCHEDULES, DAYS)
def test_a_held_person_is_never_due(facts: PersonFacts, schedule: object, at: date) -> None:
    held = replace(facts, held=True)
    for decide in (rules.due, rules.requested):
        assert isinstance(decide(held, schedule, at=at), Kept)  # type: ignore[arg-type] # drawn


@settings(deadline=None)  # the law of each drawn day is read anew
@given(FACTS, SCHEDULES, DAYS)
def test_a_restricted_person_is_never_deleted(
    facts: PersonFacts, schedule: object, at: date
) -> None:
    free = replace(facts, held=False, state=SubjectState.RESTRICTED)
    assert rules.due(free, schedule, at=at).rule == RESTRICTED  # type: ignore[arg-type] # drawn


@settings(deadline=None)  # the law of each drawn day is read anew
@given(FACTS, SCHEDULES, DAYS, st.integers(0, 4000))
def test_time_never_takes_a_due_person_back(
    facts: PersonFacts, schedule: object, at: date, days: int
) -> None:
    now = rules.due(facts, schedule, at=at)  # type: ignore[arg-type] # drawn
    later = rules.due(facts, schedule, at=at + timedelta(days=days))  # type: ignore[arg-type] # drawn
    assert not isinstance(now, Due) or isinstance(later, Due)


@settings(deadline=None)  # the law of each drawn day is read anew
@given(FACTS, SCHEDULES, DAYS)
def test_who_is_due_has_passed_the_day(facts: PersonFacts, schedule: object, at: date) -> None:
    found = rules.due(facts, schedule, at=at)  # type: ignore[arg-type] # drawn
    if isinstance(found, Due) and found.due_on is not None:
        assert found.due_on <= at


@settings(deadline=None)  # the law of each drawn day is read anew
@given(FACTS, SCHEDULES, DAYS)
def test_nothing_kept_by_a_duty_is_past_its_time(
    facts: PersonFacts, schedule: object, at: date
) -> None:
    for row in row_keeps(facts, schedule, at=at).values():  # type: ignore[arg-type] # drawn
        assert all(keep.free_from > at for keep in row.fields.values())


@pytest.mark.parametrize(
    ("start", "period", "overflow", "end"),
    [
        (date(2024, 2, 29), Period(years=3), Overflow.NEXT_DAY, date(2027, 3, 1)),
        (date(2024, 2, 29), Period(years=3), Overflow.MONTH_END, date(2027, 2, 28)),
        (date(2024, 2, 29), Period(years=4), Overflow.NEXT_DAY, date(2028, 2, 29)),
        (date(2024, 1, 31), Period(months=1), Overflow.NEXT_DAY, date(2024, 3, 1)),
        (date(2024, 1, 31), Period(months=1, days=2), Overflow.MONTH_END, date(2024, 3, 2)),
    ],
)
def test_a_period_ends_where_the_calendar_lets_it(
    start: date, period: Period, overflow: Overflow, end: date
) -> None:
    assert after(start, period, overflow) == end


@pytest.mark.parametrize(
    ("day", "closing", "end"),
    [
        (date(2026, 3, 31), (3, 31), date(2026, 3, 31)),
        (date(2026, 4, 1), (3, 31), date(2027, 3, 31)),
        (date(2024, 1, 1), (2, 29), date(2024, 2, 29)),
        (date(2025, 3, 1), (2, 29), date(2026, 2, 28)),
        (date(2025, 12, 31), (12, 31), date(2025, 12, 31)),
    ],
)
def test_a_fiscal_year_holds_its_days(day: date, closing: tuple[int, int], end: date) -> None:
    assert year_end(day, closing) == end


def test_tax_books_run_from_the_filing_deadline() -> None:
    bought = Purchase(row=RowId("r"), purchased_on=date(2026, 3, 1))
    keep = row_keep(bought, default_schedule(), at=AT)
    assert keep is not None
    assert keep.until == date(2033, 6, 1)  # 31 May 2026 is a Sunday
    assert row_keep(bought, default_schedule(), at=date(2033, 6, 1)) is not None
    assert row_keep(bought, default_schedule(), at=date(2033, 6, 2)) is None


def test_a_running_subscription_keeps_its_person_and_an_ended_one_starts_the_period() -> None:
    silent = PersonFacts(
        subject=SUBJECT,
        rows=(RegisterRow(status="dormant", registered_on=date(2005, 4, 1)),),
    )
    decide = rules.due
    assert isinstance(decide(silent, SAMPLE, at=AT), Due)
    for plan in (
        Plan(running=True, last_on=date(2006, 1, 1)),
        Plan(running=False, last_on=date(2026, 9, 1), ended_on=date(2026, 9, 1)),
    ):
        assert not isinstance(decide(replace(silent, plans=(plan,)), SAMPLE, at=AT), Due), plan


def test_a_longer_duty_wins_for_its_own_fields_only() -> None:
    (tax,) = SAMPLE.duties
    amount = FieldId("purchase.amount")
    longer = replace(tax, id="BOOKS_10Y", fields=frozenset({amount}), until=Period(years=10))
    schedule = replace(SAMPLE, duties=(tax, longer))
    bought = Purchase(row=RowId("r"), purchased_on=date(2020, 1, 1))
    keep = row_keep(bought, schedule, at=AT)
    assert keep is not None
    assert keep.fields[amount].duty == "BOOKS_10Y"
    assert {k.duty for name, k in keep.fields.items() if name != amount} == {"LEDGER_7Y"}
    later = row_keep(bought, schedule, at=date(2028, 1, 1))
    assert later is not None
    assert set(later.fields) == {amount}


def test_a_duty_outside_the_union_is_looked_at_where_the_schedule_says_so() -> None:
    duties = tuple(replace(duty, gdpr=GdprView.REVIEW) for duty in SAMPLE.duties)
    schedule = replace(SAMPLE, duties=duties)
    facts = PersonFacts(
        subject=SUBJECT,
        gdpr=True,
        rows=(RegisterRow(status="withdrawn", withdrawn_on=date(2020, 1, 1)),),
        purchases=(Purchase(row=RowId("r"), purchased_on=date(2020, 1, 1)),),
    )
    assert isinstance(rules.due(facts, schedule, at=AT), Review)
    assert isinstance(rules.due(replace(facts, gdpr=False), schedule, at=AT), Due)


def test_a_purchase_without_any_date_is_kept_from_the_day_it_was_recorded() -> None:
    undated = Purchase(row=RowId("r"), recorded_on=date(2026, 9, 1))
    assert row_keep(undated, SAMPLE, at=AT) is not None


@pytest.mark.parametrize(
    ("due", "persons", "earlier", "why"),
    [
        (1, 100, (), ()),
        (2, 100, (), (SecondPerson.SHARE,)),
        (10, 10_000, (2, 3, 3), (SecondPerson.MEDIAN,)),
        (9, 10_000, (2, 3, 3), ()),
        (0, 0, (), ()),
    ],
)
def test_a_run_above_the_threshold_needs_a_second_person(
    due: int, persons: int, earlier: tuple[int, ...], why: tuple[SecondPerson, ...]
) -> None:
    found = second_person(ground=Ground.SCHEDULE, due=due, persons=persons, earlier=earlier)
    assert found == why


def test_a_table_of_which_more_than_its_share_goes_needs_a_second_person() -> None:
    few, many = (Share(table="purchase", rows=rows, of=1_000) for rows in (10, 11))
    asked = {"ground": Ground.SCHEDULE, "due": 1, "persons": 1_000, "earlier": ()}
    assert second_person(**asked, taken=(few,)) == ()  # type: ignore[arg-type] # as given above
    assert second_person(**asked, taken=(few, many)) == (SecondPerson.TABLE,)  # type: ignore[arg-type] # the same


def test_the_thresholds_are_those_of_the_settings() -> None:
    wide = limits_of(RetentionSettings(retention_share_percent=50, retention_median_times=10))
    found = second_person(ground=Ground.SCHEDULE, due=9, persons=20, earlier=(1,), limits=wide)
    assert found == ()
    assert limits_of(Controller()) == Limits(percent=1, medians=3)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("years: 3", "years: 0", "bad_value"),
        ("action: delete", "action: burn", "bad_value"),
        ("latest_of: [withdrawn,", "latest_of: [vanished,", "bad_value"),
        ("id: K2_UNPAID", "id: K1_LEGAL_HOLD", "duplicate_id"),
        ("id: K2_UNPAID", "id: RESTRICTED", "duplicate_id"),
        ("overflow: next_day", "overflows: next_day", "missing_key"),
        ("fields_of: accounting", "fields_of: nothing", "bad_value"),
        ("table: purchase", "table: person", "bad_value"),
        ("status: [withdrawn]", "status: [vanished]", "bad_value"),
        ("when: {unpaid: true}", "when: {unpaid: perhaps}", "wrong_type"),
        ("rules:", "rules: [", "yaml"),
    ],
)
def test_a_schedule_that_is_not_of_the_form_is_refused(old: str, new: str, problem: str) -> None:
    text = SAMPLE.text
    assert old in text
    with pytest.raises(ScheduleFormError) as refused:
        read_schedule(text.replace(old, new, 1))
    assert refused.value.params["problem"] == problem


def test_shipped_schedules_cover_every_kind_of_person_or_say_whom() -> None:
    assert shipped_schedule(DEFAULT).covers == frozenset(SubjectKind)
    assert SAMPLE.covers == {SubjectKind.CUSTOMER}
