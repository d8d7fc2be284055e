"""Tables of provision records (APPI 29, 30, 31): each provision, and the persons in it."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime
from governance.registers.models import day_column, of_recipient


class ProvisionRow(SQLModel, table=True):
    """One provision, or one batch of repeated ones (Rule 19(2)); what names persons is sealed.

    A record is there, but counts for nothing, until the answer that it is about may leave.
    """

    __tablename__ = "provision"
    __table_args__ = (
        Index("ix_provision_recipient", "recipient_id", "last_on"),
        Index("ix_provision_purge", "purge_from"),
    )
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    direction: str  # provided, received
    state: str  # preparing, recorded
    recipient_id: str = Field(sa_column=of_recipient())
    duty: str  # the duty of law.yaml: APPI-29, APPI-30, APPI-31
    ground: str  # consent, opt_out, foreign_consent, confirmed
    batch: bool = False
    first_on: date = Field(sa_column=day_column(nullable=False))
    last_on: date = Field(sa_column=day_column(nullable=False))
    purpose: str | None = None
    categories: str
    fields: str
    country: str | None = None
    persons: int = 0
    party: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # name, address, head
    acquisition: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    event_id: str | None = Field(default=None, sa_column=Column(RowIdType, nullable=True))
    policy_version: str | None = None
    keep_rule: str  # the rule of law.yaml that the last day follows from
    keep_until: date = Field(sa_column=day_column(nullable=False))
    purge_from: date = Field(sa_column=day_column(nullable=False))
    recorded_by: str
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class ProvisionPersonRow(SQLModel, table=True):
    """One person of a provision; what identifies them is sealed under their `record` key."""

    __tablename__ = "provision_person"
    __table_args__ = (UniqueConstraint("provision_id", "subject_id"),)
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    provision_id: str = Field(
        sa_column=Column(RowIdType, ForeignKey("provision.id", ondelete="RESTRICT"), nullable=False)
    )
    subject_id: str = Field(
        sa_column=Column(
            RowIdType, ForeignKey("subject.id", ondelete="RESTRICT"), nullable=False, index=True
        )
    )
    provided_on: date = Field(sa_column=day_column(nullable=False))
    consent_seq: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    identity: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
