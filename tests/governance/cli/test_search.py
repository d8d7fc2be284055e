"""`sekisho search`: the words come from standard input and stand nowhere else."""

import io
from typing import Any

import pytest

from tests.governance.cli.conftest import Home, Run, Said


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a line on standard input."""

    def put(words: str) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{words}\n".encode())))

    return put


def asked(run: Run, home: Home, *more: str, purpose: str = "order_support") -> Said:
    words = ("--data", home.data, "--as", "support", *more, "search", "--purpose", purpose)
    return run(*words)


def test_who_answers_is_shown_as_the_gates_say(run: Run, home: Home, typed: Any) -> None:
    typed("かくう　はなこ")
    found = asked(run, home, "--json")
    assert found.code == 0, found.err
    assert {item["id"] for item in found.value["items"]} <= set(home.subjects)
    assert found.value["index_behind"] == 0  # the import wrote the rest at its end
    typed("090-0000-0001")
    words = asked(run, home)
    assert words.code == 0
    assert "全体が一致" in words.out
    assert "該当: 2件（" in words.out
    assert "090-0000-0001" not in words.out
    assert "person1@example.com" not in words.out


def test_nobody_found_is_a_finding_and_nothing_asked_is_wrong_use(
    run: Run, home: Home, typed: Any
) -> None:
    typed("存在しない名前")
    assert asked(run, home, "--json").code == 1
    typed("")
    refused = asked(run, home, "--json")
    assert (refused.code, refused.problem["code"]) == (2, "search_empty")
    typed("架空")
    refused = asked(run, home, "--json", purpose="corporate_sales")
    assert (refused.code, refused.problem["code"]) == (1, "search_refused")


def test_companies_are_searched_for_their_purpose_alone(run: Run, home: Home, typed: Any) -> None:
    typed("㈱架空商事")
    none = run(
        "--data", home.data, "--as", "manager", "--json", "search", "--companies", "--count",
        "--purpose", "data_quality",
    )  # fmt: skip
    assert (none.code, none.value["items"]) == (1, [])
    assert (none.value["total"], none.value["total_is"]) == (0, "exact")
    assert "name" in none.value["searched"]
    typed("㈱架空商事")
    refused = run(
        "--data", home.data, "--as", "support", "--json", "search", "--companies",
        "--purpose", "order_support",
    )  # fmt: skip
    assert (refused.code, refused.problem["code"]) == (1, "search_refused")


def test_the_words_are_no_argument(run: Run, home: Home, typed: Any) -> None:
    typed("架空")
    said = run(
        "--data", home.data, "--as", "support", "search", "架空", "--purpose", "order_support"
    )
    assert said.code == 2
    assert "架空" not in said.out
