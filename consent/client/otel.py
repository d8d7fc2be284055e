"""Counts decisions for OpenTelemetry; off the hot path, when they are sent upstream.

Client(..., observe=decisions_counted())
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from .engine import Observe
from .records import Recorded


def decisions_counted(meter: Any = None) -> Observe:
    """An observer that counts by purpose and code, never by person; the API's own meter if None."""
    if meter is None:
        from opentelemetry import metrics  # noqa: PLC0415 # optional: whoever asks for it has it

        meter = metrics.get_meter("sekisho_client")
    counter = meter.create_counter("sekisho.decisions", description="Decisions by purpose and code")

    def observe(batch: Sequence[Recorded]) -> None:
        for (purpose, code), count in Counter((one.asked[0], one.code) for one in batch).items():
            counter.add(count, {"sekisho.purpose": purpose, "sekisho.code": code})

    return observe
