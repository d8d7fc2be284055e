"""Scans that are kept: their counts in the clear, names of files and columns sealed."""

from datetime import datetime

from sqlalchemy import Boolean, Column, Integer, LargeBinary, String
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


class ScanRow(SQLModel, table=True):
    """What one scan found, for a while; no value of the place that was scanned."""

    __tablename__ = "pii_scan"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    actor: str = Field(sa_column=Column(String(200), nullable=False))
    source: str = Field(sa_column=Column(String(16), nullable=False))
    began_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    ended_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    complete: bool = Field(sa_column=Column(Boolean, nullable=False))
    places: int = Field(sa_column=Column(Integer, nullable=False))
    personal: int = Field(sa_column=Column(Integer, nullable=False))
    special_care: int = Field(sa_column=Column(Integer, nullable=False))
    missed: int = Field(sa_column=Column(Integer, nullable=False))
    name: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    content: bytes | None = Field(sa_column=Column(LargeBinary))  # None: too long to be kept
    forget_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
