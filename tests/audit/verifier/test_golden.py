"""Bundles that were handed out stay readable: stored ones give their recorded verdicts."""

import json
from pathlib import Path
from typing import Any

import pytest

from audit.verifier.findings import VERIFIED, Verdict
from audit.verifier.note import parse_note, parse_vkey
from audit.verifier.trust import Evidence
from tests.audit.verifier.exports import verify

VECTORS = Path(__file__).parents[2] / "vectors" / "verifier" / "bundle.json"
CASES = json.loads(VECTORS.read_text("utf-8"))["cases"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_stored_bundles_give_their_outcome(case: dict[str, Any]) -> None:
    known = Evidence(
        keys=tuple(parse_vkey(key) for key in case["keys"]),
        witnesses=tuple(parse_vkey(key) for key in case["witnesses"]),
        held=tuple(parse_note(note) for note in case["held"]),
    )
    report = verify(case["bundle"].encode(), known)
    finding = None if report.finding is None else report.finding.value
    assert (report.verdict.value, finding) == (case["verdict"], case["finding"])
    assert (report.verdict in VERIFIED) == (case["outcome"] == "valid")
    assert (report.verdict is Verdict.UNREADABLE) == (case["outcome"] == "malformed")
