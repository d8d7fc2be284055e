"""Requests that were carried out, remembered for a day so that a repeated one does nothing."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary, String
from sqlmodel import Field, SQLModel

from governance.customers.models import instant


class WriteOnceRow(SQLModel, table=True):
    """What came of one request: pseudonyms, versions and codes, sealed; never a value."""

    __tablename__ = "write_once"
    id: str = Field(sa_column=Column(String(64), primary_key=True))  # digest of caller and key
    outcome: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    ends_at: datetime = Field(sa_column=instant(nullable=False))
