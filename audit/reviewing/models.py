"""Filters that officers keep, and their sign-offs of the log."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, String
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime, table_of


class AuditFilterRow(SQLModel, table=True):
    """A kept filter: whose it is; its name and terms are sealed, since they can name a person."""

    __tablename__ = "audit_filter"

    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    owner: str = Field(sa_column=Column(String(200), nullable=False, index=True))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class AuditReviewRow(SQLModel, table=True):
    """A sign-off (運用の確認): who looked at which places; the words stand in its event."""

    __tablename__ = "audit_review"

    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    reviewer: str = Field(sa_column=Column(String(200), nullable=False))
    first_seq: int = Field(sa_column=Column(BigInteger, nullable=False, unique=True))
    below_seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    verdict: str = Field(sa_column=Column(String(32), nullable=False))
    event_id: str = Field(
        sa_column=Column(
            RowIdType, ForeignKey("audit_event.id", ondelete="RESTRICT"), nullable=False
        )
    )
    reviewed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


FILTERS, REVIEWS = table_of(AuditFilterRow), table_of(AuditReviewRow)
