"""Quality figures from counts, and the report of a file."""

from datetime import date
from typing import Any

import pytest

from governance.customers.quality import (
    LIMITS,
    Figure,
    Kpi,
    Level,
    QualityCounts,
    count,
    figures,
    is_fresh,
    next_review,
    quality_report,
)
from governance.customers.types import NormalisedRow, Problem, ProblemKind, SourceKind

AT = date(2026, 10, 1)


def row(number: int, *kinds: ProblemKind, **values: str | None) -> Any:
    problems = tuple(Problem(kind=kind, row=number) for kind in kinds)
    return NormalisedRow(number=number, values=values, problems=problems)


def test_every_figure_has_limits() -> None:
    assert set(LIMITS) == set(Kpi)
    assert {f.kpi for f in figures(QualityCounts())} == set(Kpi)


@pytest.mark.parametrize(
    ("kpi", "part", "level"),
    [
        (Kpi.ERROR_RATE, 0, Level.GOOD),
        (Kpi.ERROR_RATE, 3, Level.WATCH),
        (Kpi.ERROR_RATE, 5, Level.POOR),
        (Kpi.COMPLETENESS, 95, Level.GOOD),
        (Kpi.COMPLETENESS, 90, Level.WATCH),
        (Kpi.COMPLETENESS, 80, Level.POOR),
    ],
)
def test_levels_follow_the_limits(kpi: Any, part: int, level: Any) -> None:
    assert Figure(kpi=kpi, part=part, whole=100).level is level


def test_nothing_counted_has_no_share_and_no_level() -> None:
    empty = Figure(kpi=Kpi.FRESHNESS, part=0, whole=0)
    assert (empty.share, empty.level) == (None, None)


def test_notices_are_no_errors() -> None:
    rows = [row(1, ProblemKind.FORMULA_LEADING), row(2, ProblemKind.EMAIL_SYNTAX), row(3)]
    assert count(rows, SourceKind.CUSTOMERS, at=AT).rows_with_errors == 1


def test_freshness_takes_the_latest_day() -> None:
    rows = [
        row(1, registered_on="2010-01-01", last_purchase_on="2026-09-01"),
        row(2, registered_on="2010-01-01"),
    ]
    counts = count(rows, SourceKind.CUSTOMERS, at=AT)
    assert (counts.rows_dated, counts.rows_fresh) == (2, 1)
    assert is_fresh(date(2025, 10, 1), at=AT)
    assert not is_fresh(date(2025, 9, 30), at=AT)


def test_review_is_due_at_once_when_there_was_none() -> None:
    assert next_review(None, at=AT) == AT
    assert next_review(date(2026, 7, 2), at=AT) == AT


def test_report_holds_counts_and_no_value() -> None:
    told = quality_report(
        [row(1, ProblemKind.EMAIL_SYNTAX, name="架空 花子")],
        SourceKind.CUSTOMERS,
        file="a.csv",
        at=AT,
    )
    assert told["problems"] == {"EMAIL_SYNTAX": 1}
    assert "花子" not in str(told)
