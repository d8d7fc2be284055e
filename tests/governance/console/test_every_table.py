"""Every table of the console is a list of the mechanism, or stands here with why it is not.

A list can be filtered, sorted, paged, kept as a view, given other columns, chosen from by keys and
exported (governance/ui/lists). A table that may grow has no place among the exceptions.
"""

import pkgutil
import re
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

from governance.console import lists
from governance.console.lists.persons import PERSONS_FOUND
from governance.console.lists.registry import SOURCES
from governance.console.lists.source import Source
from governance.ui.lists.types import Kind

ROOT: Final = Path(__file__).resolve().parents[3] / "governance"
FOLDERS: Final = (ROOT / "console" / "templates", ROOT / "app" / "templates")
TABLE: Final = re.compile(r"ui\.table\(.*?\bid=\"([\w-]+)\"", re.DOTALL)
DRAWN: Final = re.compile(r"<table\b")

FIXED: Final = "one row for each kind, class or figure that the product has"
OF_ONE: Final = "parts of one case, file or account, all of them needed at a glance; fewer than 20"
CHART: Final = "the table behind a chart: its rows are the columns of the chart"
SHORT: Final = "the newest few, with the way to the whole list"
ACTS: Final = "what waits for an act on this page, with its buttons; the whole list stands below"
NOBODY: Final = "pseudonyms of one record, page after page; no order or condition speaks of them"

EXCEPTIONS: Final[dict[str, str]] = {
    "access_review decided-rows": "what was decided in this one review, as it will be filed",
    "access_review rows": "decided row by row by the superior; one review holds one department",
    "account session-rows": OF_ONE,
    "backups standings": FIXED,
    "client list": OF_ONE,
    "consents_person cells": "a person's consents by purpose; as many as the policy has",
    "dataset given": OF_ONE,
    "duplicate fields": "the fields of two persons side by side",
    "elevation elevated": ACTS,
    "figure files": SHORT,
    "figure found": FIXED,
    "figure problems": FIXED,
    "figure reviews": "open tasks that one figure counts; the whole list is /console/quality",
    "health lines": FIXED,
    "hold held": NOBODY,
    "hold sent": OF_ONE,
    "hold waits": NOBODY,
    "import_look column-rows": "the columns of one file in their order",
    "import_look problem-rows": FIXED,
    "import_run count-rows": FIXED,
    "import_run problem-rows": FIXED,
    "jobs jobs": FIXED,
    "keys approvals": "approvals for keys alone; the list of all approvals is /console/approvals",
    "keys copy-rows": "copies of keys that lie in one folder; listed on /console/backups",
    "keys epoch-rows": SHORT,
    "keys index-rows": FIXED,
    "keys key-rows": FIXED,
    "keys task-rows": SHORT,
    "letter_texts all-rows": FIXED,
    "letters letter-rows": OF_ONE,
    "log reviewed": SHORT,
    "notice all": "the versions of one notice in their order",
    "overview events": SHORT,
    "overview near-rows": SHORT,
    "plan by-line": FIXED,
    "plan by-rule": FIXED,
    "plan by-table": FIXED,
    "plan rows": NOBODY,
    "point consents": OF_ONE,
    "point items": OF_ONE,
    "policies proof-rows": OF_ONE,
    "policy_change flips": "what one trial would decide otherwise; it is gone with its page",
    "provision_persons people": NOBODY,
    "quality measures": FIXED,
    "quality trend-table": CHART,
    "quality_behind rows": NOBODY,
    "recipient looks": OF_ONE,
    "recipient subs": OF_ONE,
    "request_answer dispatch-rows": OF_ONE,
    "request_execution plan-rows": OF_ONE,
    "request_execution recipient-rows": OF_ONE,
    "request_figures refusal-rows": FIXED,
    "request_identity proof-rows": OF_ONE,
    "request_preview files": OF_ONE,
    "request_sources asked": OF_ONE,
    "retention newest": SHORT,
    "run by-rule": FIXED,
    "run kept": FIXED,
    "run left": FIXED,
    "run parts": "the batches of one run, page after page in their order",
    "scan rows-": "columns of one place as found; the page gives the whole report as a file",
    "scan rows-missed": OF_ONE,
    "schedules proposals": ACTS,
    "settings lines": FIXED,
    "simulation by-duty": FIXED,
    "simulation by-line": FIXED,
    "simulation by-rule": FIXED,
    "simulation by-table": FIXED,
    "simulation months": CHART,
    "simulation_persons persons": NOBODY,
    "staff apart-rows": FIXED,
    "staff_account elevated": OF_ONE,
    "staff_account events": SHORT,
    "staff_account grants": OF_ONE,
    "staff_account open-sessions": OF_ONE,
}
DRAWN_BY_HAND: Final = {"policy_matrix": "roles against purposes: a matrix has no order of rows"}
NO_FILES: Final = {"persons": "files of persons ask the gate (person_file_pages.py)"}


def tables() -> set[str]:
    return {
        f"{path.stem} {ident}"
        for folder in FOLDERS
        for path in folder.glob("*.html")
        for ident in TABLE.findall(path.read_text(encoding="utf-8"))
    }


def test_every_table_is_a_list_or_says_why_it_is_none() -> None:
    assert tables() == EXCEPTIONS.keys()


def test_no_page_draws_a_table_of_its_own() -> None:
    drawn = {
        path.stem
        for folder in FOLDERS
        for path in folder.glob("*.html")
        if DRAWN.search(path.read_text(encoding="utf-8"))
    }
    assert drawn == DRAWN_BY_HAND.keys()


def test_every_source_of_rows_is_in_the_registry() -> None:
    """A list that is not there has no files and no saved views."""
    found = {
        one.declared.id
        for module in pkgutil.iter_modules(lists.__path__)
        for one in vars(import_module(f"{lists.__name__}.{module.name}")).values()
        if isinstance(one, Source)
    }
    assert found == SOURCES.keys() | {PERSONS_FOUND.declared.id}


@pytest.mark.parametrize("source", [*SOURCES.values(), PERSONS_FOUND], ids=lambda s: s.declared.id)
def test_a_list_declares_its_columns_an_order_and_its_files(source: Source) -> None:
    declared = source.declared
    keys = [one.key for one in declared.columns]
    assert len(keys) == len(set(keys))
    assert declared.columns[0].kind is not Kind.ACT, "the first column heads its row"
    assert any(one.shown for one in declared.columns)
    assert any(one.sorts and one.kind is not Kind.ACT for one in declared.columns)
    assert declared.has_files or declared.id in NO_FILES
    assert declared.selects or declared.id in NO_FILES
    assert not declared.order or declared.column(declared.order.removeprefix("-"))
    if declared.cursor:
        at_any_size = [one for one in declared.columns if one.sorts and not one.within]
        assert at_any_size, "one order holds at any size"
