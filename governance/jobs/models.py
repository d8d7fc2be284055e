"""Tables of the job ledger and the outbox; references, counts and sealed bytes only."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, String, UniqueConstraint
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


class JobRunRow(SQLModel, table=True):
    """One run of one slot; the unique pair says that the slot is taken."""

    __tablename__ = "job_run"
    __table_args__ = (
        UniqueConstraint("job", "scheduled_for", name="uq_job_run_slot"),
        Index("ix_job_run_state", "state"),
    )

    id: str = Field(primary_key=True, sa_type=RowIdType)
    job: str = Field(sa_type=String(64))
    scheduled_for: datetime = Field(sa_type=UtcDateTime)
    state: str = Field(sa_type=String(16))
    cursor: str | None = Field(default=None, sa_type=String(200))
    done: int = Field(default=0, sa_type=BigInteger)
    batches: int = 0
    coalesced: int = 0
    fence: int = 1
    failures: int = 0
    lease_owner: str | None = Field(default=None, sa_type=String(100))
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error_code: str | None = Field(default=None, sa_type=String(64))
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class OutboxRow(SQLModel, table=True):
    """One message that has to reach a target; the payload is sealed by whoever enqueued it."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("idem_key", name="uq_outbox_idem_key"),
        Index("ix_outbox_due", "state", "next_at"),
    )

    id: str = Field(primary_key=True, sa_type=RowIdType)
    idem_key: str = Field(sa_type=String(200))
    target: str = Field(sa_type=String(100))
    kind: str = Field(sa_type=String(32))
    payload: bytes | None = Field(default=None, sa_type=LargeBinary)
    state: str = Field(sa_type=String(16))
    attempts: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    next_at: datetime = Field(sa_type=UtcDateTime)
    acked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error_code: str | None = Field(default=None, sa_type=String(64))
