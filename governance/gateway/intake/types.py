"""Words of taking files in: the request, drafts of rows, counts that add up, refusals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from governance.core.errors import GovernanceError
from governance.core.terms import FieldId
from governance.crypto.values import Plain
from governance.customers.types import Problem, SourceKind

Progress = Callable[[int], None]  # called with the number of source rows dealt with


class ImportRefusedError(GovernanceError):
    """The principal may not take this kind of file in."""

    code, status = "import_refused", 403


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """One file (or one sheet of it) to take in."""

    path: Path
    kind: SourceKind | None = None  # None: from the headers
    encoding: str | None = None  # None: detected
    dry_run: bool = False


@dataclass(slots=True, kw_only=True)
class Counts:
    """What became of the rows; read = stored + merged + quarantined + refused."""

    read: int = 0
    stored: int = 0
    merged: int = 0
    quarantined: int = 0
    refused: int = 0
    normalised: int = 0

    def add(self, other: "Counts") -> None:
        """The sums of both."""
        for name in ("read", "stored", "merged", "quarantined", "refused", "normalised"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def adds_up(self) -> bool:
        """Whether no row was lost silently."""
        return self.read == self.stored + self.merged + self.quarantined + self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOutcome:
    """What a file came to."""

    run: str | None
    kind: SourceKind
    encoding: str
    counts: Counts
    problems: Mapping[str, int]
    findings: Mapping[str, int]  # personal data found in free text, by label
    repeated: bool = False  # the same file had been taken in before

    def as_json(self) -> dict[str, object]:
        """The outside shape of `sekisho import` (design.md section 4)."""
        counts = self.counts
        return {
            "read": counts.read,
            "stored": counts.stored,
            "merged": counts.merged,
            "quarantined": counts.quarantined,
            "refused": counts.refused,
            "encoding": self.encoding,
            "kind": self.kind.value,
            "normalised": counts.normalised,
            "problems": dict(sorted(self.problems.items())),
            "findings": dict(sorted(self.findings.items())),
            "repeated": self.repeated,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found in one free-text field of one row."""

    field: FieldId
    entity: str
    kind: str
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One source row, screened and typed, on its way into a table."""

    number: int
    table: str
    key: str | None = field(repr=False)  # source key of the row, for instance the purchase id
    owner_key: str | None = field(repr=False)  # 顧客ID of the person the row belongs to
    clear: Mapping[str, object]
    plain: Mapping[FieldId, Plain] = field(repr=False)
    origin: str | None = None
    birth: date | None = field(default=None, repr=False)
    guardian_on: date | None = None
    hold: bool = False
    problems: tuple[Problem, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A row that is not stored: put aside for correction, or refused for good."""

    number: int
    reason: str
    refused: bool
    cells: tuple[str, ...] = field(repr=False)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What stays the same over all batches of one file."""

    run: str
    kind: SourceKind
    file: str
    actor: str
    at: datetime
