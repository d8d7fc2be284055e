"""The audit log: durable appends, the sequencer, proofs, verification, and PostgreSQL."""

from governance.app.bench import commits, postgres, proving, sequencing
from governance.app.bench.figure import Figure


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """All figures of the log; those on PostgreSQL where a server can be started."""
    return (
        *commits.measure(rows=rows),
        *sequencing.measure(rows=rows),
        *proving.measure(rows=rows),
        *postgres.measure(rows=rows),
    )
