"""The table of saved views: name and conditions are sealed, since somebody may type a name."""

from datetime import datetime

from sqlalchemy import Column, Index, LargeBinary, String
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


class SavedViewRow(SQLModel, table=True):
    """One view of a list that an employee keeps."""

    __tablename__ = "saved_view"
    __table_args__ = (Index("ix_saved_view_list", "list", "owner"),)
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    owner: str = Field(sa_column=Column(String(200), nullable=False))
    list: str = Field(sa_column=Column(String(60), nullable=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # sealed
    shared: bool
    preferred: bool
    made_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
