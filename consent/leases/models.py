"""The table of leases: one row for each process that decides by a copy of its own."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, String
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime

ACTOR = 100


class LeaseEntry(SQLModel, table=True):
    """One holder; its row goes when it gives the lease back, or once the lease has ended.

    `asked_at` is for people alone: no rule compares times of different machines.
    """

    __tablename__ = "consent_lease"

    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    actor: str = Field(sa_column=Column(String(ACTOR), nullable=False))
    kind: str = Field(sa_column=Column(String(16), nullable=False))
    renewals: int = Field(sa_column=Column(BigInteger, nullable=False))
    applied: int = Field(sa_column=Column(BigInteger, nullable=False))
    owed: int = Field(sa_column=Column(BigInteger, nullable=False))
    joined_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    asked_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
