"""Tables of complaints: codes, days and references; nothing that a person wrote."""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey, UniqueConstraint
from sqlmodel import Field, SQLModel

from dsar.models import day, instant, request_ref, row_id
from governance.db.types import RowIdType


class ComplaintRow(SQLModel, table=True):
    """One complaint about one request."""

    __tablename__ = "dsar_complaint"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    cause: str
    status: str
    received_at: datetime = Field(sa_column=instant())
    last_at: datetime = Field(sa_column=instant())
    answer_by: date | None = Field(default=None, sa_column=day())
    reviewer: str | None = None
    authority: str | None = None
    authority_reference: str | None = None
    follow_up_id: str | None = Field(
        default=None,
        sa_column=Column(
            RowIdType, ForeignKey("dsar_request.id", ondelete="RESTRICT"), nullable=True
        ),
    )
    answered_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    version: int = 1  # optimistic concurrency


class ComplaintEventRow(SQLModel, table=True):
    """The history of a complaint, append-only."""

    __tablename__ = "dsar_complaint_event"
    id: str = Field(sa_column=row_id())
    complaint_id: str = Field(
        sa_column=Column(
            RowIdType, ForeignKey("dsar_complaint.id", ondelete="RESTRICT"), nullable=False
        )
    )
    version: int
    at: datetime = Field(sa_column=instant())
    event: str
    actor: str
    __table_args__ = (UniqueConstraint("complaint_id", "version"),)
