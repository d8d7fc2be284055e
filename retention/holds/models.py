"""Tables of legal holds: matters, what was said in them, erasures that wait, letters.

Which person is held for which matter stands in the customer store, where every deletion looks.
"""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey, Index, LargeBinary
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType
from retention.models import day, instant, row_id


class MatterRow(SQLModel, table=True):
    """A case for which data is kept: its number in clear, what it is sealed."""

    __tablename__ = "hold_matter"
    id: str = Field(sa_column=row_id())
    number: str = Field(unique=True)
    particulars: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    placed_by: str
    placed_at: datetime = Field(sa_column=instant())
    expected_end: date | None = Field(default=None, sa_column=day())
    reviewed_by: str
    reviewed_at: datetime = Field(sa_column=instant())  # placing is the first look
    closed_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))


class ActRow(SQLModel, table=True):
    """One step of a matter with its sealed reason; never changed."""

    __tablename__ = "hold_act"
    id: str = Field(sa_column=row_id())
    matter: str = Field(index=True)
    kind: str  # placed, widened, reviewed, release_asked, released, letter_sent, letter_confirmed
    persons: int
    reason: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    approval_id: str | None = Field(default=None, sa_column=Column(RowIdType, nullable=True))
    by: str
    at: datetime = Field(sa_column=instant())


class DeferredRow(SQLModel, table=True):
    """An erasure that a hold stopped; it goes on by itself once no hold stands."""

    __tablename__ = "hold_deferred"
    id: str = Field(sa_column=row_id())
    subject_id: str = Field(sa_column=Column(RowIdType, nullable=False, index=True))
    ground: str  # schedule, request, rest: what a partial hold alone kept after an erasure
    plan_id: str | None = Field(default=None, sa_column=Column(RowIdType, nullable=True))
    matters: str  # numbers, comma separated
    state: str  # waiting, resumed, settled
    deferred_by: str
    deferred_at: datetime = Field(sa_column=instant())
    resumed_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    run_id: str | None = Field(default=None, sa_column=Column(RowIdType, nullable=True))
    __table_args__ = (Index("ix_hold_deferred_waiting", "state", "subject_id"),)


class HoldLetterRow(SQLModel, table=True):
    """A notice of preservation (保全通知) to one custodian, and whether they confirmed it."""

    __tablename__ = "hold_letter"
    id: str = Field(sa_column=row_id())
    matter_id: str = Field(
        sa_column=Column(
            RowIdType, ForeignKey("hold_matter.id", ondelete="RESTRICT"), nullable=False, index=True
        )
    )
    custodian: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # name and address
    lang: str
    sent_by: str
    sent_at: datetime = Field(sa_column=instant())
    confirmed_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
