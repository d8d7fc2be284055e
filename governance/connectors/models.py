"""Tables of connected systems: erasures by key, and what colleagues are asked."""

from datetime import date, datetime

from sqlalchemy import Column, Date, ForeignKey, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


class ConnectorErasureRow(SQLModel, table=True):
    """One erasure in one system: what it was going to do, then what it did; counts and days."""

    __tablename__ = "connector_erasure"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    connector: str
    key: str
    planned: str
    outcome: str | None = None
    started_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    __table_args__ = (UniqueConstraint("connector", "key"),)


class ConnectorTaskRow(SQLModel, table=True):
    """One thing a colleague is asked to do by hand; what they say is sealed in `said`."""

    __tablename__ = "connector_task"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    request_id: str = Field(
        sa_column=Column(
            RowIdType,
            ForeignKey("dsar_request.id", ondelete="RESTRICT"),
            nullable=False,
            index=True,
        )
    )
    connector: str
    act: str
    key: str
    attempt: int = 1
    due: date = Field(sa_column=Column(Date, nullable=False))
    asked_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    remind_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    reminders: int = 0
    answer: str | None = None
    records: int = 0
    until: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    answered_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    answered_by: str | None = None
    ended: bool = False  # nothing can be answered to it any more
    said: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    __table_args__ = (UniqueConstraint("connector", "act", "key", "attempt"),)
