"""Tables of the customer store. A `sealed` column holds a frame, never a clear value.

Which column is which stands in data/catalogue.yaml; a column that the catalogue does not
declare fails at start-up. Foreign keys are RESTRICT: a forgotten child fails loudly.
"""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


def row_id() -> Column[str]:
    """A primary key made before INSERT."""
    return Column(RowIdType, primary_key=True)


def subject_ref(*, nullable: bool = False, index: bool = True) -> Column[str]:
    """A reference to the person whom the row is about."""
    return Column(
        RowIdType, ForeignKey("subject.id", ondelete="RESTRICT"), nullable=nullable, index=index
    )


def sealed() -> Column[bytes]:
    """A column of frames (governance.crypto.frame); NULL stays NULL."""
    return Column(LargeBinary, nullable=True)


def instant(*, nullable: bool = True) -> Column[datetime]:
    """A column of aware instants."""
    return Column(UtcDateTime, nullable=nullable)


def version() -> Column[int]:
    """A counter for optimistic concurrency; a new row begins with 1."""
    return Column(Integer, nullable=False, server_default="1")


class SubjectEntry(SQLModel, table=True):
    """A person as the law sees one: a pseudonym, a state, a fence for concurrent duties."""

    __tablename__ = "subject"
    id: str = Field(sa_column=row_id())
    kind: str = "customer"  # customer, contact, inquirer
    state: str = "active"  # active, restricted, erasing, erased
    restricted_at: datetime | None = Field(default=None, sa_column=instant())
    kept_by_law: str | None = None  # the rule that alone keeps the rest, after an erasure
    birth_band: str | None = None  # under_13 .. adult, unknown: for consent of minors
    guardian_verified: bool = False
    country: str | None = None  # whose age of consent applies, when known (GDPR 8(1))
    grown_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    last_active_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    fence: int = 0
    changed_seq: int = Field(  # place of the last change of these facts (customers/changes)
        default=0, sa_column=Column(BigInteger, nullable=False, server_default="0", index=True)
    )
    created_at: datetime = Field(sa_column=instant(nullable=False))


class SubjectLawEntry(SQLModel, table=True):
    """Which law applies to a person, on what evidence, from when to when."""

    __tablename__ = "subject_law"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=subject_ref())
    law: str
    evidence: str  # residence, offering, origin, unknown
    valid_from: date = Field(sa_column=Column(Date, nullable=False))
    valid_to: date | None = Field(default=None, sa_column=Column(Date, nullable=True))


class HoldEntry(SQLModel, table=True):
    """A legal hold on a person, a field or a record; it stops deletion and nothing else."""

    __tablename__ = "legal_hold"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=subject_ref())
    matter: str
    held_table: str | None = None  # None: every table
    field: str | None = None  # a field, or `category:` and a category, of that table; None: all
    held_row: str | None = Field(default=None, sa_column=Column(RowIdType, nullable=True))
    scope_id: str | None = Field(default=None, sa_column=Column(RowIdType, index=True))
    placed_by: str
    placed_at: datetime = Field(sa_column=instant(nullable=False))
    released_by: str | None = None
    released_at: datetime | None = Field(default=None, sa_column=instant())
    __table_args__ = (
        Index(
            "ix_legal_hold_standing",
            "subject_id",
            sqlite_where=text("released_at IS NULL"),
            postgresql_where=text("released_at IS NULL"),
        ),
        Index("ix_legal_hold_matter", "matter"),
    )


class SuppressionEntry(SQLModel, table=True):
    """A keyed token of an erased or opted-out person, so that a re-import is caught."""

    __tablename__ = "suppression"
    id: str = Field(sa_column=row_id())
    field: str
    version: int
    token: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    rule: str
    placed_at: datetime = Field(sa_column=instant(nullable=False))
    ends_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    __table_args__ = (UniqueConstraint("field", "version", "token"),)


