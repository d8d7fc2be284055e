"""Alarms that were raised, how far the watch has looked, and the persons who are decoys."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKey, String, UniqueConstraint
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime, table_of


class AuditAlarmRow(SQLModel, table=True):
    """One alarm; its event in the log says the same and cannot be taken back."""

    __tablename__ = "audit_alarm"
    __table_args__ = (UniqueConstraint("rule", "actor", "start"),)

    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    rule: str = Field(sa_column=Column(String(20), nullable=False))
    actor: str = Field(sa_column=Column(String(200), nullable=False))  # "" for the log itself
    start: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    value: int = Field(sa_column=Column(BigInteger, nullable=False))
    limit: int = Field(sa_column=Column(BigInteger, nullable=False))
    usual: int = Field(sa_column=Column(BigInteger, nullable=False))
    event_id: str = Field(
        sa_column=Column(
            RowIdType, ForeignKey("audit_event.id", ondelete="RESTRICT"), nullable=False
        )
    )
    raised_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class AuditWatchRow(SQLModel, table=True):
    """Until when the hours were looked at: one row, id 1."""

    __tablename__ = "audit_watch"

    id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    until: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class AuditHoneyRow(SQLModel, table=True):
    """A person who does not exist (おとり): nobody has a reason to touch the record."""

    __tablename__ = "audit_honey"

    subject: str = Field(sa_column=Column(String(36), primary_key=True))
    placed_by: str = Field(sa_column=Column(String(200), nullable=False))
    placed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


ALARMS, WATCH, HONEY = table_of(AuditAlarmRow), table_of(AuditWatchRow), table_of(AuditHoneyRow)
