"""Tables of the audit log. Events, leaves and checkpoints are only ever inserted (audit.ddl)."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlmodel import Field, SQLModel

from audit import ddl
from governance.db.types import RowIdType, UtcDateTime, table_of

TOKEN = 200  # characters of one reference; audit.types.TOKEN holds callers to it


def _token(*, null: bool = False) -> Column[str]:
    return Column(String(TOKEN), nullable=null)


def of_checkpoint() -> Column[int]:
    """A part of a key that says to which signed tree head a row belongs."""
    return Column(
        BigInteger,
        ForeignKey("audit_checkpoint.size", ondelete="RESTRICT"),
        primary_key=True,
        autoincrement=False,
    )


class AuditEventRow(SQLModel, table=True):
    """An event, inserted in the transaction of what it records."""

    __tablename__ = "audit_event"
    # without a row id, so that the key is stored once and every byte of a row is covered
    __table_args__ = (
        Index("ix_audit_event_actor", "actor", "id"),
        Index("ix_audit_event_subject", "subject", "id"),
        Index("ix_audit_event_action", "action", "id"),
        {"sqlite_with_rowid": False},
    )

    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    schema_version: int = Field(sa_column=Column(SmallInteger, nullable=False))
    occurred_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    actor: str = Field(sa_column=_token())
    actor_os: str | None = Field(sa_column=_token(null=True))
    action: str = Field(sa_column=Column(String(64), nullable=False))
    object_type: str = Field(sa_column=_token())
    object_id: str = Field(sa_column=_token())
    subject: str | None = Field(sa_column=_token(null=True))
    purpose: str | None = Field(sa_column=_token(null=True))
    outcome: str = Field(sa_column=Column(String(16), nullable=False))
    reasons: str | None = Field(sa_column=Column(Text))
    policy_version: str | None = Field(sa_column=_token(null=True))
    consent_seq: int | None = Field(sa_column=Column(BigInteger))
    request_id: str | None = Field(sa_column=_token(null=True))
    network: str | None = Field(sa_column=Column(String(64)))
    fields: str | None = Field(sa_column=Column(Text))
    counts: str | None = Field(sa_column=Column(Text))
    refs: str | None = Field(sa_column=Column(Text))
    process_id: str = Field(sa_column=_token())
    n: int = Field(sa_column=Column(BigInteger, nullable=False))
    skipped: str | None = Field(sa_column=Column(Text))
    parts_digest: bytes | None = Field(sa_column=Column(LargeBinary(32)))


class AuditPartRow(SQLModel, table=True):
    """What an event says of one person, sealed; salt and payload end at the person's erasure."""

    __tablename__ = "audit_part"
    __table_args__ = (
        UniqueConstraint("event_id", "ord"),
        CheckConstraint("(salt IS NULL) = (payload IS NULL)", name="ck_audit_part_whole"),
        Index("ix_audit_part_subject", "subject"),
        Index(  # an event ends only when nothing rests on it
            "ix_audit_part_destroyed",
            "destroyed_by",
            sqlite_where=text("destroyed_by IS NOT NULL"),
            postgresql_where=text("destroyed_by IS NOT NULL"),
        ),
    )

    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    event_id: str = Field(sa_column=Column(RowIdType, ForeignKey("audit_event.id"), nullable=False))
    ord: int = Field(sa_column=Column(SmallInteger, nullable=False))
    subject: str = Field(sa_column=_token())
    salt: bytes | None = Field(sa_column=Column(LargeBinary(32)))
    payload: bytes | None = Field(sa_column=Column(LargeBinary))
    commitment: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    sealed_hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    destroyed_by: str | None = Field(
        default=None, sa_column=Column(RowIdType, ForeignKey("audit_event.id"))
    )


class AuditPendingRow(SQLModel, table=True):
    """An event that waits for its place in the tree."""

    __tablename__ = "audit_pending"
    __table_args__ = ({"sqlite_with_rowid": False},)

    event_id: str = Field(sa_column=Column(RowIdType, primary_key=True))


class AuditLeafRow(SQLModel, table=True):
    """An event's place in the tree; written by the sequencer alone."""

    __tablename__ = "audit_leaf"

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    event_id: str = Field(
        sa_column=Column(RowIdType, ForeignKey("audit_event.id"), nullable=False, unique=True)
    )
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    leaf: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))


class AuditTileRow(SQLModel, table=True):
    """Up to 256 hashes of the tree side by side (C2SP tlog-tiles); it only ever grows."""

    __tablename__ = "audit_tile"

    level: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    n: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    width: int = Field(sa_column=Column(SmallInteger, nullable=False))
    hashes: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class AuditCheckpointRow(SQLModel, table=True):
    """A signed tree head."""

    __tablename__ = "audit_checkpoint"

    size: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    root: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    note: str = Field(sa_column=Column(Text, nullable=False))
    signed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class AuditTreeStateRow(SQLModel, table=True):
    """The growing edge of the tree and who may grow it: one row, id 1."""

    __tablename__ = "audit_tree_state"

    id: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    owner: str | None = Field(sa_column=_token(null=True))
    lease_until: datetime | None = Field(sa_column=Column(UtcDateTime))
    fence: int = Field(sa_column=Column(BigInteger, nullable=False))
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    frontier: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    last_recorded_at: datetime | None = Field(sa_column=Column(UtcDateTime))
    last_seen_at: datetime | None = Field(sa_column=Column(UtcDateTime))  # clock as it was


EVENTS = table_of(AuditEventRow)
PARTS = table_of(AuditPartRow)
PENDING = table_of(AuditPendingRow)
LEAVES = table_of(AuditLeafRow)
TILES = table_of(AuditTileRow)
CHECKPOINTS = table_of(AuditCheckpointRow)
STATE = table_of(AuditTreeStateRow)

for _table in (EVENTS, PARTS, LEAVES, TILES, CHECKPOINTS):
    event.listen(_table, "after_create", ddl.guard)
