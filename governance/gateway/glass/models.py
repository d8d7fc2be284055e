"""The table of emergency accesses; reasons and comments are sealed under the installation's key."""

from datetime import date, datetime

from sqlalchemy import Column, Date, ForeignKey, Index, LargeBinary
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


def _instant(*, nullable: bool = True) -> Column[datetime]:
    return Column(UtcDateTime, nullable=nullable)


class BreakGlassRow(SQLModel, table=True):
    """One emergency access of one employee, and what the review of it found."""

    __tablename__ = "break_glass"
    __table_args__ = (Index("ix_break_glass_actor", "actor", "ends_at"),)
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    actor: str
    purpose: str
    subject_id: str | None = Field(
        default=None,
        sa_column=Column(RowIdType, ForeignKey("subject.id", ondelete="RESTRICT"), nullable=True),
    )
    reason: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    opened_at: datetime = Field(sa_column=_instant(nullable=False))
    ends_at: datetime = Field(sa_column=_instant(nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=_instant())
    ended_by: str | None = None
    review_due: date = Field(sa_column=Column(Date, nullable=False))
    reviewed_at: datetime | None = Field(default=None, sa_column=_instant())
    reviewed_by: str | None = None
    verdict: str | None = None
    comment: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
