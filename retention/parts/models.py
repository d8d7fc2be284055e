"""Tables of rows that a plan takes while their persons stay, and of the counts that remain."""

from datetime import date

from sqlalchemy import Column, Date, Index, Integer, String, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType
from retention.models import reference, row_id


class PlanPartRow(SQLModel, table=True):
    """Rows of one person under one line of the schedule, by their number."""

    __tablename__ = "retention_plan_part"
    id: str = Field(sa_column=row_id())
    plan_id: str = Field(sa_column=reference("retention_plan"))
    subject_id: str = Field(sa_column=Column(RowIdType, nullable=False, index=True))
    rule: str
    table_name: str
    action: str
    decision: str  # due, kept
    rows: int
    due_on: date = Field(sa_column=Column(Date, nullable=False))
    fence: int
    digest: str = Field(sa_type=String(64))
    row_ids: str = Field(sa_column=Column(Text, nullable=False))  # JSON
    kept_because: str | None = None
    state: str = "planned"  # planned, erased, skipped
    skipped_because: str | None = None
    __table_args__ = (
        UniqueConstraint("plan_id", "subject_id", "rule"),
        Index("ix_retention_plan_part_order", "plan_id", "decision", "state", "id"),
    )


class CountRow(SQLModel, table=True):
    """What is left of rows that tell of nobody any more: how many, by month and kind."""

    __tablename__ = "retention_count"
    id: str = Field(sa_column=row_id())
    rule: str
    table_name: str
    group_digest: str = Field(sa_type=String(64))
    content: str = Field(sa_column=Column(Text, nullable=False))  # JSON: field -> word
    persons: int = Field(sa_column=Column(Integer, nullable=False))
    rows: int = Field(sa_column=Column(Integer, nullable=False))
    __table_args__ = (UniqueConstraint("rule", "group_digest"),)
