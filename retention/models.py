"""Tables of retention: schedules, plans with their items, runs with their batches, tombstones.

Persons stand here by pseudonym, without a foreign key: a tombstone outlives what it names.
"""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


def row_id() -> Column[str]:
    """A primary key made before INSERT."""
    return Column(RowIdType, primary_key=True)


def reference(target: str, *, nullable: bool = False) -> Column[str]:
    """A reference to another retention row."""
    key = ForeignKey(f"{target}.id", ondelete="RESTRICT")
    return Column(RowIdType, key, nullable=nullable, index=True)


def instant(*, nullable: bool = False) -> Column[datetime]:
    """A column of aware instants."""
    return Column(UtcDateTime, nullable=nullable)


def day(*, nullable: bool = True) -> Column[date]:
    """A column of days."""
    return Column(Date, nullable=nullable)


class ScheduleRow(SQLModel, table=True):
    """One adopted schedule; a CHECK is the second wall of the two principals."""

    __tablename__ = "retention_schedule"
    __table_args__ = (
        CheckConstraint("approved_by <> proposed_by", name="ck_retention_schedule_two_persons"),
    )

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str
    digest: str = Field(sa_type=String(64))
    content: str = Field(sa_column=Column(Text, nullable=False))
    approval_id: str = Field(sa_column=Column(RowIdType, nullable=False))
    proposed_by: str
    approved_by: str
    adopted_at: datetime = Field(sa_column=instant())


class PlanRow(SQLModel, table=True):
    """One dry run; the same row is what a run later carries out."""

    __tablename__ = "retention_plan"
    id: str = Field(sa_column=row_id())
    ground: str  # schedule, request
    schedule_name: str
    schedule_version: int
    schedule_digest: str = Field(sa_type=String(64))
    cutoff: date = Field(sa_column=day(nullable=False))
    persons: int
    due: int
    kept: int
    review: int
    counts: str = Field(sa_column=Column(Text, nullable=False))  # JSON: decision and rule -> number
    digest: str = Field(sa_type=String(64))
    second_person: str = ""  # why a second principal must agree: codes, comma separated
    shares: str | None = Field(default=None, sa_column=Column(Text, nullable=True))  # JSON
    made_by: str
    made_at: datetime = Field(sa_column=instant())


class ItemRow(SQLModel, table=True):
    """One person who is due or needs a look."""

    __tablename__ = "retention_plan_item"
    id: str = Field(sa_column=row_id())
    plan_id: str = Field(sa_column=reference("retention_plan"))
    subject_id: str = Field(sa_column=Column(RowIdType, nullable=False, index=True))
    decision: str
    rule: str
    basis: date | None = Field(default=None, sa_column=day())
    due_on: date | None = Field(default=None, sa_column=day())
    ledger_until: date | None = Field(default=None, sa_column=day())
    fence: int
    keeps: str = Field(sa_column=Column(Text, nullable=False))  # JSON: what a duty keeps
    state: str = "planned"  # planned, erased, skipped
    skipped_because: str | None = None
    __table_args__ = (
        UniqueConstraint("plan_id", "subject_id"),
        Index("ix_retention_plan_item_order", "plan_id", "decision", "id"),
    )


class RunRow(SQLModel, table=True):
    """One purge run; the job ledger holds its lease, fence and cursor."""

    __tablename__ = "purge_run"
    id: str = Field(sa_column=row_id())
    plan_id: str = Field(
        sa_column=Column(
            RowIdType,
            ForeignKey("retention_plan.id", ondelete="RESTRICT"),
            nullable=False,
            unique=True,
        )
    )
    state: str  # running, done, residue
    approval_id: str | None = None
    requested_by: str
    approved_by: str | None = None
    started_at: datetime = Field(sa_column=instant())
    finished_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    erased: int = 0
    skipped: int = 0
    rows: int = 0
    wal_pages: int | None = None  # left in SQLite's log after the run; 0 = nothing
    __table_args__ = (
        CheckConstraint(
            "approved_by IS NULL OR approved_by <> requested_by", name="ck_purge_run_two_persons"
        ),
    )


class BatchRow(SQLModel, table=True):
    """Evidence of one committed batch."""

    __tablename__ = "purge_batch"
    id: str = Field(sa_column=row_id())
    run_id: str = Field(sa_column=reference("purge_run"))
    n: int
    first_key: str = Field(sa_type=RowIdType)
    last_key: str = Field(sa_type=RowIdType)
    persons: int
    skipped: int
    rows: int
    event_id: str | None = Field(default=None, sa_type=RowIdType)
    at: datetime = Field(sa_column=instant())
    __table_args__ = (UniqueConstraint("run_id", "n"),)


class ErasureRow(SQLModel, table=True):
    """A tombstone: this pseudonym was erased, by which run and rule, until the ledger ends."""

    __tablename__ = "erasure_ledger"
    id: str = Field(sa_column=row_id())  # the plan item's id, as in the control journal
    subject_id: str = Field(sa_column=Column(RowIdType, nullable=False, index=True))
    run_id: str = Field(sa_column=reference("purge_run"))
    rule: str
    at: datetime = Field(sa_column=instant())
    ends_on: date = Field(sa_column=Column(Date, nullable=False, index=True))
    kept: str = Field(sa_column=Column(Text, nullable=False))  # JSON: duty -> last day
    key_classes: str  # which data keys end with it, comma separated
    keys_ended_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    last_epoch: str | None = None  # the newest epoch that wrapped an ended key


class PurgedPersonRow(SQLModel, table=True):
    """A person whom a run erased, until connected systems have answered for their own rows.

    By which values those systems know the person is sealed under a key of this row alone, which
    ends once every system has answered.
    """

    __tablename__ = "purged_person"
    id: str = Field(sa_column=row_id())  # the plan item's id, as the tombstone's
    subject_id: str = Field(sa_column=Column(RowIdType, nullable=False, index=True))
    run_id: str = Field(sa_column=Column(RowIdType, nullable=False, index=True))
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    asked_at: datetime = Field(sa_column=instant())
    answers: str = Field(sa_column=Column(Text, nullable=False))  # JSON: by system, what it did
    tries: int = 0
    next_at: datetime = Field(sa_column=instant())
    ended_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    __table_args__ = (
        UniqueConstraint("subject_id", "run_id"),
        Index("ix_purged_person_waiting", "ended_at", "next_at"),
    )
