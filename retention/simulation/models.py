"""The table of simulations: what was asked, under which schedule, and the figures so far."""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey, Index, String, Text
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType
from retention.models import day, instant, row_id


class SimulationRow(SQLModel, table=True):
    """One simulation; it names nobody, and goes after some weeks."""

    __tablename__ = "retention_simulation"
    __table_args__ = (Index("ix_retention_simulation_asked", "asked_at"),)

    id: str = Field(sa_column=row_id())
    state: str  # counting, done
    asked_by: str
    asked_at: datetime = Field(sa_column=instant())
    on_day: date = Field(sa_column=day(nullable=False))
    schedule_name: str
    schedule_version: int
    schedule_digest: str = Field(sa_type=String(64))
    content: str = Field(sa_column=Column(Text, nullable=False))  # of the schedule
    against: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    figures: str = Field(sa_column=Column(Text, nullable=False))  # JSON
    total: int
    cursor: str | None = Field(default=None, sa_column=Column(RowIdType, nullable=True))
    driver: str | None = Field(default=None, sa_column=Column(RowIdType, nullable=True))
    lease_until: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    finished_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    plan_id: str | None = Field(
        default=None,
        sa_column=Column(
            RowIdType,
            ForeignKey("retention_plan.id", ondelete="RESTRICT"),
            nullable=True,
            index=True,
        ),
    )
