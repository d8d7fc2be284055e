"""Table of editions: drafts, what was approved, and what came with the product."""

from datetime import date, datetime

from sqlalchemy import Column, Date, String, Text
from sqlmodel import Field, SQLModel

from governance.db.types import UtcDateTime


class NoticeEditionRow(SQLModel, table=True):
    """One edition of a notice; `content` is what the digest covers.

    The texts that people saw stand in `notice_version` from the day on which it is in force.
    """

    __tablename__ = "notice_edition"
    notice: str = Field(sa_column=Column(String(64), primary_key=True))
    version: str = Field(sa_column=Column(String(32), primary_key=True))
    state: str = Field(sa_column=Column(String(16), nullable=False, index=True))
    effective_on: date = Field(sa_column=Column(Date, nullable=False))
    content: str = Field(sa_column=Column(Text, nullable=False))
    digest: str = Field(sa_column=Column(String(64), nullable=False))
    drafted_by: str | None = None
    drafted_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    approval: str | None = None
    approved_by: str | None = None
    announced_at: datetime | None = Field(
        default=None, sa_column=Column(UtcDateTime, nullable=True)
    )
