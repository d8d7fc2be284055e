"""A witness in a process of its own, and a log that shows itself to it, by command line alone."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.governance.cli.line import Line


@pytest.fixture
def line(tmp_path: Path) -> Line:
    made = Line(folder=tmp_path / "data")
    made.found()
    made.hire("ogawa", "auditor")
    return made


@pytest.fixture
def witness(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The keys of a running witness that trusts this log, named in the settings."""
    folder = str(tmp_path / "witness")
    keys: list[str] = line.done(
        "audit", "witness", "begin", "--folder", folder, "--name", "witness.example/w1"
    )["keys"]
    logs = line.done("audit", "checkpoint", by="ogawa")["keys"]
    line.done("audit", "witness", "trust", "--folder", folder, *logs)
    command = [sys.executable, "-m", "governance.cli.main", "--lang", "en", "audit", "witness"]
    with subprocess.Popen(
        [*command, "serve", "--folder", folder, "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found is not None, said
        listed = tmp_path / "witnesses"
        listed.write_text(f"{found[0]} {' '.join(keys)}\n")
        monkeypatch.setenv("SEKISHO_WITNESS_FILE", str(listed))
        yield keys
        process.terminate()


def test_a_log_shows_itself_and_is_witnessed(line: Line, witness: list[str]) -> None:
    assert line.done("audit", "verify")["verdict"] == "verified_self_signed"
    asked = line.done("audit", "witness", "ask", by="ogawa")
    assert [(one["witness"], one["result"]) for one in asked] == [
        ("witness.example/w1", "cosigned")
    ]
    report = line.done("audit", "verify")
    assert (report["verdict"], report["witness"]) == ("verified_witnessed", "witness.example/w1")
    assert report["witnessed_size"] <= report["size"]
    pinned = line.done("audit", "verify", "--witness", witness[0])
    assert pinned["verdict"] == "verified_witnessed"
    shown = line.run("doctor", by="ogawa")
    assert (
        next(one for one in json.loads(shown.out) if one["check"] == "witness")["state"] == "good"
    )


def test_wrong_words_change_nothing(line: Line, tmp_path: Path) -> None:
    folder = str(tmp_path / "w")
    line.done("audit", "witness", "begin", "--folder", folder, "--name", "witness.example/w1")
    again = line.refused("audit", "witness", "begin", "--folder", folder, "--name", "w.example/2")
    assert again == "audit_witness_exists"
    assert line.refused("audit", "witness", "show", "--folder", str(tmp_path)) == (
        "audit_witness_folder"
    )
    assert line.refused("audit", "witness", "trust", "--folder", folder, "junk") == (
        "audit_note_form"
    )
    assert line.refused("audit", "witness", "begin", "--folder", f"{folder}2", "--name", "a b") == (
        "audit_note_form"
    )
    assert not (tmp_path / "w2").exists()
    said = line.run("audit", "verify", "--key", "junk")
    assert (said.code, said.refusal) == (2, "verifier_key")
    assert line.done("audit", "witness", "ask", by="ogawa") == []


def test_a_wrong_list_of_witnesses_is_told_with_its_line(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = tmp_path / "witnesses"
    listed.write_text("# ours\nhttps://witness.example\n")
    monkeypatch.setenv("SEKISHO_WITNESS_FILE", str(listed))
    said = line.run("audit", "witness", "ask", by="ogawa")
    assert said.refusal == "audit_witness_list"
    assert json.loads(said.err)["params"] == {"line": 2}
