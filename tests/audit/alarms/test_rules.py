"""The rules of the watch speak from their limit on, and of nobody's ordinary day."""

from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.alarms.rules import LEAST_HISTORY, actor_alarms, log_alarms, raised, usual_limit, working
from audit.alarms.types import DEFAULTS, ActorHour, LogHour, Rule, RuleSettings, Watching
from governance.core.terms import ActorId

NOON = datetime(2026, 4, 1, 3, tzinfo=UTC)  # a Wednesday, 12:00 in Japan
WATCHING = Watching()
FEW = st.lists(st.integers(1, 50), max_size=LEAST_HISTORY - 1)
COUNTS = st.lists(st.integers(1, 400), min_size=LEAST_HISTORY, max_size=80)


def hour(**more: int) -> ActorHour:
    return ActorHour(actor=ActorId("u:taro"), start=NOON, **more)


def rules(found: ActorHour, history: list[int] | None = None) -> set[Rule]:
    return {alarm.rule for alarm in actor_alarms(found, history or [], WATCHING)}


@pytest.mark.parametrize(
    ("rule", "name"), [(Rule.PERSONS, "persons"), (Rule.DENIED, "denied"), (Rule.HONEY, "honey")]
)
def test_a_rule_speaks_from_its_limit_on(rule: Rule, name: str) -> None:
    limit = WATCHING.limit(rule)
    assert rule in rules(hour(**{name: limit}))
    assert rule not in rules(hour(**{name: limit - 1}))


@given(history=COUNTS, value=st.integers(0, 2_000))
def test_volume_is_measured_by_the_actors_own_past(history: list[int], value: int) -> None:
    spoke = Rule.VOLUME in rules(hour(reads=value), history)
    limit = usual_limit(history, WATCHING.limit(Rule.VOLUME))
    assert limit is not None
    assert spoke == (value >= limit)
    assert limit > max(WATCHING.limit(Rule.VOLUME) - 1, sum(history) / len(history))


@given(
    history=st.lists(st.integers(1, 50), max_size=LEAST_HISTORY - 1), value=st.integers(0, 9_999)
)
def test_a_newcomer_has_no_usual_number(history: list[int], value: int) -> None:
    assert Rule.VOLUME not in rules(hour(reads=value), history)


@pytest.mark.parametrize(
    ("start", "inside"),
    [
        (NOON, True),
        (datetime(2026, 3, 31, 21, 59, tzinfo=UTC), False),  # 06:59
        (datetime(2026, 3, 31, 22, 0, tzinfo=UTC), True),  # 07:00
        (datetime(2026, 4, 1, 12, 0, tzinfo=UTC), False),  # 21:00
        (datetime(2026, 4, 3, 16, 0, tzinfo=UTC), False),  # Saturday 01:00 in Japan
        (datetime(2026, 4, 4, 3, 0, tzinfo=UTC), False),  # Saturday noon
    ],
)
def test_working_hours_are_japanese_ones(start: datetime, *, inside: bool) -> None:
    found = ActorHour(actor=ActorId("u:taro"), start=start, reads=10)
    assert working(found, WATCHING) is inside
    assert (Rule.OFF_HOURS in rules(found)) is not inside


def test_a_shop_that_opens_at_weekends_says_so() -> None:
    saturday = ActorHour(actor=ActorId("u:taro"), start=datetime(2026, 4, 4, 3, tzinfo=UTC))
    assert working(saturday, Watching(weekend=True, opens=time(0), closes=time(23)))


def test_the_log_itself_is_watched() -> None:
    found = LogHour(start=NOON, steps_back=1, unsigned=timedelta(minutes=31))
    assert {alarm.rule for alarm in log_alarms(found, WATCHING)} == {Rule.CLOCK, Rule.GAP}
    calm = LogHour(start=NOON, unsigned=timedelta(minutes=29))
    assert list(log_alarms(calm, WATCHING)) == []


def test_a_rule_that_is_off_raises_nothing() -> None:
    off = MappingProxyType({**DEFAULTS, Rule.DENIED: RuleSettings(on=False, limit=1)})
    watching = Watching(rules=off)
    found = list(actor_alarms(hour(denied=5, honey=1), [], watching))
    assert {alarm.rule for alarm in raised(found, watching)} == {Rule.HONEY}


@pytest.mark.parametrize(
    ("actor", "told"), [("u:taro", True), ("svc:mailer", False), ("p:1", False)]
)
def test_only_employees_keep_office_hours(actor: str, *, told: bool) -> None:
    night = datetime(2026, 4, 1, 17, tzinfo=UTC)  # 02:00 in Japan
    found = ActorHour(actor=ActorId(actor), start=night, reads=50)
    assert (Rule.OFF_HOURS in rules(found)) is told


def test_a_public_holiday_is_closed_unless_the_company_says_otherwise() -> None:
    showa = ActorHour(actor=ActorId("u:taro"), start=datetime(2026, 4, 29, 3, tzinfo=UTC))
    assert not working(showa, WATCHING)  # 昭和の日, a Wednesday
    assert working(showa, Watching(holidays=True))
