"""The sample schedule gives the decisions that the sample data's own answers give."""

from collections.abc import Mapping
from typing import Any

import pytest

from retention import rules
from retention.schedules import RETAIL_SAMPLE, shipped_schedule
from retention.types import Decision
from tests.retention.samples import AT, facts_by_row, gold

FIELDS = ("decision", "rule", "basis", "due_on", "ledger_until")


@pytest.fixture(scope="module")
def decisions() -> dict[int, Decision]:
    schedule = shipped_schedule(RETAIL_SAMPLE)
    return {row: rules.due(facts, schedule, at=AT) for row, facts in facts_by_row().items()}


def shown(decision: Decision) -> dict[str, str]:
    days = {name: getattr(decision, name) for name in ("basis", "due_on", "ledger_until")}
    return {"decision": decision.kind.value, "rule": decision.rule} | {
        name: day.isoformat() for name, day in days.items() if day is not None
    }


def wanted(line: Mapping[str, Any]) -> dict[str, str]:
    return {name: line[name] for name in FIELDS if name in line}


def test_every_register_row_gets_the_gold_decision(decisions: dict[int, Decision]) -> None:
    lines = gold("retention_due.jsonl")
    wrong = {
        line["row"]: (wanted(line), shown(decisions[line["row"]]))
        for line in lines
        if line["row"] in decisions and shown(decisions[line["row"]]) != wanted(line)
    }
    assert wrong == {}
    unread = [line for line in lines if line["row"] not in decisions]
    assert all(line.get("structural") == "shifted" for line in unread)


def test_rows_of_one_person_are_combined_as_the_gold_says(decisions: dict[int, Decision]) -> None:
    lines = {line["row"]: line for line in gold("retention_due.jsonl")}
    compared = 0
    for cluster in gold("duplicates.jsonl"):
        rows = [row for row in cluster["rows"] if row in decisions]
        if len(rows) != len(cluster["rows"]):
            continue
        answer = rules.combined([decisions[row] for row in rows])
        for row in rows:
            compared += 1
            assert answer.kind.value == lines[row]["person_decision"]
    assert compared > 300
