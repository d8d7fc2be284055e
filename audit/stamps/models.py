"""Time-stamp tokens of our checkpoints, only ever inserted."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary, String, event
from sqlmodel import Field, SQLModel

from audit import ddl
from audit.models import of_checkpoint
from governance.db.types import UtcDateTime, table_of


class AuditStampRow(SQLModel, table=True):
    """One token of a time-stamping authority over one checkpoint's text."""

    __tablename__ = "audit_stamp"

    size: int = Field(sa_column=of_checkpoint())
    serial: str = Field(sa_column=Column(String(64), primary_key=True))
    authority: str = Field(sa_column=Column(String(255), nullable=False))
    stamped_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    reply: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


STAMPS = table_of(AuditStampRow)
event.listen(STAMPS, "after_create", ddl.guard)
