"""Tables of the register of recipients: who, what is wrong, what was looked at, what it said."""

from datetime import date, datetime

from sqlalchemy import Column, Date, ForeignKey, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


def day_column(*, nullable: bool = True) -> Column[date]:
    """A calendar day."""
    return Column(Date, nullable=nullable)


def of_recipient(*, primary_key: bool = False, index: bool = False) -> Column[str]:
    """Which recipient a row is about."""
    return Column(
        RowIdType,
        ForeignKey("recipient.id", ondelete="RESTRICT"),
        primary_key=primary_key,
        nullable=False,
        index=index,
    )


EMPTY = text("''")  # as the engines spell it, so that a revision equals the models


class RecipientRow(SQLModel, table=True):
    """委託先・提供先・共同利用者・受領元: a company that data goes to or comes from.

    Contact person, representative, and where it is told by webhook are sealed.
    """

    __tablename__ = "recipient"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    source_key: str = Field(sa_column_kwargs={"unique": True})
    name: str
    role: str  # processor, third_party, joint, source, authority
    country: str | None = None  # ISO 3166-1 alpha-2
    service: str | None = None
    data_items: str | None = None
    scale: str | None = None
    contracted_on: date | None = Field(default=None, sa_column=day_column())
    expires_on: date | None = Field(default=None, sa_column=day_column())
    auto_renewal: bool = False
    subprocessing: str | None = None
    subprocessor: str | None = None
    transfer_basis: str | None = None
    foreign_system_on: date | None = Field(default=None, sa_column=day_column())
    safeguards: str | None = None
    audited_on: date | None = Field(default=None, sa_column=day_column())
    provision_record: bool = False
    notes: str | None = None
    contact: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    hook: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    address: str | None = None
    valid_from: date | None = Field(default=None, sa_column=day_column())
    ended_on: date | None = Field(default=None, sa_column=day_column())
    purposes: str = Field(default="", sa_column_kwargs={"server_default": EMPTY})
    categories: str = Field(default="", sa_column_kwargs={"server_default": EMPTY})
    contract_ref: str | None = None
    gdpr_clauses: str = Field(default="", sa_column_kwargs={"server_default": EMPTY})
    gdpr_ground: str | None = None
    gdpr_detail: str | None = None
    transfer_checked_on: date | None = Field(default=None, sa_column=day_column())
    check_due_on: date | None = Field(default=None, sa_column=day_column())
    stopped_on: date | None = Field(default=None, sa_column=day_column())


class RecipientProblemRow(SQLModel, table=True):
    """What is missing or late about a recipient (APPI 25, 28, 29; GDPR 28, 44)."""

    __tablename__ = "recipient_problem"
    recipient_id: str = Field(
        sa_column=Column(
            RowIdType, ForeignKey("recipient.id", ondelete="RESTRICT"), primary_key=True
        )
    )
    kind: str = Field(primary_key=True)
    found_on: date = Field(sa_column=day_column(nullable=False))


class RecipientVersionRow(SQLModel, table=True):
    """What the register said of a recipient from a moment on; only ever inserted."""

    __tablename__ = "recipient_version"
    recipient_id: str = Field(sa_column=of_recipient(primary_key=True))
    version: int = Field(primary_key=True)
    facts: str = Field(sa_column=Column(Text, nullable=False))
    changed_by: str
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class RecipientCheckRow(SQLModel, table=True):
    """One look at how a recipient handles the data (APPI 25, 28(3)); findings are sealed."""

    __tablename__ = "recipient_check"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    recipient_id: str = Field(sa_column=of_recipient(index=True))
    kind: str  # supervision, transfer
    method: str
    outcome: str  # sound, findings, stop
    checked_on: date = Field(sa_column=day_column(nullable=False))
    next_due: date | None = Field(default=None, sa_column=day_column())
    checked_by: str
    findings: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class SubprocessorRow(SQLModel, table=True):
    """Who works for a recipient in turn (再委託先)."""

    __tablename__ = "recipient_subprocessor"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    recipient_id: str = Field(sa_column=of_recipient(index=True))
    name: str
    country: str | None = None
    service: str | None = None
    approved_on: date | None = Field(default=None, sa_column=day_column())
    ended_on: date | None = Field(default=None, sa_column=day_column())
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
