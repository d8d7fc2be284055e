"""`sekisho access-review` and `elevation`: two persons, the reason read and never an argument."""

import sys
from io import StringIO
from pathlib import Path

import pytest

from tests.governance.cli.line import Line

WHY = "配置換えのため"


@pytest.fixture
def line(tmp_path: Path) -> Line:
    made = Line(folder=tmp_path / "data")
    made.found()
    return made


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command reads the same reason from its input."""

    class Typed(StringIO):
        def read(self, size: int | None = -1, /) -> str:
            del size
            return WHY

    monkeypatch.setattr(sys, "stdin", Typed())


@pytest.mark.usefixtures("says")
def test_a_review_is_held_from_start_to_close_by_two_persons(line: Line) -> None:
    line.hire("mori", "support")
    for by in ("jiro", "mori"):
        assert line.refused("access-review", "start", by=by) == "action_forbidden"
    quarter = line.done("access-review", "start", by="hanako")["quarter"]
    assert line.refused("access-review", "start", by="hanako") == "access_review_open"
    waiting = line.run("access-review", "show", quarter, "--waiting", by="taro")
    assert waiting.code == 1
    rows = {one["account"]: one for one in waiting.value["rows"]}
    assert set(rows) == {"u:hanako", "u:taro", "u:jiro", "u:mori"}
    assert "order_support" in rows["u:mori"]["opens"]

    step = ("access-review", "decide", quarter)
    assert line.refused(*step, "u:hanako", "--keep", by="hanako") == "access_own_row"
    assert line.run(*step, "u:mori", "--keep", "--end", by="hanako").code == 2
    assert line.refused(*step, "u:mori", "--keep", "--seen", "0", by="hanako") == (
        "access_row_changed"
    )
    line.done(*step, "u:mori", "--remove", "support", by="hanako")
    assert line.done("staff", "list", by="jiro")[2]["roles"] == []
    assert line.done(*step, "u:taro", "u:jiro", "--keep", by="hanako")["decided"] == 2
    assert line.refused("access-review", "close", quarter, by="taro") == "access_review_undecided"
    line.done(*step, "u:hanako", "--keep", by="taro")
    assert line.refused("access-review", "close", quarter, by="hanako") == "access_second_closer"
    closed = line.done("access-review", "close", quarter, by="taro")
    assert len(closed["digest"]) == 64
    assert line.refused(*step, "u:jiro", "--end", by="hanako") == "access_review_closed"
    words = line.run("access-review", "list", by="taro", as_json=False)
    assert quarter in words.out
    report = line.run("report", "R13", "--format", "json", by="hanako", as_json=False)
    assert closed["digest"] in report.out


@pytest.mark.usefixtures("says")
def test_a_role_for_a_time_is_asked_for_and_given_on_the_command_line(line: Line) -> None:
    line.hire("mori", "support")
    asked = line.run("elevation", "ask", "sales", "--minutes", "30", by="mori")
    assert asked.code == 1
    approval = asked.value["approval_required"]
    for by in ("mori", "jiro"):
        assert line.refused("elevation", "approve", approval, by=by) == "action_forbidden"
    assert line.done("elevation", "approve", asked.value["elevation"], by="hanako")["given"]
    (one,) = line.done("elevation", "list", by="mori")
    assert (one["phase"], one["role"], one["reason"]) == ("standing", "sales", WHY)
    assert line.refused("elevation", "end", one["id"], by="jiro") == "elevation_unknown"
    line.done("elevation", "end", one["id"], by="mori")
    assert line.done("elevation", "list", by="mori")[0]["phase"] == "over"
    again = line.run("elevation", "ask", "marketing", by="mori").value["approval_required"]
    assert not line.done("elevation", "refuse", again, by="hanako")["given"]
    assert WHY in line.run("elevation", "list", by="hanako", as_json=False).out
    assert line.refused("elevation", "approve", "unknown", by="hanako") == "approval_not_found"
