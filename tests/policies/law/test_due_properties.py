"""What holds for every date."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from policies.law.calendars import JAPAN_OFFICES, NO_CALENDAR, Calendar, calendar_of
from policies.law.counting import add_months, period_end
from policies.law.due import due
from policies.law.events import Pause
from policies.law.in_force import rule_set

RULES = rule_set(date(2026, 11, 1))
MONTH, LONG = RULES.rule("gdpr_1m"), RULES.rule("gdpr_ext_3m")
DAYS = st.dates(date(2015, 1, 1), date(2090, 12, 31))
STATES = st.sampled_from(["DE", "FR", "IE", "SE", "GR", "NL", "DE-BY", "NO"]).map(calendar_of)
STRETCHES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=5)
INSTANTS = st.datetimes(datetime(2015, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@given(DAYS, STATES)
def test_legal_day_is_open_and_never_before_the_nominal(received: date, calendar: Calendar) -> None:
    result = due(MONTH, {"received": received}, calendar=calendar)
    assert result.nominal <= result.legal
    assert calendar.closed(result.legal) is None
    passed = (result.legal - result.nominal).days
    assert all(calendar.closed(result.nominal + timedelta(days=n)) for n in range(passed))


@given(DAYS)
def test_report_is_due_on_an_open_day_of_the_offices(known: date) -> None:
    result = due(RULES.rule("appi_kakuho_30"), {"known": known}, calendar=JAPAN_OFFICES)
    assert result.nominal == known + timedelta(days=29)
    assert result.nominal <= result.legal
    assert JAPAN_OFFICES.closed(result.legal) is None


@given(DAYS, st.integers(0, 60), st.integers(0, 60), STATES)
def test_a_pause_never_makes_it_earlier(
    received: date, wait: int, length: int, calendar: Calendar
) -> None:
    plain = due(MONTH, {"received": received}, calendar=calendar)
    asked = received + timedelta(days=wait)
    pause = Pause(ground="identity_doubt", asked=asked, answered=asked + timedelta(days=length))
    paused = due(MONTH, {"received": received}, calendar=calendar, pauses=[pause])
    assert paused.legal >= plain.legal
    assert paused.nominal_no_pause == plain.nominal
    assert paused.paused_days in {0, length}
    assert paused.act_by <= paused.legal


@given(
    DAYS,
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=5),
    STATES,
)
def test_one_pause_more_never_makes_it_earlier(
    received: date, stretches: list[tuple[int, int]], calendar: Calendar
) -> None:
    pauses = [
        Pause(
            ground="identity_doubt",
            asked=received + timedelta(days=wait),
            answered=received + timedelta(days=wait + length),
        )
        for wait, length in stretches
    ]
    all_of_them = due(MONTH, {"received": received}, calendar=calendar, pauses=pauses)
    fewer = due(MONTH, {"received": received}, calendar=calendar, pauses=pauses[:-1])
    assert fewer.nominal <= all_of_them.nominal
    assert all_of_them.paused_days <= sum(length for _, length in stretches)


@given(DAYS, st.integers(0, 120), STATES)
def test_an_extension_holds_only_inside_the_first_period(
    received: date, wait: int, calendar: Calendar
) -> None:
    notice = received + timedelta(days=wait)
    events = {"received": received, "extension_notice": notice}
    first = due(MONTH, {"received": received}, calendar=calendar)
    result = due(LONG, events, calendar=calendar)
    assert result.extension_valid is (notice <= first.legal)
    if result.extension_valid:
        assert result.nominal == add_months(received, 3)
        assert result.internal_target <= result.nominal
    else:
        assert (result.nominal, result.legal) == (first.nominal, first.legal)


@given(DAYS, st.integers(0, 240))
def test_months_clamp_to_the_last_day(day: date, months: int) -> None:
    result = add_months(day, months)
    assert (result.year * 12 + result.month) - (day.year * 12 + day.month) == months
    assert result.day == day.day or (result.day < day.day and (result + timedelta(days=1)).day == 1)


@given(DAYS, st.integers(1, 240))
def test_a_period_ends_the_day_before_the_next_one_begins(first: date, months: int) -> None:
    end = period_end(first, months)
    if add_months(first, months).day == first.day:
        assert end + timedelta(days=1) == add_months(first, months)
    else:
        assert (end + timedelta(days=1)).day == 1


@given(DAYS, st.sampled_from(["rec_3y", "rec_3y_last", "rec_1y_last", "tax_7y"]))
def test_purging_starts_the_day_after_keeping_ends(day: date, rule_id: str) -> None:
    rule = RULES.rule(rule_id)
    name = {"rec_3y": "created", "tax_7y": "return_deadline"}.get(rule_id, "last_provision")
    result = due(rule, {name: day}, calendar=NO_CALENDAR)
    assert result.purge_from - result.keep_until == timedelta(days=1)
    assert result.keep_until >= add_months(day, 12 * rule.amount) - timedelta(days=1)


@given(INSTANTS, st.sampled_from(["DE", "IE", "America/New_York", "jp_admin", "none"]))
def test_72_hours_are_72_hours_everywhere(aware: datetime, name: str) -> None:
    calendar = calendar_of(name)
    rule = RULES.rule("gdpr_72h")
    end = due(rule, {"aware": aware}, calendar=calendar).due
    assert end.astimezone(UTC) - aware == timedelta(hours=72)
    zone = calendar.zone or ZoneInfo("UTC")
    assert end.utcoffset() == end.astimezone(zone).utcoffset()


@given(DAYS, STATES)
def test_every_result_explains_itself_in_both_languages(received: date, calendar: Calendar) -> None:
    result = due(MONTH, {"received": received}, calendar=calendar)
    assert f"{result.legal.year}年{result.legal.month}月{result.legal.day}日" in result.reason_ja
    assert str(result.legal.year) in result.reason_en
    assert "{" not in result.reason_ja + result.reason_en
