"""The table of work on keys: references and counts, never a key and never a value."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Index, String
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


class KeyTaskRow(SQLModel, table=True):
    """One rotation, sealing or ending; a CHECK is the second wall of the two principals.

    `target` holds a pseudonym only while the task runs.
    """

    __tablename__ = "key_task"
    __table_args__ = (
        Index("ix_key_task_state", "state"),
        CheckConstraint(
            "approved_by IS NULL OR approved_by <> requested_by", name="ck_key_task_two_persons"
        ),
    )

    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    kind: str = Field(sa_type=String(16))
    target: str | None = Field(default=None, sa_type=String(120))
    key_class: str | None = Field(default=None, sa_type=String(8))
    state: str = Field(sa_type=String(16))
    phase: str | None = Field(default=None, sa_type=String(16))
    end_after: datetime | None = Field(default=None, sa_type=UtcDateTime)
    total: int = 0
    done: int = 0
    renewed: int = 0
    moved: int = 0
    pinned: int = 0
    ended: int = 0
    requested_by: str = Field(sa_type=String(100))
    approval_id: str | None = Field(default=None, sa_type=RowIdType)
    approved_by: str | None = Field(default=None, sa_type=String(100))
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
