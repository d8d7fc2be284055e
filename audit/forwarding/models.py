"""How far each receiver of the log has been served."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Integer, String
from sqlmodel import Field, SQLModel

from governance.db.types import UtcDateTime, table_of


class AuditForwardRow(SQLModel, table=True):
    """One receiver: every event below `below` was taken by it at least once."""

    __tablename__ = "audit_forward"

    receiver: str = Field(sa_column=Column(String(200), primary_key=True))
    below: int = Field(sa_column=Column(BigInteger, nullable=False))
    failures: int = Field(sa_column=Column(Integer, nullable=False))  # in a row
    reason: str | None = Field(default=None, sa_column=Column(String(64)))
    tried_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    delivered_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


FORWARDS = table_of(AuditForwardRow)
