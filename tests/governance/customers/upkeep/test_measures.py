"""Figures are counted without opening a value, once a day, and stay as they were recorded."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, update

from governance.core.terms import ActorId
from governance.customers.quality import Level
from governance.customers.store import SUBJECT, TABLES
from governance.customers.upkeep import measures, reviews
from governance.customers.upkeep.measures import Corrections, Measure
from governance.customers.upkeep.reviews import TaskDoneError, Topic
from governance.db.engine import Database

AT = datetime(2026, 10, 5, 3, tzinfo=UTC)
DAY = date(2026, 10, 5)
NOTHING = Corrections(received=0, applied=0, days=0)
PERSON = TABLES["person"]
WHO = "00000001-0000-4000-8000-000000000001"


def rows(tx: Connection, *wanted: dict[str, Any]) -> None:
    """One person with these register rows; cells are bytes that nobody opens."""
    values = {"kind": "customer", "state": "active", "fence": 0, "guardian_verified": False}
    tx.execute(insert(SUBJECT).values(id=WHO, created_at=AT, **values))
    for number, more in enumerate(wanted, 1):
        base = {
            "id": f"0{number:07x}-0000-7000-8000-{number:012x}",
            "subject_id": WHO,
            "version": 1,
            "source_file": "a.csv",
            "source_row": number,
            "recorded_at": AT,
            "status": "active",
            "contact_permission": "yes",
            "problems": 0,
        }
        tx.execute(insert(PERSON).values(**base | more))


def counted(database: Database) -> dict[tuple[str, str], Measure]:
    with database.read() as tx:
        found = measures.counted(tx, day=DAY, verified=0, corrections=NOTHING)
    return {(measure.kpi, measure.field): measure for measure in found}


@pytest.fixture
def register(database: Database) -> Database:
    database.write(
        lambda tx: rows(
            tx,
            {"name": b"x", "email": b"x", "registered_on": DAY - timedelta(days=10)},
            {"name": b"x", "problems": 2, "last_purchase_on": DAY - timedelta(days=800)},
            {"mobile": b"x"},
        )
    )
    return database


def test_figures_are_parts_of_wholes(register: Database) -> None:
    found = counted(register)
    told = {name: (m.part, m.whole) for (name, field), m in found.items() if not field}
    assert told["error_rate"] == (1, 3)
    assert told["completeness"] == (2, 15)
    assert told["freshness"] == (1, 2)
    assert told["age_days"] == (810, 2)
    assert told["unverified_contacts"] == (2, 2)
    assert found["completeness", "email"].part == 1
    assert found["error_rate", ""].level is Level.POOR


def test_an_empty_register_has_no_share(database: Database) -> None:
    assert {measure.share for measure in counted(database).values()} == {None}


def test_a_day_keeps_its_first_figures(register: Database) -> None:
    def night(tx: Connection) -> None:
        measures.record(tx, measures.counted(tx, day=DAY, verified=0, corrections=NOTHING), at=AT)

    register.write(night)
    register.write(lambda tx: tx.execute(update(PERSON).values(problems=9)))
    register.write(night)
    with register.read() as tx:
        told = measures.by_kpi(measures.recorded(tx, since=DAY))
    assert [measure.part for measure in told["error_rate", ""]] == [1]


class TestReviews:
    def test_a_quarter_has_its_tasks_once(self, register: Database) -> None:
        made = [register.write(lambda tx: reviews.make_tasks(tx, on=DAY, at=AT)) for _ in range(2)]
        assert made == [len(Topic), 0]
        with register.read() as tx:
            found = {task.topic: task for task in reviews.tasks(tx)}
            assert reviews.behind(tx, Topic.PROBLEMS, on=DAY, limit=9) == (
                "00000002-0000-7000-8000-000000000002",
            )
        assert found[Topic.PROBLEMS].found == 1
        assert found[Topic.STALE].found == 2
        assert found[Topic.UNREACHABLE].found == 1
        assert found[Topic.INCOMPLETE].due_on == date(2026, 10, 31)

    def test_a_task_is_done_once_and_overdue_until_then(self, register: Database) -> None:
        register.write(lambda tx: reviews.make_tasks(tx, on=DAY, at=AT))
        with register.read() as tx:
            task, *_ = reviews.tasks(tx)
            late = date(2026, 11, 1)
            assert task.overdue(on=late)
            assert reviews.overdue(tx, on=late) == len(Topic)

        def done(tx: Connection) -> None:
            reviews.finish(tx, task.id, by=ActorId("u:taro"), comment=b"sealed", at=AT)

        register.write(done)
        with pytest.raises(TaskDoneError):
            register.write(done)
        with register.read() as tx:
            assert reviews.overdue(tx, on=late) == len(Topic) - 1
            assert not reviews.task_by_id(tx, task.id).overdue(on=late)
