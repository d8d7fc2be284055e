"""A simulation counts what the plan and the run then do, and anybody may go on with it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.models import EVENTS
from governance.core.terms import RowId
from retention import looking
from retention.errors import RetentionRefusedError
from retention.plans import ItemState, RunState
from retention.purge import RunReport
from retention.schedules import RETAIL_SAMPLE, read_schedule, shipped_schedule
from retention.simulation import service, showing, store
from retention.simulation.errors import SimulationDayError, SimulationNotPlannableError
from retention.simulation.persons import persons_page
from retention.simulation.types import RowFate, Simulation, SimulationState
from retention.store import plan_by_id
from retention.types import DecisionKind
from tests.retention.town import NOW, OFFICER, SUPPORT, TODAY, Town

LONGER = shipped_schedule(RETAIL_SAMPLE).text.replace("period: {years: 3}", "period: {years: 9}")


@pytest.fixture
def filled(town: Town) -> Town:
    town.settle("gone", status="withdrawn", withdrawn=date(2020, 1, 1))
    town.settle(
        "ledger",
        status="withdrawn",
        withdrawn=date(2021, 1, 1),
        purchases=({"purchased_on": date(2021, 3, 1)}, {"purchased_on": date(2012, 1, 1)}),
    )
    town.settle("soon", status="withdrawn", withdrawn=date(2024, 2, 29))
    town.settle("held", status="withdrawn", withdrawn=date(2015, 1, 1), held=True)
    town.adopt()
    return town


def asked(town: Town, **asked: Any) -> RowId:
    return town.ports.database.write(
        lambda tx: service.ask(tx, town.ports, OFFICER, at=town.now, **asked)
    )


def driven(town: Town, **asked_: Any) -> Simulation:
    return service.drive(town.ports, asked(town, **asked_), worker=town.worker())


def test_the_simulation_the_plan_and_the_run_are_of_one_mind(filled: Town) -> None:
    found = driven(filled)
    figures = found.figures
    assert (found.state, found.total, figures.persons) == (SimulationState.DONE, 4, 4)
    assert figures.count(DecisionKind.DUE) == 2
    assert figures.months[("2027-03", "D1_WITHDRAWN_3Y")] == 1
    assert figures.tables["purchase", RowFate.KEEP] == 1
    assert figures.tables["purchase", RowFate.DELETE] == 1
    assert figures.kept["LEDGER_7Y"].until == date(2028, 3, 1)
    database, ports = filled.ports.database, filled.ports
    plan = database.write(lambda tx: service.plan_from(tx, ports, OFFICER, found.id, at=NOW))
    again = database.write(lambda tx: service.plan_from(tx, ports, OFFICER, found.id, at=NOW))
    assert again == plan
    with database.read() as tx:
        made = plan_by_id(tx, plan)
    assert made.counts == figures.counts
    run = filled.drive(filled.start(plan))
    assert run.erased == figures.count(DecisionKind.DUE)
    with database.read() as tx:
        said = tx.execute(
            select(EVENTS.c.refs).where(EVENTS.c.action == EventCode.RETENTION_PURGED.value)
        ).scalars()
        assert all(f"sha256:{made.digest}" in refs for refs in said)
        done = plan_by_id(tx, plan)
        assert store.of_plan(tx, plan) == found.id
        told(tx, plan, run, digest=made.digest)
    assert all(one.state is ItemState.ERASED for one in done.items)


def told(tx: Connection, plan: RowId, run: RunReport, *, digest: str) -> None:
    """The pages find the plan, its items by filter, the run, its batches and their hash."""
    (line,) = looking.plan_lines(tx, limit=5)
    assert (line.id, line.run, line.due) == (plan, run.run, 2)
    due = looking.ItemFilter(decision=DecisionKind.DUE, rule="D1_WITHDRAWN_3Y")
    assert looking.count_items(tx, plan, due) == 2
    assert sum(map(len, looking.every_item(tx, plan, due))) == 2
    assert looking.count_items(tx, plan, looking.ItemFilter(state=ItemState.SKIPPED)) == 0
    assert looking.skipped_because(tx, plan) == {}
    assert looking.part_sums(tx, plan) == ()
    (done,) = looking.run_lines(tx, state=RunState.DONE, limit=5)
    assert (done.id, done.erased) == (run.run, 2)
    assert looking.count_runs(tx, RunState.RUNNING) == 0
    assert sum(one.persons for one in looking.batch_lines(tx, run.run, limit=9)) == 2
    assert looking.named_by_hash(tx, run.run, digest) == (run.batches, run.batches)
    assert looking.named_by_hash(tx, run.run, "0" * 64) == (run.batches, 0)
    assert looking.standing_holds(tx) == 1


def test_a_day_to_come_and_another_schedule_are_looked_at_and_never_run(filled: Town) -> None:
    later = driven(filled, on=date(2027, 3, 1))
    assert later.figures.count(DecisionKind.DUE) == 3
    other = driven(filled, schedule=read_schedule(LONGER))
    assert other.against is not None
    assert other.figures.moves["due", "kept"] == 2
    assert other.figures.later == 3
    for found, reason in ((later, "future"), (other, "schedule")):
        with pytest.raises(SimulationNotPlannableError) as refused:
            filled.ports.database.write(
                lambda tx, id_=found.id: service.plan_from(  # type: ignore[misc] # bound now
                    tx, filled.ports, OFFICER, id_, at=NOW
                )
            )
        assert refused.value.params["reason"] == reason


@pytest.mark.parametrize("on", [TODAY - timedelta(days=1), date(2126, 1, 1)])
def test_a_day_that_is_over_or_out_of_reach_is_refused(filled: Town, on: date) -> None:
    with pytest.raises(SimulationDayError):
        asked(filled, on=on)


def test_whoever_may_not_plan_may_not_simulate(filled: Town) -> None:
    with pytest.raises(RetentionRefusedError):
        filled.ports.database.write(
            lambda tx: service.ask(tx, filled.ports, SUPPORT, at=filled.now)
        )


def test_another_driver_goes_on_where_the_last_one_stopped(filled: Town) -> None:
    whole = driven(filled).figures
    id_ = asked(filled)
    left = iter([False, False, True])
    worker = filled.worker(stopping=lambda: next(left))
    first = service.drive(filled.ports, id_, worker=worker, page=1)
    assert first.state is SimulationState.COUNTING
    assert first.figures.persons < whole.persons
    last = service.drive(filled.ports, id_, worker=filled.worker())
    assert (last.state, last.figures) == (SimulationState.DONE, whole)
    assert service.drive(filled.ports, id_, worker=filled.worker()) == last


def test_a_simulation_that_is_driven_is_left_alone_until_its_lease_ends(filled: Town) -> None:
    id_, database, worker = asked(filled), filled.ports.database, filled.worker()
    mine = RowId("01990000-0000-7000-8000-000000000001")
    assert database.write(
        lambda tx: store.claim(tx, id_, driver=mine, at=filled.now, lease=service.LEASE)
    )
    assert service.drive(filled.ports, id_, worker=worker).state is SimulationState.COUNTING
    filled.now += service.LEASE
    assert service.drive(filled.ports, id_, worker=worker).state is SimulationState.DONE


def test_persons_are_listed_by_decision_and_rule_and_the_look_is_on_record(filled: Town) -> None:
    found = driven(filled)
    page = persons_page(
        *(filled.ports, OFFICER, found),
        decision=DecisionKind.DUE,
        rule="",
        after=None,
        at=NOW,
    )
    assert [line.numbers for line in page.lines] == [("C000001",), ("C000002",)]
    assert page.after is None
    stranger = persons_page(
        *(filled.ports, replace(OFFICER, roles=frozenset({"auditor"})), found),
        decision=None,
        rule="K1_LEGAL_HOLD",
        after=None,
        at=NOW,
    )
    assert [line.numbers for line in stranger.lines] == [()]
    with filled.ports.database.read() as tx:
        looks = select(EVENTS.c.fields).where(EVENTS.c.action == EventCode.PERSON_READ.value)
        assert [bool(one) for one in tx.execute(looks).scalars()] == [True, False]


def test_the_json_of_the_command_tells_every_figure(filled: Town) -> None:
    look, figures = service.simulated(filled.ports, OFFICER, at=NOW, schedule=read_schedule(LONGER))
    shape = showing.as_json(look, figures, months=3)
    assert (shape["persons"], shape["due"], shape["kept"]) == (4, 0, 4)
    assert shape["against"] == "retail_sample/1"
    assert {"before": "due", "after": "kept", "persons": 2} in shape["changes"]  # type: ignore[operator] # a list
    assert len(shape["forecast"]["months"]) == 3  # type: ignore[index,call-overload,arg-type] # an object
