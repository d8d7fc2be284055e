"""Tables of the consent ledger and of published notices; the ledger is append-only."""

from datetime import date, datetime

from sqlalchemy import Column, Date, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


class ConsentEventRow(SQLModel, table=True):
    """One event; `proof` is sealed under the person's `record` key and outlives an erasure."""

    __tablename__ = "consent_event"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    seq: int = Field(sa_column_kwargs={"unique": True})
    subject_id: str = Field(
        sa_column=Column(RowIdType, ForeignKey("subject.id", ondelete="RESTRICT"), nullable=False)
    )
    purpose: str
    channel: str
    recipient_class: str
    kind: str
    occurred_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    notice: str | None = None
    notice_version: str | None = None
    notice_lang: str | None = None
    notice_hash: str | None = None
    evidence: str
    guardian: bool = False
    minor: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    acted_by: str | None = None  # person, guardian, agent, officer, system; None: not on record
    collection_point: str | None = None
    collection_version: int | None = None
    valid_until: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    import_run: str | None = None
    source_key: str | None = Field(default=None, index=True)
    proof: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    __table_args__ = (Index("ix_consent_event_subject", "subject_id", "purpose", "seq"),)


class NoticeRow(SQLModel, table=True):
    """One published version of a notice with its texts."""

    __tablename__ = "notice_version"
    notice: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    ordinal: int
    published_on: date = Field(sa_column=Column(Date, nullable=False))
    change: str
    text_ja: str = Field(sa_column=Column(Text, nullable=False))
    text_en: str = Field(sa_column=Column(Text, nullable=False))
    text_hash: str
    __table_args__ = (UniqueConstraint("notice", "ordinal"),)
