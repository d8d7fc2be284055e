"""Table of what left on paper. The address is sealed under the requester's record key."""

from datetime import date, datetime

from sqlalchemy import Column, Date
from sqlmodel import Field, SQLModel

from dsar.models import day, instant, request_ref, row_id, sealed
from governance.db.types import RowIdType


class DispatchRow(SQLModel, table=True):
    """One envelope with a letter or with the answer; it ends once, delivered or returned."""

    __tablename__ = "dsar_dispatch"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    item: str  # letter, package
    item_id: str = Field(sa_column=Column(RowIdType, nullable=False))
    sent_on: date = Field(sa_column=Column(Date, nullable=False))
    carrier: str
    tracking: str | None = None
    address: bytes | None = Field(default=None, sa_column=sealed())
    recorded_at: datetime = Field(sa_column=instant())
    recorded_by: str
    ending: str | None = None  # delivered, returned
    ended_on: date | None = Field(default=None, sa_column=day())
    return_reason: str | None = None
    ended_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    ended_by: str | None = None
