"""`sekisho collect`: a point from a file, opened, shown, closed."""

import json
from io import StringIO

import pytest

from tests.governance.cli.conftest import Home, Run

POINT = """
様式: sekisho-collection/1
収集窓口:
- 名前: catalogue_request
  版: 1
  種類: form
  標題: {ja: カタログの請求, en: Ask for our catalogue}
  説明: {ja: カタログをお送りします。, en: We send you our catalogue.}
  通知文: customer_terms
  取得元: カタログ請求
  画面: true
  項目:
  - {項目名: name, 利用目的: [order_fulfilment], 必須: true}
  - {項目名: address, 利用目的: [%s], 必須: true}
"""


def test_a_point_goes_from_a_file_to_an_open_page(home: Home, run: Run) -> None:
    mine = ("--data", home.data, "--as", "tanaka")
    file = home.files / "points.yaml"
    file.write_text(POINT % "mail_marketing", "utf-8")
    wrong = run(*mine, "--json", "collect", "declare", file)
    assert (wrong.code, wrong.problem["errors"][0]["code"]) == (1, "purpose_does_not_cover")
    file.write_text(POINT % "order_fulfilment", "utf-8")
    assert "catalogue_request 版 1" in run(*mine, "collect", "declare", file).out
    opened = run(*mine, "collect", "open", "catalogue_request")
    assert "/collect/catalogue_request" in opened.out
    listed = run(*mine, "--json", "collect", "list").value["points"]
    states = {one["id"]: one["open"] for one in listed}
    assert states["catalogue_request"]
    assert not states["newsletter"]
    assert "カタログの請求" in run(*mine, "collect", "list").out
    assert "address" in run(*mine, "collect", "show", "catalogue_request").out
    assert run(*mine, "--json", "collect", "close", "catalogue_request").value["closed_at"]
    assert run(*mine, "collect", "open", "nothing").code == 1
    assert run("--data", home.data, "--as", "support", "collect", "declare", file).code == 1


def test_a_paper_is_entered_from_standard_input(
    home: Home, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {
        "point": "paper_form",
        "fields": {"name": "架空　紙子", "birth_date": "1980-05-05"},
        "consents": {"postal_marketing": True},
        "notices": {"customer_terms": "3.1", "marketing": "3.1"},
        "shown_at": "2026-05-01T10:00:00+09:00",
    }
    mine = ("--data", home.data, "--as", "tanaka", "--json")
    monkeypatch.setattr("sys.stdin", StringIO(json.dumps(body)))
    assert run(*mine, "collect", "enter").problem["code"] == "point_unknown"
    assert run(*mine, "collect", "open", "paper_form").code == 0
    monkeypatch.setattr("sys.stdin", StringIO(json.dumps(body)))
    entered = run(*mine, "collect", "enter")
    assert entered.code == 0, entered.err
    assert entered.value["point"] == "paper_form"
    assert "架空" not in entered.out
