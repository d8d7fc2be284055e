"""Rows go with the run of their plan, while their persons stay."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, func, select, update

from governance.customers.store import FINDING, TABLES, place_hold
from retention import store
from retention.certificate import certificate
from retention.parts import driving
from retention.parts.outside import waiting
from retention.parts.store import COUNT, counts_of
from retention.plans import Plan, RunState
from retention.types import DecisionKind
from tests.retention.parts.lines import schedule
from tests.retention.parts.test_lines import TEXTS
from tests.retention.town import NOW, Killed, Killer, Town

INQUIRY = TABLES["inquiry"]
CLOSED = datetime(2020, 1, 10, 3, tzinfo=UTC)
GONE = """
  - id: COUNTED
    label: {ja: 件数, en: Count}
    basis: {ja: 社内規程, en: Company rule}
    table: inquiry
    fields: [inquiry.category, inquiry.closed_at]
    since: {first_of: [task_ended]}
    period: {years: 5}
    action: de_identify
    k: 3
"""


def close(town: Town, *names: str, **values: object) -> None:
    """The inquiries of these persons were closed years ago."""

    def write(tx: Connection) -> None:
        for name in names:
            mine = INQUIRY.c.subject_id == town.people[name]
            tx.execute(update(INQUIRY).where(mine).values(closed_at=CLOSED, **values))

    town.ports.database.write(write)


def bodies(town: Town) -> set[str]:
    """Who still has the text of an inquiry."""
    with town.ports.database.read() as tx:
        full = select(INQUIRY.c.subject_id).where(INQUIRY.c.body.is_not(None))
        found = set(tx.execute(full).scalars())
    return {name for name, subject in town.people.items() if subject in found}


def planned(town: Town) -> Plan:
    plan = town.plan()
    with town.ports.database.read() as tx:
        return store.plan_by_id(tx, plan)


def count(town: Town, table: object) -> int:
    with town.ports.database.read() as tx:
        return int(tx.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type] # a table


def test_texts_of_closed_inquiries_go_and_their_persons_stay(town: Town) -> None:
    for name in ("ando", "baba", "chiba"):
        town.settle(name, registered=datetime(2026, 1, 1, tzinfo=UTC).date())
    close(town, "ando", "baba")
    town.adopt(schedule(TEXTS).text)
    plan = planned(town)
    assert [(p.rule, p.rows, p.decision) for p in plan.parts] == [
        ("TEXTS", 1, DecisionKind.DUE)
    ] * 2
    run = town.start(plan.id)
    report = town.drive(run)
    with town.ports.database.read() as tx:
        assert certificate(tx, run).rows == (("TEXTS", "null", 2),)
    assert (report.state, report.erased, report.rows) == (RunState.DONE, 0, 2)
    assert bodies(town) == {"chiba"}
    assert town.present() == {"ando", "baba", "chiba"}
    assert {town.rows(name, "text_finding") for name in ("ando", "baba")} == {0}
    assert planned(town).parts == ()  # what went is met no more


def test_a_hold_placed_after_the_plan_keeps_the_rows(town: Town) -> None:
    town.settle("ando", registered=datetime(2026, 1, 1, tzinfo=UTC).date())
    close(town, "ando")
    town.adopt(schedule(TEXTS).text)
    run = town.start(town.plan())
    town.ports.database.write(
        lambda tx: place_hold(tx, town.people["ando"], matter="m:1", by="u:l", at=NOW)
    )
    assert town.drive(run).rows == 0
    assert bodies(town) == {"ando"}
    (kept,) = planned(town).parts
    assert (kept.decision, kept.kept_because) == (DecisionKind.KEPT, "held")


def test_rows_that_changed_since_the_plan_are_left_to_the_next(town: Town) -> None:
    town.settle("ando", registered=datetime(2026, 1, 1, tzinfo=UTC).date())
    close(town, "ando")
    town.adopt(schedule(TEXTS).text)
    run = town.start(town.plan())
    close(town, "ando", response=b"new words")
    assert town.drive(run).rows == 0
    assert bodies(town) == {"ando"}


def test_a_count_is_all_that_is_left_of_three_persons_and_two_are_kept(town: Town) -> None:
    names = ["ando", "baba", "chiba", "doi", "endo"]
    for name in names:
        town.settle(name, registered=datetime(2026, 1, 1, tzinfo=UTC).date())
    close(town, *names[:3], category="returns")
    close(town, *names[3:], category="rare")
    town.adopt(schedule(GONE).text)
    plan = planned(town)
    because = sorted(p.kept_because or p.decision.value for p in plan.parts)
    assert because == ["due", "due", "due", "few", "few"]
    town.drive(town.start(plan.id))
    assert count(town, INQUIRY) == 2
    assert count(town, FINDING) == 2
    with town.ports.database.read() as tx:
        left = counts_of(tx, "COUNTED", k=3)
    assert left == (({"inquiry.category": "returns", "inquiry.closed_at": "2020-01"}, 3),)


def test_a_killed_run_takes_every_row_once(town: Town) -> None:
    names = ["ando", "baba", "chiba"]
    for name in names:
        town.settle(name, registered=datetime(2026, 1, 1, tzinfo=UTC).date())
    close(town, *names, category="returns")
    town.adopt(schedule(GONE).text)
    run = town.start(town.plan())
    for at in range(2, 40, 6):
        try:
            with Killer(town.ports.database.writer_engine, at):
                town.drive(run)
        except Killed:
            town = town.restarted()
    assert town.drive(run).state is RunState.DONE
    with town.ports.database.read() as tx:
        assert tx.execute(select(COUNT.c.persons, COUNT.c.rows)).one() == (3, 3)
    assert count(town, INQUIRY) == 0


def test_the_line_of_the_law_notes_whom_to_tell(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driving, "OF_LAW", "TEXTS")
    for name in ("ando", "baba"):
        town.settle(name, registered=datetime(2026, 1, 1, tzinfo=UTC).date())
    close(town, "ando")
    town.adopt(schedule(TEXTS).text)
    town.purge()
    with town.ports.database.read() as tx:
        noted = waiting(tx, limit=10)
    assert [one.subject for one in noted] == [town.people["ando"]]