class PersonRow(SQLModel, table=True):
    """顧客: one register row of a person."""

    __tablename__ = "person"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=subject_ref())
    version: int = 1  # optimistic concurrency
    source_file: str
    source_row: int
    acquired_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    recorded_at: datetime = Field(sa_column=instant(nullable=False))
    status: str = "unknown"  # active, dormant, withdrawn, prospect, unknown
    rank: str | None = None
    contact_permission: str = "unknown"  # yes, no, ask, unknown
    preferred_channel: str | None = None
    registered_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    last_purchase_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    withdrawn_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    guardian_consent_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    source: str | None = None
    origin: str | None = None
    acquired_from: str | None = None  # person, representative, third_party, public, joint_user
    acquisition_method: str | None = None  # web_form, paper, phone, card, file, provision
    acquisition_ground: str | None = None  # what permits it: 17, 20, 27, 28, 30 of the APPI
    provider: str | None = None  # the company that provided the data (APPI 30)
    problems: int = 0  # how many input problems this row still has
    customer_id: bytes | None = Field(default=None, sa_column=sealed())
    source_key: bytes | None = Field(default=None, sa_column=sealed())  # without a customer id
    name: bytes | None = Field(default=None, sa_column=sealed())
    kana: bytes | None = Field(default=None, sa_column=sealed())
    sex: bytes | None = Field(default=None, sa_column=sealed())
    birth_date: bytes | None = Field(default=None, sa_column=sealed())
    occupation: bytes | None = Field(default=None, sa_column=sealed())
    company_name: bytes | None = Field(default=None, sa_column=sealed())
    department: bytes | None = Field(default=None, sa_column=sealed())
    title: bytes | None = Field(default=None, sa_column=sealed())
    postal_code: bytes | None = Field(default=None, sa_column=sealed())
    address: bytes | None = Field(default=None, sa_column=sealed())
    phone: bytes | None = Field(default=None, sa_column=sealed())
    mobile: bytes | None = Field(default=None, sa_column=sealed())
    fax: bytes | None = Field(default=None, sa_column=sealed())
    email: bytes | None = Field(default=None, sa_column=sealed())
    sns: bytes | None = Field(default=None, sa_column=sealed())
    interests: bytes | None = Field(default=None, sa_column=sealed())
    unpaid_balance: bytes | None = Field(default=None, sa_column=sealed())
    guardian_name: bytes | None = Field(default=None, sa_column=sealed())
    clerk: bytes | None = Field(default=None, sa_column=sealed())
    notes: bytes | None = Field(default=None, sa_column=sealed())
    __table_args__ = (UniqueConstraint("source_file", "source_row"),)


class CompanyRow(SQLModel, table=True):
    """法人: a business customer; what is not about a person stands in clear."""

    __tablename__ = "company"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=subject_ref())  # the representative (代表者)
    version: int = Field(sa_column=version())
    source_key: str = Field(sa_column_kwargs={"unique": True})
    name: str
    kana: str | None = None
    corporate_number: str | None = None
    industry: str | None = None
    employees: int | None = None
    postal_code: str | None = None
    address: str | None = None
    phone: str | None = None
    fax: str | None = None
    website: str | None = None
    contact_department: str | None = None
    relation: str | None = None
    since: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    credit_rank: str | None = None
    recorded_at: datetime = Field(sa_column=instant(nullable=False))
    representative: bytes | None = Field(default=None, sa_column=sealed())
    notes: bytes | None = Field(default=None, sa_column=sealed())


class PurchaseRow(SQLModel, table=True):
    """購買: one order line or subscription of a person."""

    __tablename__ = "purchase"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=subject_ref())
    version: int = Field(sa_column=version())
    source_key: str = Field(sa_column_kwargs={"unique": True})
    type: str  # single, subscription
    product_code: str | None = None
    quantity: int | None = None
    unit_price: int | None = None  # yen
    amount: int | None = None  # yen
    purchased_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    contracted_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    renewed_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    cancelled_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    contract_status: str | None = None
    payment_method: str | None = None
    payment_status: str | None = None  # paid, unpaid, refunded
    channel: str | None = None
    store: str | None = None
    recorded_at: datetime = Field(sa_column=instant(nullable=False))
    product_name: bytes | None = Field(default=None, sa_column=sealed())
    card_last4: bytes | None = Field(default=None, sa_column=sealed())
    recipient_name: bytes | None = Field(default=None, sa_column=sealed())
    recipient_address: bytes | None = Field(default=None, sa_column=sealed())
    notes: bytes | None = Field(default=None, sa_column=sealed())


class InquiryRow(SQLModel, table=True):
    """問い合わせ: what a person wrote and what we did."""

    __tablename__ = "inquiry"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=subject_ref())
    version: int = Field(sa_column=version())
    source_key: str = Field(sa_column_kwargs={"unique": True})
    received_at: datetime | None = Field(default=None, sa_column=instant())
    closed_at: datetime | None = Field(default=None, sa_column=instant())
    channel: str | None = None
    category: str | None = None
    status: str | None = None
    request_kind: str | None = None
    recorded_at: datetime = Field(sa_column=instant(nullable=False))
    subject: bytes | None = Field(default=None, sa_column=sealed())
    body: bytes | None = Field(default=None, sa_column=sealed())
    response: bytes | None = Field(default=None, sa_column=sealed())
    clerk: bytes | None = Field(default=None, sa_column=sealed())


