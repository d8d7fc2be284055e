"""Exports and bulk uses: what is asked, what left, who was left out and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from governance.core.errors import ForbiddenError, GovernanceError, WrongUseError
from governance.core.terms import EventId, FieldId, PurposeId, RowId, SubjectId
from policies.reasons import ReasonCode


class ExportRefusedError(ForbiddenError):
    """ACTOR or PURPOSE refuses the export, or one of its fields; nobody's data left."""

    code = "export_refused"


class ExportFormError(WrongUseError):
    """The export names an unknown table, field, channel or format. Nothing left."""

    code, status = "export_form", 422


class ExportGuardError(GovernanceError):
    """Texts hold personal data that their field does not declare; params: field, rows, persons."""

    code, status = "export_guard", 422


class ExportFormatError(GovernanceError):
    """This installation cannot write files of this format. Nothing left."""

    code, status, exit_code = "export_format", 422, 3


class ExportFormat(StrEnum):
    """Files of an export."""

    CSV = "csv"
    XLSX = "xlsx"
    NDJSON = "ndjson"
    PARQUET = "parquet"  # the extra `parquet`


class Naming(StrEnum):
    """How the rows of an export name their persons."""

    PSEUDONYM = "pseudonym"  # by which a recipient asks the gate again
    TOKEN = "token"  # noqa: S105 - random in each file; two files cannot be joined by it
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRequest:
    """For what purpose, by which channel and to whom; of everybody, or of these persons."""

    purpose: str
    recipient: str | None = None  # `role:key` of the register; None: nobody outside
    channel: str | None = None
    subjects: Iterable[SubjectId] | None = field(default=None, repr=False)
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """Which fields of which table leave, and in which form."""

    bulk: BulkRequest
    table: str = "person"
    fields: tuple[FieldId, ...] | None = None  # None: all that may leave
    format: ExportFormat = ExportFormat.CSV
    naming: Naming = Naming.PSEUDONYM


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What left, for whoever keeps or receives the file."""

    decision_id: EventId
    export: RowId
    purpose: PurposeId
    recipient: str | None
    channel: str | None
    country: str | None
    table: str
    format: ExportFormat
    naming: Naming
    columns: tuple[str, ...]
    rows: int
    persons: int
    excluded: Mapping[ReasonCode, int]  # persons of whom nothing left
    withheld: Mapping[ReasonCode, int]  # cells that are empty though the person is in
    fields: Mapping[FieldId, str]  # treatment and method of each
    obligations: tuple[str, ...]
    policy_version: str
    consent_seq: int
    sha256: str
    provision: RowId | None  # the record of APPI 29, where the law asks for one
    made_at: datetime

    def as_json(self) -> dict[str, object]:
        """The manifest for programs."""
        return {
            "decision_id": self.decision_id,
            "export": self.export,
            "purpose": self.purpose,
            "recipient": self.recipient,
            "channel": self.channel,
            "country": self.country,
            "table": self.table,
            "format": self.format.value,
            "naming": self.naming.value,
            "columns": list(self.columns),
            "rows": self.rows,
            "persons": self.persons,
            "excluded": {code.value: n for code, n in sorted(self.excluded.items())},
            "withheld": {code.value: n for code, n in sorted(self.withheld.items())},
            "fields": dict(self.fields),
            "obligations": list(self.obligations),
            "snapshot": {"policy_version": self.policy_version, "consent_seq": self.consent_seq},
            "sha256": self.sha256,
            "provision": self.provision,
            "made_at": self.made_at.isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class UseAnswer:
    """Who may be used for the purpose now; nothing of them was shown."""

    decision_id: EventId
    use: RowId
    purpose: PurposeId
    permit: tuple[SubjectId, ...] = field(repr=False)
    excluded: Mapping[ReasonCode, int]
    obligations: tuple[str, ...]
    policy_version: str
    consent_seq: int
    valid_until: datetime

    def as_json(self) -> dict[str, object]:
        """The list for programs."""
        return {
            "decision_id": self.decision_id,
            "purpose": self.purpose,
            "permit": list(self.permit),
            "excluded": {code.value: n for code, n in sorted(self.excluded.items())},
            "obligations": list(self.obligations),
            "snapshot": {"policy_version": self.policy_version, "consent_seq": self.consent_seq},
            "valid_until": self.valid_until.isoformat(),
        }
