"""Duplicates and links against the answers of the demo files."""

import itertools
from collections.abc import Callable
from typing import Any

from governance.customers.matching.links import link
from governance.customers.matching.persons import person_of
from governance.customers.matching.report import duplicates_of
from governance.customers.types import SourceKind


def _pairs(clusters: Any) -> Any:
    return {pair for rows in clusters for pair in itertools.combinations(sorted(rows), 2)}


def _persons(register: Any, source: str = "") -> Any:
    return [person_of(row, source=source) for row in register.rows if not row.refused]


def test_duplicates_of_the_register_are_found_and_no_look_alike_is_merged(
    demo: Callable[..., Any], gold: Callable[[str], list[dict[str, Any]]]
) -> None:
    register = demo("customers.csv", SourceKind.CUSTOMERS)
    found = _pairs(c.rows for c in duplicates_of(register.rows, SourceKind.CUSTOMERS).clusters)
    expected = _pairs(g["rows"] for g in gold("duplicates.jsonl"))
    hits = len(found & expected)
    assert 2 * hits / (len(found) + len(expected)) >= 0.99
    assert not found & {tuple(sorted(g["rows"])) for g in gold("not_duplicates.jsonl")}


def test_company_duplicates_are_found(
    demo: Callable[..., Any], gold: Callable[[str], list[dict[str, Any]]]
) -> None:
    register = demo("companies.csv", SourceKind.COMPANIES)
    found = {c.rows for c in duplicates_of(register.rows, SourceKind.COMPANIES).clusters}
    assert found == {tuple(g["rows"]) for g in gold("company_duplicates.jsonl")}


def test_branch_rows_are_linked_to_the_register(
    demo: Callable[..., Any], gold: Callable[[str], list[dict[str, Any]]]
) -> None:
    register = demo("customers.csv", SourceKind.CUSTOMERS)
    clusters = [c.rows for c in duplicates_of(register.rows, SourceKind.CUSTOMERS).clusters]
    branch = _persons(demo("customers_branch.xlsx", SourceKind.CUSTOMERS), "branch")
    links = {x.row: x.register_rows for x in link(branch, _persons(register), clusters=clusters)}
    assert links == {
        g["branch_row"]: tuple(g["customer_rows"]) for g in gold("duplicates_cross.jsonl")
    }


def test_web_forms_are_linked_to_the_register(
    demo: Callable[..., Any], gold: Callable[[str], list[dict[str, Any]]]
) -> None:
    register = demo("customers.csv", SourceKind.CUSTOMERS)
    clusters = [c.rows for c in duplicates_of(register.rows, SourceKind.CUSTOMERS).clusters]
    forms = _persons(demo("optin_web.csv", SourceKind.OPTIN), "form")
    found = link(forms, _persons(register), clusters=clusters)
    expected = {g["row"]: (tuple(g["customer_rows"]), g["by"]) for g in gold("optin_links.jsonl")}
    assert {x.row: x.register_rows for x in found} == {k: rows for k, (rows, _) in expected.items()}
    assert sum(x.by == expected[x.row][1] for x in found) >= 0.99 * len(expected)
