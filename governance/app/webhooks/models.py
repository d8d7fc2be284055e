"""Tables of webhook subscriptions and of what became of each message."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, String, Text
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


class WebhookRow(SQLModel, table=True):
    """Where a system wants to be told of what; address and secrets sealed as one."""

    __tablename__ = "webhook"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    client: str = Field(sa_column=Column(String(100), nullable=False, index=True))
    types: str = Field(sa_column=Column(Text, nullable=False))  # event types, by commas
    state: str = Field(sa_column=Column(String(16), nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_by: str = Field(sa_column=Column(String(100), nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    consent_seq: int = Field(sa_column=Column(BigInteger, nullable=False))  # told up to here
    log_seq: int = Field(sa_column=Column(BigInteger, nullable=False))  # told up to here
    failing_since: datetime | None = Field(sa_column=Column(UtcDateTime, nullable=True))
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class WebhookDeliveryRow(SQLModel, table=True):
    """One message to one address: what it was about, how often it was tried, what was answered."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (Index("ix_webhook_delivery_made", "webhook_id", "created_at"),)
    id: str = Field(sa_column=Column(String(100), primary_key=True))  # the message's id
    webhook_id: str = Field(
        sa_column=Column(RowIdType, ForeignKey("webhook.id", ondelete="RESTRICT"), nullable=False)
    )
    type: str = Field(sa_column=Column(String(64), nullable=False))
    source: str = Field(sa_column=Column(String(64), nullable=False))  # consent:12, log:34, test
    state: str = Field(sa_column=Column(String(16), nullable=False))
    attempts: int = 0
    answer: str | None = Field(default=None, sa_column=Column(String(64)))  # status or code
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    tried_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    delivered_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
