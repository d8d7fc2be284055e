"""Tables by which the register is kept accurate (APPI 22): merges, measures, reviews.

Merges name persons by pseudonym; the values that a merge replaced are sealed under the key of
the person who has the rows now, so that they end with that key.
"""

from datetime import date, datetime

from sqlalchemy import Column, Date, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from governance.customers.models import instant, row_id, sealed, subject_ref
from governance.db.types import RowIdType


class MergeEntry(SQLModel, table=True):
    """Two pseudonyms taken as one person, by whom, and how the survivor stood before."""

    __tablename__ = "person_merge"
    id: str = Field(sa_column=row_id())
    survivor_id: str = Field(sa_column=subject_ref())
    absorbed_id: str = Field(sa_column=subject_ref())
    state: str  # merged, undone
    consent_seq: int  # head of the consent ledger at the merge; later acts count for both
    undone_seq: int | None = None  # the head when the merge was undone
    left_id: str = Field(sa_column=Column(RowIdType, nullable=False))  # the pair that was decided
    right_id: str = Field(sa_column=Column(RowIdType, nullable=False))
    survivor_state: str
    survivor_restricted_at: datetime | None = Field(default=None, sa_column=instant())
    survivor_band: str | None = None
    survivor_guardian: bool = False
    merged_by: str
    merged_at: datetime = Field(sa_column=instant(nullable=False))
    undone_by: str | None = None
    undone_at: datetime | None = Field(default=None, sa_column=instant())


class MergeTraceRow(SQLModel, table=True):
    """One thing that a merge moved, changed or added, with what stood there before."""

    __tablename__ = "merge_trace"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=subject_ref())
    merge_id: str = Field(
        sa_column=Column(
            RowIdType, ForeignKey("person_merge.id", ondelete="RESTRICT"), nullable=False
        )
    )
    kind: str  # moved, changed, added
    source_table: str
    record_id: str = Field(sa_column=Column(RowIdType, nullable=False))
    field: str | None = None
    recorded_at: datetime = Field(sa_column=instant(nullable=False))
    before: bytes | None = Field(default=None, sa_column=sealed())
    after: bytes | None = Field(default=None, sa_column=sealed())
    __table_args__ = (Index("ix_merge_trace_merge", "merge_id"),)


def company_ref() -> Column[str]:
    """A reference to a row of the register of companies."""
    return Column(
        RowIdType, ForeignKey("company.id", ondelete="RESTRICT"), nullable=False, index=True
    )


class CompanyMergeEntry(SQLModel, table=True):
    """Two rows of the register taken as one company, by whom."""

    __tablename__ = "company_merge"
    id: str = Field(sa_column=row_id())
    survivor_id: str = Field(sa_column=company_ref())
    absorbed_id: str = Field(sa_column=company_ref())
    state: str  # merged, undone
    left_id: str = Field(sa_column=Column(RowIdType, nullable=False))  # the pair that was decided
    right_id: str = Field(sa_column=Column(RowIdType, nullable=False))
    merged_by: str
    merged_at: datetime = Field(sa_column=instant(nullable=False))
    undone_by: str | None = None
    undone_at: datetime | None = Field(default=None, sa_column=instant())


class CompanyTraceRow(SQLModel, table=True):
    """One thing that a merge of companies moved or changed; what is about no person, in clear."""

    __tablename__ = "company_merge_trace"
    id: str = Field(sa_column=row_id())
    merge_id: str = Field(
        sa_column=Column(
            RowIdType, ForeignKey("company_merge.id", ondelete="RESTRICT"), nullable=False
        )
    )
    kind: str  # moved, changed
    source_table: str
    record_id: str = Field(sa_column=Column(RowIdType, nullable=False))
    field: str | None = None
    before: str | None = None  # JSON of a fact about the company
    after: str | None = None
    __table_args__ = (Index("ix_company_trace_merge", "merge_id"),)


class MeasureRow(SQLModel, table=True):
    """One quality figure of one day: a part of a whole, never a value of a person."""

    __tablename__ = "quality_measure"
    day: date = Field(sa_column=Column(Date, primary_key=True))
    kpi: str = Field(primary_key=True)
    field: str = Field(default="", primary_key=True)  # for figures per field; empty = the register
    part: int
    whole: int
    recorded_at: datetime = Field(sa_column=instant(nullable=False))


class ReviewTaskRow(SQLModel, table=True):
    """One task of the quarterly review (データクレンジング) for the owner of fields."""

    __tablename__ = "quality_task"
    id: str = Field(sa_column=row_id())
    quarter: str  # 2026Q4
    owner: str  # the owner of the fields, as the catalogue names it
    topic: str
    found: int  # entries behind the figure when the task was made
    due_on: date = Field(sa_column=Column(Date, nullable=False))
    state: str = "open"  # open, done
    version: int = 1
    made_at: datetime = Field(sa_column=instant(nullable=False))
    assignee: str | None = None  # the principal who has it in hand
    done_by: str | None = None
    done_at: datetime | None = Field(default=None, sa_column=instant())
    comment: bytes | None = Field(default=None, sa_column=sealed())  # the installation's key
    __table_args__ = (UniqueConstraint("quarter", "owner", "topic"),)
