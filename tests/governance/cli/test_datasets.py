"""`sekisho dataset` and `/v1/datasets`: from the request to the file, by the roles that may."""

from pathlib import Path

import pytest

from tests.governance.cli.conftest import Home, Run, Said

REQUEST = """
schema: sekisho-dataset/1
name: 地域と性別
kind: anonymised
purpose: purchase_analysis
table: person
expires_on: 2099-03-31
items:
  - {column: address, way: prefecture}
  - {column: sex}
"""


def by(run: Run, home: Home, login: str, *words: str) -> Said:
    return run("--data", home.data, "--as", login, "--json", *words)


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    path = tmp_path / "request.yaml"
    path.write_text(REQUEST, encoding="utf-8")
    return path


def test_a_data_set_from_its_request_to_its_end(run: Run, home: Home, asked: Path) -> None:
    checked = by(run, home, "analyst", "dataset", "check", str(asked))
    assert (checked.code, len(checked.value)) == (0, 5)
    made = by(run, home, "analyst", "dataset", "make", str(asked))
    assert (made.code, made.value["state"]) == (0, "made"), made.err
    known, file = made.value["id"], asked.with_name("rows.csv")
    early = by(run, home, "analyst", "dataset", "take", known, "--output", str(file))
    assert (early.code, early.problem["code"]) == (1, "dataset_state")
    for login in ("analyst", "auditor"):
        assert by(run, home, login, "dataset", "release", known).code == 1
    assert by(run, home, "tanaka", "dataset", "release", known).value["state"] == "released"
    assert by(run, home, "auditor", "dataset", "show", known, "--method").code == 1
    told = by(run, home, "tanaka", "dataset", "show", known, "--method")
    assert told.value["request"] == REQUEST
    given = by(run, home, "tanaka", "dataset", "provide", known, "--to", "架空研究所")
    assert given.value["provisions"][0]["recipient"] == "架空研究所"
    assert by(run, home, "analyst", "dataset", "take", known, "--output", str(file)).code == 0
    assert file.read_text("utf-8-sig").splitlines()[0] == '"address","sex"'
    assert by(run, home, "analyst", "dataset", "end", known).value["state"] == "ended"
    again = by(run, home, "tanaka", "dataset", "end", known)
    assert (again.code, again.problem["code"]) == (1, "dataset_state")
    assert [one["id"] for one in by(run, home, "auditor", "dataset", "list").value] == [known]


def test_a_request_below_the_standard_is_told_item_by_item(
    run: Run, home: Home, asked: Path
) -> None:
    asked.write_text(REQUEST.replace("column: sex", "column: name"), encoding="utf-8")
    checked = by(run, home, "analyst", "dataset", "check", str(asked))
    assert checked.code == 1
    assert [one["standard"] for one in checked.value if not one["met"]] == ["r34_1"]
    refused = by(run, home, "analyst", "dataset", "make", str(asked))
    assert (refused.code, refused.problem["code"]) == (1, "dataset_standard")
    asked.write_bytes(b"\xff\xfe\x00")
    assert by(run, home, "analyst", "dataset", "make", str(asked)).code == 3
