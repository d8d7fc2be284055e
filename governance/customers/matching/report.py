"""Duplicates as the command line prints them: one cluster of source rows per line."""

import json
from collections.abc import Iterable, Iterator

from governance.customers.matching.clusters import Cluster, Duplicates, find_duplicates
from governance.customers.matching.companies import company_of, find_company_duplicates
from governance.customers.matching.evidence import Comparison, EvidenceKind
from governance.customers.matching.persons import person_of
from governance.customers.types import NormalisedRow, SourceKind


def duplicates_of(rows: Iterable[NormalisedRow], kind: SourceKind) -> Duplicates:
    """Duplicates among the rows of a register of persons or companies; none of other kinds."""
    match kind:
        case SourceKind.CUSTOMERS | SourceKind.OPTIN:
            return find_duplicates([person_of(row) for row in rows if not row.refused])
        case SourceKind.COMPANIES:
            return find_company_duplicates([company_of(row) for row in rows if not row.refused])
        case _:
            return Duplicates(clusters=(), review=(), compared=0)


def cluster_line(cluster: Cluster, *, file: str) -> str:
    """One JSON line ``{"file", "rows": [n, ...]}``; row 1 is the first data row."""
    return json.dumps({"file": file, "rows": list(cluster.rows)}, ensure_ascii=False)


def cluster_lines(clusters: Iterable[Cluster], *, file: str) -> Iterator[str]:
    """Every cluster on its line, in order of its first row."""
    for cluster in sorted(clusters, key=lambda c: c.rows):
        yield cluster_line(cluster, file=file)


def explain(comparison: Comparison) -> dict[str, object]:
    """A comparison for screens and JSON: rows, score, verdict, evidence with weights; no values."""
    return {
        "rows": [comparison.a, comparison.b],
        "score": comparison.score,
        "verdict": comparison.verdict.value,
        "evidence": [{"kind": e.kind.value, "weight": e.weight} for e in comparison.evidence],
    }


FIELDS = {  # first word of an observation -> the column that it is about
    "reading": "kana",
    "homophone": "name",
    "family": "name",
    "given": "name",
    "birth": "birth_date",
    "landline": "phone",
    "postal": "postal_code",
    "id": "customer_id",
    "company": "company_name",
    "number": "corporate_number",
    "site": "website",
    "form": "name",
}


def field_of(kind: EvidenceKind) -> str:
    """The column that an observation is about."""
    word = kind.value.partition("_")[0]
    return FIELDS.get(word, word)
