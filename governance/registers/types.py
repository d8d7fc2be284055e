"""Facts about recipients of personal data."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from governance.core.terms import ActorId, RowId


class RecipientRole(StrEnum):
    """What a company is to us in the eyes of the law."""

    PROCESSOR = "processor"  # 委託先, APPI 27(5)(i), GDPR 28
    THIRD_PARTY = "third_party"  # 第三者提供先, APPI 27(1)
    JOINT = "joint"  # 共同利用者, APPI 27(5)(iii)
    SOURCE = "source"  # 受領元, APPI 30
    AUTHORITY = "authority"  # 官公署, APPI 27(1)(i), (iv)


class RecipientProblem(StrEnum):
    """What is wrong with a recipient; the value is API and never reused."""

    CONTRACT_EXPIRED = "CONTRACT_EXPIRED"
    SUBPROCESSOR_NOT_PERMITTED = "SUBPROCESSOR_NOT_PERMITTED"
    NO_TRANSFER_BASIS = "NO_TRANSFER_BASIS"
    NO_FOREIGN_SYSTEM_INFO = "NO_FOREIGN_SYSTEM_INFO"
    NO_PROVISION_RECORD = "NO_PROVISION_RECORD"
    AUDIT_OVERDUE_2Y = "AUDIT_OVERDUE_2Y"
    NO_SAFEGUARDS = "NO_SAFEGUARDS"


class RecipientGap(StrEnum):
    """What the register does not yet say about a recipient; the value is API and never reused."""

    CONTRACT_MISSING = "CONTRACT_MISSING"
    ADDRESS_MISSING = "ADDRESS_MISSING"  # Rules 20, 24: 住所
    REPRESENTATIVE_MISSING = "REPRESENTATIVE_MISSING"  # Rules 20, 24: 代表者の氏名
    COUNTRY_MISSING = "COUNTRY_MISSING"
    PURPOSES_MISSING = "PURPOSES_MISSING"
    CATEGORIES_MISSING = "CATEGORIES_MISSING"
    COUNTRY_NOT_EQUIVALENT = "COUNTRY_NOT_EQUIVALENT"  # says so, and is not
    TRANSFER_CHECK_DUE = "TRANSFER_CHECK_DUE"  # APPI 28(3), Rule 18: about once a year
    TRANSFER_STOPPED = "TRANSFER_STOPPED"  # Rule 18(1)(ii)
    GDPR_GROUND_MISSING = "GDPR_GROUND_MISSING"  # GDPR 44
    GDPR_CLAUSES_MISSING = "GDPR_CLAUSES_MISSING"  # GDPR 28(3)(a)-(h)
    CHECK_DUE = "CHECK_DUE"  # the day that the last supervision set


class TransferGround(StrEnum):
    """On what data may go to a recipient abroad (APPI 28)."""

    CONSENT = "consent"  # 28(1): the person agreed, after being told (28(2), Rule 17)
    EQUIVALENT_COUNTRY = "equivalent_country"  # 28(1), Rule 15
    EQUIVALENT_SYSTEM = "equivalent_system"  # 28(1), Rule 16: contract, CBPR; 28(3) then applies
    LAW = "law"  # 27(1) items


class GdprGround(StrEnum):
    """On what data may go to a third country (GDPR 45, 46, 49)."""

    ADEQUACY = "adequacy"  # 45, of this organisation (Data Privacy Framework, PIPEDA)
    SCC = "scc"  # 46(2)(c)
    BCR = "bcr"  # 46(2)(b)
    CODE = "code"  # 46(2)(e)
    CERTIFICATION = "certification"  # 46(2)(f)
    EXPLICIT_CONSENT = "explicit_consent"  # 49(1)(a)
    CONTRACT = "contract"  # 49(1)(b), (c)


GDPR_CLAUSES: Final = tuple("abcdefgh")  # GDPR 28(3)


class CheckKind(StrEnum):
    """What was looked at."""

    SUPERVISION = "supervision"  # APPI 25, GDPR 28(1)
    TRANSFER = "transfer"  # APPI 28(3), Rule 18: the equivalent measures abroad


class CheckMethod(StrEnum):
    """How it was looked at."""

    DOCUMENT = "document"
    QUESTIONNAIRE = "questionnaire"
    INTERVIEW = "interview"
    ON_SITE = "on_site"


class CheckOutcome(StrEnum):
    """What was found; after `stop` nothing goes to the recipient any more."""

    SOUND = "sound"
    FINDINGS = "findings"
    STOP = "stop"


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
    version: int = 1
    address: str | None = None
    valid_from: date | None = None
    ended_on: date | None = None
    purposes: tuple[str, ...] = ()  # empty: what the policy names
    categories: tuple[str, ...] = ()
    contract_ref: str | None = None
    gdpr_clauses: tuple[str, ...] = ()  # letters of GDPR 28(3) that the contract holds
    gdpr_ground: str | None = None
    gdpr_detail: str | None = None  # module of the clauses, reference of the assessment
    transfer_checked_on: date | None = None
    check_due_on: date | None = None
    stopped_on: date | None = None

    @property
    def reference(self) -> str:
        """How purposes and callers name the recipient."""
        return f"{self.role.value}:{self.source_key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Persons at a recipient; sealed wherever it is stored."""

    contact_name: str = ""
    contact_email: str = ""
    representative: str = ""

    def __repr__(self) -> str:
        return "Contact(...)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Where a recipient is told by webhook, and the secrets that sign; sealed where stored."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    older: str | None = field(default=None, repr=False)  # signs too, until the change is settled

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret that signs, the newest first."""
        return (self.secret,) if self.older is None else (self.secret, self.older)

    def as_json(self) -> dict[str, object]:
        """The webhook without its secrets: their number alone."""
        return {"url": self.url, "secrets": len(self.secrets)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subprocessor:
    """Who works for a recipient in turn (再委託先)."""

    id: RowId
    name: str
    country: str | None
    service: str | None
    approved_on: date | None
    ended_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One look at how a recipient handles the data."""

    id: RowId
    kind: CheckKind
    method: CheckMethod
    outcome: CheckOutcome
    checked_on: date
    next_due: date | None
    checked_by: ActorId
    findings: bytes | None  # sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What was said of a recipient from a moment on."""

    version: int
    facts: str  # JSON, contacts left out
    changed_by: ActorId
    changed_at: datetime
