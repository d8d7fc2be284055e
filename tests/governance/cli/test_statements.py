"""Decisions, receipts and gaps from the command line, proved by the verifier alone."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from audit.verifier.main import run as verifier
from tests.governance.cli.conftest import Home, Run


def proved(path: Path, keys: list[str], capfd: pytest.CaptureFixture[str]) -> Any:
    capfd.readouterr()
    asked = [str(path), "--json", *(word for key in keys for word in ("--key", key))]
    assert verifier(asked) == 0
    return json.loads(capfd.readouterr().out)


def test_a_decision_is_written_with_its_proof(
    home: Home, run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = ("--data", home.data, "--as", "tanaka", "--json")
    subject = home.subjects[0]
    asked = run(*whole, "check", "--subject", subject, "--purpose", "mail_marketing")
    output = tmp_path / "decision"
    told = run(*whole, "audit", "decision", asked.value["decision_id"], "--output", output)
    assert told.code == 0, told.err
    report = proved(output, told.value["keys"], capfd)
    assert report["verdict"] == "verified_self_signed"
    assert report["content"]["subject"] == subject
    assert report["content"]["record"]["outcome"] == "deny"
    assert report["content"]["record"]["actor"] == "u:tanaka"


def test_a_receipt_is_written_and_an_unknown_choice_leaves_no_file(
    home: Home, run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = ("--data", home.data, "--as", "tanaka", "--json")
    missing = tmp_path / "missing"
    unknown = "01912f6a-0000-7000-8000-000000000101"
    assert run(*whole, "consent", "receipt", unknown, "--output", missing).code == 1
    assert not missing.exists()
    consents = home.files / "consents.csv"
    consents.write_text(
        "同意ID,顧客ID,日時,目的コード,操作,通知版,取得方法,証跡ID,代理人,備考\n"
        "CN1,C000001,2026-04-01 09:00,P02,同意,,Web,,,\n",
        "utf-8",
    )
    loaded = ("--data", home.data, "--as", "manager", "--json")
    run(*loaded, "import", consents, "--kind", "consents")
    with closing(sqlite3.connect(home.data / "sekisho.db")) as database:
        found = database.execute("SELECT id FROM consent_event").fetchall()
    assert found
    output = tmp_path / "receipt"
    told = run(*whole, "consent", "receipt", found[0][0], "--output", output)
    assert told.code == 0, told.err
    assert proved(output, told.value["keys"], capfd)["form"] == "consent_receipt"


def test_an_installation_without_gaps_says_so(home: Home, run: Run) -> None:
    told = run("--data", home.data, "--as", "auditor", "--json", "audit", "gaps")
    assert (told.code, told.value) == (0, {"events": [], "decisions": []})


def test_decisions_of_a_killed_process_are_told(home: Home, run: Run) -> None:
    marks = home.data / "journal" / "decisions"
    (marks / "dead.mark").write_bytes((3).to_bytes(8, "little"))
    told = run("--data", home.data, "--as", "auditor", "--json", "audit", "gaps")
    lost = {"process": "dead", "first": 1, "last": 3, "told": True}
    assert (told.code, told.value) == (1, {"events": [], "decisions": [lost]})
    assert not list(marks.glob("*.mark"))
    assert run("--data", home.data, "audit", "verify").code in {0, 1}
