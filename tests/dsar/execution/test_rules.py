"""When an erasure begins, what a right may come to, and what makes two plans the same."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dsar.execution.rules import execute_from, substance
from dsar.execution.types import MEASURES, Measure
from dsar.types import COPYING, FEE_ALLOWED, RequestKind
from governance.core.clock import JST

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 # the strategy adds the zone
DAYS = st.dates(date(2026, 1, 1), date(2028, 1, 1))


@given(MOMENTS, st.integers(0, 30), st.none() | DAYS)
def test_it_begins_neither_before_the_agreement_nor_after_the_day_of_the_answer(
    agreed: datetime, days: int, answer_by: date | None
) -> None:
    begins = execute_from(agreed, days=days, answer_by=answer_by)
    assert agreed <= begins <= agreed + timedelta(days=days)
    if answer_by is not None:
        assert begins <= max(agreed, datetime.combine(answer_by, time(), JST))
    if answer_by is None:
        assert begins == agreed + timedelta(days=days)


def test_every_right_is_answered_by_a_package_or_by_a_measure() -> None:
    assert set(RequestKind) == set(MEASURES) | COPYING | FEE_ALLOWED
    assert {one for found in MEASURES.values() for one in found} == set(Measure)


def line(field: str, fate: str = "delete", **more: object) -> dict[str, object]:
    return {
        "field": field,
        "rows": 1,
        "fate": fate,
        "law": None,
        "until": None,
        "gdpr": None,
    } | more


def test_more_rows_and_another_order_are_the_same_plan() -> None:
    one = [line("person.name"), line("purchase.amount", "keep", law="TAX", until="2033-06-01")]
    other = [dict(one[1], rows=7), dict(one[0], rows=2)]
    assert substance("s", one, schedule="d") == substance("s", other, schedule="d")


def test_another_fate_ground_day_person_or_schedule_is_another_plan() -> None:
    base = [line("purchase.amount", "keep", law="TAX", until="2033-06-01")]
    plans = [
        substance("s", base, schedule="d"),
        substance("s", [line("purchase.amount")], schedule="d"),
        substance("s", [dict(base[0], law="COMPANY")], schedule="d"),
        substance("s", [dict(base[0], until="2034-06-01")], schedule="d"),
        substance("s", [*base, line("person.name")], schedule="d"),
        substance("t", base, schedule="d"),
        substance("s", base, schedule="e"),
    ]
    assert len(set(plans)) == len(plans)
