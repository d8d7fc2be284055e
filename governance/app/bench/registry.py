"""Every figure that `sekisho bench` knows, by name."""

from collections.abc import Mapping
from typing import Protocol

from governance.app.bench import (
    auditing,
    decisions,
    finding,
    fulfilling,
    intake,
    pages,
    purging,
    recording,
    replaying,
    requesting,
    sealing,
    searching,
)
from governance.app.bench.figure import Figure


class Measure(Protocol):
    """Measures one name; each module of this folder brings one or more."""

    def __call__(self, *, rows: int | None = None) -> tuple[Figure, ...]:
        """The figures, over so many rows, or over the usual number."""
        ...


FIGURES: Mapping[str, Measure] = {
    "audit": auditing.measure,
    "decisions": decisions.measure,
    "recording": recording.measure,
    "purge": purging.measure,
    "fulfilment": fulfilling.measure,
    "import": intake.measure,
    "index": searching.measure_index,
    "open": sealing.measure_open,
    "pages": pages.measure,
    "pii": finding.measure,
    "reindex": searching.measure_reindex,
    "replay": replaying.measure,
    "requests": requesting.measure,
    "seal": sealing.measure_seal,
    "search": searching.measure_search,
}
