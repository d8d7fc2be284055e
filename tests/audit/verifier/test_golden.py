"""Files that were handed out stay readable: stored ones give their recorded verdicts."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from audit.verifier.findings import VERIFIED, Verdict
from audit.verifier.note import parse_note, parse_vkey
from audit.verifier.statement import verify_statement
from audit.verifier.trust import Evidence
from tests.audit.verifier.exports import verify

VECTORS = Path(__file__).parents[2] / "vectors" / "verifier"


def cases(name: str) -> list[Any]:
    found = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))["cases"]
    return [pytest.param(case, id=case["id"]) for case in found]


def outcome(verdict: Verdict) -> str:
    """How a vector calls the verdict."""
    if verdict in VERIFIED:
        return "valid"
    known = {Verdict.UNPINNED: "acceptable", Verdict.UNREADABLE: "malformed"}
    return known.get(verdict, "invalid")


@pytest.mark.parametrize("case", cases("bundle"))
def test_stored_bundles_give_their_outcome(case: dict[str, Any]) -> None:
    known = Evidence(
        keys=tuple(parse_vkey(key) for key in case["keys"]),
        witnesses=tuple(parse_vkey(key) for key in case["witnesses"]),
        held=tuple(parse_note(note) for note in case["held"]),
    )
    report = verify(case["bundle"].encode(), known)
    finding = None if report.finding is None else report.finding.value
    assert (report.verdict.value, finding) == (case["verdict"], case["finding"])
    assert outcome(report.verdict) == case["outcome"]


@pytest.mark.parametrize("case", cases("statement"))
def test_stored_statements_give_their_outcome(case: dict[str, Any]) -> None:
    known = Evidence(keys=tuple(parse_vkey(key) for key in case["keys"]))
    report = verify_statement(io.BytesIO(case["statement"].encode()), known)
    finding = None if report.finding is None else report.finding.value
    assert (report.verdict.value, finding) == (case["verdict"], case["finding"])
    assert outcome(report.verdict) == case["outcome"]


def test_every_verdict_has_a_stored_file() -> None:
    stored = [case.values[0]["verdict"] for name in ("bundle", "statement") for case in cases(name)]
    assert set(stored) == set(Verdict)
