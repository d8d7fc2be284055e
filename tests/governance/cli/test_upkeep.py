"""Duplicates are decided, figures followed and reviews done from the command line."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from governance.app.quality import measure_step, review_step
from governance.core.settings_reading import load
from governance.db.engine import Database, sqlite_url
from tests.governance.cli.conftest import Home, Run

AT = datetime(2026, 10, 1, 3, tzinfo=UTC)


def manager(home: Home, run: Run, *line: str) -> Any:
    return run("--json", "--data", home.data, "--as", "manager", *line)


@pytest.fixture(scope="module")
def measured(home: Home) -> Home:
    """The jobs of one night have run."""
    assert load(environment={}, overrides={"data_dir": home.data}).data_dir == home.data
    database = Database.open(sqlite_url(home.data / "sekisho.db"))
    for step in (measure_step, review_step, measure_step, review_step):
        database.write(partial(step, cursor=None, limit=1, at=AT))
    database.close()
    return home


def test_a_pair_is_found_shown_merged_and_told_apart_again(home: Home, run: Run) -> None:
    assert manager(home, run, "duplicates", "search").code == 1
    pairs = manager(home, run, "duplicates", "review").value
    best = pairs[0]
    assert {"field": "name", "kind": "name_same", "weight": 7} in best["evidence"]
    shown = manager(home, run, "duplicates", "show", best["id"]).value
    assert shown["fields"]["person.name"][0] == shown["fields"]["person.name"][1]
    wrong = manager(home, run, "duplicates", "merge", best["id"], "--version", "0" * 16)
    assert wrong.problem["code"] == "pair_changed"
    done = manager(home, run, "duplicates", "merge", best["id"], "--version", shown["version"])
    assert done.code == 0
    again = manager(home, run, "duplicates", "merge", best["id"])
    assert again.problem["code"] == "pair_decided"
    (merge,) = manager(home, run, "duplicates", "merges").value
    assert merge["merge"] == done.value["merge"]
    undone = manager(home, run, "duplicates", "unmerge", merge["merge"])
    assert undone.value["rows"] == done.value["rows"]
    left = manager(home, run, "duplicates", "review").value
    assert best["id"] not in {pair["id"] for pair in left}


@pytest.mark.parametrize("step", ["show", "merge", "different", "unmerge"])
def test_an_unknown_id_is_unknown(home: Home, run: Run, step: str) -> None:
    told = manager(home, run, "duplicates", step, "nothing")
    assert told.problem["code"] in {"pair_unknown", "merge_unknown"}
    assert told.code == 1


def test_who_may_not_merge_may_not_look(home: Home, run: Run) -> None:
    told = run("--json", "--data", home.data, "--as", "support", "duplicates", "review")
    assert told.problem["status"] == 403


def test_figures_are_told_with_their_days(measured: Home, run: Run) -> None:
    told = manager(measured, run, "quality", "report", "--since", "2026-09-01").value
    assert told["persons"] == len(measured.subjects)
    days = [m for m in told["trend"] if m["kpi"] == "completeness" and not m["field"]]
    assert [m["day"] for m in days] == ["2026-10-01"]
    assert {m["kpi"] for m in told["measures"]} >= {
        "error_rate",
        "completeness",
        "freshness",
        "duplicates",
        "unverified_contacts",
        "corrections_applied",
        "age_days",
    }
    assert all(m["part"] <= m["whole"] for m in told["measures"] if not m["kpi"].endswith("days"))


def test_a_review_is_done_once_with_a_comment(measured: Home, run: Run) -> None:
    tasks = manager(measured, run, "quality", "tasks").value
    assert {task["quarter"] for task in tasks} == {"2026Q4"}
    assert len({task["topic"] for task in tasks}) == len(tasks)
    task = next(task for task in tasks if task["topic"] == "incomplete")
    empty = manager(measured, run, "quality", "done", task["id"], "--comment", " ")
    assert empty.problem["code"] == "quality_comment"
    done = manager(measured, run, "quality", "done", task["id"], "--comment", "確かめた")
    assert done.value["done"] is True
    twice = manager(measured, run, "quality", "done", task["id"], "--comment", "again")
    assert twice.problem["code"] == "quality_task_done"
    seen = manager(measured, run, "quality", "task", task["id"]).value
    assert seen["comment"] == "確かめた"


def test_an_overdue_review_is_a_finding(measured: Home, run: Run) -> None:
    told = manager(measured, run, "quality", "tasks")
    late = any(task["overdue"] for task in told.value)
    assert told.code == (1 if late else 0)
