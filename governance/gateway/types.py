"""Questions to the gate and its answers: per field a treatment, a reason, perhaps a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from governance.core.errors import NotFoundError, UnavailableError
from governance.core.terms import EventId, FieldId, PurposeId, RowId, SubjectId, Treatment
from governance.crypto.revealed import Revealed
from policies.masking import MaskMethod
from policies.reasons import ReasonCode
from policies.types import Label


class UnknownPersonError(NotFoundError):
    """No such person, or none that this principal may know of."""

    code = "person_unknown"


class GateBusyError(UnavailableError):
    """Policy or choices changed while the answer was being made; nothing was shown."""

    code = "gate_busy"


class Gate(StrEnum):
    """Which of the three questions a reason belongs to."""

    ACTOR = "actor"
    PURPOSE = "purpose"
    SUBJECT = "subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """Which rows and fields of a person, for what purpose; no fields = every field."""

    subject: SubjectId
    purpose: str
    tables: tuple[str, ...] = ("person",)
    fields: frozenset[FieldId] | None = None
    request_id: str | None = None
    row: RowId | None = None  # this row alone
    after: RowId | None = None  # rows after this one
    limit: int | None = None  # so many rows of each table
    company: bool = False  # what is about the company alone is decided without the third gate
    recipient: str | None = None  # `role:key` of the register; None: nobody outside


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDecision:
    """What the gates say about one field, before anything is opened."""

    field: FieldId
    treatment: Treatment
    code: ReasonCode
    rule_id: str | None = None
    because: Label | None = None
    method: MaskMethod | None = None
    keep: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """One field as the reader may see it; a withheld one has no value at all."""

    decision: FieldDecision
    shown: Revealed[str | None]

    @property
    def field(self) -> FieldId:
        """The field's id in the catalogue."""
        return self.decision.field


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """One row as the reader may see it."""

    table: str
    row: RowId
    fields: tuple[FieldView, ...]
    version: int | None = None  # what an ETag names; None where rows never change

    def get(self, column: str) -> FieldView | None:
        """The view of a column of this row's table."""
        wanted = f"{self.table}.{column}"
        return next((view for view in self.fields if view.field == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAnswer:
    """Everything that was shown, with the audit event that says so."""

    decision_id: EventId
    subject: SubjectId
    purpose: PurposeId
    rows: tuple[RowView, ...]
    counts: Mapping[Treatment, int]
    policy_version: str
    consent_seq: int
    known: bool = True  # the first two gates let the caller ask about a person at all
    glass: str | None = None  # the emergency access that opened something of it
