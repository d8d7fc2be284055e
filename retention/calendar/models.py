"""Tables of due dates: when each person and each line about rows is to be looked at again."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Column, Date, Index, Integer, String, UniqueConstraint
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType
from retention.models import day, instant, row_id


class DueRow(SQLModel, table=True):
    """One decision that stands until its day: of a person, or of a line about the person's rows."""

    __tablename__ = "retention_due"
    subject_id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    part: str = Field(primary_key=True)  # line about rows; empty: the person
    decision: str  # due, kept, review
    rule: str
    basis: date | None = Field(default=None, sa_column=day())
    due_on: date | None = Field(default=None, sa_column=day())
    look_on: date | None = Field(default=None, sa_column=day())  # None: no day changes it
    fence: int
    rows: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    __table_args__ = (
        Index("ix_retention_due_look", "look_on", "subject_id"),
        Index("ix_retention_due_rule", "part", "decision", "rule", "due_on"),
    )


class CalendarRow(SQLModel, table=True):
    """What the due dates rest on: one row; another schedule or law makes them anew."""

    __tablename__ = "retention_calendar"
    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    basis: str = Field(sa_type=String(64))  # over schedule, law book and own fields
    schedule_digest: str = Field(sa_type=String(64))
    schedule_version: int
    whole: bool  # False: being made, nobody relies on it
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))  # of changed persons, taken in
    computed_on: date = Field(sa_column=Column(Date, nullable=False))


class RecomputeRow(SQLModel, table=True):
    """One making of all due dates anew: from which basis to which, how far, when at its end."""

    __tablename__ = "retention_recompute"
    id: str = Field(sa_column=row_id())
    before: str | None = Field(default=None, sa_type=String(64))  # schedule digest; None: the first
    after: str = Field(sa_type=String(64))
    after_version: int
    basis: str = Field(sa_type=String(64))
    cursor: str | None = Field(default=None, sa_type=RowIdType)
    persons: int = 0
    batches: int = 0
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    started_at: datetime = Field(sa_column=instant())
    finished_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    ended_because: str | None = None  # done, superseded


class RecomputeCountRow(SQLModel, table=True):
    """How many persons the recomputation moved, by rule before and after and by month."""

    __tablename__ = "retention_recompute_count"
    id: str = Field(sa_column=row_id())
    recompute_id: str = Field(sa_type=RowIdType)
    change: str  # newly_due, no_longer_due, moved, same
    rule_before: str = ""
    rule_after: str = ""
    month: str = ""  # of the day that counts after, or before where there is none after
    persons: int
    __table_args__ = (
        UniqueConstraint("recompute_id", "change", "rule_before", "rule_after", "month"),
    )
