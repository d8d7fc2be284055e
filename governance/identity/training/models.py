"""Tables of training: who did which course when, and how it went."""

from datetime import datetime

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


class TrainingResultRow(SQLModel, table=True):
    """One try at a test, or one attendance; rows are added alone."""

    __tablename__ = "training_result"
    __table_args__ = (Index("ix_training_result_staff", "staff_id", "course"),)
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    staff_id: str = Field(foreign_key="staff.id")
    course: str
    version: int
    way: str
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    right: int
    of: int
    passed: bool
    recorded_by: str
