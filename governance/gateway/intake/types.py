"""Words of taking files in: the request, drafts of rows, counts that add up, refusals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from consent.types import Said
from governance.core.errors import GovernanceError
from governance.core.terms import FieldId, RowId, SubjectId
from governance.crypto.values import Plain
from governance.customers.file_paths import FilePath
from governance.customers.sources.types import NOT_SAID, Acquisition, Reading
from governance.customers.types import Problem, ProblemKind, SourceKind

UNNAMED_SOURCE = "file:"  # before the name that a file without a named source goes by
Progress = Callable[[int], None]  # called with the number of source rows dealt with


class ImportRefusedError(GovernanceError):
    """The principal may not take this kind of file in."""

    code, status = "import_refused", 403


class FieldUnknownError(GovernanceError):
    """A mapping names a header or a field that does not exist; params: header, field, kind."""

    code, status, exit_code = "import_field_unknown", 422, 2


class RunUnknownError(GovernanceError):
    """No file was taken in under this number."""

    code, status, exit_code = "import_run_unknown", 404, 1


class CorrectionForeignError(GovernanceError):
    """A file of corrections has rows of several runs, or of none; params: row."""

    code, status, exit_code = "import_correction_foreign", 422, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """One file (or one sheet of it) to take in."""

    path: FilePath
    kind: SourceKind | None = None  # None: from the headers
    encoding: str | None = None  # None: detected
    dry_run: bool = False
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None  # 0: the file has none
    source: str | None = None  # a name under which mapping and ground are saved
    columns: Mapping[str, str] = field(default_factory=dict)  # header -> field, "" leaves it out
    suggested: bool = False  # take what the values suggest for unknown headers
    confirmed: bool = False  # the changed headers of a saved source are right
    acquisition: Acquisition = NOT_SAID

    @property
    def reading(self) -> Reading:
        """How the file is to be read, as far as it was said."""
        return Reading(
            encoding=self.encoding,
            delimiter=self.delimiter,
            sheet=self.sheet,
            header_row=self.header_row,
        )


COUNTED = ("read", "stored", "merged", "quarantined", "refused", "normalised", "updated")


@dataclass(slots=True, kw_only=True)
class Counts:
    """What became of the rows; read = stored + merged + quarantined + refused."""

    read: int = 0
    stored: int = 0
    merged: int = 0
    quarantined: int = 0
    refused: int = 0
    normalised: int = 0
    updated: int = 0  # of the merged rows, those that changed a stored one

    def add(self, other: "Counts") -> None:
        """The sums of both."""
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def adds_up(self) -> bool:
        """Whether no row was lost silently."""
        return self.read == self.stored + self.merged + self.quarantined + self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Undeclared:
    """A column that no field holds and in which personal data was found; it was not stored."""

    column: str
    kinds: tuple[str, ...]  # labels of the outside contract
    special_care: tuple[str, ...]
    confidence: float

    def as_json(self) -> dict[str, object]:
        """The column for programs."""
        return {
            "column": self.column,
            "kinds": list(self.kinds),
            "special_care": list(self.special_care),
            "confidence": self.confidence,
        }


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
    source: str | None = None  # the source that the rows are of
    left_out: tuple[str, ...] = ()  # headers of columns that no field holds
    corrects: str | None = None  # the run whose rows this file corrects
    undeclared: tuple[Undeclared, ...] = ()  # columns left out that hold personal data

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
            "run": self.run,
            "source": self.source,
            "updated": counts.updated,
            "left_out": list(self.left_out),
            "corrects": self.corrects,
            "undeclared": [column.as_json() for column in self.undeclared],
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
    ground: str | None = None  # what permits 要配慮個人情報 in it, where the source has one
    handed_over: bool = False  # by a third party
    barred: ProblemKind | None = None  # the row waits: a value of it cannot be
    refs: Mapping[str, str] = field(default_factory=dict, repr=False)  # column -> key at the source
    person: "Draft | None" = field(default=None, repr=False)  # whom the row brings with it
    said: bytes = field(default=b"", repr=False)  # check values of everything that it says
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
    source: str = ""  # whose words the rows are
    acquisition: Acquisition = NOT_SAID
    corrects: str | None = None  # the run whose rows are corrected
    headers: tuple[str, ...] = ()
    dry: "Seen | None" = None  # what a dry run would have stored before this batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """A row about a person, by what tells it from their other rows."""

    row: RowId
    values: dict[str, object] = field(repr=False)  # by column; later rows see what was taken


@dataclass(slots=True, kw_only=True)
class Seen:
    """Rows that a dry run would have stored: their keys, and check values of what they hold."""

    rows: dict[str, tuple[RowId, SubjectId]] = field(default_factory=dict, repr=False)
    said: dict[RowId, bytes] = field(default_factory=dict, repr=False)
    consents: dict[str, set[Said]] = field(default_factory=dict, repr=False)
    siblings: dict[SubjectId, list[Sibling]] = field(
        default_factory=dict, repr=False
    )  # rows of persons
