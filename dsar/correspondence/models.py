"""Tables of letters, their texts sealed under the requester's record key; texts of the company."""

from datetime import date, datetime

from sqlalchemy import Column, Date, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from dsar.models import instant, request_ref, row_id, sealed


class LetterRow(SQLModel, table=True):
    """One letter about a request. Open, its text has slots; gone, it is as the person reads it."""

    __tablename__ = "dsar_letter"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    template: str
    lang: str
    state: str  # draft, sent, void
    version: int = 1  # optimistic concurrency
    edition: str  # which adopted text it began from
    created_at: datetime = Field(sa_column=instant())
    created_by: str
    changed_at: datetime = Field(sa_column=instant())
    changed_by: str
    send_by: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    sent_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    sent_by: str | None = None
    digest: str | None = None
    mailed: bool = False
    read_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    content: bytes | None = Field(default=None, sa_column=sealed())
    __table_args__ = (Index("ix_dsar_letter_waiting", "state", "send_by"),)


class EditionRow(SQLModel, table=True):
    """A text of the company for one letter in one language; two persons bring it into use."""

    __tablename__ = "dsar_letter_edition"
    id: str = Field(sa_column=row_id())
    template: str
    lang: str
    number: int
    title: str = Field(sa_column=Column(Text, nullable=False))
    body: str = Field(sa_column=Column(Text, nullable=False))
    state: str  # proposed, adopted, ended
    created_at: datetime = Field(sa_column=instant())
    created_by: str
    decided_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    decided_by: str | None = None
    __table_args__ = (UniqueConstraint("template", "lang", "number"),)
