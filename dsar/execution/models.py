"""Tables of execution: how a grant is carried out, what systems and recipients answered."""

from datetime import date, datetime

from sqlalchemy import Column, Date, ForeignKey, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from dsar.models import instant, request_ref, row_id, sealed
from governance.db.types import RowIdType


def of_request() -> Column[str]:
    """The request that the row is the other half of."""
    return Column(RowIdType, ForeignKey("dsar_request.id", ondelete="RESTRICT"), primary_key=True)


class ExecutionRow(SQLModel, table=True):
    """How the granted right of one request is carried out; the stage moves forward alone."""

    __tablename__ = "dsar_execution"
    request_id: str = Field(sa_column=of_request())
    measure: str
    stage: str = Field(index=True)
    plan_digest: str | None = None
    planned_at: datetime = Field(sa_column=instant())
    planned_by: str
    approval_id: str | None = None
    agreed_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    execute_from: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    undone_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    run_id: str | None = Field(default=None, sa_column=Column(RowIdType, nullable=True))
    changed_because: str | None = None
    fates: str | None = Field(default=None, sa_column=Column(Text, nullable=True))  # JSON, by field
    ended_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    lift_from: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    lifted_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    answer_to: bytes | None = Field(default=None, sa_column=sealed())


class InterimRow(SQLModel, table=True):
    """A restriction while a correction or an objection is looked into (GDPR 18(1)(a), (d))."""

    __tablename__ = "dsar_interim"
    request_id: str = Field(sa_column=of_request())
    asked_at: datetime = Field(sa_column=instant())
    asked_by: str
    told_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    lift_from: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    lifted_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))


class StoreRow(SQLModel, table=True):
    """What one connected system answered to the erasure of one request."""

    __tablename__ = "dsar_erased_store"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    store: str
    state: str  # erased, kept, pending, failed, left
    label_ja: str
    label_en: str
    rows: int = 0
    code: str | None = None
    kept: str = Field(sa_column=Column(Text, nullable=False))  # JSON: place, ground, until
    tries: int = 1
    at: datetime = Field(sa_column=instant())
    left_by: str | None = None
    __table_args__ = (UniqueConstraint("request_id", "store"),)


class TellingRow(SQLModel, table=True):
    """One recipient of one request: why it is told or not, when it was, whether it confirmed."""

    __tablename__ = "dsar_telling"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    recipient_id: str = Field(
        sa_column=Column(
            RowIdType, ForeignKey("recipient.id", ondelete="RESTRICT"), nullable=False, index=True
        )
    )
    because: str  # provision, service, officer
    state: str  # planned, told, confirmed, left_out
    reason: str | None = None
    chosen_by: str
    told_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    answer_by: date | None = Field(default=None, sa_column=Column(Date, nullable=True, index=True))
    token_digest: str | None = Field(default=None, unique=True)
    confirmed_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    confirmed_how: str | None = None
    confirmed_by: str | None = None
    channel: str | None = None  # mail, webhook
    delivered_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    __table_args__ = (UniqueConstraint("request_id", "recipient_id"),)


class CorrectionRow(SQLModel, table=True):
    """One field that the person wants otherwise, and what was decided and done about it."""

    __tablename__ = "dsar_correction"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    field: str
    row_id: str | None = Field(default=None, sa_column=Column(RowIdType, nullable=True))
    state: str  # asked, accepted, edited, refused, applied
    ground: str | None = None  # codes, comma separated
    asked_at: datetime = Field(sa_column=instant())
    asked_by: str
    judged_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    judged_by: str | None = None
    applied_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    event_id: str | None = Field(default=None, sa_column=Column(RowIdType, nullable=True))
    content: bytes | None = Field(default=None, sa_column=sealed())  # wanted, before, after, said


class CertificateRow(SQLModel, table=True):
    """The certificate of one request's erasure as it was issued, and the link to fetch it."""

    __tablename__ = "dsar_certificate"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    event_id: str = Field(sa_column=Column(RowIdType, nullable=False))
    issued_at: datetime = Field(sa_column=instant())
    token_digest: str | None = Field(default=None, unique=True)
    token_expires_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    fetched_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    content: bytes | None = Field(default=None, sa_column=sealed())
