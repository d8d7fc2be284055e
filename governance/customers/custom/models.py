"""Tables of custom fields: the register of their ids, and their values beside the rows."""

from datetime import datetime

from sqlalchemy import Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from governance.customers.models import instant, subject_ref
from governance.db.types import RowIdType


class CustomFieldEntry(SQLModel, table=True):
    """A custom field that this installation has known; its id is never given out again."""

    __tablename__ = "custom_field"
    id: str = Field(primary_key=True)  # custom.<name>
    table_name: str
    kind: str
    registered_at: datetime = Field(sa_column=instant(nullable=False))
    retired_at: datetime | None = Field(default=None, sa_column=instant())
    retired_by: str | None = None


class CustomValueRow(SQLModel, table=True):
    """One sealed value of a custom field, bound to its row by the frame."""

    __tablename__ = "custom_value"
    row_id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    field: str = Field(primary_key=True)  # <table>.custom.<name>
    subject_id: str = Field(sa_column=subject_ref())
    value: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    __table_args__ = (Index("ix_custom_value_field", "field"),)
