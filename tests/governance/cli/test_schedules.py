"""Schedules are read, compared and explained from the command line."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from governance.db.engine import Database, sqlite_url
from retention.calendar import keeping
from retention.schedules import default_schedule
from tests.governance.cli.conftest import Home, Run

AT = datetime(2026, 10, 1, 3, tzinfo=UTC)


def officer(home: Home, run: Run, *line: str) -> Any:
    return run("--json", "--data", home.data, "--as", "tanaka", "retention", *line)


def test_the_schedule_in_force_is_shown_line_by_line(home: Home, run: Run) -> None:
    shown = officer(home, run, "schedule", "show").value
    ids = [line["id"] for line in shown["lines"]]
    assert ids[-6:] == [part.id for part in default_schedule().parts]
    assert shown["duties"][0]["id"] == "TAX_BOOKS"
    assert officer(home, run, "schedule", "show", "--version", "7").problem["code"] == (
        "schedule_unknown"
    )
    assert officer(home, run, "schedule", "versions").value == []


def test_a_file_is_checked_and_compared_with_whom_it_affects(home: Home, run: Run) -> None:
    file = home.data.parent / "own.yaml"
    text = default_schedule().text
    file.write_text(text.replace("period: {years: 3}", "period: {years: 1}", 1), "utf-8")
    assert officer(home, run, "schedule", "check", str(file)).value["name"] == "default"
    found = officer(home, run, "schedule", "diff", str(file), "--affected").value
    assert [(one["id"], one["parts"]) for one in found["changes"]] == [("WITHDRAWN", ["period"])]
    numbers = found["affected"]
    told = sum(one["lines"] for one in numbers["by"])
    assert told == numbers["newly_due"] + numbers["no_longer_due"] + numbers["moved"]
    file.write_text(text.replace("table: inquiry\n", "table: secrets\n"), "utf-8")
    refused = officer(home, run, "schedule", "check", str(file))
    assert (refused.code, refused.problem["code"]) == (2, "schedule_form")
    assert officer(home, run, "schedule", "diff").value["changes"] == []


def test_one_person_is_explained_and_a_stranger_is_unknown(home: Home, run: Run) -> None:
    listed = officer(home, run, "plan").value
    said = officer(home, run, "explain", "--subject", listed[0]["subject"]).value["said"]
    assert said[0] == listed[0]["reason_ja"]
    stranger = officer(home, run, "explain", "--subject", "00000000-0000-4000-8000-00000000dead")
    assert stranger.problem["code"] == "retention_subject_unknown"
    barred = run(
        *("--json", "--data", home.data, "--as", "support", "retention", "explain"),
        *("--subject", listed[0]["subject"]),
    )
    assert barred.code == 1


def test_the_calendar_is_told_by_month_once_it_is_whole(home: Home, run: Run) -> None:
    assert officer(home, run, "due").code == 1
    database = Database.open(sqlite_url(home.data / "sekisho.db"))
    step = partial(keeping.step, cursor=None, limit=500, at=AT)
    while not database.write(step).finished:
        pass
    database.close()
    told = officer(home, run, "due")
    assert told.code == 0
    assert told.value["whole"]
