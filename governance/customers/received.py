"""The file of a person as it may be stored: looked through, and without what it tells unasked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from governance.customers.uploads import Scanned
from governance.documents.traces.types import Handled, Handling, Trace
from governance.outbound.scanning import ScanResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What stands on the record of a stored file; None where it came before this was done."""

    scan: ScanResult | None = None
    scanned_at: datetime | None = None
    traces: Handling | None = None
    found: tuple[Trace, ...] = ()

    @classmethod
    def of(cls, scanned: Scanned, handled: Handled) -> "Provenance":
        """The record of a file that was just taken."""
        found = tuple(trace for trace in Trace if trace in handled.found)
        return cls(scan=scanned.result, scanned_at=scanned.at, traces=handled.handling, found=found)

    @classmethod
    def read(cls, row: Row[Any]) -> "Provenance":
        """The record as its row says it."""
        return cls(
            scan=ScanResult(row.scan) if row.scan else None,
            scanned_at=row.scanned_at,
            traces=Handling(row.traces) if row.traces else None,
            found=tuple(Trace(name) for name in (row.traces_found or "").split()),
        )

    def columns(self) -> Mapping[str, Any]:
        """The row's columns of it."""
        return {
            "scan": self.scan,
            "scanned_at": self.scanned_at,
            "traces": self.traces,
            "traces_found": " ".join(self.found) or None,
        }
