"""Figures of requests and the forecast of what will be late."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from dsar.measures.rows import lives, proofs
from dsar.measures.rules import (
    PACE_DAYS,
    Age,
    Life,
    ageing,
    by_right,
    forecast,
    pace,
    promises_kept,
    refusals,
)
from dsar.measures.service import figures, overdue_by
from dsar.types import Event, Ground, Outcome, RequestKind, Status
from governance.core.terms import Law, RequestId
from tests.dsar.world import OFFICER, World, later

TODAY = date(2026, 11, 26)
OPEN = Life(
    request=RequestId("a"),
    reference="R-2026-AAAAA-AAAAA",
    law=Law.APPI,
    kind=RequestKind.DISCLOSURE,
    status=Status.COLLECTING,
    received_on=date(2026, 11, 16),
    act_by=date(2026, 11, 30),
    ended_on=None,
)
DONE = replace(OPEN, ended_on=date(2026, 11, 20), outcome=Outcome.GRANT, status=Status.CLOSED)


def many(count: int, life: Life) -> tuple[Life, ...]:
    return tuple(replace(life, request=RequestId(f"{life.request}{n}")) for n in range(count))


def test_open_requests_are_counted_by_their_days_closed_ones_are_not() -> None:
    days = [0, 7, 8, 14, 15, 30, 31, 60, 61, 400]
    found = [replace(OPEN, received_on=TODAY - timedelta(days=n)) for n in days]
    assert list(ageing((*found, DONE), on=TODAY).values()) == [2, 2, 2, 2, 2]
    assert list(ageing((), on=TODAY)) == list(Age)


def test_figures_stand_by_law_and_right() -> None:
    late = replace(DONE, ended_on=date(2026, 12, 1), outcome=Outcome.PARTIAL)
    taken = replace(DONE, withdrawn=True)
    gdpr = replace(OPEN, law=Law.GDPR, kind=RequestKind.ACCESS, act_by=date(2026, 11, 25))
    first, second = by_right((OPEN, DONE, late, taken, gdpr), on=TODAY)
    assert (first.law, first.received, first.open, first.answered) == (Law.APPI, 4, 1, 2)
    assert (first.median_days, first.in_time, first.late) == (9.5, 1, 1)
    assert (first.partial, first.withdrawn, first.overdue) == (1, 1, 0)
    assert (second.law, second.overdue, second.median_days) == (Law.GDPR, 1, None)
    assert promises_kept((OPEN, DONE, late, taken), on=TODAY) == Fraction(1, 2)
    assert promises_kept((OPEN, taken), on=TODAY) is None


def test_answer_on_its_last_day_is_in_time() -> None:
    assert not replace(DONE, ended_on=DONE.act_by).overdue(on=TODAY)
    assert not replace(OPEN, act_by=TODAY).overdue(on=TODAY)


def test_refusals_are_counted_by_ground() -> None:
    told = replace(DONE, outcome=Outcome.REFUSE, refusals=(Ground.APPI_33_2_2,))
    both = replace(told, refusals=(Ground.APPI_33_2_2, Ground.APPI_33_2_1))
    unsent = replace(told, ended_on=None)
    assert refusals((told, both, unsent)) == {Ground.APPI_33_2_2: 2, Ground.APPI_33_2_1: 1}


def test_forecast_names_what_the_present_pace_does_not_reach() -> None:
    done = many(PACE_DAYS, DONE)  # one a day
    queue = tuple(replace(OPEN, request=RequestId(f"q{n}"), reference=f"R{n:02}") for n in range(6))
    found = forecast((*done, *queue), today=TODAY, by=date(2026, 12, 10))
    assert (found.pace, found.open, found.now) == (Fraction(1), 6, ())
    assert [item.life.reference for item in found.coming] == ["R04", "R05"]  # 4 days are left
    assert [item.on for item in found.coming] == [date(2026, 12, 1), date(2026, 12, 2)]
    assert forecast((*done, *queue), today=TODAY, by=date(2026, 11, 30)).coming == ()


def test_without_any_pace_everything_with_a_day_comes_late() -> None:
    undated = replace(OPEN, request=RequestId("u"), act_by=None)
    past = replace(OPEN, request=RequestId("p"), act_by=date(2026, 11, 25))
    found = forecast((OPEN, undated, past), today=TODAY, by=date(2026, 12, 10))
    assert [(item.life, item.on) for item in found.coming] == [(OPEN, None)]
    assert found.now == (past,)


def test_resting_request_is_not_expected_before_its_rest_ends() -> None:
    resting = replace(OPEN, hold_until=date(2026, 12, 5))
    found = forecast((*many(PACE_DAYS, DONE), resting), today=TODAY, by=date(2026, 12, 31))
    assert [item.on for item in found.coming] == [date(2026, 12, 5)]


LIVES = st.lists(
    st.builds(
        lambda n, due, ended: replace(
            OPEN,
            request=RequestId(f"r{n}"),
            act_by=None if due is None else TODAY + timedelta(days=due),
            ended_on=None if ended is None else TODAY - timedelta(days=ended),
        ),
        st.integers(0, 60),
        st.none() | st.integers(-20, 40),
        st.none() | st.integers(0, 40),
    ),
    max_size=40,
    unique_by=lambda life: life.request,
)


@given(LIVES, st.integers(0, 60), st.integers(0, 20))
def test_a_later_day_forgets_nobody_and_more_pace_adds_nobody(
    found: list[Life], ahead: int, more: int
) -> None:
    by = TODAY + timedelta(days=ahead)
    first = forecast(found, today=TODAY, by=by)
    second = forecast(found, today=TODAY, by=by + timedelta(days=5))
    names = {item.life.request for item in first.coming}
    assert names <= {item.life.request for item in second.coming}
    assert names.isdisjoint(life.request for life in first.now)
    quicker = forecast((*found, *many(more, replace(DONE, request=RequestId("x")))), today=TODAY,
                       by=by)  # fmt: skip
    assert {item.life.request for item in quicker.coming} <= names
    assert quicker.pace >= pace(found, on=TODAY)


def test_lives_come_from_the_store_with_their_days(world: World) -> None:
    case = world.proved(world.receive())
    case = world.collect(world.step(case, Event.START))
    with world.ports.database.read() as tx:
        (life,) = lives(tx)
        assert (life.reference, life.ended_on, life.answered) == (case.reference, None, False)
        assert set(proofs(tx, [case.id])[case.id].split(",")) == {"portal_session", "document"}
    world.step(case, Event.WITHDRAW)
    with world.ports.database.read() as tx:
        (life,) = lives(tx)
        assert life.withdrawn
        assert life.days is not None
        assert lives(tx, since=later(40)) == ()
        told = figures(tx, world.ports, OFFICER, since=later(-40), at=later(1))
        assert [(item.received, item.withdrawn) for item in told.rights] == [(1, 1)]
        assert overdue_by(tx, world.ports, OFFICER, date(2027, 1, 1), at=later(1)).open == 0


def test_partial_answer_counts_by_its_items_grounds(world: World) -> None:
    world.answered()
    with world.ports.database.read() as tx:
        (life,) = lives(tx)
    assert life.outcome is Outcome.PARTIAL
    assert life.answered
    assert life.refusals == (Ground.APPI_33_2_1,)
