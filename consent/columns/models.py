"""The table of saved segments: lists of pseudonyms that a system asks about again and again."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary, String
from sqlmodel import Field, SQLModel

from governance.db.types import UtcDateTime


class AudienceSegment(SQLModel, table=True):
    """One list under a random id, for a day; `ids` are UUIDs of 16 octets in the caller's order."""

    __tablename__ = "audience_segment"
    id: str = Field(sa_column=Column(String(36), primary_key=True))
    actor: str = Field(sa_column=Column(String(100), nullable=False))
    size: int
    digest: str = Field(sa_column=Column(String(64), nullable=False))  # of the ids as given
    ids: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    saved_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    ends_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
