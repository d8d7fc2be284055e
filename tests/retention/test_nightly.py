"""A night plans what is due, begins it where it may, and stops when the day's budget is spent."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from governance.core.clock import JST
from governance.http.principal import Principal, PrincipalKind
from retention import purge, store
from retention.budget import Budget, budget_of
from retention.nightly import Night, Nightly, tonight
from retention.plans import Ground, RunState, SecondPerson
from retention.standing import standing
from tests.retention.town import CHIEF, NOW, Town

HOUSE = Principal(id="svc:sekisho", kind=PrincipalKind.SYSTEM)  # type: ignore[arg-type] # an id


@pytest.fixture
def people(town: Town) -> Town:
    """Two who are due among many: more than a hundredth."""
    town.settle("gone", status="withdrawn", withdrawn=date(2020, 1, 1))
    town.settle("also", status="withdrawn", withdrawn=date(2019, 1, 1))
    town.settle("active", purchases=({"purchased_on": date(2025, 1, 1)},))
    town.adopt()
    return town


def night(town: Town, *, automatic: bool = True) -> Nightly:
    return town.ports.database.write(
        lambda tx: tonight(tx, town.ports, town.approvals, HOUSE, automatic=automatic, at=town.now)
    )


def plans(town: Town) -> int:
    with town.ports.database.read() as tx:
        return int(tx.execute(select(func.count()).select_from(store.PLAN)).scalar_one())


def test_a_night_plans_and_begins_nothing_unless_the_settings_say_so(people: Town) -> None:
    assert night(people, automatic=False).night is Night.PLANNED
    people.now += timedelta(days=1)
    assert night(people, automatic=False).night is Night.PLANNED
    assert plans(people) == 1  # it says the same
    people.settle("third", status="withdrawn", withdrawn=date(2018, 1, 1))
    assert night(people, automatic=False).night is Night.PLANNED
    assert plans(people) == 2
    assert people.present() == {"gone", "also", "active", "third"}


def test_what_needs_a_second_person_waits_and_is_asked_for_once(people: Town) -> None:
    first = night(people)
    people.now += timedelta(days=1)
    second = night(people)
    assert (first.night, second) == (Night.WAITS, first)
    assert plans(people) == 1
    with people.ports.database.read() as tx:
        found = standing(tx, lag_days=7, daily_bytes=0, at=people.now)
    assert (found.due, found.oldest) == (2, date(2022, 1, 1))
    assert found.late
    assert SecondPerson.SHARE in found.second_person
    assert SecondPerson.TABLE in found.second_person


def test_a_night_begins_what_one_person_may(people: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retention.thresholds.second_person", lambda **_: ())
    begun = night(people)
    assert begun.night is Night.BEGUN
    assert begun.run is not None
    assert night(people) == Nightly(night=Night.AT_WORK, run=begun.run)
    assert people.drive(begun.run).erased == 2
    assert night(people).night is Night.NOTHING
    with people.ports.database.read() as tx:
        after = standing(tx, lag_days=7, daily_bytes=0, at=people.now)
    assert (after.due, after.late, after.run, after.second_person) == (0, False, None, ())


def test_a_run_stops_when_the_day_is_spent_and_goes_on_the_next(people: Town) -> None:
    run = people.start(people.plan())
    small = {"daily_bytes": 1}  # the first batch spends it

    def driven() -> purge.RunReport:
        return purge.run(people.ports, run, worker=people.worker(), **small)

    people.now = NOW
    first = driven()
    midnight = NOW.astimezone(JST).replace(hour=0, minute=0, second=0) + timedelta(days=1)
    assert (first.state, first.waits_until) == (RunState.RUNNING, midnight)
    with people.ports.database.read() as tx:
        spent = budget_of(tx, Ground.SCHEDULE, 1, at=people.now)
        asked = budget_of(tx, Ground.REQUEST, 1, at=people.now)
        tomorrow = budget_of(tx, Ground.SCHEDULE, 1, at=midnight)
        shown = standing(tx, lag_days=7, daily_bytes=1, at=people.now)
    assert (spent.spent_out, asked.spent_out, tomorrow.spent_out) == (True, False, False)
    assert shown.budget.spent > 0
    again = driven()
    assert (again.batches, again.waits_until) == (first.batches, midnight)
    people.now = midnight + timedelta(minutes=1)
    assert driven().state is RunState.DONE
    assert people.present() == {"active"}


def test_a_budget_of_none_never_ends() -> None:
    none = Budget(daily=0, spent=0, row_bytes=1_000, resumes_at=NOW)
    assert not none.with_rows(10**9).spent_out
    assert Budget(daily=5_000, spent=4_999, row_bytes=1, resumes_at=NOW).with_rows(1).spent_out


def test_the_house_does_not_agree_with_itself(people: Town) -> None:
    waits = night(people)
    assert waits.night is Night.WAITS
    with people.ports.database.read() as tx:
        assert store.run_of_plan(tx, waits.plan) is None  # type: ignore[arg-type] # it waits
    assert CHIEF.id != HOUSE.id
