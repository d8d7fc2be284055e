"""Duplicates as the command line prints them: one cluster of source rows per line."""

import json
from collections.abc import Iterable, Iterator

from governance.customers.matching.clusters import Cluster
from governance.customers.matching.evidence import Comparison


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
