"""Tables of collection points, and of what came in at them: by pseudonym, no value."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Text
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


class CollectionPointRow(SQLModel, table=True):
    """One version of a point; `content` is what the digest covers and is never changed."""

    __tablename__ = "collection_point"
    id: str = Field(sa_column=Column(String(40), primary_key=True))
    version: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    content: str = Field(sa_column=Column(Text, nullable=False))
    digest: str = Field(sa_column=Column(String(64), nullable=False))
    declared_by: str | None = None
    declared_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    opened_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    closed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class CollectionRow(SQLModel, table=True):
    """What was shown when a person's data came in (APPI 21(2)): point, notices, items, language."""

    __tablename__ = "collection"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    subject_id: str = Field(
        sa_column=Column(RowIdType, ForeignKey("subject.id", ondelete="RESTRICT"), nullable=False)
    )
    point: str = Field(sa_column=Column(String(40), nullable=False))
    point_version: int
    shown_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    lang: str = Field(sa_column=Column(String(2), nullable=False))
    notices: str = Field(sa_column=Column(Text, nullable=False))  # id@version, comma
    items: str = Field(sa_column=Column(Text, nullable=False))  # names of the items written
    user_agent: str | None = None  # class of device
    entered_by: str | None = None  # staff who entered it for the person
    __table_args__ = (
        Index("ix_collection_subject", "subject_id"),
        Index("ix_collection_point", "point", "recorded_at"),
    )
