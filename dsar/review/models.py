"""Table of the review of what was found. The places an act names are sealed with the finding."""

from datetime import datetime

from sqlalchemy import Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from dsar.models import instant, request_ref, row_id, sealed
from governance.db.types import RowIdType


class ReviewActRow(SQLModel, table=True):
    """One act of an officer, append-only; `content` goes with the findings that it is about."""

    __tablename__ = "dsar_review_act"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref(index=False))
    seq: int
    kind: str
    reason: str | None = None
    lifts: str | None = Field(default=None, sa_column=Column(RowIdType, nullable=True))
    basis: str | None = None  # of a finish: the runs of the sources that were looked at
    items: str | None = None  # of an exception: fields, rows and grounds as JSON
    places: int = 0
    left_out: int | None = None  # of a finish: how much of the findings the person does not get
    at: datetime = Field(sa_column=instant())
    actor: str
    content: bytes | None = Field(default=None, sa_column=sealed())
    __table_args__ = (UniqueConstraint("request_id", "seq"),)
