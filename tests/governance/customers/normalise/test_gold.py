"""The normalisers against the answers of the demo files."""

from collections.abc import Callable
from typing import Any

import pytest

from governance.customers.types import ProblemKind, SourceKind

FIELDS = {
    "tel": "phone",
    "mobile": "mobile",
    "fax": "fax",
    "email": "email",
    "postal": "postal_code",
    "kana": "kana",
    "birth": "birth_date",
}
FLOOR = 0.99


def _plain(field: str, value: Any) -> Any:
    return value.replace(" ", "") if value and field == "kana" else value or None


@pytest.mark.parametrize(
    ("file", "answers"),
    [("customers.csv", "normalised.jsonl"), ("customers_branch.xlsx", "normalised_branch.jsonl")],
)
@pytest.mark.parametrize("field", FIELDS)
def test_values_are_exact_above_the_floor(
    demo: Callable[..., Any],
    gold: Callable[[str], list[dict[str, Any]]],
    file: str,
    answers: str,
    field: str,
) -> None:
    rows = {row.number: row for row in demo(file, SourceKind.CUSTOMERS).rows}
    cases = [g for g in gold(answers) if field in g and not g.get("structural")]
    if not cases:
        assert field == "fax"  # the branch list has none
        return
    right = sum(
        _plain(field, g[field]) == _plain(field, rows[g["row"]].get(FIELDS[field])) for g in cases
    )
    assert right / len(cases) >= FLOOR


def test_no_dirty_cell_gets_an_invented_value(
    demo: Callable[..., Any], gold: Callable[[str], list[dict[str, Any]]]
) -> None:
    rows = {row.number: row for row in demo("customers.csv", SourceKind.CUSTOMERS).rows}
    invented = [
        (g["row"], field)
        for g in gold("normalised.jsonl")
        for field, column in FIELDS.items()
        if g[field] is None and not g.get("structural") and rows[g["row"]].get(column) is not None
    ]
    assert not invented


@pytest.mark.parametrize("kind", [k for k in ProblemKind if k is not ProblemKind.PLACEHOLDER])
def test_problems_of_the_register_are_those_known(
    demo: Callable[..., Any], gold: Callable[[str], list[dict[str, Any]]], kind: Any
) -> None:
    expected = {
        (g["row"], g.get("column")) for g in gold("errors.jsonl") if g["kind"] == kind.value
    }
    found = {
        (p.row, p.column)
        for row in demo("customers.csv", SourceKind.CUSTOMERS).rows
        for p in row.problems
        if p.kind is kind
    }
    assert len(expected & found) >= 0.98 * len(expected)
    assert len(found - expected) <= 0.02 * max(50, len(expected))


def test_all_known_placeholders_are_found(
    demo: Callable[..., Any], gold: Callable[[str], list[dict[str, Any]]]
) -> None:
    expected = {(g["row"], g["column"]) for g in gold("errors.jsonl") if g["kind"] == "PLACEHOLDER"}
    found = {
        (p.row, p.column)
        for row in demo("customers.csv", SourceKind.CUSTOMERS).rows
        for p in row.problems
        if p.kind is ProblemKind.PLACEHOLDER
    }
    assert expected <= found


def test_shifted_rows_are_refused_and_cut_rows_are_read(
    demo: Callable[..., Any], gold: Callable[[str], list[dict[str, Any]]]
) -> None:
    refused = {
        row.number for row in demo("customers.csv", SourceKind.CUSTOMERS).rows if row.refused
    }
    assert refused == {
        g["row"] for g in gold("normalised.jsonl") if g.get("structural") == "shifted"
    }


def test_problems_of_other_files_are_found(
    demo: Callable[..., Any], gold: Callable[[str], list[dict[str, Any]]]
) -> None:
    found = {
        (file, p.row, p.column, p.kind.value)
        for file, kind in (
            ("customers_branch.xlsx", SourceKind.CUSTOMERS),
            ("optin_web.csv", SourceKind.OPTIN),
        )
        for row in demo(file, kind).rows
        for p in row.problems
    }
    expected = {(g["file"], g["row"], g["column"], g["kind"]) for g in gold("errors_other.jsonl")}
    assert expected <= found
