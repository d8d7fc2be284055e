"""Tables of rows that a plan takes while their persons stay, and of the counts that remain."""

from datetime import date, datetime

from sqlalchemy import Column, Date, Index, Integer, String, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType
from retention.models import instant, reference, row_id


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


class OutsideEndRow(SQLModel, table=True):
    """A person whose My Number data ended here: what connected systems answered, until all have."""

    __tablename__ = "my_number_end"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=Column(RowIdType, nullable=False, index=True))
    run_id: str = Field(sa_column=Column(RowIdType, nullable=False))
    asked_at: datetime = Field(sa_column=instant())
    answers: str = Field(
        sa_column=Column(Text, nullable=False)
    )  # JSON: state, rows, code by system
    tries: int = 0
    next_at: datetime = Field(sa_column=instant())
    ended_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    __table_args__ = (
        UniqueConstraint("subject_id", "run_id"),
        Index("ix_my_number_end_waiting", "ended_at", "next_at"),
    )
