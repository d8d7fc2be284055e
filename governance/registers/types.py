"""Facts about recipients of personal data."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from governance.core.terms import RowId


class RecipientRole(StrEnum):
    """What a company is to us in the eyes of the law."""

    PROCESSOR = "processor"  # 委託先, APPI 27(5)(i), GDPR 28
    THIRD_PARTY = "third_party"  # 第三者提供先, APPI 27(1)
    JOINT = "joint"  # 共同利用者, APPI 27(5)(iii)
    SOURCE = "source"  # 受領元, APPI 30


class RecipientProblem(StrEnum):
    """What is wrong with a recipient; the value is API and never reused."""

    CONTRACT_EXPIRED = "CONTRACT_EXPIRED"
    SUBPROCESSOR_NOT_PERMITTED = "SUBPROCESSOR_NOT_PERMITTED"
    NO_TRANSFER_BASIS = "NO_TRANSFER_BASIS"
    NO_FOREIGN_SYSTEM_INFO = "NO_FOREIGN_SYSTEM_INFO"
    NO_PROVISION_RECORD = "NO_PROVISION_RECORD"
    AUDIT_OVERDUE_2Y = "AUDIT_OVERDUE_2Y"
    NO_SAFEGUARDS = "NO_SAFEGUARDS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One company that data goes to or comes from."""

    id: RowId
    source_key: str
    name: str
    role: RecipientRole
    country: str | None
    service: str | None = None
    data_items: str | None = None
    scale: str | None = None
    contracted_on: date | None = None
    expires_on: date | None = None
    auto_renewal: bool = False
    subprocessing: str | None = None
    subprocessor: str | None = None
    transfer_basis: str | None = None
    foreign_system_on: date | None = None
    safeguards: str | None = None
    audited_on: date | None = None
    provision_record: bool = False
    notes: str | None = None
