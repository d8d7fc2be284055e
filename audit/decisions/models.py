"""Decisions beside the event of their batch; only ever inserted, the person may be taken out."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlmodel import Field, SQLModel

from audit import ddl
from audit.models import TOKEN
from governance.db.types import RowIdType, UtcDateTime, table_of


class AuditDecisionRow(SQLModel, table=True):
    """One decision; the event of its batch names the first and last number and the root.

    No foreign key leads to the event: the time of the one and of the other may end apart.
    """

    __tablename__ = "audit_decision"
    __table_args__ = (
        UniqueConstraint("stream", "n"),
        CheckConstraint("(salt IS NULL) = (subject IS NULL)", name="ck_audit_decision_whole"),
        Index("ix_audit_decision_subject", "subject"),
        Index("ix_audit_decision_actor", "actor", "id"),
        Index(  # an erasing event ends only when no decision rests on it
            "ix_audit_decision_destroyed",
            "destroyed_by",
            sqlite_where=text("destroyed_by IS NOT NULL"),
            postgresql_where=text("destroyed_by IS NOT NULL"),
        ),
        {"sqlite_with_rowid": False},
    )

    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    event_id: str = Field(sa_column=Column(RowIdType, nullable=False))
    stream: str = Field(sa_column=Column(String(TOKEN), nullable=False))
    n: int = Field(sa_column=Column(BigInteger, nullable=False))
    occurred_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    actor: str = Field(sa_column=Column(String(TOKEN), nullable=False))
    actor_os: str | None = Field(sa_column=Column(String(TOKEN)))
    purpose: str | None = Field(sa_column=Column(String(TOKEN)))
    channel: str | None = Field(sa_column=Column(String(TOKEN)))
    recipient: str | None = Field(sa_column=Column(String(TOKEN)))
    country: str | None = Field(sa_column=Column(String(TOKEN)))
    field: str | None = Field(sa_column=Column(String(TOKEN)))
    outcome: str = Field(sa_column=Column(String(16), nullable=False))
    reasons: str = Field(sa_column=Column(Text, nullable=False))
    policy_version: str | None = Field(sa_column=Column(String(TOKEN)))
    consent_seq: int | None = Field(sa_column=Column(BigInteger))
    request_id: str | None = Field(sa_column=Column(String(TOKEN)))
    network: str | None = Field(sa_column=Column(String(64)))
    about: bytes | None = Field(sa_column=Column(LargeBinary(32)))
    subject: str | None = Field(sa_column=Column(String(TOKEN)))
    salt: bytes | None = Field(sa_column=Column(LargeBinary(32)))
    destroyed_by: str | None = Field(sa_column=Column(RowIdType))


DECISIONS = table_of(AuditDecisionRow)
event.listen(DECISIONS, "after_create", ddl.guard)
