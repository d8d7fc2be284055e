"""The clocks of a breach, counted across the end of the year; each names its article."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.clock import JST
from governance.core.terms import ActorId, RowId
from governance.registers.breaches.rules import duties, reports_for
from governance.registers.breaches.types import Breach, BreachKind, Duty, Ground
from policies.law.in_force import law_in_force
from policies.law.load import rules_of

OFFICER = ActorId("u:officer")


def breach(aware: str, *grounds: Ground) -> Breach:
    at = datetime.fromisoformat(aware)
    return Breach(
        id=RowId("b"), kind=BreachKind.LEAK, about="mail", grounds=frozenset(grounds), aware_at=at,
        recorded_by=OFFICER, recorded_at=at,
    )  # fmt: skip


def clocks(aware: str, *grounds: Ground) -> dict[str, Duty]:
    return {one.rule: one for one in duties(breach(aware, *grounds), {})}


@pytest.mark.parametrize(
    ("aware", "aim", "first", "full", "full_wrongful", "europe"),
    [
        # the full report's day is New Year's Day: offices open again on Monday 4 January
        ("2026-12-03T09:00+09:00", "12-05", "12-07", "27-01-04", "27-02-01", "26-12-06T09:00"),
        ("2026-12-01T09:00+09:00", "12-03", "12-05", "27-01-04", "27-01-29", "26-12-04T09:00"),
        # the first report is never put off, whatever is closed; 72 hours pass over New Year
        ("2026-12-29T18:30+09:00", "12-31", "01-02", "27-01-27", "27-02-26", "27-01-01T18:30"),
        ("2026-12-31T23:59+09:00", "01-02", "01-04", "27-01-29", "27-03-01", "27-01-03T23:59"),
        ("2027-01-01T00:00+09:00", "01-03", "01-05", "27-02-01", "27-03-01", "27-01-04T00:00"),
        # known in the morning in Japan, while it is still the old year elsewhere
        ("2026-12-31T15:30+00:00", "01-03", "01-05", "27-02-01", "27-03-01", "27-01-04T00:30"),
        ("2026-12-31T14:30-05:00", "01-03", "01-05", "27-02-01", "27-03-01", "27-01-04T04:30"),
    ],
)  # fmt: skip
def test_each_clock_runs_across_the_year_s_end(
    aware: str, aim: str, first: str, full: str, full_wrongful: str, europe: str
) -> None:
    found = clocks(aware, Ground.MANY)
    soon = found["appi_sokuho"]
    assert f"{soon.aim:%m-%d}" == aim
    assert f"{soon.by:%m-%d}" == first
    assert found["appi_kakuho_30"].by == date.fromisoformat(f"20{full}")
    wrongful = clocks(aware, Ground.MANY, Ground.WRONGFUL)
    assert wrongful["appi_kakuho_60"].by == date.fromisoformat(f"20{full_wrongful}")
    assert "appi_kakuho_30" not in wrongful
    assert found["gdpr_72h"].by == datetime.fromisoformat(f"20{europe}+09:00")
    assert found["gdpr_72h"].counted
    assert found["appi_persons"].by is None  # 速やかに: the law names no number
    assert not found["gdpr_persons"].owed  # where the risk is high, which a person decides


def test_each_clock_names_the_article_that_asks_for_it() -> None:
    day = date(2026, 12, 3)
    obligations = rules_of(law_in_force(), day).obligations
    named = {
        one.rule: f"{obligations[one.obligation].law} {obligations[one.obligation].article}"
        for one in clocks("2026-12-03T09:00+09:00", *Ground).values()
    }
    assert named == {
        "appi_sokuho": "APPI 26(1), Rule 8(1)",
        "appi_kakuho_60": "APPI 26(1), Rule 8(2)",
        "appi_persons": "APPI 26(2), Rule 10",
        "gdpr_72h": "GDPR 33(1),(3),(4)",
        "gdpr_persons": "GDPR 34",
    }
    assert {one.name for one in reports_for(frozenset())} == {"gdpr_72h", "gdpr_persons"}


def test_a_day_of_the_law_ends_at_midnight_in_japan() -> None:
    found = clocks("2026-12-29T18:30+09:00", Ground.MANY)
    first, europe = found["appi_sokuho"], found["gdpr_72h"]
    last = datetime(2027, 1, 2, 23, 59, 59, tzinfo=JST)
    assert not first.overdue(at=last)
    assert first.overdue(at=last + timedelta(seconds=1))  # 2 January still, in Greenwich
    assert isinstance(europe.by, datetime)
    assert not europe.overdue(at=europe.by)
    assert europe.overdue(at=europe.by + timedelta(seconds=1))
    assert not found["appi_persons"].overdue(at=last + timedelta(days=400))


def test_a_full_report_stands_when_the_period_changes_after_it() -> None:
    made = {"appi_kakuho_30": (datetime(2026, 12, 20, tzinfo=JST), OFFICER)}
    (found,) = (
        one
        for one in duties(breach("2026-12-01T09:00+09:00", Ground.WRONGFUL), made)
        if one.rule == "appi_kakuho_60"
    )
    assert not found.owed


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2029, 12, 1), timezones=st.just(JST)),  # noqa: DTZ001 # bounds
    st.frozensets(st.sampled_from(Ground)),
)
def test_no_clock_ends_before_it_began_or_after_the_law_s_period(
    aware: datetime, grounds: frozenset[Ground]
) -> None:
    longest = {"appi_sokuho": 5, "appi_kakuho_30": 30 + 10, "appi_kakuho_60": 60 + 10}
    for duty in duties(breach(aware.isoformat(), *grounds), {}):
        if isinstance(duty.by, datetime):
            assert duty.by - aware == timedelta(hours=72)
        elif duty.by is not None:
            assert timedelta(0) < duty.by - aware.date() < timedelta(days=longest[duty.rule])