class DealRow(SQLModel, table=True):
    """商談: a deal with a company and the contact person it runs through."""

    __tablename__ = "deal"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=subject_ref())  # the contact person (先方担当者)
    company_id: str | None = Field(
        default=None,
        sa_column=Column(RowIdType, ForeignKey("company.id", ondelete="RESTRICT"), index=True),
    )
    version: int = Field(sa_column=version())
    source_key: str = Field(sa_column_kwargs={"unique": True})
    company_name: str | None = None
    phase: str | None = None
    amount: int | None = Field(default=None, sa_column=Column(BigInteger))  # yen
    probability: int | None = None  # percent
    started_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    expected_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    result: str | None = None
    card_source: str | None = None
    recorded_at: datetime = Field(sa_column=instant(nullable=False))
    contact_name: bytes | None = Field(default=None, sa_column=sealed())
    contact_department: bytes | None = Field(default=None, sa_column=sealed())
    contact_title: bytes | None = Field(default=None, sa_column=sealed())
    contact_email: bytes | None = Field(default=None, sa_column=sealed())
    contact_phone: bytes | None = Field(default=None, sa_column=sealed())
    deal_name: bytes | None = Field(default=None, sa_column=sealed())
    product: bytes | None = Field(default=None, sa_column=sealed())
    clerk: bytes | None = Field(default=None, sa_column=sealed())
    memo: bytes | None = Field(default=None, sa_column=sealed())


class FindingRow(SQLModel, table=True):
    """Personal data found in a free-text field: what kind and how often, never the text."""

    __tablename__ = "text_finding"
    row_id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    field: str = Field(primary_key=True)
    entity: str = Field(primary_key=True)
    kind: str = Field(default="", primary_key=True)
    subject_id: str = Field(sa_column=subject_ref())
    found: int
    ground: str | None = None  # why 要配慮 may be held: provided_by_person, consent, none
    found_at: datetime = Field(sa_column=instant(nullable=False))


class ImportRun(SQLModel, table=True):
    """One file being taken in; the cursor commits with the rows, so a killed run resumes."""

    __tablename__ = "import_run"
    id: str = Field(sa_column=row_id())
    kind: str
    digest: str  # SHA-256 of the file, hexadecimal
    file_name: str
    encoding: str
    state: str  # running, done
    cursor: int = 0  # source rows dealt with
    read: int = 0
    stored: int = 0
    merged: int = 0
    quarantined: int = 0
    refused: int = 0
    normalised: int = 0  # cells brought to the unified form
    started_by: str
    started_at: datetime = Field(sa_column=instant(nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=instant())
    __table_args__ = (UniqueConstraint("kind", "digest"),)


class IntakeTurn(SQLModel, table=True):
    """One row whose lock lets one import batch at a time decide what is new."""

    __tablename__ = "intake_turn"
    id: int = Field(primary_key=True)
    turn: int


class ImportProblem(SQLModel, table=True):
    """A problem of one cell or row of an imported file: place and kind, never the value."""

    __tablename__ = "import_problem"
    id: str = Field(sa_column=row_id())
    run_id: str = Field(
        sa_column=Column(
            RowIdType, ForeignKey("import_run.id", ondelete="RESTRICT"), nullable=False, index=True
        )
    )
    row: int
    column: str
    kind: str


class QuarantineRow(SQLModel, table=True):
    """A row that could not be stored, sealed under the installation key, for correction."""

    __tablename__ = "import_quarantine"
    id: str = Field(sa_column=row_id())
    run_id: str = Field(
        sa_column=Column(
            RowIdType, ForeignKey("import_run.id", ondelete="RESTRICT"), nullable=False, index=True
        )
    )
    row: int
    reason: str
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class DuplicateRow(SQLModel, table=True):
    """A pair of register rows that look like one person or one company, for review."""

    __tablename__ = "duplicate_candidate"
    left_id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    right_id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    left_subject_id: str = Field(sa_column=subject_ref())
    right_subject_id: str = Field(sa_column=subject_ref())
    score: int  # thousandths
    evidence: str  # names of agreeing and disagreeing fields, comma separated
    state: str = "open"  # open, merged, different
    kind: str = Field(sa_column=Column(String, nullable=False, server_default="person"))
    found_at: datetime = Field(sa_column=instant(nullable=False))
    __table_args__ = (Index("ix_duplicate_state", "state"),)
