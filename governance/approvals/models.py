"""The table of approvals; a CHECK is the second wall of the separation of duties."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, String
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


class ApprovalRow(SQLModel, table=True):
    """One act that waited or waits for a second person."""

    __tablename__ = "approval"
    __table_args__ = (
        CheckConstraint(
            "state NOT IN ('approved', 'executed')"
            " OR (decided_by IS NOT NULL AND decided_by <> requested_by)",
            name="ck_approval_two_persons",
        ),
        Index("ix_approval_open", "state", "expires_at"),
    )

    id: str = Field(primary_key=True, sa_type=RowIdType)
    kind: str = Field(sa_type=String(32))
    object_ref: str = Field(sa_type=String(200))
    digest: str = Field(sa_type=String(64))
    sealed: bytes = Field(sa_type=LargeBinary)
    state: str = Field(sa_type=String(16))
    requested_by: str = Field(sa_type=String(100))
    requested_os: str | None = Field(default=None, sa_type=String(64))
    requested_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: str | None = Field(default=None, sa_type=String(100))
    decided_os: str | None = Field(default=None, sa_type=String(64))
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason_code: str | None = Field(default=None, sa_type=String(64))
    executed_by: str | None = Field(default=None, sa_type=String(100))
    executed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ApprovalTieRow(SQLModel, table=True):
    """What one principal has from another, so that both are not taken for two persons."""

    __tablename__ = "approval_tie"

    holder: str = Field(primary_key=True, sa_type=String(100))
    giver: str = Field(primary_key=True, sa_type=String(100))
    kind: str = Field(primary_key=True, sa_type=String(16))
    at: datetime = Field(sa_type=UtcDateTime)
