"""Findings that need more than one cell: repeated ids, dates in the wrong order."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from governance.customers.kinds import KINDS
from governance.customers.normalise.rows import Layout
from governance.customers.types import NormalisedRow, Problem, ProblemKind, SourceKind

KEYS: Mapping[SourceKind, str] = {
    **{kind: row.key for kind, row in KINDS.items()},  # empty: the rows have no number
    SourceKind.CONSENTS: "consent_id",
    SourceKind.VENDORS: "vendor_id",
}
ORDERED = {SourceKind.CUSTOMERS: (("registered_on", "last_purchase_on"),),
           SourceKind.PURCHASES: (("contracted_on", "cancelled_on"),),
           SourceKind.VENDORS: (("contracted_on", "expires_on"),)}  # fmt: skip


def register_findings(rows: Iterable[NormalisedRow], layout: Layout) -> Iterator[NormalisedRow]:
    """The same rows, each with DUPLICATE_ID and DATE_ORDER where they hold; order kept."""
    first: dict[str, int] = {}
    key = KEYS[layout.kind]
    for row in rows:
        found = [*_order(row, layout)]
        value = row.get(key)
        if value is not None:
            if value in first:
                params = (("first_row", first[value]),)
                column = _header(layout, key)
                found.append(
                    Problem(
                        kind=ProblemKind.DUPLICATE_ID, row=row.number, column=column, params=params
                    )
                )
            first.setdefault(value, row.number)
        yield replace(row, problems=(*row.problems, *found)) if found else row


def _order(row: NormalisedRow, layout: Layout) -> Iterator[Problem]:
    """A later event dated before the earlier one; ISO days compare as text."""
    for earlier, later in ORDERED.get(layout.kind, ()):
        start, end = row.get(earlier), row.get(later)
        if start is not None and end is not None and end < start:
            yield Problem(
                kind=ProblemKind.DATE_ORDER, row=row.number, column=_header(layout, later)
            )


def _header(layout: Layout, column: str) -> str:
    return layout.headers[layout.positions[column]]
