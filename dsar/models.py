"""Tables of requests. What a person wrote and what a package holds is sealed; the rest is codes."""

from datetime import date, datetime

from sqlalchemy import Column, Date, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


def row_id() -> Column[str]:
    """A primary key made before INSERT."""
    return Column(RowIdType, primary_key=True)


def request_ref(*, index: bool = True) -> Column[str]:
    """The request that the row belongs to."""
    return Column(
        RowIdType, ForeignKey("dsar_request.id", ondelete="RESTRICT"), nullable=False, index=index
    )


def subject_ref() -> Column[str]:
    """The person in the customer store; NULL until matched."""
    return Column(
        RowIdType, ForeignKey("subject.id", ondelete="RESTRICT"), nullable=True, index=True
    )


def instant(*, nullable: bool = False) -> Column[datetime]:
    """A column of aware instants."""
    return Column(UtcDateTime, nullable=nullable)


def day() -> Column[date]:
    """A column of days."""
    return Column(Date, nullable=True)


def sealed(*, nullable: bool = True) -> Column[bytes]:
    """A column of frames."""
    return Column(LargeBinary, nullable=nullable)


class RequestRow(SQLModel, table=True):
    """One request of a person. Its words are sealed under the requester's own record key."""

    __tablename__ = "dsar_request"
    id: str = Field(sa_column=row_id())
    reference: str = Field(sa_column_kwargs={"unique": True})
    requester: str
    requester_id: str = Field(sa_column=Column(RowIdType, nullable=False))
    subject_id: str | None = Field(default=None, sa_column=subject_ref())
    intake: str
    delivery: str
    lang: str
    calendar: str
    policy_days: int
    rule_set_version: str
    received_at: datetime = Field(sa_column=instant())
    last_at: datetime = Field(sa_column=instant())
    answer_by: date | None = Field(default=None, sa_column=day())
    open: bool = True
    executed: bool = False
    assignee: str | None = None
    outcome: str | None = None
    grounds: str | None = None  # codes, comma separated
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    approval_id: str | None = None
    approved_by: str | None = None
    approved_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    hold_ground: str | None = None  # work rests: why, since when, to which day, by whom
    hold_since: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    hold_until: date | None = Field(default=None, sa_column=day())
    hold_by: str | None = None
    version: int = 1  # optimistic concurrency
    words: bytes | None = Field(default=None, sa_column=sealed())
    __table_args__ = (Index("ix_dsar_request_open", "open", "answer_by"),)


class TrackRow(SQLModel, table=True):
    """The request under one law: which right, where it stands, its days."""

    __tablename__ = "dsar_track"
    request_id: str = Field(
        sa_column=Column(
            RowIdType, ForeignKey("dsar_request.id", ondelete="RESTRICT"), primary_key=True
        )
    )
    law: str = Field(primary_key=True)
    kind: str
    status: str
    rule: str
    act_by: date | None = Field(default=None, sa_column=day())
    nominal: date | None = Field(default=None, sa_column=day())
    legal: date | None = Field(default=None, sa_column=day())
    policy_due: date | None = Field(default=None, sa_column=day())
    suit_from: date | None = Field(default=None, sa_column=day())
    extended_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    ended_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))  # its clock


class EventRow(SQLModel, table=True):
    """The history, append-only: steps with their tracks, and marks that move no status."""

    __tablename__ = "dsar_event"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref(index=False))
    seq: int
    at: datetime = Field(sa_column=instant())
    event: str
    actor: str
    law: str | None = None
    source: str | None = None
    target: str | None = None
    ground: str | None = None
    __table_args__ = (UniqueConstraint("request_id", "seq"),)


class ClockRow(SQLModel, table=True):
    """The clock ledger, append-only."""

    __tablename__ = "dsar_clock"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    law: str
    rule: str
    kind: str
    at: datetime = Field(sa_column=instant())
    ground: str | None = None
    until: date | None = Field(default=None, sa_column=day())  # of a pause: its last day
    actor: str


class EvidenceRow(SQLModel, table=True):
    """One proof of identity or authority as judged; what was shown is not kept."""

    __tablename__ = "dsar_evidence"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    kind: str
    accepted: bool
    contact_days: int | None = None
    reason: str | None = None
    at: datetime = Field(sa_column=instant())
    actor: str


class SourceResultRow(SQLModel, table=True):
    """One run of one source; the newest of a source counts. `found` is sealed and purged."""

    __tablename__ = "dsar_source_result"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    source: str
    outcome: str  # found, failed, without
    code: str | None = None
    records: int = 0
    fields: int = 0
    redactions: int = 0
    withheld: int = 0
    at: datetime = Field(sa_column=instant())
    found: bytes | None = Field(default=None, sa_column=sealed())


class ItemRow(SQLModel, table=True):
    """A field that the answer leaves out, with its grounds."""

    __tablename__ = "dsar_item"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    field: str
    row_id: str | None = Field(default=None, sa_column=Column(RowIdType, nullable=True))
    grounds: str
    label: str | None = None  # both languages, where no catalogue declares the field
    decided_at: datetime = Field(sa_column=instant())


class PackageRow(SQLModel, table=True):
    """A sealed answer with its one download; the copy is purged, its hash stays."""

    __tablename__ = "dsar_package"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    manifest_hash: str
    size: int
    created_at: datetime = Field(sa_column=instant())
    created_by: str
    expires_at: datetime = Field(sa_column=instant())
    token_digest: str | None = Field(default=None, sa_column_kwargs={"unique": True})
    token_expires_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    downloaded_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))  # page
    archive_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    purged_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    content: bytes | None = Field(default=None, sa_column=sealed())
