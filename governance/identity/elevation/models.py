"""The table of elevations (特権の一時付与): a role that an employee holds for a time."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


def _instant(*, nullable: bool = True) -> Column[datetime]:
    return Column(UtcDateTime, nullable=nullable)


class ElevationRow(SQLModel, table=True):
    """One role that was asked for, and when it counted."""

    __tablename__ = "elevation"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    staff_id: str = Field(foreign_key="staff.id", index=True)
    role: str
    minutes: int
    reason: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # sealed
    asked_at: datetime = Field(sa_column=_instant(nullable=False))
    approval_id: str | None = Field(default=None, sa_type=RowIdType)
    begun_at: datetime | None = Field(default=None, sa_column=_instant())
    approved_by: str | None = None
    ends_at: datetime | None = Field(default=None, sa_column=_instant())
    ended_at: datetime | None = Field(default=None, sa_column=_instant())
    ended_by: str | None = None
