"""Months of the log and a database that was put back, by command line alone."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.governance.cli.line import Line


@pytest.fixture
def line(tmp_path: Path) -> Line:
    made = Line(folder=tmp_path / "data")
    made.found()
    return made


@pytest.fixture
def back(line: Line, tmp_path: Path) -> Line:
    """The database is that of before an export that the log recorded."""
    line.done("audit", "checkpoint", by="hanako")
    kept, now = tmp_path / "kept.db", line.folder / "sekisho.db"
    with closing(sqlite3.connect(now)) as source, closing(sqlite3.connect(kept)) as copy:
        source.backup(copy)
    line.done("audit", "export", "--output", str(tmp_path / "b"), by="hanako")
    line.done("audit", "checkpoint", by="hanako")
    for side in ("-wal", "-shm"):
        now.with_name(now.name + side).unlink(missing_ok=True)
    shutil.copyfile(kept, now)
    return line


def test_months_are_listed_and_one_that_runs_does_not_end(line: Line) -> None:
    (month,) = line.done("audit", "shards", by="hanako")
    assert month["stop"] == "open"
    assert month["first"] == 0
    refused = line.run("audit", "expire", "--through", month["shard"], by="hanako")
    assert (refused.code, refused.refusal) == (1, "log_month")
    assert line.refused("audit", "expire", "--through", "2001-01", by="hanako") == (
        "log_month_unknown"
    )


def test_a_month_is_held_and_released_by_two_persons(line: Line) -> None:
    (month,) = line.done("audit", "shards", by="hanako")
    name = month["shard"]
    line.done("audit", "hold", name, "--matter", "case-7", by="hanako")
    asked = line.run("audit", "release", name, by="hanako")
    assert asked.refusal == "approval_required"
    line.done("approve", approval_of(asked.err), by="taro")
    assert line.refused("audit", "release", name, by="hanako") == "log_month_unknown"


def approval_of(error: str) -> str:

    return str(json.loads(error)["params"]["approval"])


def test_a_database_that_went_back_opens_for_its_declaration_alone(back: Line) -> None:
    assert back.refused("audit", "shards", by="hanako") == "audit_tree_rolled_back"
    shown = back.run("audit", "restore", "show", by="jiro")
    assert shown.code == 1
    lost: dict[str, Any] = shown.value
    assert lost["events_lost"] == lost["lost"] - lost["size"] > 0
    assert lost["witnesses"] == {}
    asked = back.run("audit", "restore", "begin", "--reason", "disk", by="jiro")
    assert asked.refusal == "approval_required"
    approval = approval_of(asked.err)
    assert back.refused("audit", "restore", "accept", approval, by="jiro") == "action_forbidden"
    back.done("audit", "restore", "accept", approval, by="taro")
    told = back.run("audit", "verify")
    assert told.code == 0
    assert told.value["restored"][0]["lost"] == lost["lost"]
    assert "declares" in back.run("audit", "verify", as_json=False).out
    assert back.refused("audit", "restore", "begin", "--reason", "disk", by="jiro") == (
        "audit_nothing_lost"
    )


def test_a_reason_that_is_none_is_wrong_use(back: Line) -> None:
    assert back.run("audit", "restore", "begin", "--reason", "whim", by="jiro").code == 2
