"""Tables of the policy: its documents by version, which one is in force, one beside it on trial.

They concern no person. Rows of versions and entries are only ever added; an entry's state moves
once, from scheduled to taken or lapsed.
"""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, LargeBinary, String
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime

DIGEST = 64  # SHA-256 in hexadecimal
ACTOR = 100
NAME = 200


class PolicyVersionRow(SQLModel, table=True):
    """The documents of one policy as they were proposed, with their digest and a signature."""

    __tablename__ = "policy_version"

    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    version: str = Field(sa_column=Column(String(NAME), nullable=False))
    digest: str = Field(sa_column=Column(String(DIGEST), nullable=False, unique=True))
    documents: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    stored_by: str = Field(sa_column=Column(String(ACTOR), nullable=False))
    stored_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    signature: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class PolicyEntryRow(SQLModel, table=True):
    """One change of the policy in force; the taken one with the highest number is in force."""

    __tablename__ = "policy_entry"
    __table_args__ = (Index("ix_policy_entry_state", "state", "number"),)

    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    version_id: str = Field(
        sa_column=Column(
            RowIdType, ForeignKey("policy_version.id", ondelete="RESTRICT"), nullable=False
        )
    )
    digest: str = Field(sa_column=Column(String(DIGEST), nullable=False))
    base: int = Field(sa_column=Column(BigInteger, nullable=False))  # in force when it was agreed
    kind: str = Field(sa_column=Column(String(16), nullable=False))
    state: str = Field(sa_column=Column(String(16), nullable=False))
    effective_from: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    taken_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    changed_cells: int = Field(sa_column=Column(BigInteger, nullable=False))
    approval: str | None = Field(default=None, sa_column=Column(RowIdType))
    requested_by: str = Field(sa_column=Column(String(ACTOR), nullable=False))
    approved_by: str = Field(sa_column=Column(String(ACTOR), nullable=False))
    signature: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ProcessingPauseRow(SQLModel, table=True):
    """One pause of all processing, begun by one person and lifted by another."""

    __tablename__ = "processing_pause"
    __table_args__ = (
        CheckConstraint(
            "lifted_by IS NULL OR lifted_by <> paused_by", name="ck_processing_pause_two_persons"
        ),
        CheckConstraint(
            "(standing IS NULL) = (lifted_by IS NOT NULL)", name="ck_processing_pause_one_state"
        ),
    )

    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    reason: str = Field(sa_column=Column(String(32), nullable=False))
    paused_by: str = Field(sa_column=Column(String(ACTOR), nullable=False))
    paused_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    lifted_by: str | None = Field(default=None, sa_column=Column(String(ACTOR)))
    lifted_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    # 1 while it stands, empty afterwards: at most one stands
    standing: int | None = Field(sa_column=Column(BigInteger, unique=True))


class PolicyShadowRow(SQLModel, table=True):
    """A policy on trial beside the one in force; it answers nobody."""

    __tablename__ = "policy_shadow"

    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    version: str = Field(sa_column=Column(String(NAME), nullable=False))
    digest: str = Field(sa_column=Column(String(DIGEST), nullable=False))
    documents: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    started_by: str = Field(sa_column=Column(String(ACTOR), nullable=False))
    started_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    cursor: str = Field(sa_column=Column(RowIdType, nullable=False))  # last decision counted
    decisions: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class PolicyShadowCountRow(SQLModel, table=True):
    """How often a decision of one kind would have come out otherwise under the policy on trial."""

    __tablename__ = "policy_shadow_count"

    shadow_id: str = Field(
        sa_column=Column(
            RowIdType, ForeignKey("policy_shadow.id", ondelete="RESTRICT"), primary_key=True
        )
    )
    who: str = Field(sa_column=Column(String(NAME), primary_key=True))
    purpose: str = Field(sa_column=Column(String(NAME), primary_key=True))
    before: str = Field(sa_column=Column(String(NAME), primary_key=True))
    after: str = Field(sa_column=Column(String(NAME), primary_key=True))
    decisions: int = Field(sa_column=Column(BigInteger, nullable=False))
