"""Tables of what of the log has ended: ranges, rows on their way out, and what proofs still need.

No row of the log leaves but through `audit_expiring`, which takes only events of a range of
`audit_expiry`, which takes only ranges that an event in the tree names (audit.ddl).
"""

from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKey, String, Text, event
from sqlmodel import Field, SQLModel

from audit import ddl
from audit.models import TOKEN
from governance.db.types import RowIdType, UtcDateTime, table_of


class AuditExpiryRow(SQLModel, table=True):
    """A range of places that has ended, by the event in the tree that says so."""

    __tablename__ = "audit_expiry"

    event_id: str = Field(
        sa_column=Column(RowIdType, ForeignKey("audit_event.id"), primary_key=True)
    )
    start: int = Field(sa_column=Column(BigInteger, nullable=False))
    below: int = Field(sa_column=Column(BigInteger, nullable=False))


class AuditExpiringRow(SQLModel, table=True):
    """An event whose rows go in this transaction; the table is empty at every other time."""

    __tablename__ = "audit_expiring"
    __table_args__ = ({"sqlite_with_rowid": False},)

    event_id: str = Field(sa_column=Column(RowIdType, primary_key=True))


class AuditExpiredPartRow(SQLModel, table=True):
    """A part or decision under an erasure, whose own event ended: the digest still names it."""

    __tablename__ = "audit_expired_part"
    __table_args__ = ({"sqlite_with_rowid": False},)

    part_id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    kind: str = Field(sa_column=Column(String(8), nullable=False))  # Kind of audit.expiry.store
    destroyed_by: str = Field(
        sa_column=Column(RowIdType, ForeignKey("audit_event.id"), nullable=False, index=True)
    )


class AuditExpiredNumbersRow(SQLModel, table=True):
    """Numbers of one process whose events ended; without them they would look lost."""

    __tablename__ = "audit_expired_numbers"

    event_id: str = Field(
        sa_column=Column(RowIdType, ForeignKey("audit_event.id"), primary_key=True)
    )
    process_id: str = Field(sa_column=Column(String(TOKEN), primary_key=True))
    numbers: str = Field(sa_column=Column(Text, nullable=False))


class AuditShardHoldRow(SQLModel, table=True):
    """A legal hold on a month of the log; it and all younger months stay."""

    __tablename__ = "audit_shard_hold"

    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    shard: str = Field(sa_column=Column(String(7), nullable=False))
    matter: str = Field(sa_column=Column(String(TOKEN), nullable=False))
    placed_by: str = Field(sa_column=Column(String(TOKEN), nullable=False))
    placed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    released_by: str | None = Field(sa_column=Column(String(TOKEN)))
    released_at: datetime | None = Field(sa_column=Column(UtcDateTime))


EXPIRIES = table_of(AuditExpiryRow)
EXPIRING = table_of(AuditExpiringRow)
EXPIRED_PARTS = table_of(AuditExpiredPartRow)
EXPIRED_NUMBERS = table_of(AuditExpiredNumbersRow)
SHARD_HOLDS = table_of(AuditShardHoldRow)

for _table in (EXPIRIES, EXPIRING, EXPIRED_PARTS, EXPIRED_NUMBERS):
    event.listen(_table, "after_create", ddl.guard)
