"""`sekisho notice`: from a file to a version in force, by two persons."""

from datetime import date

from tests.governance.cli.conftest import Home, Run

DRAFT = """
様式: sekisho-notice/1
通知文: location
版: '4.0'
施行日: {day}
変更区分: 重要
標題: {{ja: 位置情報の利用, en: Use of location}}
本文: {{ja: 位置の履歴は60日を超えて保存しません。, en: Kept no longer than 60 days.}}
変更点: {{ja: 保存期間を改めました。, en: The period was changed.}}
前の版: {before}
"""


def test_a_notice_goes_from_a_file_into_force(home: Home, run: Run) -> None:
    day = date.today().replace(year=date.today().year + 1)  # noqa: DTZ011 # a day ahead
    mine = ("--data", home.data, "--as", "tanaka")
    file = home.files / "location.yaml"
    file.write_text(DRAFT.format(day=day, before="'3.0'"), "utf-8")
    lacking = run(*mine, "--json", "notice", "draft", file)
    assert (lacking.code, lacking.value["faults"][0]["code"]) == (1, "not_the_newest")
    refused = run(*mine, "--json", "notice", "publish", "location", "4.0")
    assert (refused.code, refused.problem["code"]) == (1, "notice_faults")
    file.write_text(DRAFT.format(day=day, before="'3.1'"), "utf-8")
    drafted = run(*mine, "notice", "draft", file)
    assert drafted.code == 0, drafted.err
    assert "+ 位置の履歴は60日を超えて保存しません。" in drafted.out
    asked = run(*mine, "--json", "notice", "publish", "location", "4.0")
    assert (asked.code, asked.problem["code"]) == (1, "approval_required")
    assert asked.value["staled"] == [{"purpose": "location_use", "agreed": 0, "asked_again": 0}]
    second = ("--data", home.data, "--as", "sasaki")
    assert run(*second, "approve", asked.value["approval"]).code == 0
    listed = run(*mine, "--json", "notice", "list").value
    (waiting,) = [one for one in listed["waiting"] if one["notice"] == "location"]
    assert (waiting["state"], waiting["approved_by"]) == ("announced", "u:sasaki")
    held = {one["notice"]: one["version"] for one in listed["notices"]}
    assert held["location"] == "3.1"
    told = run(*mine, "notice", "list")
    assert "公表済み" in told.out
    shown = run(*mine, "notice", "show", "location", "4.0")
    assert "60日" in shown.out
    assert "30日" in run(*mine, "notice", "show", "location").out
    compared = run(*mine, "--json", "notice", "diff", "location", "3.1", "4.0").value
    assert {one["change"] for one in compared["changes"]} == {"added", "removed"}
    assert run(*mine, "notice", "drop", "location", "4.0").code == 1
    assert run(*mine, "notice", "show", "nothing").code == 1


def test_the_published_pages_are_written_into_an_empty_folder(home: Home, run: Run) -> None:
    out = home.files / "site"
    mine = ("--data", home.data, "--as", "tanaka", "--json")
    told = run(*mine, "notice", "page", "--out", out)
    assert told.code == 0, told.err
    assert {path.name for path in out.iterdir()} == set(told.value["files"])
    assert run(*mine, "notice", "page", "--out", out).problem["code"] == "output_exists"
