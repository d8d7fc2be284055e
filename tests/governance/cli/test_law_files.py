"""`sekisho law` with files of the installation: checked, listed, counted by."""

from pathlib import Path

import pytest

from tests.governance.cli.line import Line

OWN = """schema: governance-law/1
compiled: '2026-12-01'
sources:
  OWN: {title: 社内規程, kind: company}
deadline_rules:
  own_7d: {amount: 7, unit: days, start: contract_ended, verification: n/a, sources: [OWN]}
test_cases:
- id: C1
  law: 社内規程
  rule: own_7d
  input: {contract_ended: '2026-12-01'}
  expect: {legal: '2026-12-08'}
  calendar: none
  reason: seven days
  verification: n/a
"""


def test_a_file_is_checked_added_and_counted_by(tmp_path: Path) -> None:
    line = Line(folder=tmp_path / "data")
    line.found()
    file = tmp_path / "own.yaml"
    file.write_text(OWN, encoding="utf-8")
    checked = line.done("law", "check", str(file))
    assert (checked["deadline_rules"], checked["date_cases"]) == (1, 1)
    due = ("law", "due", "--rule", "own_7d", "--event", "contract_ended=2026-12-01")
    assert line.refused(*due) == "law_unknown_id"
    (line.folder / "law.d").mkdir()
    (line.folder / "law.d" / "own.yaml").write_text(OWN, encoding="utf-8")
    assert line.done(*due)["legal"] == "2026-12-08"
    listed = line.done("law", "list", "--law", "APPI", "--at", "2026-11-26")
    assert listed["files"][-1] == "own.yaml"
    assert {one["law"] for one in listed["obligations"]} == {"APPI"}
    assert not any(one["switched_on"] for one in listed["rule_sets"])


def test_a_fault_stops_the_start_with_file_and_line(tmp_path: Path) -> None:
    line = Line(folder=tmp_path / "data")
    line.found()
    (line.folder / "law.d").mkdir()
    (line.folder / "law.d" / "own.yaml").write_text(OWN.replace("amount: 7", "amount: -7"))
    for words in (("law", "list"), ("dsar", "list")):
        said = line.run(*words, as_json=False, by="hanako")
        assert said.code == 2
        assert "own.yaml:6" in said.err


def test_a_case_that_comes_out_otherwise_is_a_finding(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(OWN.replace("12-08", "12-09"), encoding="utf-8")
    said = Line(folder=tmp_path / "none").run("law", "check", str(file), as_json=False)
    assert said.code == 1
    assert "C1: legal=2026-12-09 != legal=2026-12-08" in said.err


def test_a_rule_set_is_switched_on_by_a_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(folder=tmp_path / "none")
    monkeypatch.setenv("SEKISHO_LAW_SWITCHES", "appi_r8_minors")
    assert line.done("law", "show", "appi_r8_minors")["switched_on"] is True
    assert line.done("law", "list")["version"].endswith("+appi_r8_minors")
    monkeypatch.setenv("SEKISHO_LAW_SWITCHES", "appi_r9")
    assert line.refused("law", "list") == "law_unknown_switch"
