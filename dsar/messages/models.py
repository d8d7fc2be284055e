"""Tables of the exchange about a request: texts, names and files under its record key."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from dsar.models import instant, request_ref, row_id, sealed


class MessageRow(SQLModel, table=True):
    """One message between the person and the officers; the first look of the other side is kept."""

    __tablename__ = "dsar_message"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    side: str  # person, officer
    actor: str
    at: datetime = Field(sa_column=instant())
    open_to_asker: bool = False
    read_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    read_by: str | None = None
    content: bytes | None = Field(default=None, sa_column=sealed())


class CommentRow(SQLModel, table=True):
    """One comment among officers."""

    __tablename__ = "dsar_comment"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    actor: str
    at: datetime = Field(sa_column=instant())
    content: bytes | None = Field(default=None, sa_column=sealed())


class AttachmentRow(SQLModel, table=True):
    """One file with what its first octets say it is; its name is sealed beside it."""

    __tablename__ = "dsar_attachment"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    side: str
    internal: bool = False
    media: str
    size: int
    actor: str
    at: datetime = Field(sa_column=instant())
    scan: str | None = None  # clean, unscanned; None: from before files were looked through
    scanned_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    traces: str | None = None  # removed, none, kept
    traces_found: str | None = None  # which were removed, by spaces
    name: bytes | None = Field(default=None, sa_column=sealed())
    content: bytes | None = Field(default=None, sa_column=sealed())
