"""What witnesses answered: cosignatures of our checkpoints, only ever inserted."""

from datetime import datetime

from sqlalchemy import Column, String, Text, event
from sqlmodel import Field, SQLModel

from audit import ddl
from audit.models import of_checkpoint
from governance.db.types import UtcDateTime, table_of


class AuditCosignatureRow(SQLModel, table=True):
    """One signature line of a witness under one of our checkpoints."""

    __tablename__ = "audit_cosignature"

    size: int = Field(sa_column=of_checkpoint())
    key_id: str = Field(sa_column=Column(String(8), primary_key=True))
    witness: str = Field(sa_column=Column(String(255), nullable=False))
    line: str = Field(sa_column=Column(Text, nullable=False))
    received_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


COSIGNATURES = table_of(AuditCosignatureRow)
event.listen(COSIGNATURES, "after_create", ddl.guard)
